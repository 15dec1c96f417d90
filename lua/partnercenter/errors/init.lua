--- The error object: what failed, why, what to do, and the ids that support asks
-- for. Calls that fail return it after nil; iterators raise it. Its fields are
-- plain values, `tostring` gives one line, and no secret is in either.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors

--- The fields of an error; all but kind, message and retryable may be absent.
-- @table Error
-- @field kind "config" "sign_in" "forbidden" "not_found" "throttled" "http"
--   "network" "tls" "timeout" "protocol" "cancelled" (its iterator or client was
--   closed under it) "closed" (its client was closed before it)
-- @field message what failed, why and what to do, on one line
-- @field status HTTP status, if there was an answer
-- @field code number: the service's, or Microsoft Entra's (70008 of AADSTS70008)
-- @field description the answer's own words, as they came
-- @field source which part of the service failed
-- @field data array with the service's details
-- @field error the token endpoint's `error`, such as "invalid_grant"
-- @field suberror the token endpoint's `suberror`
-- @field error_codes array of all numbers the token endpoint gave
-- @field request_id MS-RequestId (token endpoint: the trace id)
-- @field correlation_id MS-CorrelationId
-- @field ms_cv MS-CV
-- @field server_id MS-ServerId
-- @field retry_after seconds that the answer asks to wait
-- @field attempts requests sent for the call
-- @field url of the last request
-- @field body of the answer, its first 4 KiB
-- @field retryable whether the same call may succeed later
-- @field cause the error behind this one

local datetime = require "partnercenter.util.datetime"
local fault = require "partnercenter.errors.answer"
local hints = require "partnercenter.errors.advice"
local redact = require "partnercenter.errors.masking"
local retry = require "partnercenter.calls.retry"
local text = require "partnercenter.util.text"

local MAX_READ = 65536          -- bytes of a body that are looked at: no fault is larger
local MAX_BODY = 4096           -- bytes kept of a body: enough for any fault
local MAX_DESCRIPTION = 300     -- bytes of a description in a message
local MAX_EXCERPT = 120         -- bytes of a body that is no JSON in a message
local MAX_LINE = 800            -- bytes of the message in tostring
local MAX_CAUSE = 200           -- bytes of a cause's message in tostring
local MAX_URL = 200             -- bytes of a URL in tostring

local KINDS = {
  config = true, sign_in = true, forbidden = true, not_found = true, throttled = true,
  http = true, network = true, tls = true, timeout = true, protocol = true,
  cancelled = true, closed = true,
}

local FIELDS = {
  kind = true, message = true, status = true, code = true, description = true, source = true,
  data = true, error = true, suberror = true, error_codes = true, request_id = true,
  correlation_id = true, ms_cv = true, server_id = true, retry_after = true, attempts = true,
  url = true, body = true, retryable = true, cause = true,
}

local KIND_OF_STATUS = { [401] = "sign_in", [403] = "forbidden", [404] = "not_found" }

-- The token endpoint's refusals that are failures of the service in truth.
local PASSING_OAUTH_ERRORS = { temporarily_unavailable = true, server_error = true }

local M = {}
local mt = { __name = "partnercenter.error" }

local function to_line(err)
  local facts = {}
  -- Where it went, without the query: short enough for a line.
  if type(err.url) == "string" then facts[1] = text.line(err.url:gsub("[?#].*$", ""), MAX_URL) end
  if type(err.attempts) == "number" and err.attempts > 1 then
    facts[#facts + 1] = ("%d attempts"):format(err.attempts)
  end
  if M.is(err.cause) then
    facts[#facts + 1] = "last failure: " .. text.line(err.cause.message, MAX_CAUSE)
  elseif err.cause ~= nil then
    facts[#facts + 1] = "cause: " .. text.line(tostring(err.cause), MAX_CAUSE)
  end
  if type(err.correlation_id) == "string" then
    facts[#facts + 1] = "correlation id " .. text.line(err.correlation_id, 64)
  end
  local line = err.kind .. ": " .. text.line(err.message, MAX_LINE)
  if #facts > 0 then line = line .. " (" .. table.concat(facts, ", ") .. ")" end
  return line
end

mt.__tostring = to_line

-- So that "failed: " .. err can be written.
function mt.__concat(a, b) return tostring(a) .. tostring(b) end

--- A new error object.
-- @tparam table fields those of Error; kind and message are required
-- @treturn Error
-- @raise an unknown field or kind, or no message
function M.new(fields)
  local err = {}
  for name, value in pairs(fields) do
    if not FIELDS[name] then error("unknown error field '" .. tostring(name) .. "'", 2) end
    err[name] = value
  end
  if not KINDS[err.kind] then error("unknown error kind '" .. tostring(err.kind) .. "'", 2) end
  if type(err.message) ~= "string" then error("an error needs a message", 2) end
  if err.retryable == nil then err.retryable = retry.retryable(err) end
  return setmetatable(err, mt)
end

--- Is the value an error object?
-- @param value any value
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == mt
end

--- The error object of a failure without an answer.
-- @tparam string kind one of "network", "tls", "timeout", "protocol",
--   "cancelled", "closed", "config"
-- @tparam string message what failed
-- @tparam[opt] table fields more fields of the error
-- @treturn Error retryable for "network" and "timeout" unless fields say otherwise
function M.from_failure(kind, message, fields)
  local all = { kind = kind, message = text.line(message) }
  for name, value in pairs(fields or {}) do all[name] = value end
  return M.new(all)
end

-- The seconds of a Retry-After in either form; the date is measured by the
-- answer's own clock, where that is known.
local function seconds_to_wait(header, description)
  local value = header("Retry-After")
  if type(value) == "string" then
    local seconds = tonumber((value:match("^%s*(%d+%.?%d*)%s*$")))
    -- An overlong numeral is far off, but no infinity.
    if seconds then return math.min(seconds, 1e9) end
    local at = datetime.http_date(value)
    local now = at and (datetime.http_date(header("Date") or "") or os.time())
    if at then return math.max(0, at - now) end
  end
  local words = (description or ""):match("[Tt]ry again in (%d+) seconds?")
  return tonumber(words)
end

-- Is it the token endpoint that speaks, or a gateway with its words?
local function is_about_tokens(response, found)
  return found.shape == "token" and (response.token_endpoint or hints.oauth[found.error] ~= nil)
end

-- What to do, the kind where a code decides it, and Entra's number.
local function advice(response, found)
  if not is_about_tokens(response, found) then
    local row = (hints.faults[response.status] or {})[found.code]
    return row and row.hint or hints.status[response.status], row and row.kind
  end
  for _, code in ipairs(found.error_codes or {}) do
    if hints.entra[code] then return hints.entra[code], nil, code end
  end
  return hints.oauth[found.error], nil, (found.error_codes or {})[1]
end

local function kind_of(response, found)
  local status = response.status
  if status == 429 then return "throttled" end
  if is_about_tokens(response, found) then
    if status >= 500 or status == 408 or PASSING_OAUTH_ERRORS[found.error] then return "http" end
    return "sign_in"
  end
  if status >= 200 and status < 300 and found.shape == "none" then return "protocol" end
  return KIND_OF_STATUS[status] or "http"
end

-- What the answer said, for a message.
local function words_of(response, found, decode, header)
  if found.description then return fault.readable(found.description, decode, MAX_DESCRIPTION) end
  if found.error then return text.line(found.error, MAX_DESCRIPTION) end
  local body = response.body or ""
  if body == "" then return "the body is empty" end
  local content_type = header("Content-Type")
  content_type = type(content_type) == "string" and text.line(content_type:gsub(";.*$", ""), 60)
  local excerpt = text.excerpt(body, MAX_EXCERPT)
  if excerpt == "" then excerpt = "nothing to read" end
  return (content_type or "no content type") .. ": " .. excerpt
end

local function message_of(response, found, words, hint)
  local from = response.token_endpoint and "the token endpoint" or "Partner Center"
  local code = found.code and (", code %d"):format(found.code) or ""
  local message = ("%s answered %d%s: %s"):format(from, response.status, code, words)
  if not hint then return message end
  return message:gsub("([^.])%.$", "%1") .. "; " .. hint
end

-- A copy with a body of bounded size, and with every secret that the client knows
-- masked before anything else is cut: half a secret is not found any more.
local function bounded(response)
  local copy = {}
  for name, value in pairs(response) do copy[name] = value end
  copy.body = response.body and response.body:sub(1, MAX_READ)
  if not response.secrets then return copy end
  local header = response.header or function() end
  local mask = redact.redactor(response.secrets)
  copy.body, copy.url = mask(copy.body), mask(response.url)
  copy.header = function(name) return mask(header(name)) end
  return copy
end

--- The error object of an answer that is no success: classified by its status
-- and by what its body says.
-- @tparam table response `status` (number), `body` (string), `header` (function:
--   name to value or nil), `url`, `attempts`, `request_id`, `correlation_id` (the
--   request's, used where the answer has none), `token_endpoint` (boolean),
--   `secrets` (array: masked before anything is kept); all but status optional
-- @tparam[opt] function decode JSON text to value; default is the core's
-- @treturn Error
function M.from_response(response, decode)
  decode = decode or require "partnercenter.core".decode
  response = bounded(response)
  local header = response.header or function() end
  local found = fault.read(response.body, decode)
  local hint, kind, entra_code = advice(response, found)
  local err = {
    kind = kind or kind_of(response, found),
    status = response.status,
    code = found.code or entra_code,
    retry_after = seconds_to_wait(header, response.status == 429 and found.description or nil),
    request_id = header("MS-RequestId") or found.request_id or response.request_id,
    correlation_id = header("MS-CorrelationId") or found.correlation_id or response.correlation_id,
    ms_cv = header("MS-CV"),
    server_id = header("MS-ServerId"),
    attempts = response.attempts,
    url = response.url,
    body = response.body and response.body:sub(1, MAX_BODY),
  }
  for _, name in ipairs { "description", "source", "data", "error", "suberror", "error_codes" } do
    err[name] = found[name]
  end
  if response.token_endpoint and PASSING_OAUTH_ERRORS[found.error] then err.retryable = true end
  err.message = message_of(response, found, words_of(response, found, decode, header), hint)
  return M.new(err)
end

--- Takes secrets out of text.
-- @function redact
-- @param value a string, or a table, which is changed in place
-- @tparam table secrets array of strings
-- @return the new string, or the same table
-- @see partnercenter.redact
M.redact = redact.redact

return M
