--- The object that an expression is: it never changes, decides on a row when it is
-- called, and is its canonical text.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.filters.expression

local fields = require "partnercenter.fields"
local odata = require "partnercenter.filters.odata"
local predicate = require "partnercenter.filters.predicate"

-- Private keys: what an expression holds cannot be reached, or changed, by name.
local NODE, TEST, GUARDS = {}, {}, {}

local M = {}

local mt = {
  __name = "partnercenter.filter",
  __newindex = function() error("a filter expression cannot be changed", 2) end,
}

function mt.__tostring(expression) return odata.text(expression[NODE]) end

function mt.__call(expression, row)
  if type(row) ~= "table" then error("a filter decides on a row, not on a " .. type(row), 2) end
  local guards = expression[GUARDS]
  for i = 1, #guards do
    local why = guards[i](row)
    if why then error("filter: " .. why, 2) end
  end
  return expression[TEST](row)
end

--- An expression.
-- @tparam table node what it says, see `partnercenter.filters.odata`
-- @tparam[opt] boolean lenient no misspelt field is told: whoever reads many rows knows
--   better than one row whether it is
-- @return expression
function M.new(node, lenient)
  local guards = {}
  for _, name in ipairs(lenient and {} or odata.fields(node)) do
    guards[#guards + 1] = fields.guard(name)
  end
  return setmetatable({ [NODE] = node, [TEST] = predicate.compile(node), [GUARDS] = guards }, mt)
end

--- What an expression says.
-- @param expression
-- @treturn table node
function M.node(expression) return expression[NODE] end

--- Is it an expression?
-- @param value any value
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == mt
end

return M
