--- The lock of a fleet's sign-in: it has an owner and ends by itself, so that a holder
-- who dies is taken over, and its holder makes sure of it before each step.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared.lease

local core = require "partnercenter.core"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.lease", __index = methods }

--- A lease that nobody holds yet.
-- @tparam Store store
-- @tparam string key
-- @tparam number seconds that it lasts without a sign of its holder
-- @tparam[opt] function now steady seconds
-- @treturn Lease `ends`: until when it is held for sure, by that clock
function M.new(store, key, seconds, now)
  return setmetatable({
    store = store, key = key, seconds = seconds, owner = core.guid(), now = now or core.now,
  }, mt)
end

local function add(self)
  local ends = self.now() + self.seconds
  local added, why = self.store:add(self.key, self.owner, self.seconds)
  if added then self.ends = ends end
  return added, why
end

--- Takes it, if nobody else has it.
-- @function take
-- @treturn[1] boolean
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
methods.take = add

--- Is it still the holder's, for so long? Else it is given back and taken again, in
-- which somebody else may be quicker: nobody's is ever overwritten.
-- @tparam number seconds
-- @treturn[1] boolean
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:hold(seconds)
  local owner, why = self.store:get(self.key)
  if why then return nil, why end
  if owner ~= self.owner then return false end
  if self.now() + seconds <= self.ends then return true end
  local mine
  mine, why = self.store:delete(self.key, self.owner)
  if not mine then return mine, why end
  return add(self)
end

--- Gives it back.
function methods:release()
  self.store:delete(self.key, self.owner)
end

return M
