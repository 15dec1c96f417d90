-- The query language of Partner Insights: text to a checked query, or the
-- documented words of an error.
local datasets = require "sandbox.reports.datasets"

local M = {}

local MONTHS = { LAST_MONTH = 1, LAST_3_MONTHS = 3, LAST_6_MONTHS = 6, LAST_1_YEAR = 12,
  LAST_2_YEARS = 24 }
local DEFAULT_MONTHS = 6
local COMPARISONS = { ["="] = true, [">"] = true, ["<"] = true, [">="] = true, ["<="] = true,
  ["!="] = true }

local function tokens(text)
  local list, i = {}, 1
  while true do
    i = text:find("%S", i)
    if not i then return list end
    local word = text:match("^'[^']*'", i)
    if word then
      list[#list + 1] = { kind = "string", text = word:sub(2, -2) }
    else
      word = text:match("^%-?%d+%.?%d*", i) or text:match("^[%w_]+", i) or text:match("^[<>!]=", i)
        or text:match("^[=<>,()]", i)
      if not word then return nil end
      local kind = tonumber(word) and "number" or word:find("^[%w_]") and "word" or "sign"
      list[#list + 1] = { kind = kind, text = word, upper = word:upper() }
    end
    i = i + #word
  end
end

local function fail(why) error({ why = why }, 0) end

-- A cursor over the tokens.
local function reader(list)
  local at, r = 1, {}
  function r.is(text) return list[at] ~= nil and list[at].upper == text end
  function r.skip(text)
    if not r.is(text) then return false end
    at = at + 1
    return true
  end
  function r.need(text) if not r.skip(text) then fail("Invalid query: " .. text
    .. " expected") end end
  function r.take(...)
    local token = list[at]
    for _, kind in ipairs { ... } do
      if token and token.kind == kind then
        at = at + 1
        return token
      end
    end
    fail("Invalid query near '" .. (token and token.text or "the end") .. "'")
  end
  function r.done() return at > #list end
  return r
end

local function read_names(r)
  local names = {}
  repeat names[#names + 1] = r.take("word").text until not r.skip(",")
  return names
end

local function read_condition(r)
  local condition = { name = r.take("word").text, values = {} }
  condition.negate = r.skip("NOT")
  if r.skip("IN") then
    r.need("(")
    condition.op = "IN"
    repeat
      condition.values[#condition.values + 1] = r.take("string", "number").text
    until not r.skip(",")
    r.need(")")
  elseif r.skip("LIKE") then
    condition.op, condition.values[1] = "LIKE", r.take("string").text
  else
    local sign = r.take("sign").text
    if condition.negate or not COMPARISONS[sign] then fail "Invalid query: unknown operator" end
    condition.op, condition.values[1] = sign, r.take("string", "number").text
  end
  return condition
end

local function read_order(r)
  r.need("BY")
  local order = {}
  repeat
    local entry = { name = r.take("word").text }
    entry.ascending = r.skip("ASC")
    if not entry.ascending then r.skip("DESC") end
    order[#order + 1] = entry
  until not r.skip(",")
  return order
end

local function parse(text)
  local list = tokens(text)
  if not list then fail "Invalid query: unknown character" end
  local r = reader(list)
  local query = { where = {}, order = {} }
  r.need("SELECT")
  query.distinct = r.skip("DISTINCT")
  query.names = read_names(r)
  r.need("FROM")
  query.dataset = r.take("word").text
  if r.skip("WHERE") then
    repeat query.where[#query.where + 1] = read_condition(r) until not r.skip("AND")
  end
  if r.skip("ORDER") then query.order = read_order(r) end
  if r.skip("LIMIT") then
    query.limit = tonumber(r.take("number").text)
    if query.limit < 1 or query.limit % 1 ~= 0 then fail "Invalid query: LIMIT must be positive" end
  end
  if r.skip("TIMESPAN") then query.span = r.take("word").text:upper() end
  if not r.done() then fail("Invalid query near '" .. r.take("word", "sign", "number",
    "string").text .. "'") end
  return query
end

local function resolve(query)
  local set = datasets.find(query.dataset)
  if not set then fail "Invalid table name" end
  query.set = set
  local function column(name)
    return set.columns_by_name[name:lower()] or fail "Incorrect column name"
  end
  query.columns = {}
  for i, name in ipairs(query.names) do
    query.columns[i] = column(name)
    if query.columns[i].metric then query.grouped = true end
  end
  for _, condition in ipairs(query.where) do condition.column = column(condition.name) end
  for _, entry in ipairs(query.order) do entry.column = column(entry.name) end
  local known = query.span == nil
  for _, span in ipairs(set.ranges) do known = known or span == query.span end
  if not known then fail "Invalid TIMESPAN for this dataset" end
  query.months = query.span and MONTHS[query.span] or DEFAULT_MONTHS
  return query
end

-- The query, or nil and what is wrong.
function M.parse(text)
  local ok, query = pcall(function() return resolve(parse(text)) end)
  if ok then return query end
  if type(query) ~= "table" then error(query, 0) end
  return nil, query.why
end

-- Whether the text is as the pattern says, where % stands for anything.
local function is_like(text, pattern)
  local lua = pattern:lower():gsub(".", function(c)
    if c == "%" then return ".*" end
    return c:find("%w") and c or "%" .. c
  end)
  return text:lower():find("^" .. lua .. "$") ~= nil
end

local function compare(op, a, b)
  local x, y = tonumber(a), tonumber(b)
  if not x or not y then x, y = tostring(a):lower(), tostring(b):lower() end
  if op == "=" or op == "IN" then return x == y end
  if op == "!=" then return x ~= y end
  if op == ">" then return x > y end
  if op == "<" then return x < y end
  if op == ">=" then return x >= y end
  return x <= y
end

-- Whether a value meets a condition.
function M.meets(condition, value)
  local met = false
  for _, wanted in ipairs(condition.values) do
    if condition.op == "LIKE" then
      met = met or is_like(tostring(value), wanted)
    else
      met = met or compare(condition.op, value, wanted)
    end
  end
  return met ~= (condition.negate or false)
end

return M
