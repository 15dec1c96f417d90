--- Waiting in nginx (OpenResty): every request, timer and light thread of a
-- worker waits for one session, and none of them holds the worker up.
--
-- Each waiter has a semaphore of its own; `partnercenter.loop.ngx_reader` hears from
-- the session.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.ngx

local reader = require "partnercenter.loop.ngx_reader"

-- Where a handler may wait; nginx has more phases, which may not.
local WAITING_PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
  preread = true, ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true,
}

local M = {
  name = "ngx",
  --- Bytes decoded before other requests have their turn: well below a
  -- millisecond of work.
  slice = 64 * 1024,
}

local methods = {}
local mt = { __name = "partnercenter.loop.ngx", __index = methods }

--- A driver for one dispatcher.
-- @tparam Dispatcher dispatcher
-- @treturn Driver
function M.attach(dispatcher)
  return setmetatable({
    dispatcher = dispatcher,
    reader = reader.new(dispatcher),
    tasks = setmetatable({}, { __mode = "kv" }),  -- coroutine -> record
  }, mt)
end

--- Can this loop wait where the caller is?
-- @treturn[1] boolean true
-- @treturn[2] boolean false
-- @treturn[2] string why
function M.usable()
  local phase = ngx.get_phase()
  if WAITING_PHASES[phase] then return true end
  return false, ("partnercenter cannot wait in nginx's phase '%s': call from a content or access "
    .. "handler or from a timer (ngx.timer.at), or give the client loop = \"block\" if it may "
    .. "hold up everything there"):format(phase)
end

--- A token for one wait of the running light thread.
-- @treturn table
function methods:task()
  return { driver = self, record = self.tasks[coroutine.running()], woken = false }
end

--- End the wait of a token, now or before it begins.
-- @tparam table token
function methods:wake(token) -- luacheck: ignore self
  if token.woken then return end
  token.woken = true
  if token.parked then token.parked:post(1) end
end

-- nginx takes no more timers: look oneself.
local function poll(self, token, seconds)
  local due = self.dispatcher.clock() + seconds
  repeat
    ngx.sleep(reader.POLL)
    self.dispatcher:step(0)
  until token.woken or self.dispatcher.clock() >= due
end

local function wait(self, token, seconds)
  if token.transfer and not self.reader:start() then return poll(self, token, seconds) end
  local signal = self.reader:take_semaphore()
  token.parked = signal
  if signal:wait(seconds) then self.reader:give_semaphore(signal) end
  token.parked = nil
end

--- Wait until the token is woken.
-- @tparam table token
-- @tparam[opt] number seconds at most
-- @treturn boolean false when the time is over
-- @raise the task was cancelled
function methods:park(token, seconds)
  if token.woken then return true end
  local record = token.record
  if record then record.token = token end
  repeat
    wait(self, token, math.min(seconds or reader.LONGEST_WAIT, reader.LONGEST_WAIT))
  until seconds or token.woken
  if record then
    record.token = nil
    if record.dead then error("the task was cancelled", 0) end
  end
  return token.woken
end

--- Give other requests a turn.
-- @tparam ?boolean _ whether the caller is the iterator of a `for` makes no difference
-- @tparam Transfer transfer what the caller is reading
function methods:pass(_, transfer)
  self.reader:pass(transfer)
end

--- Run a function as a light thread of the running request or timer.
-- @tparam function fn
-- @tparam function done called with true and what fn returned, or false and its
--   error; it must not raise
-- @treturn table the task, for `cancel`
function methods:spawn(fn, done)
  local record = {}
  local function finish(...)
    if not record.dead then
      record.dead = true
      done(...)
    end
  end
  record.thread = ngx.thread.spawn(function()
    self.tasks[coroutine.running()] = record
    coroutine.yield() -- whoever spawns it gets the record first
    finish(pcall(fn))
  end)
  return record
end

--- Drop a task: it is never resumed again, and what it waits for is closed.
-- @tparam table record what `spawn` gave
function methods:cancel(record)
  if record.dead then return end
  record.dead = true
  local token = record.token
  if token and token.transfer then token.transfer:close() end
  -- Only the thread that made it may kill it; another one wakes it to its end.
  if not ngx.thread.kill(record.thread) and token then self:wake(token) end
end

return M
