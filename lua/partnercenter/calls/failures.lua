--- The errors of failed calls, except those that an answer of the service describes.
-- `partnercenter.calls.attempt` says what a *call* is.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.failures

local errors = require "partnercenter.errors"

local M = {}

--- The error of a call that got no answer, or none that can be used.
-- @tparam table call
-- @tparam string kind
-- @tparam string message
-- @tparam[opt] table fields more fields of the error
-- @treturn Error
function M.new(call, kind, message, fields)
  local all = {
    url = call.request.url,
    attempts = call.attempts,
    request_id = call.request_id,
    correlation_id = call.correlation_id,
  }
  for name, value in pairs(fields or {}) do all[name] = value end
  message = call.request.resource .. ": " .. message
  return call.transport.mask(errors.from_failure(kind, message, all))
end

--- The error of a call that must not go on, because its iterator or its client was closed;
-- nil when it may.
-- @tparam table call
-- @treturn ?Error of kind cancelled
function M.interruption(call)
  local what = call.cancelled and "iterator" or call.transport.dispatcher.closed and "client"
  return what and M.new(call, "cancelled", ("the %s was closed"):format(what)) or nil
end

--- The error of a call whose deadline has passed.
-- @tparam table call
-- @treturn Error of kind timeout; `cause` is the last failure
function M.out_of_time(call)
  call.expired = true
  return M.new(call, "timeout", "the deadline has passed",
    { cause = call.last_error, retryable = true })
end

--- The error of a call that was not sent, since the service has said that it takes
-- none for now.
-- @tparam table call
-- @tparam number seconds for which it still takes none
-- @treturn Error of kind throttled
function M.held_back(call, seconds)
  return M.new(call, "throttled", ("the service has said that it takes no calls for %d more "
    .. "seconds"):format(math.ceil(seconds)), { retry_after = seconds, retryable = true })
end

-- What TLS libraries say of a peer that speaks another version, or no TLS.
local OTHER_VERSION = { "protocol version", "unsupported protocol", "wrong version" }

-- What to do about a failure of TLS: mostly it is the certificate.
local function tls_advice(detail)
  for _, words in ipairs(OTHER_VERSION) do
    if detail and detail:find(words, 1, true) then
      return "; TLS 1.2 or later is needed: see what answers at that address and port"
    end
  end
  return "; check the option ca_file"
end

-- What went wrong, as a text. An offset means that the decoder has failed.
local function words_of(kind, message, detail, offset)
  if detail and detail ~= "" then message = message .. ": " .. detail end
  if kind == "tls" then return message .. tls_advice(detail) end
  if type(offset) ~= "number" then return message end
  return ("the answer is not the JSON that was expected: %s, at byte %d"):format(message, offset)
end

-- Fields of an error that tell of its answer.
local function answer_fields(transfer)
  return {
    status = transfer:status(),
    ms_cv = transfer:header("MS-CV"),
    server_id = transfer:header("MS-ServerId"),
  }
end

--- The error of an answer without content: 204, 200 with no body, a body of null.
-- @tparam table call
-- @tparam Transfer transfer
-- @treturn Error of kind protocol
function M.no_content(call, transfer)
  return M.new(call, "protocol", "the answer is empty", answer_fields(transfer))
end

--- The error of a transfer that failed, or whose body did.
-- @tparam table call
-- @tparam Transfer transfer
-- @tparam number|string|nil offset where in the body it was found; what else the
--   transfer gives in that place says nothing
-- @treturn Error
function M.of_answer(call, transfer, offset)
  local kind, message, detail, cut = transfer:failure()
  local fields = answer_fields(transfer)
  -- Of a body without a byte nothing was cut: the service sent none.
  if cut and offset == 1 then return M.no_content(call, transfer) end
  if cut then
    call.cuts = call.cuts + 1
    fields.retryable = true
  end
  local words = words_of(kind, message, detail, offset)
  -- The reader may not know that there is a proxy.
  local proxy = call.transport.settings.proxy_host
  if proxy and words:find("^the proxy") then
    words = ("%s (the proxy is %s: ask whoever runs it)"):format(words, proxy)
  end
  return M.new(call, kind, words, fields)
end

return M
