--- Who may send now. Calls beyond the limit wait here, first come, first
-- served.
--
-- What is in flight is counted by the session, never by those who wait: a
-- coroutine that is dropped takes its transfer with it, and so frees its place.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.gate

-- Each waiter looks again after this long, should the one that was woken in its
-- place never have come to run.
local LOOK_AGAIN = 1

local M = {}

local methods = {}
local mt = { __name = "partnercenter.gate", __index = methods }

--- A gate of a hub.
-- @tparam Hub hub
-- @tparam table throttle tells how long to wait
-- @treturn Gate
function M.new(hub, throttle)
  return setmetatable({
    hub = hub,
    throttle = throttle,
    queue = setmetatable({}, { __mode = "v" }), first = 1, last = 0,
  }, mt)
end

local function pop(self)
  while self.first <= self.last do
    local token = self.queue[self.first]
    self.queue[self.first] = nil
    self.first = self.first + 1
    if token and not token.woken then return token end
  end
  return nil
end

local function is_empty(self)
  while self.first <= self.last do
    local token = self.queue[self.first]
    if token and not token.woken then return false end
    self.first = self.first + 1
  end
  return true
end

-- One who was first and came in vain is first again.
local function push(self, token, again)
  if again then
    self.first = self.first - 1
    self.queue[self.first] = token
  else
    self.last = self.last + 1
    self.queue[self.last] = token
  end
end

-- Seconds to wait, 0 to go ahead.
local function delay(self)
  if self.closed then return 0 end
  return self.throttle:delay(self.hub.clock(), self.hub.session:running())
end

--- Wait for a place.
-- @tparam ?number deadline on the hub's clock
-- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
-- @treturn boolean false when the deadline has passed
function methods:enter(deadline, iterating)
  local seconds = delay(self)
  if seconds == 0 and is_empty(self) then return true end
  local again = false
  repeat
    local now = self.hub.clock()
    if deadline and now >= deadline then return false end
    seconds = math.min(seconds > 0 and seconds or LOOK_AGAIN, LOOK_AGAIN)
    if deadline then seconds = math.min(seconds, deadline - now) end
    local driver = self.hub:driver()
    local token = driver:task(iterating)
    push(self, token, again)
    again = driver:park(token, seconds)
    -- Nobody else can find it from now on.
    token.woken = true
    seconds = delay(self)
  until seconds == 0
  return true
end

--- Wake as many as there may be places for.
function methods:wake()
  if self.closed or is_empty(self) then return end
  local free = self.throttle:free(self.hub.clock(), self.hub.session:running())
  while free > 0 do
    local token = pop(self)
    if not token then return end
    token.driver:wake(token)
    free = free - 1
  end
end

--- Let everybody go: the session is closed, and sending will tell them so.
function methods:close()
  self.closed = true
  local token = pop(self)
  while token do
    token.driver:wake(token)
    token = pop(self)
  end
end

return M
