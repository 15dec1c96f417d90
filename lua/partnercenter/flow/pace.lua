--- A pace that the caller sets: so many calls in any time of a given length, a
-- few at once and the rest spread evenly. Pure: the time is a parameter.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.pace

-- What may be used up at once.
local BURST = 1 / 50

-- Seconds too short to wait for.
local SOON = 1e-6

local M = {}

local methods = {}
local mt = { __name = "partnercenter.flow.pace", __index = methods }

--- At most `calls` in any `seconds`.
-- @tparam number calls at least 1
-- @tparam number seconds
-- @treturn Pace
function M.new(calls, seconds)
  local burst = math.max(1, math.floor(calls * BURST))
  local gap = seconds / (calls - burst + 1)
  return setmetatable({ gap = gap, slack = (burst - 1) * gap, due = -math.huge }, mt)
end

--- Seconds until the next call may be sent.
-- @tparam number now seconds
-- @treturn number
function methods:delay(now)
  local seconds = self.due - self.slack - now
  return seconds > SOON and seconds or 0
end

--- How many calls may be sent now.
-- @tparam number now seconds
-- @treturn number
function methods:free(now)
  local due = math.max(now, self.due)
  return math.floor((now + self.slack - due + SOON) / self.gap + 1)
end

--- A call is being sent.
-- @tparam number now seconds
function methods:take(now)
  self.due = math.max(now, self.due) + self.gap
end

return M
