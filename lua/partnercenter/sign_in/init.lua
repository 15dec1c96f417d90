--- The access token of one client: got once however many calls wait for it, and
-- renewed before it ends. All of it belongs to that client, and none of it can be
-- reached from the object.
--
-- Others use `new`, `credentials` (ways to sign in), `provider` (what those are) and
-- `clouds`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in

local clouds = require "partnercenter.sign_in.clouds"
local credentials = require "partnercenter.sign_in.credentials"
local endpoint = require "partnercenter.sign_in.token_endpoint"
local errors = require "partnercenter.errors"
local flow = require "partnercenter.flow"
local protect = require("partnercenter.util").protect
local provider = require "partnercenter.sign_in.provider"

-- Seconds before its end that a token is renewed; at most half its life.
local MARGIN = 300

-- Seconds until an early renewal that failed is tried again; the old token
-- serves meanwhile.
local TRY_AGAIN = 30

local M = { clouds = clouds, credentials = credentials, provider = provider }

local mt = { __name = "partnercenter.sign_in" }

function mt.__tostring()
  return mt.__name
end

-- A token that can be used now.
local function usable(self, rejected)
  local kept = self.kept
  if kept and kept.token ~= rejected and self.time() < kept.renew_at then return kept.token end
  return nil
end

local function keep(self, granted)
  local now = self.time()
  local ends = granted.expires_at or math.huge
  self.kept = {
    token = granted.access_token,
    ends = ends,
    renew_at = ends - math.min(MARGIN, math.max(0, ends - now) / 2),
  }
  -- The provider wants to be asked again.
  if granted.again then self.kept.renew_at = math.min(self.kept.renew_at, now + granted.again) end
  self.register.add(granted.access_token)
end

local function out_of_time()
  return errors.from_failure("timeout", "the deadline has passed while signing in",
    { retryable = true })
end

local function cancelled()
  return errors.from_failure("cancelled", "the client was closed while signing in")
end

-- What a provider works with.
local function context_of(self, flight, rejected, deadline, iterating)
  return {
    cloud = self.cloud,
    state = self.state,
    rejected = rejected,
    time = self.time,
    now = self.clock,
    secret = self.register.add,
    mask = self.register.mask,
    tell = self.tell or function() end,
    post = function(url, form, latest)
      flight:heard()
      local ends = latest and math.min(deadline or math.huge, latest) or deadline
      if ends and self.clock() >= ends then return nil, out_of_time() end
      local answer, err = self.post(endpoint.request(url, form), iterating, ends)
      flight:heard()
      return answer, err
    end,
    -- False when the deadline would come first, or the client is closed.
    sleep = function(seconds)
      if deadline and self.clock() + seconds >= deadline then return false end
      flight:heard()
      self.dispatcher:sleep(seconds, iterating)
      flight:heard()
      return not self.dispatcher.closed
    end,
  }
end

local function tell(self, err, expires_at)
  if not self.tell then return end
  self.tell {
    name = "token",
    credentials = self.name,
    expires_in = expires_at and expires_at - self.time() or nil,
    error = err and err.kind,
  }
end

-- The result of a sign-in, for the call that made it and for those that waited.
local function conclude(self, flight, deadline, granted, err)
  if granted then
    keep(self, granted)
    flight.token = granted.access_token
    return
  end
  if err then err = self.register.mask(err) end
  local kept = self.kept
  local passing = err and err.kind ~= "sign_in" and err.kind ~= "config"
  if passing and kept and self.time() < kept.ends then
    kept.renew_at = math.min(self.time() + TRY_AGAIN, kept.ends)
    flight.token = kept.token
  end
  flight.err = err
  -- The owner's own deadline is not that of the others.
  flight.void = err == nil or (err.kind == "timeout" and deadline ~= nil)
end

local function land(self, flight)
  if self.flight == flight then self.flight = nil end
  flight:land()
end

local function fly(self, rejected, deadline, iterating)
  local before = self.kept and self.kept.token
  -- Nobody else should try the one that was refused.
  if self.kept and self.kept.token == rejected then self.kept = nil end
  local marker = {}
  local flight = flow.single_flight(self.dispatcher, marker)
  self.flight = flight
  local context = context_of(self, flight, rejected, deadline, iterating)
  local ok, granted, err = protect.call(self.provider.acquire, self.provider, context)
  marker.ended = true
  if not ok then
    flight.raised = { granted }
    land(self, flight)
    error(granted, 0)
  end
  -- However the provider tells of it.
  if not granted and self.dispatcher.closed then err = cancelled() end
  conclude(self, flight, deadline, granted, err)
  land(self, flight)
  -- The same one once more is no news.
  if flight.err or granted and granted.access_token ~= before then
    tell(self, flight.err, granted and granted.expires_at)
  end
  if flight.token then return flight.token end
  return nil, flight.err
end

-- An error of one's own: callers write to theirs.
local function copy(err)
  local fields = {}
  for name, value in pairs(err) do fields[name] = value end
  return errors.new(fields)
end

local function get_token(self, rejected, deadline, iterating)
  while true do
    local token = usable(self, rejected)
    if token then return token end
    if self.dispatcher.closed then return nil, cancelled() end
    local flight = self.flight
    if not flight or flight:is_abandoned() then
      return fly(self, rejected, deadline, iterating)
    end
    if flight:is_own() then
      return nil, errors.from_failure("sign_in", "the sign-in waits for itself: a function among "
        .. "the credentials' options, or on_event, uses the client that is being signed in")
    end
    if not flight:wait(deadline, iterating) then return nil, out_of_time() end
    if flight.token then return flight.token end
    if flight.raised then error(flight.raised[1], 0) end
    if flight.done and not flight.void then return nil, copy(flight.err) end
  end
end

--- The sign-in of one client.
-- @tparam table options
-- @tparam Provider options.credentials
-- @tparam Dispatcher options.dispatcher where to wait
-- @tparam table options.cloud `authority`, `resource`, `scope`
-- @tparam function options.post takes a request, iterating and deadline; gives the
--   decoded answer, or nil and an error
-- @tparam table options.register of the client's secrets
-- @tparam function options.time seconds, as `os.time`
-- @tparam ?function options.tell takes an event
-- @treturn SignIn `app_only`: true when its tokens are known to name no user
function M.new(options)
  local self = {
    provider = options.credentials,
    name = options.credentials.name,
    dispatcher = options.dispatcher,
    clock = options.dispatcher.clock,
    cloud = options.cloud,
    post = options.post,
    time = options.time,
    tell = options.tell,
    register = options.register,
    state = {},
  }
  return setmetatable({
    app_only = options.credentials.app_only,

    --- A token to call with.
    -- @function token
    -- @tparam ?string rejected the token that was just answered 401: not this
    --   one. It is renewed once, whoever else had it rejected too
    -- @tparam ?number deadline on the dispatcher's clock
    -- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
    -- @treturn[1] string
    -- @treturn[2] nil
    -- @treturn[2] ?Error nil when there is nothing but the rejected token
    token = function(_, rejected, deadline, iterating)
      return get_token(self, rejected, deadline, iterating)
    end,

    --- What a token is sent as (RFC 6750 section 2.1): made once for all its
    -- calls.
    -- @function authorization
    -- @tparam string token
    -- @treturn string value of the header
    authorization = function(_, token)
      if self.sent_token ~= token then
        self.sent_token, self.sent_header = token, "Bearer " .. token
      end
      return self.sent_header
    end,
  }, mt)
end

return M
