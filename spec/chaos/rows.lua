-- The rows: each says whose it is and which number it has, in every part of it.
-- The server makes them and the readers look at them by this file.
local M = {}

local floor = math.floor

local function text(who, n, length)
  local mark = ("%s:%d|"):format(who, n)
  return mark:rep(floor(length / #mark) + 1)
end

-- Rows differ in shape, so that what a decoder remembers of one is wrong for the
-- next: with the number in a table, as a text, with escapes, without members.
local SHAPES = {
  function(n) return ('"deep":{"n":[%d,%d]}'):format(n, n + 1) end,
  function(n) return ('"digits":"%d","none":null'):format(n) end,
  function() return '"escaped":"a\\"\\u00e9\\n\\/"' end,
  function(n) return ('"half":%d.5,"odd":%s'):format(n, n % 2 == 1 and "true" or "false") end,
}
local CHECKS = {
  function(row, n)
    local list = row.deep and row.deep.n
    return list and list[1] == n and list[2] == n + 1 and #list == 2
  end,
  function(row, n) return row.digits == ("%d"):format(n) and row.none == nil end,
  function(row) return row.escaped == 'a"\195\169\n/' end,
  function(row, n) return row.half == n + 0.5 and row.odd == (n % 2 == 1) end,
}

-- In runs, as real rows come, and now and then another one in between.
local function shape_of(n)
  return n % 11 == 0 and 1 or floor(n / 64) % #SHAPES + 1
end

--- The JSON text of a row.
function M.encode(who, n, length)
  return ('{"who":"%s","n":%d,"text":"%s",%s}'):format(who, n, text(who, n, length),
    SHAPES[shape_of(n)](n))
end

--- The bytes that a row has at least.
function M.least(length)
  return length + 40
end

--- What is wrong with a row, or nil.
function M.fault(row, who, n, length)
  if type(row) ~= "table" then return "is a " .. type(row) end
  if row.who ~= who then return "is of " .. tostring(row.who) end
  if row.n ~= n then return "has the number " .. tostring(row.n) end
  if row.text ~= text(who, n, length) then return "has a broken text" end
  if not CHECKS[shape_of(n)](row, n) then return "has broken members" end
  return nil
end

return M
