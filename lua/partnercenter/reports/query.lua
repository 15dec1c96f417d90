--- What a caller wants as a text of the query language, checked against the columns
-- that the service has at this moment.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.query

local errors = require "partnercenter.errors"
local filters = require "partnercenter.filters"
local util = require "partnercenter.util"

local check, is_utf8, wire = util.check, util.text.is_utf8, util.wire

local OPERATORS = { eq = "=", ne = "!=", gt = ">", ge = ">=", lt = "<", le = "<=" }
local POSSIBLE = "; the service takes eq, ne, gt, ge, lt, le, contains and starts_with joined by "
  .. "all, and any of several eq on one field: give the rest as where_here"

local M = {
  --- The column whose 1 marks a row that stands for another location.
  DUPLICATE = "IsDuplicateRowForPGA",
}

-- What is wrong is raised as this, and returned by the door.
local function refuse(message)
  error(errors.from_failure("config", "reports: " .. message, { retryable = false }), 0)
end

--- A name as names are compared: letter case and blanks aside.
-- @tparam string name
-- @treturn string
function M.plain(name) return wire.lower((tostring(name):gsub("%s", ""))) end

local plain = M.plain

--- A function that finds a name among lists of names.
-- @tparam string what has them, for messages
-- @tparam {string,...} ... the lists
-- @treturn function gives the name as it stands there; refuses others: see `guard`
function M.finder(what, ...)
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
    refuse(("%s has no column '%s'%s"):format(what, tostring(name),
      check.hint(tostring(name), list)))
  end
end

--- Call a function that may refuse.
-- @tparam function f
-- @param ... its arguments
-- @return[1] its result
-- @treturn[2] nil
-- @treturn[2] Error kind config: what it refused
function M.guard(f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  if errors.is(result) then return nil, result end
  error(result, 0)
end

--- What has that name among the rows of the service.
-- @tparam {table,...} rows
-- @tparam string member where their names are
-- @tparam string name
-- @tparam string noun what they are
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] Error kind config, with the nearest name
function M.find(rows, member, name, noun)
  local names = {}
  for _, row in ipairs(rows) do
    if plain(row[member]) == plain(name) then return row end
    names[#names + 1] = row[member]
  end
  return nil, errors.from_failure("config", ("reports: there is no %s '%s'%s"):format(noun, name,
    check.hint(name, names)), { retryable = false })
end

-- A text in quotes; there is no way to write a quote in it.
local function quoted(value)
  if value:find("['%c]") or not is_utf8(value) then
    refuse("a value with a quote or a control character in it, or that is no UTF-8, cannot be "
      .. "written in a query")
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

-- The text of WHERE.
local function where_text(what, set, find)
  local parts, said = {}, what.duplicates == true
  for i, condition in ipairs(what.where and filters.conditions(what.where) or {}) do
    parts[i] = condition_text(condition, find)
  end
  for _, name in ipairs(set.selectableColumns) do
    if not said and name == M.DUPLICATE then parts[#parts + 1] = name .. " = 0" end
  end
  return #parts > 0 and " WHERE " .. table.concat(parts, " AND ") or ""
end

local function order_text(order, find)
  local parts = {}
  for i, entry in ipairs(type(order) == "table" and order or { order }) do
    local name, way = tostring(entry):match("^(.-)%s+(%a+)%s*$")
    way = way and wire.upper(way)
    -- The service sorts downwards where nothing is said; people do not expect that.
    if way ~= "ASC" and way ~= "DESC" then name, way = entry, "ASC" end
    parts[i] = find(name) .. " " .. way
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
  local find = M.finder(set.datasetName, set.selectableColumns, set.availableMetrics or {})
  local names, twice = {}, {}
  for i, name in ipairs(what.columns) do
    names[i] = find(name)
    if twice[names[i]] then refuse("the column '" .. names[i] .. "' is selected twice") end
    twice[names[i]] = true
  end
  local selected = M.finder("the selection", names)
  local here = what.where_here and filters.fields(what.where_here) or {}
  for _, list in ipairs { what.numbers or {}, what.dates or {}, here } do
    for _, name in ipairs(list) do selected(name) end
  end
  local text = "SELECT " .. (what.distinct and "DISTINCT " or "") .. table.concat(names, ", ")
    .. " FROM " .. set.datasetName .. where_text(what, set, find) .. order_text(what.order or {},
      find)
  -- What is decided here is counted here.
  if what.limit and not what.where_here then text = ("%s LIMIT %d"):format(text, what.limit) end
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
  local text, err = M.guard(compile, what, set)
  return text, err
end

return M
