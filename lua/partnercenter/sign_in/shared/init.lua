--- One sign-in for a fleet: its tokens are kept in a store, one process renews them
-- while the others wait for it, and a refresh token that the service replaced reaches
-- all. Others use `new`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared

local errors = require "partnercenter.errors"
local key_of = require("partnercenter.util").key
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
-- Seconds for which a token is believed in when another one was just refused: all of
-- them may have been taken back.
local NEW = 10
-- Seconds between two looks for a store that is away, and for how many a call waits that
-- has no token: a Redis that is started again is back by then.
local LOOK_AGAIN, AWAY = 0.5, 5
-- Of a lease, what one request of the sign-in may take: it ends before the lease does.
local PART = 0.8

local M = {}

-- What the store could not do, told and as an error.
local function lost(self, context, why, readable)
  context.tell { name = "store", store = self.store.kind, operation = "sign_in", reason = why }
  local err = errors.from_failure(readable and "config" or "network",
    "the store of the shared sign-in: " .. why, { retryable = not readable })
  if not readable then context.state.lost = err end
  return err
end

-- What the record grants to a call, if it has not to be renewed.
local function usable(context, record)
  if not record or not record.access then return nil end
  local now = context.time()
  if record.access == context.rejected or now >= record.renew_at then return nil end
  if context.rejected and now - record.stored > NEW then return nil end
  return { access_token = record.access, expires_at = record.ends }
end

-- Notes what the store has; what this process has is newer where the store has lost
-- something, and is offered to it then.
local function load(self, context)
  local state, kept = context.state, self.records(context)
  local number, record, unreadable = kept:newest()
  if not number then return nil, lost(self, context, record, unreadable) end
  if record then
    if record.access then context.secret(record.access) end
    if record.refresh then context.secret(record.refresh) end
  end
  local own = state.shared
  if own and own.number > number then
    local added, why = kept:append(own.number, own.record)
    if added == nil then return nil, lost(self, context, why) end
    if not added then return load(self, context) end
    state.unsaved_record = nil
    return own
  end
  -- Its end was not written, or it was written when nobody waited for that any more.
  if own and own.number == number and record and not record.access and own.record.access
    and own.record.refresh == record.refresh then
    local done, why = kept:complete(number, own.record)
    if not done then return nil, lost(self, context, why) end
    state.unsaved_record = nil
    return own
  end
  -- Another process was quicker: what could not be written is not needed any more.
  state.unsaved_record = nil
  state.shared = { number = number, record = record }
  return state.shared
end

-- The lease, or what another process was given meanwhile, or an error.
local function take(self, context)
  local state, pause, waited = context.state, FIRST_PAUSE, 0
  if state.lease then state.lease:release() end -- of a call that was dropped half-way
  local lease = leases.new(self.store, self.records(context).lock, self.lease)
  while true do
    local taken, why = lease:take()
    if taken == nil then return nil, nil, lost(self, context, why) end
    if taken then state.lease = lease end
    local known, err = load(self, context)
    local granted = known and usable(context, known.record)
    if not known or granted then
      if taken then
        lease:release()
        state.lease = nil
      end
      return nil, granted, err
    end
    if taken then return lease end
    if waited >= PATIENCE or not context.sleep(pause) then
      return nil, nil, errors.from_failure("timeout",
        "another process takes too long to sign in", { retryable = true })
    end
    waited, pause = waited + pause, math.min(pause * 2, LONGEST_PAUSE)
  end
end

-- The context of the credentials below: nothing is sent without the lease.
local function held_context(self, context, lease, keep)
  local function make_sure()
    local held, why = lease:hold(self.lease * PART)
    if held then return true end
    if held == nil then return nil, lost(self, context, why) end
    return nil, errors.from_failure("timeout", "another process has taken over the sign-in",
      { retryable = true })
  end
  return setmetatable({
    keep = keep,
    post = function(url, form)
      local ok, err = make_sure()
      if not ok then return nil, err end
      local answer
      answer, err = context.post(url, form, self.lease * PART)
      return answer, err
    end,
    sleep = function(seconds)
      return context.sleep(seconds) and make_sure() == true
    end,
  }, { __index = context })
end

-- Notes a record in this process first, so that it outlives a store that is away.
local function append(self, context, record)
  local state, kept = context.state, self.records(context)
  local number = (state.shared and state.shared.number or 0) + 1
  state.shared = { number = number, record = record }
  local added, why = kept:append(number, record)
  if added == nil then
    state.unsaved_record = true
    lost(self, context, why)
  elseif added then
    local settled
    settled, why = stores.settle(self.store)
    if not settled then lost(self, context, why) end
  end
  return added
end

-- The access token belongs to the record of the refresh token that came with it.
local function complete(self, context, granted, appended)
  local state, now = context.state, context.time()
  local record = {
    refresh = state.refresh_token, access = granted.access_token, stored = now,
    ends = granted.expires_at, renew_at = granted.expires_at,
  }
  state.granted = granted
  if not appended then
    append(self, context, record)
  else
    state.shared.record = record
    if not state.unsaved_record then
      local done, why = self.records(context):complete(state.shared.number, record)
      if not done then lost(self, context, why) end
    end
  end
  granted.provisional = state.unsaved_record
  return granted
end

local function sign_in(self, context, lease)
  local state = context.state
  local record, appended, overtaken = state.shared.record, false, false
  if record and record.refresh and not state.unsaved then state.refresh_token = record.refresh end
  local granted, err = self.inner:acquire(held_context(self, context, lease, function(token)
    -- Before anything is done with what came along.
    appended = append(self, context, { refresh = token }) ~= false
    overtaken = not appended
    return true
  end))
  -- Another process has taken over meanwhile: its token is the fleet's.
  if overtaken then state.shared = nil end
  if not overtaken and granted and granted.expires_at and granted.expires_at > context.time() then
    return complete(self, context, granted, appended)
  end
  return granted, err
end

local function finish(context, lease, ok, granted, err)
  lease:release()
  context.state.lease = nil
  if not ok then error(granted, 0) end
  return granted, err
end

-- The store was away when the token came: it goes on, and is offered again.
local function go_on(context)
  local granted = context.state.granted
  if not context.state.unsaved_record or context.time() >= granted.expires_at then return nil end
  return granted.access_token ~= context.rejected and granted or nil
end

-- The store is away, or takes nothing.
local function acquire_alone(self, context, err)
  local granted = go_on(context)
  if granted then return granted end
  -- Nothing of theirs can be used up by two.
  if err.kind == "network" and not self.inner.renews then return self.inner:acquire(context) end
  return nil, err
end

local function acquire(self, context)
  local known, err = load(self, context)
  if not known then return acquire_alone(self, context, err) end
  local granted = usable(context, known.record)
  if granted then return granted end
  local lease
  lease, granted, err = take(self, context)
  if not lease then
    if err and err == context.state.lost then return acquire_alone(self, context, err) end
    return granted, err
  end
  return finish(context, lease, protect.call(sign_in, self, context, lease))
end

-- Is a token at hand that has to be renewed, but serves meanwhile?
local function has_token(context)
  local record = context.state.shared and context.state.shared.record
  return record and record.access and record.access ~= context.rejected
    and context.time() < record.ends
end

-- A store that is away only for a moment costs no call.
local function acquire_patiently(self, context)
  local waited = 0
  while true do
    local granted, err = acquire(self, context)
    if granted or not err or err ~= context.state.lost or waited >= AWAY or has_token(context)
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
