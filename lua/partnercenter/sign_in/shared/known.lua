--- What a process knows of its fleet's sign-in, and the store beside it: the newest record
-- wins, whoever has it. A process keeps it in the client's `context.state.shared`, so
-- that it outlives a store that is away, and gives it back to one that has lost it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared.known

local errors = require "partnercenter.errors"
local records = require "partnercenter.sign_in.shared.records"
local stores = require "partnercenter.store"

-- Seconds for which a token is believed in when another one was just refused: all of
-- them may have been taken back.
local NEW = 10
-- Seconds between two looks at what the others have: a store that has lost the newest
-- sign-in gets it back so soon. And at a store that is away.
local LOOK, AWAY = 2, 30
-- Records that are looked at before this one is given up: no fleet is as quick.
local TRIES = 8
-- The least time from one record to the next: later ones are newer, whatever clocks say.
local NEXT = 0.001

local M = {}

--- What the store could not do, told and as an error.
-- @tparam table self of the shared sign-in
-- @tparam table context
-- @tparam string why
-- @tparam[opt] boolean unreadable it is there, and cannot be read
-- @treturn Error
function M.lost(self, context, why, unreadable)
  context.tell { name = "store", store = self.store.kind, operation = "sign_in", reason = why }
  local err = errors.from_failure(unreadable and "config" or "network",
    "the store of the shared sign-in: " .. why, { retryable = not unreadable })
  if not unreadable then context.state.lost = err end
  return err
end

--- The time by the clock of all who share the store.
-- @tparam table self
-- @tparam table context
-- @treturn number seconds since the epoch
function M.time(self, context)
  local state = context.state
  state.clock = state.clock or stores.clock(self.store, context.time)
  return state.clock()
end

-- A token of the record, as the sign-in wants it: its end by the clock of this machine.
local function granted_of(self, context, record, again)
  return {
    access_token = record.access, again = again,
    expires_at = record.ends - M.time(self, context) + context.time(),
  }
end

--- What is known grants to a call, if it has not to be renewed.
-- @tparam table self
-- @tparam table context
-- @treturn ?table
function M.usable(self, context)
  local record, now = context.state.shared, M.time(self, context)
  if not record or not record.access then return nil end
  if record.access == context.rejected or now >= record.renew_at then return nil end
  if context.rejected and now - record.issued > NEW then return nil end
  return granted_of(self, context, record, LOOK)
end

--- A token that has to be renewed, or could not be stored, but serves meanwhile.
-- @tparam table self
-- @tparam table context
-- @tparam[opt] boolean away the store is: it is not to be asked so soon
-- @treturn ?table
function M.at_hand(self, context, away)
  local state = context.state
  local record = state.shared
  if not record or not record.access or record.access == context.rejected then return nil end
  if M.time(self, context) >= record.ends then return nil end
  return granted_of(self, context, record, away and not state.unsaved_record and AWAY or LOOK)
end

-- Is a record newer than the one there, or more of the same?
local function is_newer(own, there)
  if own.issued ~= there.issued then return own.issued > there.issued end
  return own.refresh == there.refresh and own.access ~= nil and there.access == nil
end

-- Gives what this process has to a store that has less.
local function give_back(self, context, kept)
  local state = context.state
  local own, ok, why = state.shared, true, nil
  if not state.unsaved_record then ok, why = kept:settle() end
  local given
  if ok then given, why = kept:offer(own, function(there) return is_newer(own, there) end) end
  if given == nil then return nil, M.lost(self, context, why) end
  if given then state.unsaved_record = nil end
  return given
end

--- Learns what the store has; what this process has is newer where the store has lost
-- something, and is given back to it then.
-- @tparam table self
-- @tparam table context
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] Error
function M.load(self, context)
  local state, kept = context.state, self.records(context)
  for _ = 1, TRIES do
    local there, why, unreadable = kept:newest()
    if why then return nil, M.lost(self, context, why, unreadable) end
    for _, name in ipairs { "access", "refresh" } do
      if there and there[name] then context.secret(there[name]) end
    end
    local own = state.shared
    if not own or there and not is_newer(own, there) then
      -- Another process was quicker: what could not be written is not needed any more.
      state.shared, state.unsaved_record = there, nil
      return true
    end
    local given, err = give_back(self, context, kept)
    if given then return true end
    if given == nil then return nil, err end
  end
  return nil, M.lost(self, context, "the sign-in there changes all the time")
end

--- When a sign-in is issued that begins now.
-- @tparam table self
-- @tparam table context
-- @treturn number
function M.next_issued(self, context)
  local own = context.state.shared
  return math.max(M.time(self, context), own and own.issued + NEXT or 0)
end

--- Writes what was granted in the place of what was known when that was asked for; this
-- process has it first, so that it outlives a store that is away.
-- @tparam table self
-- @tparam table context
-- @tparam table record
-- @tparam ?table before what was known
-- @treturn ?boolean false: another process has signed in meanwhile; nil: nobody knows
function M.write(self, context, record, before)
  local state, base = context.state, before and before.issued or 0
  state.shared = record
  local done, why = self.records(context):offer(record, function(there)
    -- Or it is the first half of this one.
    return there.issued <= base
      or there.issued == record.issued and there.refresh == record.refresh
  end)
  state.unsaved_record = done == nil or nil
  if done == nil then M.lost(self, context, why) end
  return done
end

--- A record of what was granted.
M.record = records.record

return M
