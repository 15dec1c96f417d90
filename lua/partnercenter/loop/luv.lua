--- Waiting in libuv's loop by luv: calls are made in coroutines, which are
-- resumed from the loop's callbacks.
--
-- While anybody waits there is a handle that watches the session's descriptor,
-- and a timer; both are closed with the last wait, so that `uv.run` can end.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.luv

local uv = require "luv"
local yields = require "partnercenter.loop.yields"

local PCALL_YIELDS = yields.can(true)
-- Seconds; libuv counts milliseconds.
local LONGEST_WAIT = 86400
-- Seconds for which coroutines are resumed in one go.
local SLICE = 0.002

-- Seconds; others of this loop may have been woken meanwhile.
local LONGEST_BLOCK = 0.1

local M = { name = "luv" }

local methods = {}
local mt = { __name = "partnercenter.loop.luv", __index = methods }

--- A driver for one dispatcher.
-- @tparam Dispatcher dispatcher
-- @treturn Driver
function M.attach(dispatcher)
  return setmetatable({
    dispatcher = dispatcher,
    tasks = setmetatable({}, { __mode = "kv" }), -- coroutine -> record
    parked = {},                                 -- set of tokens
    waiting = 0,                                 -- how many those are
    queue = {}, first = 1, last = 0,             -- records to resume, in order
    next_due = math.huge,                        -- not later than any token's time
  }, mt)
end

--- Can this loop wait where the caller is? In any coroutine.
-- @treturn boolean
function M.usable()
  local co, main = coroutine.running()
  return co ~= nil and not main
end

local function stop_handles(self)
  if self.watch then
    self.watch:stop()
    self.watch:close()
  end
  if self.timer then
    self.timer:stop()
    self.timer:close()
  end
  self.watch, self.timer, self.next_due = nil, nil, math.huge
end

local function stop_if_idle(self)
  if self.waiting == 0 and self.first > self.last then stop_handles(self) end
end

local run

-- Look at the queue and the tokens' times after so many seconds.
local function look_after(self, seconds)
  local due = self.dispatcher.clock() + seconds
  if due >= self.next_due and self.timer then return end
  self.next_due = due
  self.timer = self.timer or uv.new_timer()
  self.timer:start(math.ceil(math.min(seconds, LONGEST_WAIT) * 1000), 0, function()
    self.next_due = math.huge
    run(self)
  end)
end

local function watch_session(self)
  if self.watch or self.dispatcher.closed then return end
  self.watch = uv.new_poll(self.dispatcher.session:pollfd())
  self.watch:start("r", function()
    self.dispatcher:step(0)
    run(self)
  end)
end

local function enqueue(self, token)
  self.last = self.last + 1
  self.queue[self.last] = token
  if not self.busy then look_after(self, 0) end
end

local function settle(record, ok, ...)
  if record.dead then return end
  record.dead = true
  if record.done then record.done(ok, ...) end
end

-- Gives what to tell uv of an error that nobody else would hear of.
local function finish(record, ok, err)
  if coroutine.status(record.co) ~= "dead" or ok then return nil end
  if not record.done then return debug.traceback(record.co, tostring(err)) end
  settle(record, false, err)
  return nil
end

-- Not for long: other handles want their turn.
local function run_queue(self)
  local stop, clock = self.last, self.dispatcher.clock
  local until_when = clock() + SLICE
  while self.first <= stop and clock() < until_when do
    local token = self.queue[self.first]
    self.queue[self.first] = nil
    self.first = self.first + 1
    local record, why = token.record, nil
    -- Who was resumed by somebody else does not wait any more.
    if not record.dead and record.parked == token then
      record.parked = nil
      why = finish(record, coroutine.resume(record.co))
    end
    if why then return why end
  end
  return nil
end

local function leave(self, token)
  if not self.parked[token] then return end
  self.parked[token] = nil
  self.waiting = self.waiting - 1
end

local function wake_late(self)
  local now, rest = self.dispatcher.clock(), math.huge
  if now < self.next_due and self.next_due < math.huge then return end
  for token in pairs(self.parked) do
    if token.due and token.due <= now then
      leave(self, token)
      enqueue(self, token)
    elseif token.due then
      rest = math.min(rest, token.due)
    end
  end
  if rest < math.huge then look_after(self, rest - now) end
end

-- Resume who is to be resumed. An error in a coroutine of the caller's own goes
-- to uv, as if it had been resumed by uv itself.
function run(self)
  self.busy = true
  wake_late(self)
  local why = run_queue(self)
  self.busy = false
  if self.first <= self.last then look_after(self, 0) end
  stop_if_idle(self)
  if why then error(why, 0) end
end

--- A token for one wait of the running coroutine.
-- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
-- @treturn table
function methods:task(iterating)
  if not yields.can(iterating) then return self.dispatcher:blocking():task(true) end
  local co = coroutine.running()
  return { driver = self, record = self.tasks[co] or { co = co }, woken = false }
end

--- End the wait of a token, now or before it begins.
-- @tparam table token
function methods:wake(token)
  if token.woken then return end
  token.woken = true
  if not self.parked[token] then return end
  leave(self, token)
  enqueue(self, token)
end

-- Somebody else has resumed a coroutine that waits, such as the reader of a
-- generator: it goes on when what it waits for says so, and blocks until then.
local function wait_here(self, token)
  token.record.parked = nil
  local clock = self.dispatcher.clock
  while not token.woken and not (token.due and clock() >= token.due) do
    local left = token.due and token.due - clock() or LONGEST_BLOCK
    self.dispatcher:step(math.min(LONGEST_BLOCK, left))
    run(self)
  end
  leave(self, token)
end

--- Wait until the token is woken.
-- @tparam table token
-- @tparam[opt] number seconds at most
-- @treturn boolean false when the time is over
function methods:park(token, seconds)
  if token.woken then return true end
  if token.driver ~= self then return token.driver:park(token, seconds) end
  token.due = seconds and self.dispatcher.clock() + seconds
  self.parked[token] = true
  self.waiting = self.waiting + 1
  watch_session(self)
  if seconds then look_after(self, seconds) end
  token.record.parked = token
  yields.wait()
  if token.record.parked == token then wait_here(self, token) end
  return token.woken
end

--- Give the others a turn.
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
function methods:pass(iterating)
  if not yields.can(iterating) then return end
  local token = self:task()
  token.record.parked = token
  enqueue(self, token)
  look_after(self, 0)
  yields.wait()
  if token.record.parked == token then token.record.parked = nil end
end

--- Run a function as a task of its own.
-- @tparam function fn
-- @tparam function done called with true and what fn returned, or false and its
--   error; it must not raise
-- @treturn table the task, for `cancel`
function methods:spawn(fn, done)
  local record = { done = done }
  -- Whoever resumes it, it tells of its end itself; but where pcall cannot be
  -- yielded across, of an error only when this driver has resumed it.
  record.co = coroutine.create(function()
    if PCALL_YIELDS then return settle(record, pcall(fn)) end
    return settle(record, true, fn())
  end)
  self.tasks[record.co] = record
  record.parked = { record = record }
  enqueue(self, record.parked)
  return record
end

--- Drop a task: it is never resumed again, and what it waits for is closed.
-- @tparam table record what `spawn` gave
function methods:cancel(record)
  if record.dead then return end
  record.dead = true
  local token = record.parked
  if token then
    leave(self, token)
    if token.transfer then token.transfer:close() end
  end
  if coroutine.close and coroutine.status(record.co) == "suspended" then -- luacheck: ignore
    coroutine.close(record.co)                                           -- luacheck: ignore
  end
  if not self.busy then look_after(self, 0) end
end

--- The session is about to close: stop watching its descriptor.
function methods:close()
  if self.watch then
    self.watch:stop()
    self.watch:close()
    self.watch = nil
  end
end

return M
