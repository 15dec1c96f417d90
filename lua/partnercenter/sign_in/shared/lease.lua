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
-- @treturn Lease
function M.new(store, key, seconds)
  return setmetatable({ store = store, key = key, seconds = seconds, owner = core.guid() }, mt)
end

--- Takes it, if nobody else has it.
-- @treturn[1] boolean
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:take()
  local taken, why = self.store:add(self.key, self.owner, self.seconds)
  return taken, why
end

--- Is it still the holder's? If so it lasts its whole time again.
-- @treturn[1] boolean
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:hold()
  local owner, why = self.store:get(self.key)
  if why then return nil, why end
  if owner ~= self.owner then return false end
  local set
  set, why = self.store:set(self.key, self.owner, self.seconds)
  return set, why
end

--- Gives it back.
function methods:release()
  self.store:delete(self.key, self.owner)
end

return M
