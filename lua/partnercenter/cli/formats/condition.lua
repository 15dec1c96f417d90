--- Reads what a person filters by: the OData that the service documents, with a few
-- liberties for the shell, into an expression of `partnercenter.filter`.
--
--     serviceCode eq 'o365' and (channel eq 'reseller' or licensesSold gt 10)
--     contains(customerName,'fabrikam')      startswith(CompanyName,'cont')
--     commitmentEndDate lt cast('2018-01-01',Edm.DateTimeOffset)
--
-- Liberties: a value of one word needs no quotes, a word like 2018-01-01 is a
-- date, `not` goes before a condition or a parenthesis.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.condition

local check = require("partnercenter.util").check
local failure = require "partnercenter.cli.failure"
local filter = require "partnercenter.filters"

local M = {}

local OPERATORS = { eq = true, ne = true, gt = true, ge = true, lt = true, le = true }
local FUNCTIONS = { contains = "contains", startswith = "starts_with", starts_with = "starts_with" }

-- No person writes a deeper filter.
local MAX_DEPTH = 50

local function refuse(state, wanted)
  local token = state[state.at]
  local found = token and ("not '%s'"):format(token.text) or "but the text ends"
  failure.usage("--filter: %s is due here, %s\n  %s", wanted, found, state.source)
end

-- Tokens: { text, kind = "text" (quoted) | "word" | "mark" }
local function split(source)
  local tokens, at = { source = source, at = 1 }, 1
  while true do
    at = source:find("%S", at)
    if not at then return tokens end
    local from, to, content = source:find("^'([^']*)'", at)
    while to and source:sub(to + 1, to + 1) == "'" do     -- '' is a quote inside
      local _, last, more = source:find("^'([^']*)'", to + 1)
      if not last then from = nil break end
      content, to = content .. "'" .. more, last
    end
    if source:find("^'", at) and not from then
      failure.usage("--filter: a quote is not closed\n  %s", source)
    elseif from then
      tokens[#tokens + 1] = { text = content, kind = "text" }
    else
      from, to = source:find("^[(),]", at)
      local kind = from and "mark" or "word"
      if not from then from, to = source:find("^[^%s(),']+", at) end
      tokens[#tokens + 1] = { text = source:sub(from, to), kind = kind }
    end
    at = to + 1
  end
end

local function peek(state, text)
  local token = state[state.at]
  return token ~= nil and token.kind ~= "text" and token.text:lower() == text
end

local function accept(state, text)
  local found = peek(state, text)
  if found then state.at = state.at + 1 end
  return found
end

local function expect(state, text)
  if not accept(state, text) then refuse(state, "'" .. text .. "'") end
end

local function take(state, kind, wanted)
  local token = state[state.at]
  if not token or token.kind ~= kind then refuse(state, wanted) end
  state.at = state.at + 1
  return token.text
end

local function take_date(state)
  expect(state, "(")
  local text = take(state, "text", "a date in quotes")
  expect(state, ",")
  expect(state, "edm.datetimeoffset")
  expect(state, ")")
  return filter.date(text)
end

local function take_value(state)
  local token = state[state.at]
  if not token or token.kind == "mark" then refuse(state, "a value") end
  state.at = state.at + 1
  if token.kind == "text" then return token.text end
  local word = token.text
  if word:lower() == "cast" and peek(state, "(") then return take_date(state) end
  if word == "true" or word == "false" then return word == "true" end
  if word:find("^%-?%d+%.?%d*$") then return tonumber(word) end
  if word:find("^%d%d%d%d%-%d%d%-%d%d") then return filter.date(word) end
  return word
end

-- A field, as the one who reads the rows calls it. A heading of two words is quoted.
local function take_field(state)
  local token = state[state.at]
  local text = take(state, token and token.kind == "text" and "text" or "word", "a field")
  return (state.resolve(text))
end

local function take_call(state, name)
  expect(state, "(")
  local field = take_field(state)
  expect(state, ",")
  local value = take_value(state)
  expect(state, ")")
  return filter[name](field, tostring(value))
end

local function take_comparison(state)
  local name = state[state.at] and state[state.at].text:lower()
  local next_one = state[state.at + 1]
  if FUNCTIONS[name] and next_one and next_one.text == "(" then
    state.at = state.at + 1
    return take_call(state, FUNCTIONS[name])
  end
  local field = take_field(state)
  local operator = take(state, "word", "an operator (eq ne gt ge lt le)"):lower()
  if not OPERATORS[operator] then
    failure.usage("--filter: '%s' is no operator of eq, ne, gt, ge, lt, le%s", operator,
      check.hint(operator, OPERATORS))
  end
  return filter[operator](field, take_value(state))
end

local take_any

local function take_one(state, depth)
  if depth > MAX_DEPTH then failure.usage("--filter: it is nested too deeply") end
  if accept(state, "not") then return filter.negate(take_one(state, depth + 1)) end
  if not accept(state, "(") then return take_comparison(state) end
  local expression = take_any(state, depth + 1)
  expect(state, ")")
  return expression
end

local function take_all(state, depth)
  local list = { take_one(state, depth) }
  while accept(state, "and") do list[#list + 1] = take_one(state, depth) end
  return filter.all(list)
end

function take_any(state, depth)
  local list = { take_all(state, depth) }
  while accept(state, "or") do list[#list + 1] = take_all(state, depth) end
  return filter.any(list)
end

--- The expression that a text stands for.
-- @tparam string source
-- @tparam[opt] function resolve takes a field's name, gives the right one
-- @treturn expression of `partnercenter.filter`
-- @raise a failure of use, if it is none
function M.read(source, resolve)
  local state = split(source)
  state.resolve = resolve or function(name) return name end
  local ok, result = pcall(function()
    local expression = take_any(state, 1)
    if state[state.at] then refuse(state, "'and', 'or' or the end") end
    return expression
  end)
  if ok then return result end
  if type(result) ~= "string" then error(result, 0) end
  -- A message of the library without the place in the code before it.
  failure.usage("--filter: " .. result:gsub("^[^:]+:%d+: ", ""):gsub("^filter%.", ""))
end

return M
