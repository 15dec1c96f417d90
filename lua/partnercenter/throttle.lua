--- How many calls may be in flight, and from when on. Pure: the time is a
-- parameter.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.throttle

local M = {}

local methods = {}
local mt = { __name = "partnercenter.throttle", __index = methods }

--- A throttle, shared by all calls of a client.
-- @tparam table options
-- @tparam number options.concurrency calls in flight at most
-- @treturn Throttle
function M.new(options)
  return setmetatable({ limit = options.concurrency, paused_until = -math.huge }, mt)
end

--- How long one more call has to wait.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number seconds; 0 to go ahead; infinity until a place is free
function methods:delay(now, running)
  if now < self.paused_until then return self.paused_until - now end
  if running >= self.limit then return math.huge end
  return 0
end

--- How many calls may be started now.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number
function methods:free(now, running)
  if now < self.paused_until then return 0 end
  return math.max(0, self.limit - running)
end

--- The service has refused a call for now.
-- @tparam number now seconds
-- @tparam number seconds how long nobody may send
function methods:refused(now, seconds)
  self.paused_until = math.max(self.paused_until, now + seconds)
end

return M
