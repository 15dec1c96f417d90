--- Who may send now. Calls beyond the limit wait here, first come, first
-- served.
--
-- What is in flight is counted by the session, never by those who wait: a
-- coroutine that is dropped takes its transfer with it, and so frees its place.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.limiter

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

-- The token of who is first, if anybody waits.
local function peek(self)
  while self.first <= self.last do
    local token = self.queue[self.first]
    if token and not token.woken then return token end
    self.queue[self.first] = nil
    self.first = self.first + 1
  end
  return nil
end

-- A place in the queue: the last one, or again the one that was left in vain.
local function push(self, token, place)
  place = place or self.last + 1
  self.first, self.last = math.min(place, self.first), math.max(place, self.last)
  self.queue[place] = token
  return place
end

-- Seconds to wait, 0 to go ahead.
local function delay(self)
  if self.closed then return 0 end
  return self.throttle:delay(self.hub.clock(), self.hub.session:running())
end

-- How long to wait before the next look: only who is first knows when.
local function patience(self, place, seconds, deadline)
  if place > self.first then seconds = LOOK_AGAIN end
  seconds = math.min(seconds, LOOK_AGAIN)
  if deadline then seconds = math.min(seconds, deadline - self.hub.clock()) end
  return seconds
end

-- The next one becomes the first: where the time decides, it has to find out how
-- long to wait.
local function call_next(self)
  local token = self.throttle:paced() and peek(self)
  if token then token.driver:wake(token) end
end

--- Is there a place at once for one whose turn it was already?
-- @treturn boolean
function methods:is_open()
  return delay(self) == 0
end

--- Wait for a place.
-- @tparam ?number deadline on the hub's clock
-- @tparam[opt] table call which waits no longer than until it is `cancelled`
-- @treturn boolean false when the deadline has passed
function methods:enter(deadline, call)
  local seconds = delay(self)
  if seconds == 0 and not peek(self) then return true end
  local place
  repeat
    if deadline and self.hub.clock() >= deadline then
      call_next(self)
      return false
    end
    local token = self.hub:driver():task()
    place = push(self, token, place)
    self.hub:park(token, patience(self, place, seconds, deadline), call)
    -- Nobody else can find it from now on.
    token.woken = true
    seconds = delay(self)
  until seconds == 0 or call and call.cancelled
  call_next(self)
  return true
end

--- Wake as many as there may be places for.
function methods:wake()
  local token = peek(self)
  if self.closed or not token then return end
  local free = self.throttle:free(self.hub.clock(), self.hub.session:running())
  while token and free > 0 do
    token.driver:wake(token)
    free = free - 1
    token = peek(self)
  end
end

--- Let everybody go: the session is closed, and sending will tell them so. The
-- hub wakes those who wait here.
function methods:close()
  self.closed = true
end

return M
