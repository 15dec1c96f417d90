--- Rows added up by group: `insights.summarize`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.summary

local fields = require "partnercenter.fields"
local resources = require("partnercenter.resources").catalogue
local rows_of = require("partnercenter.fields").rows
local wire = require("partnercenter.util").wire

local each_row, known = rows_of.each, rows_of.known

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

local function add(sums, field, count)
  sums[field] = sum(sums[field] or 0, count)
end

-- A row that lacks one of a share's two counts says nothing of the share.
local function add_counts(group, row)
  for _, field in ipairs(COUNTS) do
    local count = fields.count(row, field)
    if count then add(group.sums, field, count) end
  end
  for _, share in ipairs(fields.shares) do
    local part, whole = fields.count(row, share.part), fields.count(row, share.whole)
    if part and whole then
      add(group.paired, share.part, part)
      add(group.paired, share.whole, whole)
    end
  end
end

-- A group as it is given out. Its shares are those of the sums, also where a count
-- is a key.
local function finish(group, keys, getters)
  local answer = {}
  for field, value in pairs(group.sums) do answer[field] = value end
  for i, key in ipairs(keys) do answer[key] = known(getters[i](group.first)) end
  for _, share in ipairs(fields.shares) do
    answer[share.name] = fields.share(group.paired, share)
  end
  answer.rows = group.rows
  return answer
end

--- One row per group, see `partnercenter.insights.summarize`.
-- @param rows
-- @tparam ?table|string keys
-- @treturn table array of rows
-- @raise wrong rows or keys
function M.summarize(rows, keys)
  keys = check_keys(keys)
  local groups, by_id, getters = {}, {}, {}
  for i, key in ipairs(keys) do getters[i] = fields.getter(key) end
  local see, verdict = fields.watch(keys)
  for row in each_row("insights.summarize", rows, 2) do
    see(row)
    local id = group_id(row, getters)
    local group = by_id[id]
    if not group then
      group = { rows = 0, sums = {}, paired = {}, first = row }
      by_id[id], groups[#groups + 1] = group, group
    end
    group.rows = group.rows + 1
    add_counts(group, row)
  end
  local why = verdict()
  if why then error("insights.summarize: " .. why, 2) end
  for i, group in ipairs(groups) do groups[i] = finish(group, keys, getters) end
  return groups
end

return M
