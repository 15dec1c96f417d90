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
local mt = { __name = "partnercenter.limiter", __index = methods }

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

-- Wake as many as there may be places for.
local function wake(self)
  local dispatcher, token = self.dispatcher, peek(self)
  if not token then
    dispatcher.on_step = nil
    return
  end
  local free = self.throttle:free(dispatcher.clock(), dispatcher.session:running())
  while token and free > 0 do
    token.driver:wake(token)
    free = free - 1
    token = peek(self)
  end
end

--- A limiter.
-- @tparam Dispatcher dispatcher where those wait who may not send yet
-- @tparam table throttle tells how long to wait
-- @treturn Limiter
function M.new(dispatcher, throttle)
  local self = setmetatable({
    dispatcher = dispatcher,
    throttle = throttle,
    queue = setmetatable({}, { __mode = "v" }), first = 1, last = 0,
  }, mt)
  self.on_step = function() wake(self) end
  return self
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
  local dispatcher = self.dispatcher
  -- Let everybody go when the session is closed: sending will tell them so.
  if dispatcher.closed then return 0 end
  return self.throttle:delay(dispatcher.clock(), dispatcher.session:running())
end

-- How long to wait before the next look: only who is first knows when.
local function patience(self, place, seconds, deadline)
  if place > self.first then seconds = LOOK_AGAIN end
  seconds = math.min(seconds, LOOK_AGAIN)
  if deadline then seconds = math.min(seconds, deadline - self.dispatcher.clock()) end
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

-- Is there no use in waiting on? What the service has announced takes longer than
-- the caller has.
local function is_hopeless(self, deadline, longest)
  local now = self.dispatcher.clock()
  local announced = self.throttle:announced(now)
  return announced > longest or deadline ~= nil and now + announced >= deadline
end

--- Wait for a place.
-- @tparam ?number deadline on the dispatcher's clock
-- @tparam number longest seconds to wait at most for a time that the service has
--   announced
-- @param[opt] key under which the dispatcher can cancel the wait
-- @treturn boolean false when the deadline has passed, or the announced time goes
--   beyond it or is too long
function methods:enter(deadline, longest, key)
  local dispatcher, seconds = self.dispatcher, delay(self)
  if seconds == 0 and not peek(self) then
    return deadline == nil or dispatcher.clock() < deadline
  end
  local place, token
  repeat
    if is_hopeless(self, deadline, longest) then
      call_next(self)
      return false
    end
    token = dispatcher:driver():task()
    token.full = seconds == math.huge -- all places are taken
    place = push(self, token, place)
    dispatcher.on_step = self.on_step
    dispatcher:park(token, patience(self, place, seconds, deadline), key)
    -- Nobody else can find it from now on.
    token.woken = true
    seconds = delay(self)
  until seconds == 0 or token.cancelled
  call_next(self)
  return true
end

return M
