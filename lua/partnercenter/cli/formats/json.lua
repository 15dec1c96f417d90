--- Rows as JSON: an array, or one object a line. Members are in alphabetical
-- order and numbers exact, so that equal rows give equal bytes.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.json

local partnercenter = require "partnercenter"

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

-- The shortest text that reads back as the same number.
local function encode_number(number)
  if number % 1 == 0 and math.abs(number) < 2 ^ 53 then return ("%d"):format(number) end
  if tostring(number):find("^%-?%d+$") then return tostring(number) end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(number)
    -- Some locales write a comma.
    if tonumber(text) == number or digits == 17 then return (text:gsub(",", ".")) end
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

--- A writer of one array with a row on each line. When something failed, its last
-- element is an object with `errors` alone.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish(errors)`, an array or nil
function M.array(write)
  local first = true
  local function row(value)
    write((first and "[\n" or ",\n") .. encode(value))
    first = false
  end
  return {
    row = row,
    finish = function(errors)
      if errors and errors[1] then row { errors = errors } end
      write(first and "[]\n" or "\n]\n")
    end,
  }
end

--- A writer of one object a line; what failed comes last, each as an object with
-- `error` alone.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish(errors)`, an array or nil
function M.lines(write)
  return {
    row = function(row) write(encode(row) .. "\n") end,
    finish = function(errors)
      for _, failed in ipairs(errors or {}) do write(encode { error = failed } .. "\n") end
    end,
  }
end

return M
