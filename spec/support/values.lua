-- Values compared to their depth.
local M = {}

-- The type of a number where Lua tells integers from floats.
local kind_of = math.type or function(value) return type(value) == "number" and "float" or nil end

--- Are two values the same, tables by all that is in them? `leaf` compares what is no
--- pair of tables.
function M.equal(a, b, leaf)
  if type(a) ~= "table" or type(b) ~= "table" then return leaf(a, b) end
  for key, value in pairs(a) do
    if not M.equal(value, b[key], leaf) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

--- The same and not only equal: an integer is no float, and 0 is not -0.
local function is_same(a, b)
  if type(a) ~= "number" or type(b) ~= "number" then return a == b end
  return a == b and kind_of(a) == kind_of(b) and (a ~= 0 or 1 / a == 1 / b)
end

function M.same(a, b) return M.equal(a, b, is_same) end

return M
