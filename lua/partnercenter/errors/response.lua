--- The error of an answer that is no success: what it means, from its status and
-- from what its body says.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.response

local advice = require "partnercenter.errors.advice"
local answer = require "partnercenter.errors.answer"
local datetime = require "partnercenter.util.datetime"
local object = require "partnercenter.errors.object"
local text = require "partnercenter.util.text"

local MAX_READ = 65536          -- bytes of a body that are looked at: no fault is larger
local MAX_BODY = 4096           -- bytes kept of a body: enough for any fault
local MAX_DESCRIPTION = 300     -- bytes of a description in a message
local MAX_EXCERPT = 120         -- bytes of a body that is no JSON in a message

local KIND_OF_STATUS = { [401] = "sign_in", [403] = "forbidden", [404] = "not_found" }

-- The token endpoint's refusals that are failures of the service in truth.
local PASSING_OAUTH_ERRORS = { temporarily_unavailable = true, server_error = true }

local M = {}

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
  return found.shape == "token" and (response.token_endpoint or advice.oauth[found.error] ~= nil)
end

-- What to do, the kind where a code decides it, and Entra's number.
local function advice_for(response, found)
  if not is_about_tokens(response, found) then
    local row = (advice.faults[response.status] or {})[found.code]
    return row and row.hint or advice.status[response.status], row and row.kind
  end
  for _, code in ipairs(found.error_codes or {}) do
    if advice.entra[code] then return advice.entra[code], nil, code end
  end
  return advice.oauth[found.error], nil, (found.error_codes or {})[1]
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
  if found.description then return answer.readable(found.description, decode, MAX_DESCRIPTION) end
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

local function nothing() end
local function same(value) return value end

-- A copy with a body of bounded size, and with what all may be absent.
local function bounded(response)
  local copy = {}
  for name, value in pairs(response) do copy[name] = value end
  copy.body = response.body and response.body:sub(1, MAX_READ)
  copy.header, copy.mask = response.header or nothing, response.mask or same
  return copy
end

--- The error object of an answer that is no success: classified by its status
-- and by what its body says.
-- @tparam table response `status` (number), `body` (string), `header` (function:
--   name to value or nil), `url`, `attempts`, `request_id`, `correlation_id` (the
--   request's, used where the answer has none), `token_endpoint` (boolean),
--   `mask` (of the register: takes secrets out of a value); all but status optional
-- @tparam[opt] function decode JSON text to value; default is the core's
-- @treturn Error
function M.from_response(response, decode)
  decode = decode or require "partnercenter.core".decode
  response = bounded(response)
  local header, mask = response.header, response.mask
  -- Behind the decoding, and before anything is cut: half a secret is not found.
  local found = mask(answer.read(response.body, decode))
  response.body = mask(response.body)
  local hint, kind, entra_code = advice_for(response, found)
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
  return mask(object.new(err))
end

return M
