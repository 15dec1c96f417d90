--- SHA-256 (FIPS 180-4), for the few bytes of a key or a PKCE challenge: by operators
-- on bits where Lua has them, in plain arithmetic where not.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.sha256

local WORD = 2 ^ 32

-- The first 32 bits of the fractional part of a root.
local function fraction(root)
  return math.floor((root - math.floor(root)) * WORD)
end

local primes = {}
do
  local n = 2
  while #primes < 64 do
    local prime = true
    for _, p in ipairs(primes) do
      if n % p == 0 then prime = false break end
    end
    if prime then primes[#primes + 1] = n end
    n = n + 1
  end
end

-- A power may be off in its last bit or two; the 35 bits that count end long
-- before these.
local ROUND_CONSTANTS, START = {}, {}
for i, prime in ipairs(primes) do
  ROUND_CONSTANTS[i] = fraction(prime ^ (1 / 3))
  if i <= 8 then START[i] = fraction(prime ^ 0.5) end
end

-- 5.1 and LuaJIT do not read these: `load` raises there, or gives nothing. Integers of 32
-- bits have no room for a word.
local readable, operators = pcall(load, [[
  if 1 << 32 == 0 then return end
  return function(a, b) return a ~ b end, function(a, b) return a & b end
]])

-- Tables for XOR and AND of two numbers of four bits, a and b; the index is 16 * a + b.
local function tables()
  local xors, ands = {}, {}
  for a = 0, 15 do
    for b = 0, 15 do
      local x, y, bit, xored, anded = a, b, 1, 0, 0
      for _ = 1, 4 do
        local p, q = x % 2, y % 2
        if p ~= q then xored = xored + bit end
        anded = anded + bit * p * q
        x, y, bit = (x - p) / 2, (y - q) / 2, bit * 2
      end
      xors[16 * a + b], ands[16 * a + b] = xored, anded
    end
  end
  return xors, ands
end

local function by_table(of)
  return function(a, b)
    local result, place = 0, 1
    for _ = 1, 8 do
      local p, q = a % 16, b % 16
      result = result + of[16 * p + q] * place
      a, b, place = (a - p) / 16, (b - q) / 16, place * 16
    end
    return result
  end
end

local xor_of, both
if readable and operators then xor_of, both = operators() end
if not xor_of then
  local xors, ands = tables()
  xor_of, both = by_table(xors), by_table(ands)
end

local function xor(a, b, c)
  local result = xor_of(a, b)
  return c and xor_of(result, c) or result
end

local function rotate(a, n)
  local low = a % 2 ^ n
  return (a - low) / 2 ^ n + low * 2 ^ (32 - n)
end

local function shift(a, n)
  return (a - a % 2 ^ n) / 2 ^ n
end

-- The message with a one bit, zeros, and its length in bits, in blocks of 64.
local function pad(message)
  local zeros = (55 - #message) % 64
  local length, bytes = #message * 8, {}
  for i = 8, 1, -1 do
    bytes[i] = string.char(length % 256)
    length = math.floor(length / 256)
  end
  return message .. "\128" .. ("\0"):rep(zeros) .. table.concat(bytes)
end

local function schedule(block)
  local w = {}
  for i = 1, 16 do
    local a, b, c, d = block:byte(4 * i - 3, 4 * i)
    w[i] = ((a * 256 + b) * 256 + c) * 256 + d
  end
  for i = 17, 64 do
    local x, y = w[i - 15], w[i - 2]
    local s0 = xor(rotate(x, 7), rotate(x, 18), shift(x, 3))
    local s1 = xor(rotate(y, 17), rotate(y, 19), shift(y, 10))
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) % WORD
  end
  return w
end

local function compress(hash, block)
  local w = schedule(block)
  local a, b, c, d, e, f, g, h = (table.unpack or unpack)(hash) -- luacheck: ignore
  for i = 1, 64 do
    local s1 = xor(rotate(e, 6), rotate(e, 11), rotate(e, 25))
    local choice = xor(both(e, f), both(WORD - 1 - e, g))
    local t1 = (h + s1 + choice + ROUND_CONSTANTS[i] + w[i]) % WORD
    local s0 = xor(rotate(a, 2), rotate(a, 13), rotate(a, 22))
    local majority = xor(both(a, b), both(a, c), both(b, c))
    h, g, f, e, d, c, b, a = g, f, e, (d + t1) % WORD, c, b, a, (t1 + s0 + majority) % WORD
  end
  local now = { a, b, c, d, e, f, g, h }
  for i = 1, 8 do hash[i] = (hash[i] + now[i]) % WORD end
end

--- The SHA-256 digest of a text.
-- @tparam string message
-- @treturn string 32 bytes
local function sha256(message)
  local hash = {}
  for i = 1, 8 do hash[i] = START[i] end
  local padded = pad(message)
  for at = 1, #padded, 64 do compress(hash, padded:sub(at, at + 63)) end
  local bytes = {}
  for i, word in ipairs(hash) do
    for j = 3, 0, -1 do
      bytes[4 * i - j] = string.char(math.floor(word / 256 ^ j) % 256)
    end
  end
  return table.concat(bytes)
end

--- The same in hexadecimal digits.
-- @tparam string message
-- @treturn string 64 digits
local function hex(message)
  return (sha256(message):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

return { sha256 = sha256, hex = hex }
