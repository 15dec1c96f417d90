--- What a caller wants as a text of the query language, checked against the columns
-- that the service has at this moment.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.query

local errors = require "partnercenter.errors"
local filters = require "partnercenter.filters"
local util = require "partnercenter.util"

local check, wire = util.check, util.wire

local OPERATORS = { eq = "=", ne = "!=", gt = ">", ge = ">=", lt = "<", le = "<=" }
local DUPLICATE = "IsDuplicateRowForPGA"
local POSSIBLE = "; the service takes eq, ne, gt, ge, lt, le, contains and starts_with joined by "
  .. "all, and any of several eq on one field: give the rest as where_here"

local M = {}

-- What is wrong is raised as this, and returned by the door.
local function refuse(message)
  error(errors.from_failure("config", "reports: " .. message, { retryable = false }), 0)
end

-- Letter case and blanks aside.
local function plain(name) return wire.lower((tostring(name):gsub("%s", ""))) end

-- A function that finds a name among lists of names; refuses others.
local function finder(what, ...)
  local known, list = {}, {}
  for _, names in ipairs { ... } do
    for _, name in ipairs(names) do
      known[plain(name)] = name
      list[#list + 1] = name
    end
  end
  return function(name)
    local found = known[plain(name)]
    if found then return found end
    local near = check.nearest(tostring(name), list)
    refuse(("%s has no column '%s'%s"):format(what, tostring(name),
      near and (" (did you mean '%s'?)"):format(near) or ""))
  end
end

--- The data set of that name among those of the service.
-- @tparam {table,...} datasets
-- @tparam string name
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] Error kind config, with the nearest name
function M.dataset(datasets, name)
  local names = {}
  for i, set in ipairs(datasets) do
    if plain(set.datasetName) == plain(name) then return set end
    names[i] = set.datasetName
  end
  local near = check.nearest(name, names)
  return nil, errors.from_failure("config", ("reports: there is no data set '%s'%s"):format(name,
    near and (" (did you mean '%s'?)"):format(near) or ""), { retryable = false })
end

-- A text in quotes; there is no way to write a quote in it.
local function quoted(value)
  if value:find("['%c]") then
    refuse("a value with a quote or a control character in it cannot be written in a query")
  end
  return "'" .. value .. "'"
end

local function literal(value)
  if type(value) == "string" then return quoted(value) end
  if type(value) == "table" then return quoted(value.text) end
  if type(value) == "boolean" then refuse "compare with 0 or 1: a query has no true and false" end
  local text = wire.numeral(value)
  if not text:find("^%-?%d+%.?%d*$") then
    refuse("the number " .. text .. " cannot be written in a query")
  end
  return text
end

local function like(condition)
  if condition.value:find("%", 1, true) then
    refuse "a value with % in it cannot be looked for in a query: there it stands for anything"
  end
  local text = condition.value .. "%"
  if condition.op == "contains" then text = "%" .. text end
  return (condition.negated and " NOT LIKE " or " LIKE ") .. quoted(text)
end

local function condition_text(condition, find)
  if condition.text then refuse("where: " .. condition.text .. " cannot be asked" .. POSSIBLE) end
  local name = find(condition.field)
  if condition.op == "in" then
    local values = {}
    for i, value in ipairs(condition.values) do values[i] = literal(value) end
    return name .. " IN (" .. table.concat(values, ", ") .. ")"
  end
  if not OPERATORS[condition.op] then return name .. like(condition) end
  return name .. " " .. OPERATORS[condition.op] .. " " .. literal(condition.value)
end

-- The text of WHERE, and whether it is told what to do with duplicates.
local function where_text(what, set, find)
  local parts, said = {}, what.duplicates == true
  for i, condition in ipairs(what.where and filters.conditions(what.where) or {}) do
    parts[i] = condition_text(condition, find)
    said = said or condition.field and plain(condition.field) == plain(DUPLICATE)
  end
  for _, name in ipairs(set.selectableColumns) do
    if not said and name == DUPLICATE then parts[#parts + 1] = DUPLICATE .. " = 0" end
  end
  return #parts > 0 and " WHERE " .. table.concat(parts, " AND ") or ""
end

local function order_text(order, find)
  local parts = {}
  for i, entry in ipairs(type(order) == "table" and order or { order }) do
    local name, way = tostring(entry):match("^%s*(%S+)%s*(%a*)%s*$")
    way = way and wire.upper(way)
    if way ~= "" and way ~= "ASC" and way ~= "DESC" then
      refuse("order '" .. tostring(entry) .. "' must be a column, with asc or desc behind it")
    end
    -- The service sorts downwards where nothing is said; people do not expect that.
    parts[i] = find(name) .. " " .. (way == "" and "ASC" or way)
  end
  return #parts > 0 and " ORDER BY " .. table.concat(parts, ", ") or ""
end

local function span_text(what, set)
  if not what.timespan then return "" end
  local wanted = wire.upper(what.timespan)
  for _, span in ipairs(set.availableDateRanges or {}) do
    if span == wanted then return " TIMESPAN " .. span end
  end
  refuse(("%s has no timespan '%s': there are %s"):format(set.datasetName, what.timespan,
    table.concat(set.availableDateRanges or {}, ", ")))
end

local function compile(what, set)
  local find = finder(set.datasetName, set.selectableColumns, set.availableMetrics or {})
  local names = {}
  for i, name in ipairs(what.columns) do names[i] = find(name) end
  local selected = finder("the selection", names)
  for _, list in ipairs { what.numbers or {}, what.dates or {} } do
    for _, name in ipairs(list) do selected(name) end
  end
  local text = "SELECT " .. (what.distinct and "DISTINCT " or "") .. table.concat(names, ", ")
    .. " FROM " .. set.datasetName .. where_text(what, set, find) .. order_text(what.order or {},
      find)
  if what.limit then text = ("%s LIMIT %d"):format(text, what.limit) end
  return text .. span_text(what, set)
end

--- The text of a query.
-- @tparam table what `columns`, `where`, `order`, `limit`, `distinct`, `timespan`,
--   `duplicates`, `numbers`, `dates`
-- @tparam table set the data set, as the service shows it
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] Error kind config: names with the nearest, what cannot be written
function M.text(what, set)
  local ok, text = pcall(compile, what, set)
  if ok then return text end
  if errors.is(text) then return nil, text end
  error(text, 0)
end

--- Whether a row of a file is one more of a row that is there.
-- @tparam table row
-- @treturn boolean
function M.is_duplicate(row)
  local mark = row[DUPLICATE]
  return mark == "1" or mark == 1
end

return M
