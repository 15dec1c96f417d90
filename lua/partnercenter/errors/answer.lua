--- What the body of an error answer says, whatever its shape: the service's
-- fault, the gateway's throttle, the token endpoint, the partner API, or none of
-- them. It reads; what it means is decided in `partnercenter.errors`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.answer

local text = require "partnercenter.util.text"

local M = {}

local function string_or_nil(value)
  if type(value) == "string" and value ~= "" then return value end
  return nil
end

-- Codes come as numbers and as numerals; words are no code, nor is anything
-- that no integer type holds.
local function number_or_nil(value)
  if type(value) == "string" and value:find("^%s*%-?%d+%s*$") then value = tonumber(value) end
  if type(value) ~= "number" or value % 1 ~= 0 or math.abs(value) > 2 ^ 53 then return nil end
  return math.floor(value)
end

-- An array of what convert leaves of each element; nil when nothing is left.
local function array_of(value, convert)
  if type(value) ~= "table" then return nil end
  local list = {}
  for _, element in ipairs(value) do
    local converted = convert(element)
    if converted then list[#list + 1] = converted end
  end
  return list[1] and list or nil
end

-- Entra's numbers: from the list, else from the AADSTS marks in the description.
local function entra_codes(document, description)
  local codes = array_of(document.error_codes, number_or_nil)
  if codes then return codes end
  codes = {}
  for digits in (description or ""):gmatch("AADSTS(%d+)") do
    codes[#codes + 1] = number_or_nil(digits)
  end
  return codes[1] and codes or nil
end

-- An id that the description gives where the body has no field for it.
local function id_in(description, label)
  return (description or ""):match(label .. " ID: ([%x%-]+)")
end

local function read_token_error(document)
  local description = string_or_nil(document.error_description)
  return {
    shape = "token",
    error = document.error,
    description = description,
    error_codes = entra_codes(document, description),
    suberror = string_or_nil(document.suberror),
    request_id = string_or_nil(document.trace_id) or id_in(description, "Trace"),
    correlation_id = string_or_nil(document.correlation_id) or id_in(description, "Correlation"),
  }
end

-- The document with its keys in lower case; of two spellings the exact one wins.
local function with_lower_keys(document)
  local lower = {}
  for key, value in pairs(document) do
    if type(key) == "string" then
      local name = key:lower()
      if lower[name] == nil or name == key then lower[name] = value end
    end
  end
  return lower
end

local function read_document(document)
  local d = with_lower_keys(document)
  if string_or_nil(d.error) then return read_token_error(d) end
  if type(d.error) == "table" then
    local e = with_lower_keys(d.error)
    return {
      shape = "api",
      code = number_or_nil(e.code),
      error = not number_or_nil(e.code) and string_or_nil(e.code) or nil,
      description = string_or_nil(e.message),
      source = string_or_nil(e.target),
    }
  end
  if number_or_nil(d.code) or string_or_nil(d.description) then
    return {
      shape = "fault",
      code = number_or_nil(d.code),
      error = not number_or_nil(d.code) and string_or_nil(d.code) or nil,
      description = string_or_nil(d.description) or string_or_nil(d.message),
      source = string_or_nil(d.source),
      data = type(d.data) == "table" and d.data or nil,
    }
  end
  if number_or_nil(d.statuscode) or string_or_nil(d.message) then
    return { shape = "gateway", description = string_or_nil(d.message) }
  end
  return { shape = "none" }
end

-- The document of a body that is a JSON object or array, or nil. Decoders differ
-- on a byte order mark, so it is taken off here.
local function decode_table(body, decode)
  body = body:gsub("^\239\187\191", "")
  if not body:find("^%s*[{%[]") then return nil end
  local ok, document = pcall(decode, body)
  return ok and type(document) == "table" and document or nil
end

--- Reads the body of an error answer.
-- @tparam ?string body
-- @tparam function decode takes JSON text; gives the value, or nil, or raises
-- @treturn table `shape` ("fault", "gateway", "token", "api" or "none") and, as
--   far as they are there: `code`, `error`, `description` (raw), `source`,
--   `data`, `error_codes`, `suberror`, `request_id`, `correlation_id`
function M.read(body, decode)
  local document = body and decode_table(body, decode)
  return document and read_document(document) or { shape = "none" }
end

-- Where a description that is JSON itself holds the words for people.
local WORDS = { "reason", "description", "message", "error_description", "detail", "title" }

--- The description as a person can read it: one line, entities resolved, the
-- reason taken out if it is JSON itself. Of a token endpoint's, the first line.
-- @tparam string description
-- @tparam function decode as for `read`
-- @tparam number max bytes
-- @treturn string
function M.readable(description, decode, max)
  local document = decode_table(description, decode)
  local words
  for _, name in ipairs(WORDS) do
    words = words or (document and string_or_nil(with_lower_keys(document)[name]))
  end
  words = words or description:match("^%s*([^\r\n]+)[\r\n]+Trace ID:") or description
  return text.line(text.unescape(words), max)
end

return M
