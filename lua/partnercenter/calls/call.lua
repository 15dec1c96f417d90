--- One call: a token, a request, and once more where that may help.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.call

local attempt = require "partnercenter.calls.attempt"
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local failures = require "partnercenter.calls.failures"
local retry = require "partnercenter.calls.retry"

local NO_OPTIONS = {}

local M = {}

local function start(transport, request, options)
  local settings = transport.settings
  local call = {
    transport = transport,
    request = request,
    streamed = options.streamed,
    deadline = options.deadline or transport:deadline(),
    request_id = core.guid(),
    correlation_id = settings.correlation_id or core.guid(),
    attempts = 0,
    cuts = 0,
    -- Fields that are set later: the table is made with room for them.
    transfer = nil, facts = nil, ticket = nil, last_error = nil, unsent = nil,
    scalars = nil, digest = nil,
  }
  if options.holder then options.holder.call = call end
  return call
end

-- After the end nothing new begins. A page that follows, or a request of the
-- sign-in, is part of what had begun before.
local function check_open(call)
  local transport = call.transport
  if not transport.dispatcher.closed then return nil end
  if call.request.following or not transport.sign_in then return nil end
  return failures.new(call, "closed", "the client is closed")
end

-- The resource must not be asked with credentials that it refuses in any case:
-- the answer would be a bare 403.
local function check_user(sign_in, request)
  if not request.user_required or not sign_in.app_only then return nil end
  return errors.from_failure("sign_in", ("%s needs a signed-in user (App+User): app-only "
    .. "credentials are refused; use credentials.refresh_token, device_code or "
    .. "authorization_code"):format(request.resource), { attempts = 0, retryable = false })
end

-- May the request be sent again? What changes something only when it has not been
-- sent, or the service says that it did not take it.
local function may_repeat(call, err)
  if not attempt.changes(call) or call.unsent then return true end
  return err.status == 429 or err.status == 503 and err.retry_after ~= nil
end

-- Seconds until the next try, or nil. The 401 after which a new token was fetched does not
-- count as a try.
local function delay_of(call, err)
  if not may_repeat(call, err) then return nil end
  local settings = call.transport.settings
  local cut = err.retryable and err.status == 200
  return retry.delay(call.attempts - (call.refreshed and 1 or 0), err, cut and call.cuts or 0,
    settings)
end

local function tell_throttled(call, err)
  local transport = call.transport
  if not transport.tell then return end
  transport.tell {
    name = "throttled", resource = call.request.resource, retry_after = err.retry_after,
    concurrency = math.floor(transport.throttle.limit),
    request_id = call.request_id, correlation_id = call.correlation_id,
  }
end

-- What an answer tells about how many requests the service takes.
local function note_throttle(call, err)
  local transport = call.transport
  local throttle, ticket = transport.throttle, call.ticket
  call.ticket = nil
  if not ticket then return end
  if not err or err.status and err.kind ~= "throttled" then
    throttle:succeeded(transport.dispatcher.clock(), ticket)
  end
  if not err or err.kind ~= "throttled" then return end
  throttle:refused(transport.dispatcher.clock(), err.retry_after, ticket)
  tell_throttled(call, err)
end

local function tell_retry(call, err, seconds)
  local tell = call.transport.tell
  if not tell then return end
  tell {
    name = "retry", resource = call.request.resource, seconds = seconds, error = err.kind,
    status = err.status, attempts = call.attempts,
    request_id = call.request_id, correlation_id = call.correlation_id,
  }
end

-- Waits for the next try. Gives an error when there will be none.
local function await_retry(call, err)
  local seconds = delay_of(call, err)
  if not seconds then return err end
  local dispatcher = call.transport.dispatcher
  if call.deadline and dispatcher.clock() + seconds >= call.deadline then
    return failures.out_of_time(call)
  end
  tell_retry(call, err, seconds)
  if not call.cancelled then dispatcher:sleep(seconds, nil, call.request_id) end
  return failures.interruption(call)
end

-- A token that looked valid may have been revoked: worth one new one.
local function may_refresh(call, err, token)
  return token and err.status == 401 and not call.refreshed
    and not errors.needs_person(err)
end

-- A place to send from; an error when it comes too late: the deadline is over, or
-- the service has said that it takes no calls until then, or for too long.
local function await_place(call)
  local transport = call.transport
  local longest, throttle = transport.settings.max_retry_after, transport.throttle
  while transport.limiter:enter(call.deadline, longest, call.request_id) do
    local err = failures.interruption(call)
    if err then return err end
    -- Others may have taken the last place of a quota that is shared.
    if not throttle.reserve or throttle:reserve(transport.dispatcher.clock()) then return nil end
  end
  local announced = transport.throttle:announced(transport.dispatcher.clock())
  if announced > 0 then call.last_error = failures.held_back(call, announced) end
  if announced > longest then return call.last_error end
  return failures.out_of_time(call)
end

-- A token and a place to send from. Getting the token may take so long that the
-- place is gone; the other way round the token might be too old when it is used.
local function admit(call, rejected)
  local transport = call.transport
  local err = await_place(call)
  if err then return nil, err end
  local dispatcher, throttle = transport.dispatcher, transport.throttle
  local turns = dispatcher.turns
  local token
  token, err = transport.sign_in:token(rejected, call.deadline)
  if token and (dispatcher.turns == turns or call.cancelled or transport.limiter:is_open()) then
    return token
  end
  if throttle.give_back then throttle:give_back() end
  if not token then return nil, err or call.last_error end
  err = await_place(call)
  if err then return nil, err end
  return token
end

local function run(transport, request, read, options)
  local call, sign_in = start(transport, request, options), transport.sign_in
  local err = check_open(call) or sign_in and check_user(sign_in, request)
  if err then return nil, err end
  local token, rejected, result
  while true do
    if sign_in then
      token, err = admit(call, rejected)
      if not token then return nil, err end
    end
    result, err = attempt.once(call, token, read)
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
-- @tparam Transport transport
-- @tparam table request of `partnercenter.resources.request`
-- @tparam function read as in `attempt.once`
-- @tparam ?boolean iterating made by the iterator of a `for`
-- @tparam[opt] table options
-- @tparam[opt] boolean options.streamed the reader sets the pace
-- @tparam[opt] table options.holder its `call` becomes the call, from the start
-- @tparam[opt] number options.deadline on the dispatcher's clock
-- @return[1] what read gave
-- @treturn[1] table the call, with the `facts` of the answer
-- @treturn[2] nil
-- @treturn[2] Error
function M.run(transport, request, read, iterating, options)
  local driver = transport.dispatcher:runner(iterating)
  options = options or NO_OPTIONS
  if driver then return driver:run(run, transport, request, read, options) end
  return run(transport, request, read, options)
end

return M
