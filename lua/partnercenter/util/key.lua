--- The one maker of keys under which something is kept for those who ask for the same.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.key

local url = require "partnercenter.util.url"

local function spell(part)
  if type(part) ~= "table" then return url.encode(part) end
  local texts = {}
  for i, inner in ipairs(part) do texts[i] = spell(inner) end
  return "(" .. table.concat(texts, ",") .. ")"
end

--- A key. No two lists of parts have the same one.
-- @param ... parts: strings, or arrays of parts
-- @treturn string without spaces and control characters
return function(...)
  local texts = { ... }
  for i, part in ipairs(texts) do texts[i] = spell(part) end
  return table.concat(texts, "|")
end
