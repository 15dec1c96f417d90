--- Numbers and letter case as they are on the wire and in files: in ASCII, with a
-- decimal point, whatever locale the host program has set, and in a Lua that turns
-- no text into a number, nor a number into a text, by itself.
--
-- `tonumber`, `tostring` and `%g` follow the locale in some Luas, `lower` and `upper`
-- in all; so they are used here alone.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.wire

-- Digits of a number to another base: of more, not all fit.
local MOST_BASED = 12
-- Doubles tell whole numbers apart up to here.
local MOST_EXACT = 2 ^ 53

local M = {}

local LOWER, UPPER = {}, {}
for code = 65, 90 do
  local upper, lower = string.char(code), string.char(code + 32)
  LOWER[upper], UPPER[lower] = lower, upper
end

--- The text with the letters of ASCII in lower case, and nothing else changed.
-- @tparam string text
-- @treturn string
function M.lower(text)
  return (text:gsub("[A-Z]", LOWER))
end

--- The text with the letters of ASCII in upper case, and nothing else changed.
-- @tparam string text
-- @treturn string
function M.upper(text)
  return (text:gsub("[a-z]", UPPER))
end

-- Letters that UTF-8 writes in two bytes: from, to, how far apart two of them are, and
-- how far behind each its small letter is. What depends on the language (Turkish i) or
-- has no small letter of its own (the German ss) is left alone.
local RANGES = {
  { 0xC0, 0xD6, 1, 32 }, { 0xD8, 0xDE, 1, 32 },                         -- Latin-1
  { 0x100, 0x12E, 2, 1 }, { 0x132, 0x136, 2, 1 }, { 0x139, 0x147, 2, 1 }, -- Latin Extended-A
  { 0x14A, 0x176, 2, 1 }, { 0x178, 0x178, 1, -121 }, { 0x179, 0x17D, 2, 1 },
  { 0x218, 0x21A, 2, 1 },                                               -- Romanian
  { 0x386, 0x386, 1, 38 }, { 0x388, 0x38A, 1, 37 }, { 0x38C, 0x38C, 1, 64 }, -- Greek
  { 0x38E, 0x38F, 1, 63 }, { 0x391, 0x3A1, 1, 32 }, { 0x3A3, 0x3AB, 1, 32 },
  { 0x3C2, 0x3C2, 1, 1 },                                               -- the last sigma
  { 0x400, 0x40F, 1, 80 }, { 0x410, 0x42F, 1, 32 }, { 0x490, 0x490, 1, 1 }, -- Cyrillic
}
local WIDE_LETTERS, FIRST_BYTES = "[\195-\210][\128-\191]", "[\195-\210]"

local function two_bytes(code)
  return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
end

local SMALL = {}
for _, range in ipairs(RANGES) do
  for code = range[1], range[2], range[3] do
    SMALL[two_bytes(code)] = two_bytes(code + range[4])
  end
end

--- The text in small letters, for comparing names: those of ASCII, of the Latin letters of
-- Europe, of Greek and of Cyrillic, where the text is UTF-8. For people's texts alone:
-- what programs agree on, such as names of headers, is ASCII.
-- @tparam string text
-- @treturn string
function M.fold(text)
  text = M.lower(text)
  if not text:find(FIRST_BYTES) then return text end
  return (text:gsub(WIDE_LETTERS, SMALL))
end

-- Has Lua the number as an integer of 64 bits?
local is_integer = math.type -- luacheck: ignore 143
  and function(value) return math.type(value) == "integer" end -- luacheck: ignore 143
  or function() return false end

-- What the locale has for a decimal point: a program may change it at any time.
local function point()
  return (("%.1f"):format(0.5):match("^0(.-)5$"))
end

--- The number that a decimal numeral stands for: digits, with a sign before them
-- and a fraction behind a point if need be.
-- @param text any value
-- @treturn[1] number an integer, where Lua has them, without a fraction
-- @treturn[2] nil it is no such text
function M.number(text)
  if type(text) ~= "string" then return nil end
  if text:find("^%-?[0-9]+$") then return tonumber(text) end
  if not text:find("^%-?[0-9]+%.[0-9]+$") then return nil end
  -- PUC 5.1 reads the locale's point alone, others read both.
  return tonumber(text) or tonumber((text:gsub("%.", point())))
end

--- The whole number that digits stand for, however many there are.
-- @param text any value
-- @tparam[opt=10] number base 8, 10 or 16
-- @treturn ?number nil when it is no such text
function M.digits(text, base)
  local digits = base == 16 and "^%x+$" or "^[0-9]+$"
  if type(text) ~= "string" or not text:find(digits) then return nil end
  -- With a base an integer of 64 bits begins anew where it ends.
  if not base or base == 10 then return tonumber(text) end
  return #text <= MOST_BASED and tonumber(text, base) or nil
end

--- The numeral of a number with so many digits behind the point.
-- @tparam number value
-- @tparam number places
-- @treturn string
function M.fixed(value, places)
  return (("%." .. ("%d"):format(places) .. "f"):format(value):gsub("[^0-9-]", "."))
end

--- The shortest numeral that stands for a number, without an exponent where it is
-- whole.
-- @tparam number value
-- @treturn[1] string
-- @treturn[2] nil it is no number, or none that is finite
function M.numeral(value)
  if type(value) ~= "number" or value - value ~= 0 then return nil end
  if value % 1 == 0 and value > -MOST_EXACT and value < MOST_EXACT then
    return ("%d"):format(value)
  end
  if is_integer(value) then return ("%d"):format(value) end
  local separator = point()
  for digits = 15, 17 do
    local text = ("%." .. ("%d"):format(digits) .. "g"):format(value)
    if tonumber(text) == value or digits == 17 then
      local from, to = text:find(separator, 1, true)
      return from and text:sub(1, from - 1) .. "." .. text:sub(to + 1) or text
    end
  end
end

return M
