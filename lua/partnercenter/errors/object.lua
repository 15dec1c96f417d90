--- The error object: what failed, why, what to do, and the ids that support asks
-- for. Its fields are plain values, and `tostring` gives one line.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.object

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
-- @field data the service's details: an array, or a table by the answer's own names
-- @field error the token endpoint's `error`, such as "invalid_grant"
-- @field claims JSON text: what the next sign-in has to bring, for its option claims
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

local retryable = require "partnercenter.errors.retryable"
local protect = require("partnercenter.util").protect
local text = require("partnercenter.util").text

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
  data = true, error = true, suberror = true, claims = true, error_codes = true, request_id = true,
  correlation_id = true, ms_cv = true, server_id = true, retry_after = true, attempts = true,
  url = true, body = true, retryable = true, cause = true,
}

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
  if err.retryable == nil then err.retryable = retryable(err) end
  return setmetatable(err, mt)
end

--- Is the value an error object?
-- @param value any value
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == mt
end

-- What a program that nobody watches shows: PUC 5.1 and nginx show texts alone.
local function shown(ok, ...)
  if ok then return ... end
  local err = ...
  if M.is(err) then err = tostring(err) end
  error(err, 0)
end

--- Calls a function; an error object that it raises is raised as its line.
-- @tparam function f
-- @param ... its arguments
-- @return what f returns
-- @raise what f raises, as a text where it is an error object
function M.run(f, ...)
  return shown(protect.call(f, ...))
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

return M
