-- The filter expressions of the analytics resources: parsed by the documented
-- grammar into a tree, and the tree made into a predicate over columns.
local times = require "sandbox.server.times"

local M = {}

local MAX_DEPTH = 64

local COMPARE = { eq = true, ne = true, gt = true, ge = true, lt = true, le = true }

local methods = {}
local mt = { __index = methods }

local function fail(self, why)
  error({ why = ("%s at character %d"):format(why, self.at) }, 0)
end

function methods:skip()
  self.at = self.text:match("^ *()", self.at)
end

-- The text that matches at this place, taken; or nil.
function methods:take(pattern)
  local found, after = self.text:match("^(" .. pattern .. ")()", self.at)
  if found then
    self.at = after
    return found
  end
end

function methods:need(pattern, what)
  return self:take(pattern) or fail(self, "expected " .. what)
end

function methods:word(word)
  local after = self.text:match("^ +" .. word .. "()[ (]", self.at)
  if after then
    self.at = after
    self:skip()
    return true
  end
end

-- 'text', with a quote inside doubled.
function methods:string()
  self:need("'", "a quoted text")
  local parts = {}
  while true do
    parts[#parts + 1] = self:need("[^']*", "a quoted text")
    self:need("'", "a closing quote")
    if not self:take("'") then break end
    parts[#parts + 1] = "'"
  end
  return table.concat(parts)
end

function methods:literal()
  if self:take("true%f[^%w]") then return { kind = "boolean", value = true } end
  if self:take("false%f[^%w]") then return { kind = "boolean", value = false } end
  if self:take("cast%(") then
    local value = self:string()
    self:need(", *Edm%.DateTimeOffset%)", "',Edm.DateTimeOffset)'")
    return { kind = "date", value = value }
  end
  return { kind = "string", value = self:string() }
end

function methods:primary(depth)
  if depth > MAX_DEPTH then fail(self, "too deep") end
  if self:take("%(") then
    self:skip()
    local inner = self:either(depth + 1)
    self:skip()
    self:need("%)", "')'")
    return inner
  end
  if self:take("contains%(") then
    local field = self:need("[%a_][%w_]*", "a field")
    self:need(", *", "','")
    local value = self:string()
    self:need("%)", "')'")
    return { op = "contains", field = field, literal = { kind = "string", value = value } }
  end
  local field = self:need("[%a_][%w_]*", "a field, '(' or contains(")
  self:need(" +", "a space")
  local op = self:need("%a+", "an operator")
  if not COMPARE[op] then fail(self, "unknown operator '" .. op .. "'") end
  self:need(" +", "a space")
  return { op = op, field = field, literal = self:literal() }
end

local function chain(self, word, next_level, depth)
  local list = { next_level(self, depth) }
  while self:word(word) do list[#list + 1] = next_level(self, depth) end
  if #list == 1 then return list[1] end
  list.op = word
  return list
end

function methods:both(depth) return chain(self, "and", methods.primary, depth) end
function methods:either(depth) return chain(self, "or", methods.both, depth) end

-- The tree of a filter; nil and why.
function M.parse(text)
  local self = setmetatable({ text = text, at = 1 }, mt)
  local fine, tree = pcall(function()
    self:skip()
    local all = self:either(1)
    self:skip()
    if self.at <= #text then fail(self, "unexpected text") end
    return all
  end)
  if fine then return tree end
  if type(tree) ~= "table" then error(tree, 0) end
  return nil, tree.why
end

local tests = {
  eq = function(a, b) return a == b end, gt = function(a, b) return a > b end,
  ge = function(a, b) return a >= b end, lt = function(a, b) return a < b end,
  le = function(a, b) return a <= b end,
}

local function same(value) return value end
local function folded(value) return value and tostring(value):lower() end

-- What a column's value and the literal become before they are compared.
local function operand(column, literal)
  if column.date and literal.kind == "date" then
    local instant = times.parse(literal.value)
    if not instant then return nil, "'" .. tostring(literal.value) .. "' is no date" end
    return instant, times.parse
  end
  if literal.kind == "date" then return nil, column.name .. " is no date" end
  if column.date and not times.day_number(tostring(literal.value)) then
    return nil, "'" .. tostring(literal.value) .. "' is no date"
  end
  if (literal.kind == "boolean") ~= (column.boolean or false) then
    return nil, column.name .. (column.boolean and " is a boolean" or " is not a boolean")
  end
  if column.boolean or column.exact then return literal.value, same end
  return literal.value:lower(), folded
end

local function compile_one(node, columns)
  local column = columns[node.field:lower()]
  if not column or not column.ops then return nil, "cannot filter by " .. node.field, true end
  if not column.ops:find("%f[%a]" .. node.op .. "%f[%A]") then
    return nil, ("operator %s is not supported for %s"):format(node.op, node.field)
  end
  local wanted, convert = operand(column, node.literal)
  if wanted == nil then return nil, convert end
  local get, op = column.get, node.op
  if op == "contains" then
    return function(...)
      local value = convert(get(...))
      return value ~= nil and value:find(wanted, 1, true) ~= nil
    end
  end
  -- A value that is missing differs from every literal and has no order.
  if op == "ne" then return function(...) return convert(get(...)) ~= wanted end end
  local test = tests[op]
  return function(...)
    local value = convert(get(...))
    return value ~= nil and test(value, wanted)
  end
end

-- A predicate over the arguments that the columns' getters take; or nil, why,
-- and true when it was a field's name.
function M.compile(node, columns)
  if node.field then return compile_one(node, columns) end
  local parts = {}
  for i, child in ipairs(node) do
    local part, why, is_field = M.compile(child, columns)
    if not part then return nil, why, is_field end
    parts[i] = part
  end
  local stop = node.op == "or"
  return function(...)
    for i = 1, #parts do
      if parts[i](...) == stop then return stop end
    end
    return not stop
  end
end

return M
