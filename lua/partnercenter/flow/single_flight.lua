--- A piece of work that one call does and any number of calls wait for.
--
-- Whoever does it may be dropped half-way: a coroutine that is never resumed, a
-- request that nginx has given up. So neither it nor those who wait are kept
-- alive by the flight, and those who wait look again now and then.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.single_flight

local protect = require("partnercenter.util").protect

-- Seconds between two looks, and what the garbage collector does at one of them,
-- in about kilobytes: a dropped owner is noticed when it is collected, and may be
-- the only garbage there is.
local LOOK_AGAIN = 1
local COLLECT = 1000

-- Seconds after which nobody believes in an owner that was never heard of again:
-- more than a request with all its retries takes.
local PATIENCE = 1200

local M = {}

local methods = {}
local mt = { __name = "partnercenter.flight", __index = methods }

-- The running coroutine; nil on the main thread of 5.1.
local function running()
  return (coroutine.running())
end

--- A flight of the running coroutine.
-- @tparam Dispatcher dispatcher
-- @tparam table marker lives exactly as long as its owner is at it: a local
--   variable there
-- @treturn Flight
function M.new(dispatcher, marker)
  return setmetatable({
    dispatcher = dispatcher,
    owner = setmetatable({ marker = marker, thread = running() }, { __mode = "v" }),
    waiters = setmetatable({}, { __mode = "v" }),
    count = 0,
    last_sign = dispatcher.clock(),
    next_look = 0,
    leaks = protect.leaks(),
    done = false,
  }, mt)
end

--- Its owner is still at it.
function methods:heard()
  self.last_sign = self.dispatcher.clock()
end

--- Will its owner not end it any more?
-- @treturn boolean
function methods:is_abandoned()
  local owner = self.owner
  if owner.marker == nil or self.dispatcher.clock() - self.last_sign > PATIENCE then return true end
  -- Where errors pass unseen, the owner may have died of one. Elsewhere the
  -- status is not asked: nginx calls the coroutines of other requests dead.
  if not self.leaks then return false end
  local thread = owner.thread
  if thread ~= running() then return thread == nil or coroutine.status(thread) == "dead" end
  -- Either it was given up by an error, and then the marker is garbage, or the
  -- owner is about to wait for itself.
  collectgarbage()
  return owner.marker == nil
end

--- Would the running coroutine wait for itself?
-- @treturn boolean
function methods:is_own()
  return not self.done and self.owner.thread == running()
end

--- It has ended: wake all who wait.
function methods:land()
  self.done = true
  for i = 1, self.count do
    local token = self.waiters[i]
    if token then token.driver:wake(token) end
  end
end

-- One of all who wait pushes the collector.
local function look_around(self, now)
  if now < self.next_look then return end
  self.next_look = now + LOOK_AGAIN
  collectgarbage("step", COLLECT)
end

--- Wait until it has ended or is abandoned, or the dispatcher is closed.
-- @tparam ?number deadline on the dispatcher's clock
-- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
-- @treturn boolean false when the deadline comes first
function methods:wait(deadline, iterating)
  self.count = self.count + 1
  local slot = self.count
  while not self.done and not self.dispatcher.closed and not self:is_abandoned() do
    local now, seconds = self.dispatcher.clock(), LOOK_AGAIN
    if deadline then
      if now >= deadline then return false end
      seconds = math.min(seconds, deadline - now)
    end
    local token = self.dispatcher:driver():task(iterating)
    self.waiters[slot] = token
    local woken = self.dispatcher:park(token, seconds)
    self.waiters[slot] = nil
    if not woken then look_around(self, self.dispatcher.clock()) end
  end
  return true
end

return M
