--- Waiting where there is no event loop: a scheduler of coroutines, run by
-- whoever waits outside of them.
--
-- A task that waits yields to the scheduler. A caller outside any task drives
-- the scheduler, and with it the session, until its own wait is over; so a
-- plain script just blocks, and the tasks of `map` go on meanwhile.
--
-- What is parked is referenced by its own coroutine only, so that a coroutine
-- nobody wants any more is collected, and its transfers with it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.block

-- Nothing wakes a caller but news and timers, so any bound would do; this one
-- lets a hook, such as that of Ctrl-C, run soon after a signal.
local LONGEST_STEP = 60

-- Lua 5.3 and later know where a coroutine cannot yield: in what C code has
-- called, such as a function given to table.sort.
local unpack = table.unpack or unpack -- luacheck: ignore 143 113

local isyieldable = coroutine.isyieldable -- luacheck: ignore 143
  or function() return true end

local coroutines = require "partnercenter.loop.coroutines"
local yields = require "partnercenter.loop.yields"

local M = { name = "block" }

local STUCK = "partnercenter waits for what only another coroutine of the event loop can do, and "
  .. "holds up that loop: in Lua 5.1 call the iterator yourself, without arguments, instead of "
  .. "by a for loop"

local methods = {}
local mt = { __name = "partnercenter.loop.block", __index = methods }

--- A driver for one dispatcher.
-- @tparam Dispatcher dispatcher
-- @treturn Driver
function M.attach(dispatcher)
  return setmetatable({
    dispatcher = dispatcher,
    queue = {}, first = 1, last = 0,                 -- tasks to resume, in order
    tasks = setmetatable({}, { __mode = "kv" }),     -- coroutine -> record
    busy = false,                  -- whether there may be any; the dispatcher asks, too
    timers = setmetatable({}, { __mode = "k" }),     -- token -> time
    next_due = math.huge,                            -- not later than any timer
    coroutines = coroutines.new(),                   -- that tasks run in
  }, mt)
end

--- Can this loop wait where the caller is? It can anywhere.
-- @treturn boolean
function M.usable()
  return true
end

local function add_task(self, record)
  self.tasks[record.co] = record
  self.busy = true
end

local function enqueue(self, record)
  if record.queued or record.dead then return end
  record.queued = true
  self.last = self.last + 1
  self.queue[self.last] = record
end

-- The task that runs.
local function running_task(self)
  local co = self.busy and coroutine.running()
  return co and self.tasks[co] or nil
end

-- The task that runs, if it can yield here.
local function task_here(self, iterating)
  local record = running_task(self)
  if not record or not isyieldable() or not yields.can(iterating) then return nil end
  return record
end

--- Is what runs a task of this driver?
-- @treturn boolean
function methods:is_task()
  return running_task(self) ~= nil
end

--- A token for one wait of the running coroutine.
-- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
-- @treturn table
function methods:task(iterating)
  return { driver = self, record = task_here(self, iterating), woken = false }
end

--- End the wait of a token, now or before it begins.
-- @tparam table token
function methods:wake(token)
  if token.woken then return end
  token.woken = true
  self.timers[token] = nil
  if token.record and token.record.parked == token then enqueue(self, token.record) end
end

local function settle(self, record, ok, what, ...)
  if what == coroutines.DONE then
    record.dead = true
    self.tasks[record.co] = nil
    self.coroutines:give(record.co)
    record.done(ok, ...)
    return true
  end
  if coroutine.status(record.co) ~= "dead" then return false end
  record.dead = true
  record.done(ok, what, ...)
  return true
end

local function resume(self, record, ...)
  record.queued, record.parked = false, nil
  local ended = settle(self, record, coroutine.resume(record.co, ...))
  -- A yield that is not ours gives the others a turn, no more.
  if not ended and not record.parked then enqueue(self, record) end
end

-- Resume a task, or begin it.
local function go_on(self, record)
  local fn = record.fn
  if not fn then return resume(self, record) end
  record.fn = nil
  resume(self, record, record, fn)
end

-- Only those that are ready now: what they make ready has its turn after the
-- session was looked at.
local function run_ready(self)
  for _ = self.first, self.last do
    local record = self.queue[self.first]
    if not record then break end -- a run within this one has come to it
    self.queue[self.first] = nil
    self.first = self.first + 1
    if not record.dead then go_on(self, record) end
  end
  -- Places that were used before cost no room.
  if self.first > self.last then self.first, self.last = 1, 0 end
end

local function run_timers(self)
  local now = self.dispatcher.clock()
  if now < self.next_due then return end
  local due, rest = {}, math.huge
  for token, time in pairs(self.timers) do
    if time <= now then due[#due + 1] = token elseif time < rest then rest = time end
  end
  self.next_due = rest
  for _, token in ipairs(due) do
    self.timers[token] = nil
    token.late = true
    if token.record then enqueue(self, token.record) end
  end
end

-- Nothing is under way that could ever wake the token: no transfer, or only those that
-- hold all the places and wait for their readers, who cannot run.
local function is_stuck(self, token, running)
  if self.first <= self.last then return false end
  if running > 0 then
    while token.task and token.task.parked do token = token.task.parked end
    return token.full and not self.dispatcher.closed
      and running == self.dispatcher.session:paused()
  end
  if next(self.timers) ~= nil or self.dispatcher.closed then return false end
  for _, other in pairs(self.dispatcher.waiters) do
    if not other.woken then return false end
  end
  return true
end

-- Run everything until the token is woken or its time is over.
local function drive(self, token)
  while not token.woken and not token.late do
    if self.first <= self.last then run_ready(self) end
    local seconds = LONGEST_STEP
    if self.next_due < math.huge then
      run_timers(self)
      seconds = math.max(0, math.min(seconds, self.next_due - self.dispatcher.clock()))
    end
    if token.woken or token.late then break end
    if self.first <= self.last then seconds = 0 end
    local running = self.dispatcher:step(seconds)
    if not token.woken and is_stuck(self, token, running) then error(STUCK, 0) end
  end
end

--- Wait until the token is woken.
-- @tparam table token
-- @tparam[opt] number seconds at most
-- @treturn boolean false when the time is over
function methods:park(token, seconds)
  if token.woken then return true end
  if seconds then
    local due = self.dispatcher.clock() + seconds
    self.timers[token] = due
    if due < self.next_due then self.next_due = due end
  end
  if token.record then
    token.record.parked = token
    coroutine.yield()
  else
    drive(self, token)
  end
  if seconds then self.timers[token] = nil end
  return token.woken
end

--- Give the others a turn.
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
function methods:pass(iterating)
  local token = self:task(iterating)
  if not token.record then return end
  enqueue(self, token.record)
  token.record.parked = token
  coroutine.yield()
end

--- Run a function as a task of its own.
-- @tparam function fn
-- @tparam function done called with true and what fn returned, or false and its
--   error; it must not raise
-- @treturn table the task, for `cancel`
function methods:spawn(fn, done)
  local record = {
    done = done, fn = fn, co = self.coroutines:take(), queued = false, parked = nil, dead = false,
  }
  add_task(self, record)
  enqueue(self, record)
  return record
end

local function finish_run(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

--- May the caller wait as it is: in a task of this driver, or because there is no task
-- that could wait for what it holds?
-- @tparam ?boolean iterating the caller is the iterator of a `for`
-- @treturn boolean
function methods:is_home(iterating)
  -- An iterator that cannot yield to its caller's own loop has to be in a task: what waits
  -- in it would ask that loop for a driver.
  if not yields.can(iterating) then return false end
  if not self.busy or task_here(self, iterating) then return true end
  -- Those that nobody wants any more go when they are collected.
  self.busy = next(self.tasks) ~= nil
  return not self.busy
end

--- Call a function in a task that lasts as long as the call. So whatever the
-- function holds while it waits, others that wait for that cannot hold up its end.
-- @tparam function f
-- @param ... its arguments
-- @return what it returned
function methods:run(f, ...)
  local results
  local token = { driver = self, woken = false }
  local record = { co = self.coroutines:take() }
  function record.done(...)
    results = { n = select("#", ...), ... }
    self:wake(token)
  end
  add_task(self, record)
  token.task = record -- it lives as long as somebody waits for it
  resume(self, record, record, f, ...)
  drive(self, token)
  return finish_run(unpack(results, 1, results.n))
end

--- Drop a task: it is never resumed again, and what it waits for is closed.
-- @tparam table record what `spawn` gave
function methods:cancel(record)
  if record.dead then return end
  record.dead = true
  local token = record.parked
  record.parked = nil
  if token and token.transfer then token.transfer:close() end
  if coroutine.close and coroutine.status(record.co) == "suspended" then -- luacheck: ignore
    coroutine.close(record.co)                                           -- luacheck: ignore
  end
end

return M
