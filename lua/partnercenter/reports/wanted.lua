--- What a caller wants of a report: its options, checked before anything is sent.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.wanted

local filters = require "partnercenter.filters"
local query = require "partnercenter.reports.query"
local util = require "partnercenter.util"

local check, datetime, is_utf8 = util.check, util.datetime, util.text.is_utf8

local LONGEST_NAME = 256
local SOONEST = 4 * 3600

local M = {}

local function is_expression(value)
  return filters.is(value), "must be an expression of partnercenter.filter"
end

local function is_positive(value)
  return type(value) == "number" and value > 0, "must be a positive number"
end

local function is_count(value)
  return type(value) == "number" and value >= 1 and value % 1 == 0 and value < 2 ^ 31,
    "must be a positive whole number"
end

local function is_text(value)
  return check.text(value) and is_utf8(value), "must be a text without control characters, in UTF-8"
end

local function is_name(value)
  return is_text(value) and #value <= LONGEST_NAME and not value:find(";", 1, true),
    ("must be a text of at most %d characters, without ;"):format(LONGEST_NAME)
end

local function is_description(value)
  return type(value) == "string" and #value <= LONGEST_NAME and is_utf8(value),
    ("must be a text of at most %d characters"):format(LONGEST_NAME)
end

local function is_names(value)
  local ok = type(value) == "table" and value[1] ~= nil
  for _, name in ipairs(ok and value or {}) do ok = ok and is_text(name) end
  return ok, "must be a list of names"
end

local function is_order(value)
  if type(value) == "string" then value = { value } end
  return (is_names(value)), "must be a column, or a list of them"
end

-- Seconds since the epoch of a time in any form, or nil.
local function seconds_of(value)
  if type(value) == "number" then return value end
  return (datetime.parse(value))
end

local function is_time(value)
  return seconds_of(value) ~= nil, "must be a time, such as 2021-03-31T00:00:00Z"
end

local function is_interval(value)
  return type(value) == "number" and value % 1 == 0 and value >= 4 and value <= 2160,
    "must be whole hours, 4 to 2160"
end

local function one_of(a, b)
  return function(value) return value == a or value == b, ("must be %s or %s"):format(a, b) end
end

local READING = {
  where_here = is_expression, numbers = is_names, dates = is_names, nulls = "boolean",
  duplicates = "boolean",
}

local QUERY = {
  dataset = is_text, columns = is_names, where = is_expression, order = is_order,
  limit = is_count, distinct = "boolean", timespan = is_text,
  query = is_text, system = is_text,
  query_id = function(value) return check.guid(value), "must be a GUID" end,
  format = one_of("csv", "tsv"), description = is_description, name = is_name,
}

local NOW = { from = is_time, to = is_time, wait = is_positive, on_wait = "function" }

local SCHEDULE = {
  start = is_time, interval = is_interval, count = is_count, callback_url = is_text,
  callback_method = one_of("GET", "POST"), name = is_name, description = is_description,
  format = one_of("csv", "tsv"),
}

local function joined(...)
  local all = {}
  for _, rules in ipairs { ... } do
    for name, rule in pairs(rules) do all[name] = rule end
  end
  return all
end

local FOR_NOW = joined(READING, QUERY, NOW)
local FOR_SCHEDULE = joined(READING, QUERY, SCHEDULE)

-- What is to be asked is said in one of four ways.
local function check_query(label, what, level)
  local ways = {}
  for _, name in ipairs { "dataset", "query", "system", "query_id" } do
    if what[name] ~= nil then ways[#ways + 1] = name end
  end
  if #ways ~= 1 then
    error(("%s needs one of dataset, query, system and query_id"):format(label), level + 1)
  end
  if what.dataset and not what.columns then
    error(label .. " needs the option 'columns' beside 'dataset'", level + 1)
  end
  for _, name in ipairs { "columns", "where", "order", "limit", "distinct", "timespan" } do
    if what[name] ~= nil and not what.dataset then
      error(("%s takes the option '%s' beside 'dataset' only"):format(label, name), level + 1)
    end
  end
end

-- One column cannot be both.
local function check_kinds(label, what, level)
  local numbers = {}
  for _, name in ipairs(what.numbers or {}) do numbers[query.plain(name)] = true end
  for _, name in ipairs(what.dates or {}) do
    if numbers[query.plain(name)] then
      error(("%s: 'numbers' and 'dates' both have the column '%s'"):format(label, name), level + 1)
    end
  end
end

-- Who asks for rows by their mark wants those that come.
local function set_duplicates(what)
  if what.duplicates ~= nil then return end
  local asked = what.query and query.plain(what.query):match("where(.*)") or ""
  if asked:find(query.plain(query.DUPLICATE), 1, true) then what.duplicates = true end
  for _, condition in ipairs(what.where and filters.conditions(what.where) or {}) do
    if condition.field and query.plain(condition.field) == query.plain(query.DUPLICATE) then
      what.duplicates = true
    end
  end
end

local function check_span(label, what, level)
  if (what.from == nil) ~= (what.to == nil) then
    error(label .. " needs 'from' and 'to' together", level + 1)
  end
  if what.from == nil then return end
  if what.timespan then error(label .. " takes 'from' and 'to', or 'timespan'", level + 1) end
  if seconds_of(what.from) > seconds_of(what.to) then
    error(label .. ": 'from' is behind 'to'", level + 1)
  end
  what.from = datetime.format(seconds_of(what.from))
  what.to = datetime.format(seconds_of(what.to))
end

local function check_schedule(label, what, now, level)
  for _, name in ipairs { "name", "start", "interval" } do
    if what[name] == nil then
      error(("%s needs the option '%s'"):format(label, name), level + 1)
    end
  end
  local start = seconds_of(what.start)
  if start < now + SOONEST then
    error(label .. ": 'start' must be four hours ahead or more", level + 1)
  end
  what.start = datetime.format(start)
  if what.callback_method and not what.callback_url then
    error(label .. " takes 'callback_method' beside 'callback_url' only", level + 1)
  end
end

--- Options of a report that is made once, now.
-- @tparam string label whose options, for messages
-- @tparam table given
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn table
function M.now(label, given, level)
  local what = check.options(label, given, FOR_NOW, level + 1)
  check_query(label, what, level + 1)
  check_kinds(label, what, level + 1)
  check_span(label, what, level + 1)
  set_duplicates(what)
  return what
end

--- Options of a schedule.
-- @tparam string label
-- @tparam table given
-- @tparam number now seconds since the epoch
-- @tparam number level
-- @treturn table
function M.scheduled(label, given, now, level)
  local what = check.options(label, given, FOR_SCHEDULE, level + 1)
  check_query(label, what, level + 1)
  check_kinds(label, what, level + 1)
  set_duplicates(what)
  check_schedule(label, what, now, level + 1)
  return what
end

--- Options of a change to a schedule.
-- @tparam string label
-- @tparam table given
-- @tparam number now
-- @tparam number level
-- @treturn table
function M.update(label, given, now, level)
  local what = check.options(label, given, SCHEDULE, level + 1)
  check_schedule(label, what, now, level + 1)
  return what
end

--- Those options that concern reading.
-- @tparam table what
-- @treturn table
function M.reading(what)
  local reading = {}
  for name in pairs(READING) do reading[name] = what[name] end
  reading.columns = what.columns
  reading.limit = what.where_here and what.limit
  return reading
end

return M
