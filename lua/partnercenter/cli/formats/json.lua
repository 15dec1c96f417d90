--- Rows as JSON: an array, or one object a line. Members are in alphabetical
-- order and numbers exact, so that equal rows give equal bytes.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.json

local partnercenter = require "partnercenter"

local M = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local encode

local function encode_string(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- The shortest text that reads back as the same number.
local function encode_number(number)
  if number % 1 == 0 and math.abs(number) < 2 ^ 53 then return ("%d"):format(number) end
  if tostring(number):find("^%-?%d+$") then return tostring(number) end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(number)
    if tonumber(text) == number or digits == 17 then return text end
  end
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
  if value == partnercenter.null then return "null" end
  if type(value) == "string" then return encode_string(value) end
  if type(value) == "number" then return encode_number(value) end
  if type(value) == "table" then return encode_table(value) end
  return tostring(value)
end

--- A value as JSON text on one line.
-- @param value table, string, number, boolean or `partnercenter.null`
-- @treturn string
function M.encode(value)
  return (encode(value))
end

--- A writer of one array with a row on each line.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish()`
function M.array(write)
  local first = true
  return {
    row = function(row)
      write((first and "[\n" or ",\n") .. encode(row))
      first = false
    end,
    finish = function() write(first and "[]\n" or "\n]\n") end,
  }
end

--- A writer of one object a line.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish()`
function M.lines(write)
  return {
    row = function(row) write(encode(row) .. "\n") end,
    finish = function() end,
  }
end

return M
