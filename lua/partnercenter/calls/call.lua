--- One call: a token, a request, and once more where that may help.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.call

local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local exchange = require "partnercenter.calls.attempt"
local failures = require "partnercenter.calls.failures"
local retry = require "partnercenter.calls.retry"

local M = {}

local function start(client, request, options)
  local settings = client.settings
  local call = {
    client = client,
    request = request,
    streamed = options.streamed,
    deadline = options.deadline
      or settings.deadline and client.hub.clock() + settings.deadline or nil,
    request_id = core.guid(),
    correlation_id = settings.correlation_id or core.guid(),
    attempts = 0,
    cuts = 0,
  }
  if options.holder then options.holder.call = call end
  return call
end

-- After the end nothing new begins. A page that follows, or a request of the
-- sign-in, is part of what had begun before.
local function check_open(call)
  local request = call.request
  if not call.client.hub.closed or request.following or request.token_endpoint then return nil end
  return failures.new(call, "closed", "the client is closed")
end

-- The resource must not be asked with credentials that it refuses in any case:
-- the answer would be a bare 403.
local function check_user(client, request)
  if not request.user_required or not client.sign_in.app_only then return nil end
  return errors.from_failure("sign_in", ("%s needs a signed-in user (App+User): app-only "
    .. "credentials are refused; use credentials.refresh_token, device_code or "
    .. "authorization_code"):format(request.resource), { attempts = 0, retryable = false })
end

-- Seconds until the next try, or nil. The 401 that led to a new token is no try.
local function delay_of(call, err)
  local settings = call.client.settings
  local outcome = err
  if call.cuts > 0 and err.retryable and err.status == 200 then
    outcome = { retryable = true, body_cut = call.cuts }
  end
  return retry.delay(call.attempts - (call.refreshed and 1 or 0), outcome,
    { retries = settings.retries, max_retry_after = settings.max_retry_after }, settings.random)
end

-- What an answer tells about how many requests the service takes.
local function note_throttle(call, err)
  local hub = call.client.hub
  local throttle, ticket = hub.throttle, call.ticket
  call.ticket = nil
  if not ticket then return end
  if not err or err.status and err.kind ~= "throttled" then
    throttle:succeeded(hub.clock(), ticket)
  end
  if not err or err.kind ~= "throttled" then return end
  local seconds = err.retry_after
  if seconds then seconds = math.min(seconds, call.client.settings.max_retry_after) end
  throttle:refused(hub.clock(), seconds, ticket)
  call.client:emit {
    name = "throttled", resource = call.request.resource, retry_after = err.retry_after,
    concurrency = math.floor(throttle.limit),
    request_id = call.request_id, correlation_id = call.correlation_id,
  }
end

-- Wait for the next try; an error when there is none, or none any more.
local function await_retry(call, err)
  local seconds = delay_of(call, err)
  if not seconds then return err end
  local hub = call.client.hub
  if call.deadline and hub.clock() + seconds >= call.deadline then
    return failures.out_of_time(call)
  end
  call.client:emit {
    name = "retry", resource = call.request.resource, seconds = seconds, error = err.kind,
    status = err.status, attempts = call.attempts,
    request_id = call.request_id, correlation_id = call.correlation_id,
  }
  if not call.cancelled then hub:sleep(seconds, nil, call) end
  return failures.interruption(call)
end

-- A token that looked valid may have been revoked: worth one new one.
local function may_refresh(call, err, token)
  return token and err.status == 401 and not call.refreshed
    and not errors.needs_person(err)
end

-- A token and a place to send from. Getting the token may take so long that the
-- place is gone; the other way round the token might be too old when it is used.
local function admit(call, rejected)
  local client = call.client
  local gate = client.hub.gate
  if not gate:enter(call.deadline, call) then return nil, failures.out_of_time(call) end
  local ended = failures.interruption(call)
  if ended then return nil, ended end
  local token, err = client.sign_in:token(rejected, call.deadline)
  if not token then return nil, err or call.last_error end
  if not gate:is_open() and not gate:enter(call.deadline, call) then
    return nil, failures.out_of_time(call)
  end
  return token
end

local function run(client, request, read, options)
  local call = start(client, request, options)
  local err = check_open(call) or check_user(client, request)
  if err then return nil, err end
  local token, rejected, result
  while true do
    if not request.token_endpoint then
      token, err = admit(call, rejected)
      if not token then return nil, err end
    end
    result, err = exchange.once(call, token, read)
    note_throttle(call, err)
    if result ~= nil then return result, call end
    if call.expired then return nil, err end
    call.last_error = err
    if may_refresh(call, err, token) then
      call.refreshed, rejected = true, token
    else
      rejected = nil
      err = await_retry(call, err)
      if err then return nil, err end
    end
  end
end

--- Make a call.
-- @tparam Client client
-- @tparam table request of `partnercenter.resources.request`; `token_endpoint` marks the
--   sign-in's own, which carry no token and wait for no place
-- @tparam function read as in `exchange.once`
-- @tparam table options
-- @tparam[opt] boolean options.iterating made by the iterator of a `for`
-- @tparam[opt] boolean options.streamed the reader sets the pace
-- @tparam[opt] table options.holder its `call` becomes the call, from the start
-- @tparam[opt] number options.deadline on the hub's clock
-- @return[1] what read gave
-- @treturn[1] table the call, with the `facts` of the answer
-- @treturn[2] nil
-- @treturn[2] Error
function M.run(client, request, read, options)
  return client.hub:run(options.iterating, run, client, request, read, options)
end

return M
