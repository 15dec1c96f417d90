--- What the body of an error answer says, whatever its shape: the service's
-- fault, the gateway's throttle, the token endpoint, the partner API, a problem
-- (RFC 9457), OData's, ASP.NET's, or none of them. It reads; what it means is decided
-- in `partnercenter.errors.response`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.answer

local text = require("partnercenter.util").text
local wire = require("partnercenter.util").wire

-- Members with the text for people; the first that is there counts.
local WORDS = {
  "description", "error_description", "errordescription", "message", "error_message",
  "errormessage", "detail", "reason", "exceptionmessage", "faultstring", "msg", "title",
}

-- Members that may hold another error.
local INNER = {
  "error", "odata.error", "errors", "modelstate", "details", "detail", "innererror",
  "inner_error", "innerexception", "fault",
}
-- Of them those that are a list in any case: of errors, or by the fields that are wrong.
local LISTS = { errors = true, modelstate = true }

local CODES = { "code", "errorcode", "error_code" }

-- Members that are no details: what they say has fields of its own.
local SAID = { statuscode = true, status = true, target = true, source = true }
for _, names in ipairs { WORDS, CODES } do
  for _, name in ipairs(names) do SAID[name] = true end
end
SAID.title, SAID.exceptionmessage = nil, nil

local DEEPEST = 8  -- objects in objects that are looked into

local M = {}

-- A text; OData has one in an object with its language, others have a list of them.
local function string_or_nil(value)
  if type(value) == "table" then
    local list = {}
    for _, one in ipairs(value) do if type(one) == "string" then list[#list + 1] = one end end
    value = list[1] and table.concat(list, "; ") or value.value
  end
  if type(value) == "string" and value ~= "" then return value end
  return nil
end

-- Codes come as numbers and as numerals; words are no code, nor is anything
-- that no integer type holds.
local function number_or_nil(value)
  if type(value) == "string" then value = wire.number(value:match("^%s*(%-?%d+)%s*$")) end
  if type(value) ~= "number" or value % 1 ~= 0 or math.abs(value) > 2 ^ 53 then return nil end
  return math.floor(value)
end

-- The elements of an array as `convert` gives them; nil when it gives none.
local function array_of(value, convert)
  if type(value) ~= "table" then return nil end
  local list = {}
  for _, element in ipairs(value) do
    local converted = convert(element)
    if converted then list[#list + 1] = converted end
  end
  return list[1] and list or nil
end

-- The document with its keys in lower case; of two spellings the exact one wins.
local function with_lower_keys(document)
  local lower = {}
  for key, value in pairs(document) do
    if type(key) == "string" then
      local name = wire.lower(key)
      if lower[name] == nil or name == key then lower[name] = value end
    end
  end
  return lower
end

local function first_of(d, names, convert)
  for _, name in ipairs(names) do
    local value = convert(d[name])
    if value then return value, name end
  end
  return nil
end

--- Entra's numbers in a text, as in AADSTS70008.
-- @tparam ?string words
-- @treturn ?{number,...} nil when there is none
function M.entra_codes(words)
  local codes = {}
  for digits in (words or ""):gmatch("AADSTS(%d+)") do
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
    error_codes = array_of(document.error_codes, number_or_nil) or M.entra_codes(description),
    suberror = string_or_nil(document.suberror),
    claims = string_or_nil(document.claims),
    request_id = string_or_nil(document.trace_id) or id_in(description, "Trace"),
    correlation_id = string_or_nil(document.correlation_id) or id_in(description, "Correlation"),
  }
end

local collect

-- The words of an array of errors, or of fields and what is wrong with them.
local function collect_list(list, found, depth)
  local names = {}
  for name in pairs(list) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    local value = list[name]
    if type(value) == "string" then
      found[#found + 1] = value
    elseif type(value) == "table" then
      collect(value, found, depth + 1)
    end
  end
end

-- The words, codes and the name of an error, from the outside to the inside.
function collect(document, found, depth)
  if depth > DEEPEST then return end
  local d = with_lower_keys(document)
  local words = first_of(d, WORDS, string_or_nil)
  if words then found[#found + 1] = words end
  found.code = found.code or first_of(d, CODES, number_or_nil)
  found.error = found.error or first_of(d, CODES, string_or_nil)
  found.source = found.source or string_or_nil(d.source) or string_or_nil(d.target)
  for _, name in ipairs(INNER) do
    local inner = d[name]
    if type(inner) == "table" and inner.value == nil then
      local listed = inner[1] ~= nil or LISTS[name]
      if listed then collect_list(inner, found, depth) else collect(inner, found, depth + 1) end
    end
  end
  if document[1] ~= nil then collect_list(document, found, depth) end
end

-- The members of an object beside text and code, under its own names.
local function rest_of(document)
  local d, rest = with_lower_keys(document), {}
  if type(d.data) == "table" then return d.data end
  if type(d.errors) == "table" then return d.errors end
  for key, value in pairs(document) do
    local said = type(key) == "string" and SAID[wire.lower(key)] and type(value) ~= "table"
    local empty = type(value) == "table" and next(value) == nil
    if not said and not empty and type(value) ~= "userdata" then rest[key] = value end
  end
  return next(rest) ~= nil and rest or nil
end

-- The texts without repetitions: a detail often says the same as the error.
local function join(words)
  local list = {}
  for _, word in ipairs(words) do
    local known = false
    for _, other in ipairs(list) do known = known or other:find(word, 1, true) ~= nil end
    if not known then list[#list + 1] = word end
  end
  return list[1] and table.concat(list, "; ")
end

-- Which shape the answer has, by its members.
local function shape_of(d, inner, found, description)
  if inner then return "api" end
  if found.code or d.description or d.errors then return "fault" end
  if found.error and description then return "fault" end
  return description and "gateway" or d.statuscode and "gateway" or "none"
end

local function read_document(document)
  local d = with_lower_keys(document)
  local name = type(d.error) == "string" and string_or_nil(d.error)
  local plain = not first_of(d, { "message", "detail" }, string_or_nil)
    and type(d.details) ~= "table"
  if name and (d.error_description or d.error_codes or plain) then return read_token_error(d) end
  local inner = type(d.error) == "table" and d.error or d["odata.error"]
  inner = type(inner) == "table" and inner or nil
  local found = {}
  collect(document, found, 1)
  local description = join(found)
  local shape = shape_of(d, inner, found, description)
  if shape == "none" then return { shape = "none" } end
  local rest = rest_of(inner or document)
  if name and rest then rest.error = nil end
  return {
    shape = name and "fault" or shape,
    status = number_or_nil(d.statuscode),
    code = found.code,
    error = name or not found.code and found.error or nil,
    description = description,
    source = found.source,
    data = rest and next(rest) ~= nil and rest or d.data,
    error_codes = M.entra_codes(description),
    request_id = id_in(description, "Trace"),
    correlation_id = id_in(description, "Correlation"),
  }
end

-- The document of a body that is a JSON object or array, or nil. Decoders differ
-- on a byte order mark, so it is taken off here.
local function decode_table(body, decode)
  body = body:gsub("^\239\187\191", "")
  if not body:find("^%s*[{%[]") then return nil end
  local ok, document = pcall(decode, body)
  return ok and type(document) == "table" and document or nil
end

-- Claims that are an object, as they were sent: what a sign-in passes on is a text.
local function claims_in(body, decode)
  local claims = body:match('"claims"%s*:%s*(%b{})')
  return claims and decode_table(claims, decode) and claims or nil
end

--- Reads the body of an error answer.
-- @tparam ?string body
-- @tparam function decode takes JSON text; gives the value, or nil, or raises
-- @treturn table `shape` ("fault", "gateway", "token", "api" or "none") and, as
--   far as they are there: `status` (which the body names), `code`, `error`, `description`
--   (raw), `source`, `data`, `error_codes`, `suberror`, `claims`, `request_id`,
--   `correlation_id`
function M.read(body, decode)
  local document = body and decode_table(body, decode)
  if not document then return { shape = "none" } end
  local found = read_document(document)
  found.claims = found.claims or claims_in(body, decode)
  return found
end

-- Where a description that is JSON itself holds the words for people.
local WORDS_INSIDE = { "reason", "description", "message", "error_description", "detail", "title" }

-- What follows the words of Microsoft Entra, on lines of their own or on the same.
local AFTER_WORDS = { "%s+Trace ID:", "%s+Correlation ID:", "%s+Timestamp:" }

--- The description as a person can read it: one line, entities resolved, the
-- reason taken out if it is JSON itself. Of Microsoft Entra's, what is before the ids.
-- @tparam string description
-- @tparam function decode as for `read`
-- @tparam number max bytes
-- @treturn string
function M.readable(description, decode, max)
  local document = decode_table(description, decode)
  local words = document and first_of(with_lower_keys(document), WORDS_INSIDE, string_or_nil)
  words = words or description
  if words:find("AADSTS%d") then
    local ends = #words + 1
    for _, mark in ipairs(AFTER_WORDS) do ends = math.min(ends, words:find(mark) or ends) end
    if words:find("AADSTS%d") < ends then words = words:sub(1, ends - 1) end
  end
  return text.line(text.unescape(words), max)
end

return M
