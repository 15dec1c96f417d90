--- Waiting in cqueues: calls are made in coroutines of a controller, and all
-- others of it go on meanwhile.
--
-- Each waiter waits for a condition variable of its own. While any does, one
-- more coroutine watches the session's descriptor and wakes them; it ends with
-- the last of them, so that the controller's `loop` can end, too.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.cqueues

local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local yields = require "partnercenter.loop.yields"

local unpack = table.unpack or unpack -- luacheck: ignore 143 113

local M = { name = "cqueues" }

local methods = {}
local mt = { __name = "partnercenter.loop.cqueues", __index = methods }

-- The coroutines of all drivers' tasks, which run one level below cqueues' own.
local inner = setmetatable({}, { __mode = "k" })

--- A driver for one dispatcher.
-- @tparam Dispatcher dispatcher
-- @treturn Driver
function M.attach(dispatcher)
  return setmetatable({
    dispatcher = dispatcher,
    watches = setmetatable({}, { __mode = "k" }), -- controller -> its watch
  }, mt)
end

--- Can this loop wait where the caller is? In a coroutine of a controller or in
-- a task; not in a coroutine that those have made, whose resumer would get what
-- is meant for the controller.
-- @treturn boolean
function M.usable()
  local controller, direct = cqueues.running()
  if not controller then return false end
  return direct or inner[coroutine.running()] ~= nil
end

-- The watch of the running controller.
local function watch_here(self)
  local controller = cqueues.running()
  local watch = self.watches[controller]
  if not watch then
    watch = { waiting = 0, running = false, idle = condition.new() }
    self.watches[controller] = watch
  end
  return watch, controller
end

-- As long as anybody waits. Afterwards the controller forgets the descriptor,
-- whose number may belong to another file by then.
local function run_watch(self, watch, controller)
  local dispatcher = self.dispatcher
  while watch.waiting > 0 and not dispatcher.closed do
    watch.fd = dispatcher.session:pollfd()
    cqueues.poll(dispatcher.session, watch.idle)
    dispatcher:step(0)
  end
  if watch.fd and not dispatcher.closed then controller:cancel(watch.fd) end
  watch.fd, watch.running = nil, false
end

local function enter(self, token)
  local watch, controller = watch_here(self)
  token.watch = watch
  watch.waiting = watch.waiting + 1
  if watch.running or self.dispatcher.closed then return end
  watch.running = true
  controller:wrap(function() run_watch(self, watch, controller) end)
end

local function leave(token)
  local watch = token.watch
  if not watch then return end
  token.watch = nil
  watch.waiting = watch.waiting - 1
  if watch.waiting == 0 then watch.idle:signal() end
end

--- A token for one wait of the running coroutine.
-- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
-- @treturn table
function methods:task(iterating)
  if not yields.can(iterating) then return self.dispatcher:blocking():task(true) end
  return { driver = self, record = inner[coroutine.running()], woken = false }
end

--- End the wait of a token, now or before it begins.
-- @tparam table token
function methods:wake(token)
  if token.woken then return end
  token.woken = true
  if token.condition then token.condition:signal() end
end

--- Wait until the token is woken.
-- @tparam table token
-- @tparam[opt] number seconds at most
-- @treturn boolean false when the time is over
function methods:park(token, seconds)
  if token.woken then return true end
  if token.driver ~= self then return token.driver:park(token, seconds) end
  local clock = self.dispatcher.clock
  local due = seconds and clock() + seconds
  token.condition = condition.new()
  if token.record then token.record.parked = token end
  enter(self, token)
  repeat
    local left = due and due - clock()
    if left and left <= 0 then break end
    cqueues.poll(token.condition, left)
  until token.woken
  leave(token)
  if token.record then token.record.parked = nil end
  return token.woken
end

--- Give the others a turn.
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
function methods:pass(iterating)
  if yields.can(iterating) then cqueues.poll(0) end
end

-- What a task waits for is waited for here, together with its cancellation.
local function forward(record, ...)
  local n = select("#", ...)
  local all = { ... }
  all[n + 1] = record.cancelled
  return coroutine.yield(unpack(all, 1, n + 1))
end

local function shepherd(record, done, ok, ...)
  if record.dead then return end
  if coroutine.status(record.co) == "dead" then
    record.dead = true
    return done(ok, ...)
  end
  return shepherd(record, done, record.resume(forward(record, ...)))
end

--- Run a function as a task of its own, in the running controller.
-- @tparam function fn
-- @tparam function done called with true and what fn returned, or false and its
--   error; it must not raise
-- @treturn table the task, for `cancel`
function methods:spawn(fn, done)
  local record = { cancelled = condition.new(), co = coroutine.create(fn) }
  function record.resume(...)
    if record.dead then return false end
    return coroutine.resume(record.co, ...)
  end
  inner[record.co] = record
  cqueues.running():wrap(function() shepherd(record, done, record.resume()) end)
  return record
end

--- Drop a task: it is never resumed again, and what it waits for is closed.
-- @tparam table record what `spawn` gave
function methods:cancel(record)
  if record.dead then return end
  record.dead = true
  local token = record.parked
  if token then
    leave(token)
    if token.transfer then token.transfer:close() end
  end
  record.cancelled:signal()
  if coroutine.close and coroutine.status(record.co) == "suspended" then -- luacheck: ignore
    coroutine.close(record.co)                                           -- luacheck: ignore
  end
end

--- The session is about to close: stop watching its descriptor.
function methods:close()
  for controller, watch in pairs(self.watches) do
    if watch.fd then controller:cancel(watch.fd) end
    watch.fd = nil
    watch.idle:signal()
  end
end

return M
