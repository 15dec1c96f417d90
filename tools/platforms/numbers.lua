-- What doc/platforms.md says of a Lua whose numbers have 32 bits; tools/platforms/numbers
-- runs it in one.
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"

assert(math.maxinteger == 2147483647 and 16777216.0 + 1 == 16777216.0, "not such a Lua")

local function decode(text) return assert(partnercenter.decode(text)) end

local function check(value, kind, text)
  local written = kind == "float" and ("%.0f"):format(value) or tostring(value)
  assert(math.type(value) == kind and written == text, ("%s is the %s %s"):format(text,
    tostring(math.type(value)), written))
end

for _, sign in ipairs { "", "-" } do
  check(decode("[" .. sign .. "2147483647]")[1], "integer", sign .. "2147483647")
  check(decode("[" .. sign .. "2147483649]")[1], "float", sign .. "2147483648")
  check(decode("[" .. sign .. "9007199254740993]")[1], "float", sign .. "9007199254740992")
  check(decode("[" .. sign .. "3e38]")[1], "float", ("%.0f"):format(tonumber(sign .. "3e38")))
  local value, why = partnercenter.decode("[" .. sign .. "3.5e38]")
  assert(value == nil and tostring(why):find "number", tostring(why))
end
check(decode("[-2147483648]")[1], "integer", "-2147483648")
check(decode("[0.5]")[1] * 2, "float", "1")

-- A float of this century's seconds says which two minutes it was.
local date = partnercenter.datetime
for _, year in ipairs { "1927", "2026", "2046" } do
  local at = date(year .. "-11-28T17:00:00Z")
  assert(math.abs(at - (tonumber(year) - 1970) * 31556952.0) < 31556952.0, year)
  assert(at == date(year .. "-11-28T17:00:01Z"), year)
  assert(date(year .. "-11-28T17:05:00Z") - at >= 128, year)
end

for _ = 1, 1000 do
  local n = core.random()
  assert(n >= 0 and n < 1)
end

local rows = assert(partnercenter.csv.decode("n\n2147483647\n2147483649\n-0.5\n",
  { numbers = { "n" } }))
check(rows[1].n, "integer", "2147483647")
check(rows[2].n, "float", "2147483648")
assert(rows[3].n == -0.5)
