--- Conditions on rows, written once for both sides: the service gets them as
-- text, rows that are here already are decided by calling them.
--
-- An expression never changes. `tostring(expression)` is its canonical text,
-- `expression(row)` is true or false. A field that is missing, null or of another
-- type fails every comparison but `ne`; one that is neither documented nor in the row
-- is misspelt, and raises an error that names the nearest. Strings are compared without
-- regard to letter case (except in `subscriptionType`), a count that is text like a
-- number, dates as points in time. A field's name may lead into nested tables:
-- `companyProfile.domain`; such conditions are decided locally.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.filters
-- @usage
-- local f = require "partnercenter.filters"
-- local offices = f.all { f.eq("serviceCode", "o365"), f.ne("channel", "direct") }
-- print(offices)                            --> serviceCode eq 'o365' and channel ne 'direct'
-- print(offices { serviceCode = "O365" })   --> true

local check = require("partnercenter.util").check
local dates = require "partnercenter.filters.dates"
local objects = require "partnercenter.filters.expression"
local odata = require "partnercenter.filters.odata"

-- A larger filter comes from a loop that went wrong. Deeper nesting would overflow the
-- stack, and no URL holds so many conditions.
local MAX_DEPTH, MAX_CONDITIONS = 100, 10000

-- Without an endpoint's capabilities only what has no text at all is refused.
local EVERYTHING = {
  ["*"] = { "eq", "ne", "gt", "ge", "lt", "le", "contains", "starts_with" },
  dates = true, numbers = true,
}

local M = {}

--- Is it a filter expression?
-- @function is
-- @param value any value
-- @treturn boolean
M.is = objects.is

local node_of, wrap = objects.node, objects.new

--- A point in time to compare with.
-- @tparam string|number value `2018-01-01`, or any other form that
--   `partnercenter.util.datetime` reads; or seconds since the epoch
-- @return a value for eq, ne, gt, ge, lt and le
-- @raise not a date; or the one that stands for "never"
function M.date(value)
  local date, why = dates.new(value)
  if not date then error("filter.date: " .. why, 2) end
  return date
end

local function check_field(op, field)
  local ok = type(field) == "string" and ("." .. field):gsub("%.[%a_][%w_]*", "") == ""
  if not ok then error("filter." .. op .. ": the field's name must be an identifier", 4) end
end

local function check_value(op, value)
  if dates.is(value) then return dates.node(value) end
  if type(value) == "number" and (value ~= value or math.abs(value) == math.huge) then
    error("filter." .. op .. ": the number must be finite", 4)
  end
  local ordered = op ~= "eq" and op ~= "ne"
  if type(value) == "string" or type(value) == "number" then return value end
  if type(value) == "boolean" and not ordered then return value end
  error(("filter.%s: the value must be a string, a number, a date%s, not a %s"):format(
    op, ordered and "" or " or a boolean", type(value)), 4)
end

-- The parentheses around calls below keep them from being tail calls, which
-- would lose the caller's line in errors.
local function compare(op, field, value)
  check_field(op, field)
  return wrap { op = op, field = field, value = check_value(op, value) }
end

local function match(op, field, text)
  check_field(op, field)
  if type(text) ~= "string" then error("filter." .. op .. ": the text must be a string", 3) end
  return wrap { op = op, field = field, value = text }
end

--- The field equals the value.
-- @tparam string field
-- @param value a string, number, boolean or `date`
-- @return expression
-- @raise the field is no identifier, or the value of another type
function M.eq(field, value) return (compare("eq", field, value)) end

--- The field does not equal the value, or is missing.
-- @tparam string field
-- @param value as for `eq`
-- @return expression
function M.ne(field, value) return (compare("ne", field, value)) end

--- The field is greater than the value.
-- @tparam string field
-- @param value a string, number or `date`
-- @return expression
function M.gt(field, value) return (compare("gt", field, value)) end

--- The field is greater than the value or equals it.
-- @tparam string field
-- @param value as for `gt`
-- @return expression
function M.ge(field, value) return (compare("ge", field, value)) end

--- The field is less than the value.
-- @tparam string field
-- @param value as for `gt`
-- @return expression
function M.lt(field, value) return (compare("lt", field, value)) end

--- The field is less than the value or equals it.
-- @tparam string field
-- @param value as for `gt`
-- @return expression
function M.le(field, value) return (compare("le", field, value)) end

--- The field is text that contains this text.
-- @tparam string field
-- @tparam string text
-- @return expression
function M.contains(field, text) return (match("contains", field, text)) end

--- The field is text that starts with this text.
-- @tparam string field
-- @tparam string text
-- @return expression
function M.starts_with(field, text) return (match("starts_with", field, text)) end

local function wrap_checked(node)
  local depth, conditions = odata.measure(node)
  if depth > MAX_DEPTH then error("a filter is nested too deeply", 4) end
  if conditions > MAX_CONDITIONS then error("a filter has too many conditions", 4) end
  return (wrap(node))
end

local function join(op, list)
  local nodes = {}
  for _ in pairs(type(list) == "table" and not M.is(list) and list or {}) do
    local expression = list[#nodes + 1]
    if not M.is(expression) then nodes = {} break end
    nodes[#nodes + 1] = node_of(expression)
  end
  if #nodes == 0 then error("filter." .. op .. " takes an array of expressions", 3) end
  return (wrap_checked(odata.group(op, nodes)))
end

--- All of the expressions are true.
-- @tparam table expressions array of at least one
-- @return expression
function M.all(expressions) return (join("all", expressions)) end

--- At least one of the expressions is true.
-- @tparam table expressions array of at least one
-- @return expression
function M.any(expressions) return (join("any", expressions)) end

local function negate(expression)
  if not M.is(expression) then error("filter.negate takes an expression", 3) end
  return (wrap_checked { op = "negate", inner = node_of(expression) })
end

--- The expression is false. The service has no such word, so this is decided
-- locally where it cannot be said in another way.
-- @param expression
-- @return expression
function M.negate(expression) return (negate(expression)) end

--- The plain conditions that an expression joins by `all`, its negations pushed
-- inwards: for languages that have no more than that.
-- @tparam table expression
-- @treturn {table,...} each with `op`, `field`, `value` (of a date a table with `text`);
--   an `in` has `values`; `negated` may be set for `contains` and `starts_with`. What is
--   no plain condition has only `text`.
function M.conditions(expression) return odata.conditions(node_of(expression)) end

local function check_expression(name, expression)
  if not M.is(expression) then error("filter." .. name .. " takes an expression", 3) end
  return node_of(expression)
end

--- The expression in two parts: what the endpoint takes, and the rest, for the
-- rows that come back. A row passes both exactly if it passes the expression.
-- @param expression
-- @tparam ?table capabilities what the endpoint documents: per field an array
--   or a set of operators ("eq", "contains", "starts_with"), `["*"]` for fields
--   not listed; `dates` = true if it takes dates, `numbers` = true if it takes
--   numbers; `json` = true for the searches of customers and users, which take one
--   `starts_with` or `eq`
-- @tparam[opt=2] number level whom to blame, as for Lua's `error`
-- @return expression for the service, or nil
-- @return expression for local rows, or nil
-- @raise a condition that only the service can decide is left over
function M.split(expression, capabilities, level)
  local node = check_expression("split", expression)
  local remote, here = odata.split(node, capabilities or {})
  local stuck = capabilities and capabilities.json and here and odata.server_only(here)
  local message = "the service takes one condition at a time, and no row shows '%s'"
  if stuck then error(message:format(stuck), level or 2) end
  return remote and wrap(remote), here and wrap(here, true)
end

--- The fields that an expression asks for.
-- @param expression
-- @treturn table array of names, each once
function M.fields(expression)
  return (odata.fields(check_expression("fields", expression)))
end

--- The same expression over fields of other names, for rows that are known to have
-- them.
-- @tparam table expression
-- @tparam function name_of gives the new name of a field
-- @return expression
function M.rename(expression, name_of)
  return (wrap(odata.rename(check_expression("rename", expression), name_of), true))
end

--- The expression as text for the query parameter `filter`, not yet
-- percent-encoded.
-- @param expression
-- @tparam[opt] table capabilities as for `split`; nil for no check
-- @treturn string
-- @raise the endpoint does not take it; what `split` gave for the service it does
function M.to_odata(expression, capabilities)
  local node = odata.normal(check_expression("to_odata", expression))
  local why = odata.refusal(node, capabilities or EVERYTHING)
  if why then error("the service cannot filter by: " .. why, 2) end
  return odata.text(node)
end

--- The expression as JSON for a search of customers or users, not yet percent-encoded.
-- @param expression one `starts_with`, or one `eq` of a text
-- @treturn string
-- @raise it is anything else
function M.to_json(expression)
  local node = check_expression("to_json", expression)
  local operator = odata.searches[node.op]
  if not operator or type(node.value) ~= "string" then
    error("a search takes one starts_with, or one eq of a text", 2)
  end
  local value = node.value:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end)
  return ('{"Field":"%s","Value":"%s","Operator":"%s"}'):format(node.field, value, operator)
end

return check.strict(M, "partnercenter.filter")
