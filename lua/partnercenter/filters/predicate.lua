--- Filter conditions decided on a row, here and now. Strings are compared without
-- regard to letter case (`wire.fold`), as the service does; dates as points in time.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.filters.predicate

local datetime = require("partnercenter.util").datetime
local fields = require "partnercenter.fields"
local wire = require("partnercenter.util").wire

-- The only field that is documented as case-sensitive.
local CASE_SENSITIVE = { subscriptionType = true }

local M = {}

-- The number that a string of decimal digits stands for, else nil. Lua would
-- take hexadecimal and "nan" as well.
local function numeral(text)
  return wire.number(text)
end

local function compare(a, b)
  if a == b then return 0 end
  if a < b then return -1 end
  if a > b then return 1 end
  return nil -- not a number
end

-- Functions that compare a row's value with the wanted one: -1, 0, 1, or nil if
-- there is nothing to compare.
local comparers = {}

function comparers.string(wanted, fold)
  local folded, number = fold(wanted), numeral(wanted)
  return function(value)
    if type(value) == "string" then return compare(fold(value), folded) end
    if type(value) == "number" and number then return compare(value, number) end
    return nil
  end
end

function comparers.number(wanted)
  return function(value)
    if type(value) == "string" then value = numeral(value) end
    return type(value) == "number" and compare(value, wanted) or nil
  end
end

function comparers.boolean(wanted)
  return function(value) return value == wanted and 0 or nil end
end

-- A date that is "never", or none, is as good as missing.
function comparers.table(wanted)
  return function(value)
    local seconds = datetime.parse(value)
    return seconds and compare(seconds, wanted.seconds)
  end
end

local ORDERS = {
  eq = function(order) return order == 0 end,
  ne = function(order) return order ~= 0 end,
  gt = function(order) return order == 1 end,
  ge = function(order) return order == 1 or order == 0 end,
  lt = function(order) return order == -1 end,
  le = function(order) return order == -1 or order == 0 end,
}

local function compile_text_test(node, get, fold)
  local wanted, at_start = fold(node.value), node.op == "starts_with"
  return function(row)
    local value = get(row)
    if type(value) ~= "string" then return false end
    value = fold(value)
    if at_start then return value:sub(1, #wanted) == wanted end
    return value:find(wanted, 1, true) ~= nil
  end
end

local function compile_condition(node)
  local get = fields.getter(node.field)
  local fold = CASE_SENSITIVE[node.field] and tostring or wire.fold
  local decide = ORDERS[node.op]
  if not decide then return compile_text_test(node, get, fold) end
  local order_of = comparers[type(node.value)](node.value, fold)
  return function(row) return decide(order_of(get(row))) end
end

-- All of the tests with stop = false, any of them with stop = true.
local function compile_group(node, stop)
  local tests = {}
  for i, child in ipairs(node.list) do tests[i] = M.compile(child) end
  return function(row)
    for i = 1, #tests do
      if tests[i](row) == stop then return stop end
    end
    return not stop
  end
end

--- A function that decides a filter's node on a row. A field that is missing,
-- null or of another type fails every comparison but `ne`.
-- @tparam table node as `partnercenter.filter` builds it
-- @treturn function takes a row (a table), gives true or false
function M.compile(node)
  if node.op == "all" then return compile_group(node, false) end
  if node.op == "any" then return compile_group(node, true) end
  if node.op ~= "negate" then return compile_condition(node) end
  local test = M.compile(node.inner)
  return function(row) return not test(row) end
end

return M
