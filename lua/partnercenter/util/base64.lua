--- Bytes as base64 (RFC 4648), without padding.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.base64

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local PLACE = {}
for i = 1, #DIGITS do PLACE[DIGITS:sub(i, i)] = i - 1 end

local M = {}

--- In the common alphabet (section 4).
-- @tparam string bytes
-- @treturn string
function M.encode(bytes)
  local parts = {}
  for i = 1, #bytes, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local word = (a * 256 + (b or 0)) * 256 + (c or 0)
    for place = 3, c and 0 or b and 1 or 2, -1 do
      local digit = math.floor(word / 64 ^ place) % 64
      parts[#parts + 1] = DIGITS:sub(digit + 1, digit + 1)
    end
  end
  return table.concat(parts)
end

--- In the alphabet of URLs and file names (section 5).
-- @tparam string bytes
-- @treturn string
function M.url(bytes)
  return (M.encode(bytes):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
end

--- The bytes of a text in either alphabet, padded or not.
-- @tparam string text
-- @treturn ?string nil when it is no base64
function M.decode(text)
  text = text:gsub("=+$", ""):gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
  if #text % 4 == 1 then return nil end
  local bytes, word, bits = {}, 0, 0
  for digit in text:gmatch(".") do
    local value = PLACE[digit]
    if not value then return nil end
    word, bits = word * 64 + value, bits + 6
    if bits >= 8 then
      bits = bits - 8
      bytes[#bytes + 1] = string.char(math.floor(word / 2 ^ bits))
      word = word % 2 ^ bits
    end
  end
  return table.concat(bytes)
end

return M
