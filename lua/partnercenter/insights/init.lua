--- Answers from insight rows: sums by group, an order, the products that are
-- deployed or used too little.
--
-- Shares run from 0 to 1 and are always computed from the counts. The service
-- does not say whether its percent fields run to 1 or to 100, and percentages of
-- unequal groups must not be averaged.
--
-- `rows` is, for all functions, an array of rows, the page that `:get` gives, or
-- an iterator such as `:each` gives. Rows are read, never changed.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights
-- @usage
-- local insights = require "partnercenter.insights"
-- local deployment = partner.analytics.commercial.deployment.license
-- local customers = insights.summarize(deployment:each(), { "customerName" })
-- for _, row in ipairs(insights.sort(customers, "deployedShare")) do
--   print(row.customerName, row.licensesDeployed, row.licensesSold, row.deployedShare)
-- end

local check = require("partnercenter.util").check
local fields = require "partnercenter.fields"
local resources = require("partnercenter.resources").catalogue
local wire = require("partnercenter.util").wire

-- The fields that can be added up: the counts of all resources, each once.
local COUNTS, listed = {}, {}
for _, resource in ipairs(resources) do
  for _, field in ipairs(resource.counts or {}) do
    if not listed[field] then
      COUNTS[#COUNTS + 1], listed[field] = field, true
    end
  end
end

-- What a group has beside its keys and counts.
local OWN = { rows = true }
for _, share in ipairs(fields.shares) do OWN[share.name] = true end

local M = {}

-- JSON null, as any other userdata, stands for nothing.
local function known(value)
  if type(value) == "userdata" or value ~= value then return nil end
  return value
end

-- An iterator over rows in any of their forms. `what` and level are for errors.
local function each_row(what, rows, level)
  if type(rows) == "function" then return rows end
  if type(rows) ~= "table" then
    error(("insights.%s: rows must be a table or an iterator, not a %s"):format(
      what, type(rows)), level + 1)
  end
  local list, i = type(rows.items) == "table" and rows.items or rows, 0
  return function()
    i = i + 1
    return list[i]
  end
end

local function find_share(what, name, level)
  for _, share in ipairs(fields.shares) do
    if share.name == name then return share end
  end
  error(("insights.%s: the share must be 'deployedShare' or 'usedShare'"):format(what), level + 1)
end

-- The named share, or the first one that the row's counts give.
local function any_share(row, share)
  if share then return fields.share(row, share) end
  return fields.share(row, fields.shares[1]) or fields.share(row, fields.shares[2])
end

--- The share of licences that are deployed (`deployedShare`, licensesDeployed of
-- licensesSold) or used (`usedShare`, licensesActive of licensesQualified).
-- @tparam table row
-- @tparam[opt] string name which of the two; default is the first whose counts
--   the row has
-- @treturn[1] number 0 to 1; more than 1 if more are deployed than were sold
-- @treturn[2] nil a count is missing, or none were sold
-- @raise another name
function M.share(row, name)
  if type(row) ~= "table" then error("insights.share takes a row", 2) end
  return any_share(row, name ~= nil and find_share("share", name, 2) or nil)
end

-- The keys to group by, as an array.
local function check_keys(keys)
  if type(keys) == "string" then keys = { keys } end
  if keys ~= nil and type(keys) ~= "table" then
    error("insights.summarize: keys must be an array of field names", 3)
  end
  for _, key in ipairs(keys or {}) do
    if type(key) ~= "string" then
      error("insights.summarize: keys must be an array of field names", 3)
    end
    if OWN[key] then
      error(("insights.summarize: '%s' is what a group has of its own, no field to group by")
        :format(key), 3)
    end
  end
  return keys or {}
end

-- A string that two rows share if and only if their values under the keys are the
-- same: each value with its type and length, so that none runs into the next.
local function group_id(row, getters)
  local parts = {}
  for i, get in ipairs(getters) do
    local value = known(get(row))
    -- 1 and 1.0 are the same number, whatever tostring says.
    local text = wire.numeral(value) or tostring(value)
    parts[i] = ("%s%d:%s"):format(type(value), #text, text)
  end
  return table.concat(parts)
end

-- Integers wrap around where they end; from here on sums are floats.
local LARGE = 2 ^ 62

local function sum(a, b)
  local total = (a + 0.0) + b
  return math.abs(total) < LARGE and a + b or total
end

local function add_counts(sums, row)
  for _, field in ipairs(COUNTS) do
    local count = fields.count(row, field)
    if count then sums[field] = sum(sums[field] or 0, count) end
  end
end

-- A group as it is given out. Its shares are those of the sums, also where a count
-- is a key.
local function finish(group, keys, getters)
  local answer = {}
  for field, value in pairs(group.sums) do answer[field] = value end
  for i, key in ipairs(keys) do answer[key] = known(getters[i](group.first)) end
  for _, share in ipairs(fields.shares) do answer[share.name] = fields.share(group.sums, share) end
  answer.rows = group.rows
  return answer
end

--- One row per group: the keys, `rows` (how many there were), every count added
-- up, and the shares of the sums: `deployedShare` and `usedShare`.
--
-- A count that a row lacks adds nothing; a count that all rows of a group lack is
-- absent, as is a share whose counts are absent or whose whole is zero. Without
-- rows the answer is an empty array. A key that is missing or null is a group of
-- its own, but one that is neither documented nor in any row is misspelt.
-- @param rows see above
-- @tparam ?table|string keys the fields to group by, also paths such as
--   `companyProfile.domain`; none for one sum of all
-- @treturn table array of rows, in the order in which the groups first appear;
--   memory grows with the groups, not with the rows
-- @raise rows or keys of another type, a key that no row has (the message names the
--   nearest), or one that groups have of their own: `rows`, `deployedShare`, `usedShare`
function M.summarize(rows, keys)
  keys = check_keys(keys)
  local groups, by_id, getters = {}, {}, {}
  for i, key in ipairs(keys) do getters[i] = fields.getter(key) end
  local see, verdict = fields.watch(keys)
  for row in each_row("summarize", rows, 2) do
    see(row)
    local id = group_id(row, getters)
    local group = by_id[id]
    if not group then
      group = { rows = 0, sums = {}, first = row }
      by_id[id], groups[#groups + 1] = group, group
    end
    group.rows = group.rows + 1
    add_counts(group.sums, row)
  end
  local why = verdict()
  if why then error("insights.summarize: " .. why, 2) end
  for i, group in ipairs(groups) do groups[i] = finish(group, keys, getters) end
  return groups
end

-- -1, 0 or 1. Values of different types are ordered by the types' names.
local function compare(a, b)
  if type(a) ~= type(b) then return type(a) < type(b) and -1 or 1 end
  if type(a) == "boolean" then a, b = a and 1 or 0, b and 1 or 0 end
  if type(a) ~= "number" and type(a) ~= "string" or a == b then return 0 end
  return a < b and -1 or 1
end

--- The rows in order. Equal ones keep their order; those without the field, or
-- with null, come last in either direction. A field that is neither documented nor in
-- any row is misspelt.
-- @param rows see above
-- @tparam string|function key a field; `deployedShare` or `usedShare`, computed
--   if the rows do not have it; or a function that takes a row and gives the value
-- @tparam[opt="asc"] string direction "asc" or "desc"
-- @treturn table a new array with the same rows
-- @raise rows, key or direction is none of these, or no row has the field
function M.sort(rows, key, direction)
  if type(key) ~= "string" and type(key) ~= "function" then
    error("insights.sort: key must be a field's name or a function", 2)
  end
  if direction ~= nil and direction ~= "asc" and direction ~= "desc" then
    error("insights.sort: direction must be 'asc' or 'desc'", 2)
  end
  local sign = direction == "desc" and -1 or 1
  local entries = {}
  local value_of = type(key) == "function" and key or fields.getter(key)
  local see, verdict = fields.watch { type(key) == "string" and key or nil }
  for row in each_row("sort", rows, 2) do
    see(row)
    local n = #entries + 1
    entries[n] = { row = row, value = known(value_of(row)), n = n }
  end
  local why = verdict()
  if why then error("insights.sort: " .. why, 2) end
  table.sort(entries, function(a, b)
    if a.value == nil or b.value == nil then
      if a.value == b.value then return a.n < b.n end
      return b.value == nil
    end
    local order = compare(a.value, b.value) * sign
    if order == 0 then return a.n < b.n end
    return order < 0
  end)
  local sorted = {}
  for i, entry in ipairs(entries) do sorted[i] = entry.row end
  return sorted
end

--- The rows whose share is below a threshold. Rows without a share, because a
-- count is missing or none were sold, are left out: nothing is known of them.
-- @param rows see above
-- @tparam number share the threshold, 0 to 1
-- @tparam[opt] string name "deployedShare" or "usedShare"; default is, for each
--   row, the first whose counts it has
-- @treturn table a new array with the same rows, in their order
-- @raise share is not from 0 to 1 (80 for 80 % is refused), or another name
function M.below(rows, share, name)
  if type(share) ~= "number" or not (share >= 0 and share <= 1) then
    error("insights.below: share must be a number from 0 to 1", 2)
  end
  local wanted = name ~= nil and find_share("below", name, 2) or nil
  local found = {}
  for row in each_row("below", rows, 2) do
    local value = any_share(row, wanted)
    if value and value < share then found[#found + 1] = row end
  end
  return found
end

return check.strict(M, "partnercenter.insights")
