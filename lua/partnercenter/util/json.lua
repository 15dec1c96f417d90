--- Values as JSON. Members are in alphabetical order and numbers exact, so that equal
-- values give equal bytes.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.json

local core = require "partnercenter.core"
local wire = require "partnercenter.util.wire"

local M = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local encode

-- The code point of a character of two or three bytes.
local function escape_code(character)
  local a, b, c = character:byte(1, 3)
  local code = c and (a - 224) * 4096 + (b - 128) * 64 + c - 128 or (a - 192) * 64 + b - 128
  return ("\\u%04x"):format(code)
end

-- Control characters of Unicode and marks that turn the writing direction are
-- escaped, too: what is printed on a terminal must not steer it.
local function encode_string(text)
  text = text:gsub('[%c"\\]', function(c) return ESCAPES[c] or ("\\u%04x"):format(c:byte()) end)
  if text:find("[\128-\255]") then
    text = text:gsub("\194[\128-\159]", escape_code):gsub("\216\156", escape_code)
      :gsub("\226\128[\142\143\168-\174]", escape_code):gsub("\226\129[\166-\169]", escape_code)
  end
  return '"' .. text .. '"'
end

local function encode_table(value)
  local parts = {}
  -- Nothing tells an empty array from an empty object; the service has arrays.
  if next(value) == nil then return "[]" end
  if value[1] ~= nil then
    for i, item in ipairs(value) do parts[i] = encode(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local names = {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = encode_string(name) .. ":" .. encode(value[name]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  if value == core.null then return "null" end
  if type(value) == "string" then return encode_string(value) end
  if type(value) == "number" then return wire.numeral(value) or "null" end
  if type(value) == "table" then return encode_table(value) end
  return tostring(value)
end

--- A value as JSON text on one line.
-- @param value table, string, number, boolean or `partnercenter.null`
-- @treturn string
function M.encode(value)
  return (encode(value))
end

return M
