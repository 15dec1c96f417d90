--- One sign-in for a fleet: its tokens are kept in a store, one process renews them
-- while the others wait for it, and a refresh token that the service replaced reaches
-- all. Others use `new`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared

local errors = require "partnercenter.errors"
local key_of = require("partnercenter.util").key
local known = require "partnercenter.sign_in.shared.known"
local leases = require "partnercenter.sign_in.shared.lease"
local protect = require("partnercenter.util").protect
local provider = require "partnercenter.sign_in.provider"
local records = require "partnercenter.sign_in.shared.records"
local take_options = require "partnercenter.sign_in.shared.options"
local stores = require "partnercenter.store"

-- Seconds without a sign after which the holder of the lock is taken over.
local LEASE = 30
-- Seconds between two looks at the lock, first and at most.
local FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.2
-- Seconds that the lock of others is waited for, one after the other.
local PATIENCE = 120
-- Seconds between two looks for a store that is away, and for how many a call waits that
-- has no token: a Redis that is started again is back by then.
local LOOK_AGAIN, AWAY = 0.5, 5
-- Of a lease, what one request of the sign-in may take at first; and what is left of it
-- at the request's end, to write what came.
local PART, REST = 0.8, 0.1

local M = {}

-- The lease is this process's: what another one was given meanwhile, or the lease, as
-- long as nobody may have something newer than what is known. nil alone: not now.
local function use(self, context, lease)
  local ok, err = known.load(self, context)
  local granted = ok and known.usable(self, context)
  if not ok or granted then return nil, granted, err end
  local settling, why = self.records(context):is_settling()
  if why then return nil, nil, known.lost(self, context, why) end
  if settling then return nil, known.at_hand(self, context) end
  return lease
end

-- The lease, or what another process was given meanwhile, or an error.
local function take(self, context)
  local state, pause, waited = context.state, FIRST_PAUSE, 0
  if state.lease then state.lease:release() end -- of a call that was dropped half-way
  local lease = leases.new(self.store, self.records(context).lock, self.lease, context.now)
  while true do
    local taken, why = lease:take()
    if taken == nil then return nil, nil, known.lost(self, context, why) end
    local mine, granted, err
    if taken then
      state.lease = lease
      mine, granted, err = use(self, context, lease)
      if mine then return lease end
      lease:release()
      state.lease = nil
    else
      local ok
      ok, err = known.load(self, context)
      granted = ok and known.usable(self, context)
    end
    if granted or err then return nil, granted, err end
    if waited >= PATIENCE or not context.sleep(pause) then
      return nil, nil, errors.from_failure("timeout",
        "another process takes too long to sign in", { retryable = true })
    end
    waited, pause = waited + pause, math.min(pause * 2, LONGEST_PAUSE)
  end
end

-- The context of the credentials below: nothing is sent without the lease, nor when a
-- process that slept over its end wakes up.
local function held_context(self, context, lease, before_sending, keep)
  local function make_sure()
    local held, why = lease:hold(self.lease * PART)
    if held then return true end
    if held == nil then return nil, known.lost(self, context, why) end
    return nil, errors.from_failure("timeout", "another process has taken over the sign-in",
      { retryable = true })
  end
  return setmetatable({
    keep = keep,
    post = function(url, form)
      before_sending()
      local ok, err = make_sure()
      if not ok then return nil, err end
      local answer
      answer, err = context.post(url, form, lease.ends - self.lease * REST)
      return answer, err
    end,
    sleep = function(seconds)
      return context.sleep(seconds) and make_sure() == true
    end,
  }, { __index = context })
end

local function write(self, context, record, before)
  local written = known.write(self, context, record, before)
  if not written then return written end
  local settled, why = stores.settle(self.store)
  if not settled then known.lost(self, context, why) end
  return written
end

-- The access token belongs to the record of the refresh token that came with it.
local function complete(self, context, granted, issued, before)
  local ends = granted.expires_at - context.time() + known.time(self, context)
  local record = known.record(issued, context.state.refresh_token, granted.access_token, ends)
  local ok
  if before == context.state.shared then
    ok = write(self, context, record, before)
  elseif not context.state.unsaved_record then
    ok = known.write(self, context, record, before)
  else
    context.state.shared = record
  end
  if ok == false then context.state.shared = nil end
  return known.usable(self, context) or granted
end

local function sign_in(self, context, lease)
  local state = context.state
  local before, overtaken, issued = state.shared, false, nil
  if before and before.refresh and not state.unsaved then state.refresh_token = before.refresh end
  local granted, err = self.inner:acquire(held_context(self, context, lease, function()
    issued = known.next_issued(self, context)
  end, function(token)
    -- Before anything is done with what came along.
    issued = issued or known.next_issued(self, context)
    overtaken = write(self, context, known.record(issued, token), before) == false
    return true
  end))
  -- Another process has taken over meanwhile: its token is the fleet's.
  if overtaken then state.shared = nil end
  if not overtaken and granted and granted.expires_at and granted.expires_at > context.time() then
    return complete(self, context, granted, issued or known.next_issued(self, context), before)
  end
  return granted, err
end

local function finish(context, lease, ok, granted, err)
  lease:release()
  context.state.lease = nil
  if not ok then error(granted, 0) end
  return granted, err
end

-- The store is away, or takes nothing: the token at hand goes on, and is offered again.
local function acquire_alone(self, context, err)
  local granted = known.at_hand(self, context, true)
  if granted then return granted end
  -- Nothing of theirs can be used up by two.
  if err.kind == "network" and not self.inner.renews then return self.inner:acquire(context) end
  return nil, err
end

local function acquire(self, context)
  local ok, err = known.load(self, context)
  if not ok then return acquire_alone(self, context, err) end
  local granted = known.usable(self, context)
  if granted then return granted end
  local lease
  lease, granted, err = take(self, context)
  if not lease then
    if err and err == context.state.lost then return acquire_alone(self, context, err) end
    return granted, err
  end
  return finish(context, lease, protect.call(sign_in, self, context, lease))
end

-- A store that is away only for a moment costs no call.
local function acquire_patiently(self, context)
  local waited = 0
  while true do
    local granted, err = acquire(self, context)
    if granted or not err or err ~= context.state.lost or waited >= AWAY
      or not context.sleep(LOOK_AGAIN) then
      return granted, err
    end
    waited = waited + LOOK_AGAIN
  end
end

--- A provider that shares the tokens of another one.
-- @tparam table options as `partnercenter.credentials.shared` says
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn Provider
function M.new(options, level)
  local o, key, library = take_options(options, level + 1)
  local inner = o.credentials
  local who = provider.identity(inner)
  local self = { store = o.store, inner = inner, lease = o.lease or LEASE }
  function self.records(context)
    local state = context.state
    if not state.records then
      local name = key_of("sign-in", who, context.cloud.authority, o.name or "")
      state.records = records.new(o.store, name, key, library)
    end
    return state.records
  end
  return provider.new({
    name = inner.name, app_only = inner.app_only,
    tenant = inner.tenant, client_id = inner.client_id, digest = inner.digest,
  }, function(context)
    stores.note(o.store, context.secret)
    context.secret(o.key)
    return acquire_patiently(self, context)
  end)
end

return M
