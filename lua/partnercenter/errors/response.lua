--- The error of an answer that is no success: what it means, from its status and
-- from what its body says.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.response

local advice = require "partnercenter.errors.advice"
local answer = require "partnercenter.errors.answer"
local challenges = require "partnercenter.errors.challenge"
local datetime = require("partnercenter.util").datetime
local object = require "partnercenter.errors.object"
local strays = require "partnercenter.errors.strays"
local text = require("partnercenter.util").text
local wire = require("partnercenter.util").wire

local MAX_READ = 65536          -- bytes of a body that are looked at: no fault is larger
local MAX_BODY = 4096           -- bytes kept of a body: enough for any fault
local MAX_DESCRIPTION = 300     -- bytes of a description in a message
local MAX_EXCERPT = 120         -- bytes of a body that is no JSON in a message
local MAX_NAME = 60             -- bytes of a header's value in a message

-- What proxies, firewalls and sign-in pages of networks answer with, beside success and
-- redirects. Pages of other statuses come from the service's own front.
local IN_BETWEEN = { [401] = true, [403] = true, [404] = true, [407] = true, [451] = true,
  [502] = true, [503] = true, [504] = true, [511] = true }

-- What tells that the service itself has answered, or Azure Front Door before it.
local OWN_HEADERS = { "MS-RequestId", "MS-CorrelationId", "MS-CV", "MS-ServerId",
  "x-ms-request-id", "X-Azure-Ref" }

local KIND_OF_STATUS = { [401] = "sign_in", [403] = "forbidden", [404] = "not_found" }

-- Errors of the token endpoint that mean a failure of the service.
local PASSING_OAUTH_ERRORS = { temporarily_unavailable = true, server_error = true }

local M = {}

-- The seconds of a Retry-After in either form; the date is measured by the
-- answer's own clock, where that is known.
local function seconds_to_wait(header, description)
  local value = header("Retry-After")
  if type(value) == "string" then
    local seconds = wire.number(value:match("^%s*(%d[%d.]*)%s*$"))
    -- A very long numeral is a time far off, not infinity.
    if seconds then return math.min(seconds, 1e9) end
    local at = datetime.http_date(value)
    local now = at and (datetime.http_date(header("Date") or "") or os.time())
    if at then return math.max(0, at - now) end
  end
  description = description or ""
  local words = description:match("[Tt]ry again in (%d+) seconds?")
  if words then return wire.digits(words) end
  local hours, minutes, seconds = description:match("replenished in ([%d.]+):(%d%d):(%d%d)")
  if not hours then return nil end
  local days, rest = hours:match("^(%d+)%.(%d+)$")
  hours = days and 24 * wire.digits(days) + wire.digits(rest) or wire.digits(hours)
  return hours and hours * 3600 + 60 * wire.digits(minutes) + wire.digits(seconds)
end

local function nothing() end
local function same(value) return value end

-- The answer as it is examined: a copy with a body of bounded size, its meaning, and
-- defaults for what may be absent. Secrets are masked after decoding and before anything is
-- cut: half a secret would not be found.
local function read(response, decode)
  local seen = {}
  for name, value in pairs(response) do seen[name] = value end
  local header, known = response.header or nothing, response.mask or same
  local body = response.body and response.body:sub(1, MAX_READ)
  local stray = body and strays.mask(body)
  local mask = stray and function(value) return stray(known(value)) end or known
  seen.mask, seen.decode = mask, decode
  seen.header = function(name) return mask(header(name)) end
  seen.found, seen.body = mask(answer.read(body, decode)), mask(body)
  local challenge = response.status == 401 and challenges.read(header("WWW-Authenticate", true))
  seen.challenge = mask(challenge or {})
  -- Some gateways say in the body alone that it is no success.
  local success = response.status >= 200 and response.status < 300
  seen.means = success and seen.found.status or response.status
  return seen
end

-- Is it the token endpoint that speaks, or a gateway with its words?
local function is_about_tokens(seen)
  local found = seen.found
  if seen.token_endpoint then return (found.error or found.error_codes) ~= nil end
  return found.shape == "token" and advice.oauth[found.error] ~= nil
end

-- A page or plain text with none of the service's ids: a proxy, a firewall, a
-- sign-in page of the network.
local function is_in_between(seen)
  local status, body = seen.status, seen.body or ""
  if seen.found.shape ~= "none" or body == "" or body:find("^%s*[{%[]") then return false end
  if status >= 400 and not IN_BETWEEN[status] then return false end
  for _, name in ipairs(OWN_HEADERS) do
    if seen.header(name) then return false end
  end
  return true
end

-- The advice for Microsoft Entra's error numbers, and the number it is for. The last of
-- several is the cause.
local function entra_advice(codes)
  codes = codes or {}
  for i = #codes, 1, -1 do
    if advice.entra[codes[i]] then return advice.entra[codes[i]], codes[i] end
  end
  return nil, codes[#codes]
end

-- API Management answers 403 where all calls of a day or a month are used up.
local function is_used_up(seen)
  local description = seen.found.description
  return seen.status == 403 and description ~= nil
    and wire.lower(description):find("out of call volume quota", 1, true) ~= nil
end

-- A page of Azure Front Door's, which stands before the service.
local function is_front_page(seen)
  return seen.found.shape == "none" and seen.header("X-Azure-Ref") ~= nil
end

-- The second factor is missing, where only the words say so.
local function says_mfa(description)
  return type(description) == "string"
    and wire.lower(description):find("mfa required", 1, true) ~= nil
end

local function service_advice(seen)
  local found, status = seen.found, seen.means
  local row = (advice.faults[seen.status] or {})[found.code]
  if not row and status == 401 and says_mfa(found.description) then
    row = advice.faults[401][900421]
  end
  local entra = entra_advice(found.error_codes or answer.entra_codes(seen.challenge.description))
  if entra then return entra, row and row.kind end
  if is_used_up(seen) then return advice.status[429], "throttled" end
  if seen.insights and status == 403 and not row then return advice.INSIGHTS_ROLE end
  local needs_role = row and row.role or not row and status == 403 and not seen.found.code
  if needs_role and seen.roles then return advice.missing_role(seen.roles) end
  if row then return row.hint, row.kind end
  if seen.challenge.claims or seen.challenge.error == "insufficient_claims" then
    return advice.CLAIMS
  end
  if status < 400 then return nil end
  if is_front_page(seen) then return advice.FRONT end
  return advice.status[status] or advice.status[status >= 500 and 500 or 400]
end

-- What to do; the kind, where a code decides it; and Entra's number.
local function advice_for(seen)
  if is_about_tokens(seen) then
    local hint, code = entra_advice(seen.found.error_codes)
    return hint or advice.oauth[seen.found.error], nil, code
  end
  if is_in_between(seen) then
    return advice.IN_BETWEEN, seen.status < 500 and "protocol" or nil
  end
  return service_advice(seen)
end

local function kind_of(seen)
  local status = seen.means
  if status == 429 then return "throttled" end
  if is_about_tokens(seen) then
    if status >= 500 or status == 408 or PASSING_OAUTH_ERRORS[seen.found.error] then
      return "http"
    end
    return "sign_in"
  end
  if status >= 200 and status < 300 and seen.found.shape == "none" then return "protocol" end
  return KIND_OF_STATUS[status] or "http"
end

-- A header's value for a message.
local function name_in(header, name)
  local value = header(name)
  return type(value) == "string" and text.line(value:gsub(";.*$", ""), MAX_NAME) or nil
end

-- What the answer said, for a message.
local function words_of(seen)
  local found = seen.found
  local words = found.description or seen.challenge.description
  if words then return answer.readable(words, seen.decode, MAX_DESCRIPTION) end
  words = found.error or seen.challenge.error
  if words then return text.line(words, MAX_DESCRIPTION) end
  local body = seen.body or ""
  if body == "" then return "the body is empty" end
  local excerpt = text.excerpt(body, MAX_EXCERPT)
  if excerpt == "" then excerpt = "nothing to read" end
  return (name_in(seen.header, "Content-Type") or "no content type") .. ": " .. excerpt
end

-- Who answered.
local function sender_of(seen)
  local from = seen.token_endpoint and "the token endpoint" or "Partner Center"
  if not is_in_between(seen) then return from end
  local name = name_in(seen.header, "Server") or name_in(seen.header, "Via")
  return ("something on the way to %s%s"):format(from, name and " (" .. name .. ")" or "")
end

local function message_of(seen, hint)
  local code = seen.found.code and (", code %d"):format(seen.found.code) or ""
  local message = ("%s answered %d%s: %s"):format(sender_of(seen), seen.status, code,
    words_of(seen))
  if not hint then return message end
  return message:gsub("([^.])%.$", "%1") .. "; " .. hint
end

local FROM_BODY = { "source", "data", "suberror", "error_codes" }

--- The error object of an answer that is no success: classified by its status
-- and by what its body says.
-- @tparam table response `status` (number), `body` (string), `header` (function:
--   name to value or nil; given `true` as well, to the values of all its lines), `url`,
--   `attempts`, `request_id`, `correlation_id` (the request's, used where the answer has
--   none), `token_endpoint` (boolean),
--   `insights` (of the report service, which has roles of its own), `roles`
--   (in the customer's tenant, of which the request needs one),
--   `mask` (of the register: takes secrets out of a value); all but status optional
-- @tparam[opt] function decode JSON text to value; default is the core's
-- @treturn Error
function M.from_response(response, decode)
  local seen = read(response, decode or require "partnercenter.core".decode)
  local header, found, challenge = seen.header, seen.found, seen.challenge
  local hint, kind, entra_code = advice_for(seen)
  kind = kind or kind_of(seen)
  local err = {
    kind = kind,
    status = seen.status,
    code = found.code or entra_code,
    description = found.description or challenge.description,
    error = found.error or challenge.error,
    claims = found.claims or challenge.claims,
    retry_after = seconds_to_wait(header, kind == "throttled" and found.description or nil),
    request_id = header("MS-RequestId") or found.request_id or seen.request_id,
    correlation_id = header("MS-CorrelationId") or found.correlation_id or seen.correlation_id,
    ms_cv = header("MS-CV"),
    server_id = header("MS-ServerId"),
    attempts = seen.attempts,
    url = seen.url,
    body = seen.body and seen.body:sub(1, MAX_BODY),
  }
  for _, name in ipairs(FROM_BODY) do err[name] = found[name] end
  if seen.token_endpoint and PASSING_OAUTH_ERRORS[found.error] then err.retryable = true end
  err.message = message_of(seen, hint)
  return seen.mask(object.new(err))
end

--- Would a new token of the same kind be refused like this one? No second factor, a
-- retired audience, or claims that only another sign-in brings.
-- @tparam Error err
-- @treturn boolean
function M.needs_person(err)
  if err.status ~= 401 then return false end
  local row = advice.faults[401][err.code]
  return err.claims ~= nil or row ~= nil and row.final == true
    or err.error == "insufficient_claims" or says_mfa(err.description)
end

return M
