-- Numbers that a seed decides, the same in every Lua: Park and Miller's
-- generator, which is exact in doubles.
local M = {}

local methods = {}
local mt = { __name = "chaos.random", __index = methods }

local FACTOR, MODULUS = 48271, 2147483647

--- One whose numbers depend on the seed and on which of many it is.
function M.new(seed, which)
  local self = setmetatable({ state = (seed * 7919 + (which or 0) * 104729) % (MODULUS - 1) + 1 },
    mt)
  for _ = 1, 4 do self:real() end
  return self
end

--- From 0 (included) to 1 (excluded).
function methods:real()
  self.state = self.state * FACTOR % MODULUS
  return (self.state - 1) / (MODULUS - 1)
end

--- A whole number, both ends included.
function methods:int(least, most)
  return least + math.floor(self:real() * (most - least + 1))
end

function methods:chance(share)
  return self:real() < share
end

--- One of a list.
function methods:pick(list)
  return list[self:int(1, #list)]
end

--- One of a list of { weight, value }.
function methods:weighted(list)
  local sum = 0
  for _, entry in ipairs(list) do sum = sum + entry[1] end
  local at = self:real() * sum
  for _, entry in ipairs(list) do
    at = at - entry[1]
    if at < 0 then return entry[2] end
  end
  return list[#list][2]
end

return M
