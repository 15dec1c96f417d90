-- Prints src/json/powers.def: the powers of five that turn decimal digits into doubles.
-- Run: lua5.4 tools/powers.lua > src/json/powers.def
--
-- For each q the most significant 128 bits of 5^q, cut off; rounded up where 5^-q fits 64 bits
-- (D. Lemire, "Number parsing at a gigabyte per second", 2021).

local FIRST, LAST = -342, 308
local ROUND_UP = -27 -- from here to -1: 5^27 is the last below 2^64
local LIMB = 24 -- bits of a limb; a product of two fits 64 bits with room to add
local MASK = (1 << LIMB) - 1

-- Big natural numbers: arrays of limbs, the least significant first.

local function multiply(number, factor)
  local result, carry = {}, 0
  for i = 1, #number do
    carry = carry + number[i] * factor
    result[i], carry = carry & MASK, carry >> LIMB
  end
  if carry > 0 then result[#result + 1] = carry end
  return result
end

local function bits(number)
  local top, n = number[#number], 0
  while top > 0 do top, n = top >> 1, n + 1 end
  return (#number - 1) * LIMB + n
end

local function bit(number, i)
  local limb = number[i // LIMB + 1]
  return limb and limb >> i % LIMB & 1 or 0
end

local function at_least(a, b)
  for i = math.max(#a, #b), 1, -1 do
    local x, y = a[i] or 0, b[i] or 0
    if x ~= y then return x > y end
  end
  return true
end

local function subtract(a, b)
  local borrow = 0
  for i = 1, #a do
    local limb = a[i] - (b[i] or 0) - borrow
    borrow = limb < 0 and 1 or 0
    a[i] = limb & MASK
  end
end

local function double(number)
  local carry = 0
  for i = 1, #number do
    local limb = number[i] << 1 | carry
    number[i], carry = limb & MASK, limb >> LIMB
  end
  if carry > 0 then number[#number + 1] = carry end
end

-- The top 128 bits of the number, shifted up when it has fewer.
local function top(number)
  local high, low, length = 0, 0, bits(number)
  for i = 1, 128 do
    local b = length - i >= 0 and bit(number, length - i) or 0
    if i <= 64 then high = high << 1 | b else low = low << 1 | b end
  end
  return high, low
end

-- The top 128 bits of 1/number, by long division.
local function reciprocal(number, round_up)
  local high, low, count, rest = 0, 0, 0, { 1 }
  while count < 128 do
    double(rest)
    local b = at_least(rest, number) and 1 or 0
    if b == 1 then subtract(rest, number) end
    if count > 0 or b == 1 then
      count = count + 1
      if count <= 64 then high = high << 1 | b else low = low << 1 | b end
    end
  end
  if round_up then
    low = low + 1
    if low == 0 then high = high + 1 end
  end
  return high, low
end

print("/* Made by tools/powers.lua: the top 128 bits of 5^q for q = " .. FIRST .. " to "
  .. LAST .. ".")
print("** SPDX-License-Identifier: MIT */")
local fives, power = { [0] = { 1 } }, { 1 }
for q = 1, math.max(-FIRST, LAST) do
  power = multiply(power, 5)
  fives[q] = power
end
for q = FIRST, LAST do
  local high, low
  if q < 0 then high, low = reciprocal(fives[-q], q >= ROUND_UP) else high, low = top(fives[q]) end
  print(("{0x%016xU, 0x%016xU},"):format(high, low))
end
