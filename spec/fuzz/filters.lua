-- What filters must keep to, whatever the values are: returns a function of an
-- array of texts. Each is a condition's value: "#1.5" a number, "@2018-01-01" a
-- date, "!" a boolean, anything else itself. See library.lua beside this.
local core = require "partnercenter.core"
local filter = require "partnercenter.filters"
local resources = require "partnercenter.resources.catalogue"

local COMPARE = { "eq", "ne", "gt", "ge", "lt", "le", "contains", "starts_with" }
local FIELDS = { "productName", "CompanyName", "usageDate", "IndirectReseller", "customerName",
  "market", "Domain", "companyProfile.domain" }
local MOST_CONDITIONS = 6

local searched, filtered = resources[1], {}
for i = 2, #resources do
  if resources[i].filter then filtered[#filtered + 1] = resources[i] end
end

-- The value to compare with, and what a row would have.
local function value_of(part)
  local mark, rest = part:sub(1, 1), part:sub(2)
  if mark == "#" and tonumber(rest) then return tonumber(rest), tonumber(rest) end
  if mark == "!" then return #part % 2 == 0, #part % 2 == 0 end
  if mark == "@" then
    local ok, date = pcall(filter.date, rest)
    if ok then return date, rest end
  end
  return part, part
end

-- The quoted literals of a text, and the text without them: a quote can neither
-- end nor begin in the wrong place.
local function literals_of(expression)
  local list, rest, position = {}, {}, 1
  while true do
    local from = expression:find("'", position, true)
    rest[#rest + 1] = expression:sub(position, (from or 0) - 1)
    if not from then return list, table.concat(rest) end
    local parts = {}
    repeat
      local stop = assert(expression:find("'", from + 1, true), "a quote is open")
      parts[#parts + 1] = expression:sub(from + 1, stop - 1)
      local doubled = expression:sub(stop + 1, stop + 1) == "'"
      from, position = stop + 1, stop + 1
    until not doubled
    list[#list + 1] = table.concat(parts, "'")
  end
end

-- No value can be anything but a literal in the text.
local function check_text(expression, quoted)
  local found, rest = literals_of(expression)
  assert(#found == #quoted, expression)
  for i, value in ipairs(quoted) do assert(found[i] == value, expression) end
  assert(not rest:find("[^%w_ ().,+-]"), expression)
  assert(rest:gsub("%b()", ""):find("[()]") == nil, expression)
end

-- A number is read as the same one.
local function check_number(value)
  local literal = tostring(filter.eq("n", value)):match("^n eq (%S+)$")
  assert(tonumber(literal) == value, literal)
end

-- For the customer search: JSON that says the same.
local function check_json(remote, values)
  local document, message = core.decode(filter.to_json(remote))
  if not document then
    for _, value in ipairs(values) do
      if type(value) == "string" and not utf8.len(value) then return end
    end
    error(message)
  end
  local known = false
  for _, value in ipairs(values) do known = known or document.Value == value end
  local operators = { starts_with = true, equals = true }
  assert(known and operators[document.Operator], document.Value)
end

-- In two parts it decides the same, and the service takes the first part.
local function check_split(expression, rows, values, capabilities)
  local ok, remote, here = pcall(filter.split, expression, capabilities)
  if not ok then
    assert(capabilities.json and remote:find "one condition at a time", remote)
    return
  end
  for _, row in ipairs(rows) do
    local passes = (not remote or remote(row)) and (not here or here(row))
    assert(passes == expression(row), tostring(expression))
  end
  if not remote then return end
  if capabilities.json then return check_json(remote, values) end
  assert(#filter.to_odata(remote, capabilities) > 0)
end

-- Conditions joined one after the other, as the lengths of the parts say.
local function join(conditions, parts)
  local expression = conditions[1]
  for i = 2, #conditions do
    local pair = { expression, conditions[i] }
    expression = #parts[i] % 2 == 0 and filter.all(pair) or filter.any(pair)
    if #parts[i] % 5 == 4 then expression = filter.negate(expression) end
  end
  return expression
end

return function(parts)
  local conditions, used, quoted, values = {}, {}, {}, {}
  -- One row with the values themselves, one with each other's.
  local rows = { { companyProfile = {} }, { companyProfile = {} } }
  for i = 1, math.min(#parts, MOST_CONDITIONS) do
    local value, plain = value_of(parts[i])
    local ok, condition = pcall(filter[COMPARE[(#parts[i] + i) % #COMPARE + 1]], FIELDS[i], value)
    rows[1][FIELDS[i]], rows[2][FIELDS[i % #FIELDS + 1]] = plain, plain
    if ok then
      conditions[#conditions + 1], used[#used + 1] = condition, parts[i]
      values[#values + 1] = plain
      if type(plain) == "string" then quoted[#quoted + 1] = plain end
      if type(plain) == "number" then check_number(plain) end
      assert(type(condition(rows[1])) == "boolean")
    end
  end
  if #conditions == 0 then return end
  local expression = join(conditions, used)
  check_text(tostring(expression), quoted)
  check_split(expression, rows, values, searched.filter)
  check_split(expression, rows, values, filtered[#parts[1] % #filtered + 1].filter)
end
