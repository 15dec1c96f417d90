--- The part of a quota that is this client's, where places become free one by one, each
-- when the call that took it is a window old, and others take them, too: as many calls in
-- any window as had passed in the last one when a call was refused. Now and then it tries
-- for more. Pure: the time is a parameter.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.share

-- What of the number that passed is the share: others take more at times.
local MODEST = 0.98
-- Calls that have to pass before more is tried; a try costs a refusal.
local CALLS_PER_TRY = 40
-- Beyond the share in flight at once while more is tried: this part of it.
local WIDEST = 1 / 50
-- Times that are kept apart in a window.
local SLICES = 200
-- Seconds between two calls while there is no place at all, at most.
local LONGEST = 8

local M = {}

local methods = {}
local mt = { __name = "partnercenter.flow.share", __index = methods }

--- What passed lately, and no share yet.
-- @treturn Share
function M.new()
  return setmetatable({
    first = 1, last = 0, -- slices of time, each with `from`, `to` and `calls`
    count = 0,         -- calls in all of them
    most = nil,        -- the share: calls in a window
    spare = 0,         -- calls that passed since the last refusal
    beyond = 0,        -- in flight beyond the share, while more is tried
    due = -math.huge,  -- when to call again, while there is no place at all
    pause = 1,         -- seconds until then, after the next refusal
  }, mt)
end

-- Forgets what is older than a window.
local function forget(self, now, length)
  while self.first <= self.last and self[self.first].to + length <= now do
    self.count = self.count - self[self.first].calls
    self[self.first] = nil
    self.first = self.first + 1
  end
end

--- A call has passed.
-- @tparam number now seconds
-- @tparam number length seconds of a window
function methods:passed(now, length)
  local slice = self[self.last]
  if not slice or now - slice.from > length / SLICES then
    forget(self, now, length)
    slice = { from = now, calls = 0 }
    self.last = self.last + 1
    self[self.last] = slice
  end
  slice.to, slice.calls = now, slice.calls + 1
  self.count, self.pause = self.count + 1, 1
  if not self.most then return end
  forget(self, now, length)
  self.spare = self.spare + 1
  if self.count > self.most then
    self.most = self.count
    self.beyond = math.min(self.beyond + 1, math.max(1, self.most * WIDEST))
  end
  if self.spare >= CALLS_PER_TRY then self.beyond = math.max(1, self.beyond) end
end

--- A call was refused: about what passed is the share.
-- @tparam number now seconds
-- @tparam number length seconds of a window
function methods:refused(now, length)
  forget(self, now, length)
  self.most, self.spare, self.beyond = math.max(1, math.floor(self.count * MODEST)), 0, 0
  if self.count > 0 then return end
  self.due, self.pause = now + self.pause, math.min(LONGEST, self.pause * 2)
end

--- No share any more.
function methods:drop()
  self.most = nil
end

--- How many calls may be in flight.
-- @tparam number now seconds
-- @tparam number length seconds of a window
-- @treturn number
function methods:room(now, length)
  forget(self, now, length)
  if now < self.due then return 0 end
  return math.max(0, self.most - self.count) + self.beyond
end

--- Seconds until the next place becomes free.
-- @tparam number now seconds
-- @tparam number length seconds of a window
-- @treturn number
function methods:delay(now, length)
  if self:room(now, length) > 0 then return 0 end
  local oldest = self[self.first]
  return math.max(self.due - now, oldest and oldest.to + length - now or 0)
end

return M
