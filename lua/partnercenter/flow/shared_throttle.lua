--- A throttle that shares a quota with others: what it learns itself is how many calls
-- may be in flight, and what a window takes it has from all.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.shared_throttle

local M = {}

local methods = {}

--- A throttle over another one.
-- @tparam Throttle inner
-- @tparam Quota quota
-- @treturn Throttle
function M.new(inner, quota)
  return setmetatable({ quota = quota, wait_until = -math.huge }, {
    __name = "partnercenter.throttle",
    __inner = inner,
    __index = function(_, name)
      local method = methods[name]
      if method then return method end
      return inner[name]
    end,
  })
end

--- Takes a place in the quota for a call whose turn it is. May wait for the store.
-- @tparam number now seconds
-- @treturn boolean false: it has to wait for its turn again
function methods:reserve(now)
  local seconds, announced = self.quota:take()
  if seconds == 0 then return true end
  self.wait_until = math.max(self.wait_until, now + seconds)
  if announced then self.told = math.max(self.told or now, now + seconds) end
  return false
end

--- A place that was taken is not used after all. May wait for the store.
function methods:give_back() self.quota:give_back() end

-- What the throttle below does, with the numbers of this one.
local function below(self, name) return getmetatable(self).__inner[name] end

--- How long one more call has to wait.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number seconds
function methods:delay(now, running)
  return math.max(self.wait_until - now, below(self, "delay")(self, now, running))
end

--- How many calls may be started now.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number
function methods:free(now, running)
  if now < self.wait_until then return 0 end
  return below(self, "free")(self, now, running)
end

--- Seconds for which the service has said that it takes no calls, to whomever.
-- @tparam number now seconds
-- @treturn number
function methods:announced(now)
  return self.told and math.max(0, self.told - now) or 0
end

--- The service has refused a call for now. May wait for the store.
-- @tparam number now seconds
-- @tparam ?number seconds how long nobody may send, as announced
-- @tparam table ticket of the call
function methods:refused(now, seconds, ticket)
  below(self, "refused")(self, now, seconds, ticket)
  if not seconds then return end
  -- What this process alone has sent says nothing about the window.
  ticket.filled = false
  self.told = math.max(self.told or now, now + seconds)
  self.quota:refused(seconds)
end

--- Does the time decide when the next call may be sent?
-- @treturn boolean
function methods:paced() return true end

--- Are calls held back because the service refused some?
-- @tparam number now seconds
-- @treturn boolean
function methods:throttled(now)
  return now < self.wait_until or below(self, "throttled")(self, now)
end

return M
