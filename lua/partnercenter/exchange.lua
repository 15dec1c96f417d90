--- One request and its answer: sent, waited for, read, and classified when it
-- is no success.
--
-- A *call* is what the attempts of one operation share: `client`, `request`,
-- `request_id`, `correlation_id`, `deadline` (on the hub's clock), `iterating`
-- (it is read by the iterator of a `for`), `streamed`, `attempts`, `cuts` (bodies that
-- broke off), `facts` (of the last answer), `last_error`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.exchange

local core = require "partnercenter.core"
local errors = require "partnercenter.error"
local version = require "partnercenter.version"

local USER_AGENT = { "User-Agent", ("partnercenter-lua/%s (%s)"):format(version, _VERSION) }

local M = {}

--- The error of a call that got no answer, or none that can be used.
-- @tparam table call
-- @tparam string kind
-- @tparam string message
-- @tparam[opt] table fields more fields of the error
-- @treturn Error
function M.failure(call, kind, message, fields)
  local all = {
    url = call.request.url,
    attempts = call.attempts,
    request_id = call.request_id,
    correlation_id = call.correlation_id,
  }
  for name, value in pairs(fields or {}) do all[name] = value end
  message = call.request.resource .. ": " .. call.client:redact(message)
  return errors.from_failure(kind, message, all)
end

--- The error of a call whose deadline has passed.
-- @tparam table call
-- @treturn Error of kind timeout; `cause` is the last failure
function M.out_of_time(call)
  call.expired = true
  return M.failure(call, "timeout", "the deadline has passed",
    { cause = call.last_error, retryable = true })
end

-- What went wrong in words; an offset says that it was the decoder.
local function words_of(kind, message, detail, offset)
  if detail and detail ~= "" then message = message .. ": " .. detail end
  if kind == "tls" then return message .. "; check the option ca_file" end
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

-- 204, 200 with no body, a body of null.
local function no_content(call, transfer)
  return M.failure(call, "protocol", "the answer is empty", answer_fields(transfer))
end

-- The error of a transfer that failed, or whose body did.
local function failure_of(call, transfer, offset)
  local kind, message, detail, cut = transfer:failure()
  local fields = answer_fields(transfer)
  -- Of a body without a byte nothing was cut: the service sent none.
  if cut and offset == 1 then return no_content(call, transfer) end
  if cut then
    call.cuts = call.cuts + 1
    fields.retryable = true
  end
  return M.failure(call, kind, words_of(kind, message, detail, offset), fields)
end

-- Wait for news; an error when the deadline has passed.
local function await(call, transfer)
  if call.client.hub:wait(transfer, call.deadline, call.iterating) then return nil end
  return M.out_of_time(call)
end

--- Read something of an answer, waiting as long as it takes.
-- @tparam table call
-- @tparam Transfer transfer
-- @tparam string method of the transfer: "value" or "next"
-- @treturn[1] boolean true
-- @treturn[1] value
-- @treturn[2] nil there is no more
-- @treturn[3] nil
-- @treturn[3] Error
function M.read(call, transfer, method)
  while true do
    local ok, value, offset = transfer[method](transfer)
    if ok then return true, value end
    if ok == nil then
      if value == nil then return nil end
      return nil, failure_of(call, transfer, offset)
    end
    if value then
      call.client.hub:pass(call.iterating)
    else
      local err = await(call, transfer)
      if err then return nil, err end
    end
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
  if not body then return failure_of(call, transfer, message) end
  return errors.from_response {
    status = transfer:status(),
    header = function(name) return transfer:header(name) end,
    body = body,
    url = call.request.url,
    attempts = call.attempts,
    request_id = call.request_id,
    correlation_id = call.correlation_id,
    token_endpoint = call.request.token_endpoint,
    secrets = call.client:secrets(),
  }
end

-- The facts of an answer that support asks for.
local function facts_of(call, transfer)
  local request_id, correlation_id, ms_cv, server_id =
    transfer:header("MS-RequestId", "MS-CorrelationId", "MS-CV", "MS-ServerId")
  return {
    status = transfer:status(),
    request_id = request_id or call.request_id,
    correlation_id = correlation_id or call.correlation_id,
    ms_cv = ms_cv,
    server_id = server_id,
    attempts = call.attempts,
    timings = transfer:timings(),
  }
end

--- The answer is done with: note its facts, close it, tell who listens.
-- @tparam table call
-- @tparam Transfer transfer
-- @tparam ?Error err why it is no success
function M.finish(call, transfer, err)
  local facts = facts_of(call, transfer)
  transfer:close()
  call.facts = facts
  if not call.client.settings.on_event then return end
  local event = {
    name = "response", resource = call.request.resource, url = call.request.url,
    error = err and err.kind,
  }
  for name, value in pairs(facts) do event[name] = value end
  call.client:emit(event)
end

-- The headers that differ from call to call.
local function headers_of(call, token)
  if call.request.token_endpoint then return USER_AGENT end
  return {
    "User-Agent", USER_AGENT[2],
    "Authorization", call.client.sign_in:authorization(token),
    "MS-RequestId", call.request_id,
    "MS-CorrelationId", call.correlation_id,
  }
end

local function tell_request(call, request)
  call.client:emit {
    name = "request", resource = request.resource, method = request.method, url = request.url,
    attempts = call.attempts, request_id = call.request_id, correlation_id = call.correlation_id,
  }
end

local function send(call, token)
  local client, request = call.client, call.request
  call.attempts = call.attempts + 1
  if client.settings.on_event then tell_request(call, request) end
  local transfer, message, kind = client.hub:send {
    url = request.url,
    method = request.body == nil and request.method or nil,
    headers = request.headers,
    more_headers = headers_of(call, token),
    body = request.body,
    timeout = client.settings.timeout,
    connect_timeout = client.settings.connect_timeout,
    max_body = client.settings.max_body,
    streamed = call.streamed,
    nulls = client.settings.nulls,
  }
  if not transfer then return nil, M.failure(call, kind, message) end
  if token then call.ticket = client.hub.throttle:started(client.hub.clock()) end
  return transfer
end

-- An answer whose body can be decoded, or an error.
local function await_success(call, transfer)
  while not transfer:status() and not transfer:done() do
    local err = await(call, transfer)
    if err then return err end
  end
  local status = transfer:status()
  if not status then return failure_of(call, transfer) end
  if status == 204 then return no_content(call, transfer) end
  local content_type = transfer:header("Content-Type")
  local json = content_type == nil or content_type:find("[Jj][Ss][Oo][Nn]")
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
  local transfer, err = send(call, token)
  if not transfer then return nil, err end
  err = await_success(call, transfer)
  local result
  if not err then result, err = read(call, transfer) end
  if err then M.finish(call, transfer, err) end
  return result, err
end

--- Reads the whole document, for `once`.
-- @tparam table call
-- @tparam Transfer transfer
-- @return[1] the decoded document
-- @treturn[2] nil
-- @treturn[2] Error
function M.read_document(call, transfer)
  local ok, value = M.read(call, transfer, "value")
  if not ok then return nil, value end
  if value == core.null then return nil, no_content(call, transfer) end
  M.finish(call, transfer)
  return value
end

return M
