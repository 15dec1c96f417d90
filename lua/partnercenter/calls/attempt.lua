--- One request and its answer: sent, waited for, read, and classified when it
-- is no success.
--
-- A *call* is what the attempts of one operation share: `transport`, `request`,
-- `request_id`, `correlation_id`, `deadline` (on the dispatcher's clock), `iterating`
-- (it is read by the iterator of a `for`), `streamed`, `attempts`, `cuts` (bodies that
-- broke off), `transfer` (of the last attempt), `facts` (of the last answer),
-- `last_error`, `cancelled` (from outside, by `cancel`), and of a whole document
-- `scalars` and `digest`, as the transfer's `value` gives them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.attempt

local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local failures = require "partnercenter.calls.failures"
local templates = require "partnercenter.calls.template"
local wire = require("partnercenter.util").wire

local M = {}

--- End a call from outside: what is on its way is dropped, and who waits in it
-- gets an error of kind cancelled. Again is fine, and so is one that has ended.
-- @tparam table call
function M.cancel(call)
  local dispatcher, transfer = call.transport.dispatcher, call.transfer
  call.cancelled = true
  if transfer then
    transfer:close()
    dispatcher:cancel(transfer)
  end
  dispatcher:cancel(call.request_id)
end

-- Waits for news. Gives an error when the deadline has passed or the call was cancelled;
-- its transfer is closed then. When the dispatcher is closed, the transfer itself fails.
local function await(call, transfer)
  local woken = call.cancelled
    or call.transport.dispatcher:wait(transfer, call.deadline, call.iterating)
  if call.cancelled then return failures.interruption(call) end
  if woken then return nil end
  return failures.out_of_time(call)
end

--- Read something of an answer, waiting as long as it takes.
-- @tparam table call
-- @tparam Transfer transfer
-- @tparam string method of the transfer: "value" or "rows"
-- @treturn[1] boolean true
-- @treturn[1] value, and what else the method gives beside it
-- @treturn[2] nil there is no more
-- @treturn[3] nil
-- @treturn[3] Error
function M.read(call, transfer, method)
  while true do
    local ok, value, detail, more = transfer[method](transfer)
    if ok then return true, value, detail, more end
    if ok == nil then
      if value == nil then return nil end
      return nil, failures.of_answer(call, transfer, detail)
    end
    local err
    if not value then
      err = await(call, transfer)
    else
      call.transport.dispatcher:pass(call.iterating, transfer)
      if call.cancelled then err = failures.interruption(call) end
    end
    if err then return nil, err end
  end
end

-- The error of an answer that is no success, or no JSON.
local function refusal(call, transfer)
  local body, message = transfer:body()
  while body == false do
    local err = await(call, transfer)
    if err then return err end
    body, message = transfer:body()
  end
  if not body then return failures.of_answer(call, transfer, message) end
  return errors.from_response {
    status = transfer:status(),
    header = function(name, list)
      return list and transfer:header_list(name) or transfer:header(name)
    end,
    body = body,
    url = call.request.url,
    attempts = call.attempts,
    request_id = call.request_id,
    correlation_id = call.correlation_id,
    token_endpoint = call.request.token_endpoint,
    roles = call.request.roles, insights = call.request.insights,
    mask = call.transport.mask,
  }
end

-- What the answer to the header ValidateMfa says.
local COMPLIANT = { ["true"] = true, ["false"] = false }

-- An id that came back: ours as a rule, but a server may send anything.
local function returned(call, theirs, ours)
  if theirs == nil or theirs == ours then return ours end
  return call.transport.mask(theirs)
end

-- The facts of an answer that support asks for.
local function facts_of(call, transfer)
  local request_id, correlation_id, ms_cv, server_id, compliant, token, link, other =
    transfer:header("MS-RequestId", "MS-CorrelationId", "MS-CV", "MS-ServerId", "isMfaCompliant",
      "MS-ContinuationToken", "Link", "x-ms-continuation")
  local facts = {
    status = transfer:status(),
    request_id = returned(call, request_id, call.request_id),
    correlation_id = returned(call, correlation_id, call.correlation_id),
    ms_cv = returned(call, ms_cv),
    server_id = returned(call, server_id),
    mfa_compliant = compliant and COMPLIANT[wire.lower(compliant)],
    continuation_token = returned(call, token),
    link = returned(call, link),
    unknown_continuation = other and other ~= "" and "x-ms-continuation" or nil,
    attempts = call.attempts,
    timings = transfer:timings(),
  }
  if call.request.rated then
    facts.calls_left, facts.calls_most =
      transfer:header("X-RateLimit-Remaining", "X-RateLimit-Limit")
  end
  return facts
end

--- The answer is done with: note its facts, close it, tell who listens. Of one
-- that was cancelled nothing is left to tell.
-- @tparam table call
-- @tparam Transfer transfer
-- @tparam ?Error err why it is no success
function M.conclude(call, transfer, err)
  if call.cancelled then return transfer:close() end
  local facts = facts_of(call, transfer)
  transfer:close()
  call.facts = facts
  local tell = call.transport.tell
  if not tell then return end
  local event = {
    name = "response", resource = call.request.resource, url = call.request.url,
    error = err and err.kind,
  }
  for name, value in pairs(facts) do event[name] = value end
  tell(event)
end

-- The headers that differ from call to call.
local function headers_of(call, token)
  if not token then return nil end
  return {
    "Authorization", call.transport.sign_in:authorization(token),
    "MS-RequestId", call.request_id,
    "MS-CorrelationId", call.correlation_id,
  }
end

local function tell_request(call, request)
  call.transport.tell {
    name = "request", resource = request.resource, method = request.method, url = request.url,
    attempts = call.attempts, request_id = call.request_id, correlation_id = call.correlation_id,
  }
end

local function send(call, token)
  local transport, request = call.transport, call.request
  call.attempts = call.attempts + 1
  if transport.tell then tell_request(call, request) end
  -- A process may have been stopped until after its time: what it was to do, and may no
  -- more, like redeeming a refresh token under a lock that has ended.
  if call.deadline and transport.dispatcher.clock() >= call.deadline then
    return nil, failures.out_of_time(call)
  end
  local transfer, message, kind = transport.dispatcher:send(templates.of(call), request.url,
    headers_of(call, token), request.body, request.before)
  if not transfer then return nil, failures.new(call, kind, message) end
  call.transfer = transfer
  if token then call.ticket = transport.throttle:started(transport.dispatcher.clock()) end
  return transfer
end

--- Does the call change something at the service, so that it must not be made twice?
-- Requests of the sign-in do not.
-- @tparam table call
-- @treturn boolean
function M.changes(call)
  local request = call.request
  return not request.token_endpoint and request.method ~= "GET"
end

-- An answer that has no body, and says so.
local function is_empty(transfer)
  return transfer:status() == 204 or transfer:header("Content-Length") == "0"
end

-- Is it certain that nothing of the request was sent? It is when the connection, or TLS,
-- was not made.
local function is_unsent(call, transfer)
  local timings = not transfer:status() and transfer:timings()
  if not timings then return false end
  if call.request.url:find("^https:") then return timings.tls == 0 end
  return timings.connect == 0
end

-- An answer whose body can be decoded, or an error.
local function await_success(call, transfer)
  local status = transfer:status()
  while not status and not transfer:done() do
    local err = await(call, transfer)
    if err then return err end
    status = transfer:status()
  end
  if not status then return failures.of_answer(call, transfer) end
  if status == 204 and not M.changes(call) then return failures.no_content(call, transfer) end
  local content_type = transfer:header("Content-Type")
  local json = content_type == nil or content_type:find("json", 1, true)
    or content_type:find "[Jj][Ss][Oo][Nn]" or call.request.raw or is_empty(transfer)
  if status < 200 or status > 299 or not json then return refusal(call, transfer) end
  return nil
end

--- Send a request once.
-- @tparam table call
-- @tparam ?string token for the Authorization header
-- @tparam function read takes the call and the transfer of a success; gives a
--   result, or nil and an error; on a result it owns the transfer
-- @return[1] the result of read
-- @treturn[2] nil
-- @treturn[2] Error
function M.once(call, token, read)
  local err = failures.interruption(call)
  if err then return nil, err end
  local transfer
  transfer, err = send(call, token)
  if not transfer then return nil, err end
  err = await_success(call, transfer)
  local result
  if not err then result, err = read(call, transfer) end
  call.unsent = err and not call.cancelled and is_unsent(call, transfer)
  if err then M.conclude(call, transfer, err) end
  return result, err
end

--- Reads the whole document, for `once`.
-- @tparam table call
-- @tparam Transfer transfer
-- @return[1] the decoded document; an empty table when what was changed left nothing to say
-- @treturn[2] nil
-- @treturn[2] Error
function M.read_document(call, transfer)
  if M.changes(call) and is_empty(transfer) then
    M.conclude(call, transfer)
    return {}
  end
  local ok, value, scalars, digest = M.read(call, transfer, "value")
  if not ok then return nil, value end
  call.scalars, call.digest = scalars, digest
  if value == core.null then return nil, failures.no_content(call, transfer) end
  M.conclude(call, transfer)
  return value
end

return M
