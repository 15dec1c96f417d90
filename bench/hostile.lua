-- Texts that mislead a decoder which expects the next thing to be like the last
-- one: what it takes must stay a fixed multiple of the text. An array of
-- { name, make = function(bytes) -> text of about so many, max_depth }.
local function fill(bytes, parts, make)
  local size = 0
  for i = 1, math.huge do
    parts[#parts + 1] = make(i)
    size = size + #parts[#parts] + 1
    if size >= bytes then return parts end
  end
end

local function list(bytes, make)
  return "[" .. table.concat(fill(bytes, {}, make), ",") .. "]"
end

local function wide_array(n) return "[0" .. (",0"):rep(n - 1) .. "]" end

local function wide_object(n, from)
  local members = {}
  for i = 1, n do members[i] = ('"%x":0'):format(i + (from or 0)) end
  return "{" .. table.concat(members, ",") .. "}"
end

local function nest(depth, open, close, leaf)
  return open:rep(depth) .. (leaf or "") .. close:rep(depth)
end

-- Members with more structure than a decoder can remember.
local function flood(levels, from)
  if levels == 0 then return "[[]]" end
  local members = {}
  for i = 1, 14 do
    members[i] = ('"%x":%s'):format(from * 14 + i, flood(levels - 1, from * 14 + i))
  end
  return "{" .. table.concat(members, ",") .. "}"
end

return {
  { name = "empty arrays", make = function(bytes)
    return list(bytes, function() return "[]" end)
  end },
  { name = "empty objects", make = function(bytes)
    return list(bytes, function() return "{}" end)
  end },
  { name = "objects of one member", make = function(bytes)
    return list(bytes, function() return '{"":0}' end)
  end },
  { name = "one wide array, then empty ones", make = function(bytes)
    return list(bytes, function(i) return i == 1 and wide_array(bytes / 4) or "[]" end)
  end },
  { name = "wide and empty arrays in turn", make = function(bytes)
    return list(bytes, function(i) return i % 3 == 1 and wide_array(3000) or "[]" end)
  end },
  { name = "short and empty arrays in turn", make = function(bytes)
    return list(bytes, function(i) return i % 3 == 1 and wide_array(5) or "[]" end)
  end },
  { name = "wide and empty objects in turn", make = function(bytes)
    return list(bytes, function(i) return i % 3 == 1 and wide_object(520) or "{}" end)
  end },
  { name = "rows of nine members and empty ones in turn", make = function(bytes)
    return list(bytes, function(i) return i % 3 == 1 and wide_object(9) or "{}" end)
  end },
  { name = "one member again and again, then empty objects", make = function(bytes)
    return list(bytes, function(i)
      return i % 3 == 1 and '{"":0' .. (',"":0'):rep(1024) .. "}" or "{}"
    end)
  end },
  { name = "arrays remembered large at each depth, then nested", make = function(bytes)
    local wide = "0" .. (",0"):rep(math.floor(bytes / 400))
    local text = wide
    for _ = 1, 100 do text = "[" .. wide .. ",[" .. text .. "]]" end
    return "[" .. text .. "," .. nest(100, "[[", "]]") .. "," .. nest(100, "[[", "]]") .. "]"
  end, max_depth = 1000 },
  { name = "deep arrays beside a wide one", make = function(bytes)
    return list(bytes, function(i)
      return i == 1 and wide_array(bytes / 4) or nest(120, "[", "]")
    end)
  end },
  { name = "deep arrays with a wide one within", make = function(bytes)
    return list(bytes, function() return nest(120, "[", "]", wide_array(1000)) end)
  end },
  { name = "deep objects with a wide one within", make = function(bytes)
    return list(bytes, function() return nest(120, '{"":', "}", wide_object(300)) end)
  end },
  { name = "more shapes than are remembered, then deep arrays beside wide ones",
    make = function(bytes)
      return list(bytes, function(i)
        return i == 1 and flood(3, 0) or i % 20 == 2 and '{"x":' .. wide_array(2000) .. "}"
          or '{"x":' .. nest(120, "[", "]") .. "}"
      end)
    end },
  { name = "more shapes than are remembered, then deep objects beside short ones",
    make = function(bytes)
      return list(bytes, function(i)
        return i == 1 and flood(3, 0) or i % 2 == 0 and '{"x":' .. wide_object(8) .. "}"
          or '{"x":' .. nest(120, '{"":', "}", "0") .. "}"
      end)
    end },
  { name = "names that never come again", make = function(bytes)
    return list(bytes, function(i) return wide_object(3, 3 * i) end)
  end },
  { name = "objects in objects, no name twice", make = function(bytes)
    return list(bytes, function(i) return ('{"%x":{"%x":{"%x":{}}}}'):format(i, i, i) end)
  end },
  { name = "the same string again and again", make = function(bytes)
    return list(bytes, function() return '"s"' end)
  end },
  { name = "strings that never come again", make = function(bytes)
    return list(bytes, function(i) return ('"%x"'):format(i) end)
  end },
  { name = "long strings with escapes, each longer", make = function(bytes)
    return list(bytes, function(i) return '"' .. ("\\n"):rep(i * 10) .. '"' end)
  end },
}
