--- Waiting in nginx (OpenResty): every request, timer and light thread of a
-- worker waits for one session, and none of them holds the worker up.
--
-- Each waiter has a semaphore. One reader, in a timer of its own, gets a byte
-- from the session when there is news, and wakes who waits for it. It runs while
-- transfers are under way and not a moment longer: an idle worker has no timer,
-- no reader, and nothing that would hold up its end.
--
-- nginx drops light threads without running their code (a client that went away,
-- `ngx.exit`). What such a one waited for is found by its semaphore, at which
-- nobody waits any more.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.ngx

local semaphore = require "ngx.semaphore"

-- Where the socket may be made, in order: as long as it takes to open it.
local DIRECTORIES = { "/dev/shm", "/tmp", "/var/tmp" }

-- Where a handler may wait; nginx has more phases, which may not.
local WAITING_PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
  preread = true, ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true,
}

local LONGEST_WAIT = 86400 -- seconds; nginx counts milliseconds in 31 bits
local SWEEP = 0.5          -- seconds between two looks for waiters that are gone
local EXIT_SWEEP = 0.1     -- the same while the worker ends
local POLL = 0.005         -- seconds between two looks where no socket can be made
local MOST_SPARE = 1000    -- semaphores kept
local COLLECT = 400        -- what the collector does at a sweep, in about kilobytes

local M = {
  name = "ngx",
  --- Bytes decoded before other requests have their turn: well below a
  -- millisecond of work.
  slice = 64 * 1024,
}

local methods = {}
local mt = { __name = "partnercenter.loop.ngx", __index = methods }

local count = 0

--- A driver for one hub.
-- @tparam Hub hub
-- @treturn Driver
function M.attach(hub)
  count = count + 1
  return setmetatable({
    hub = hub,
    pool = "partnercenter-" .. count,             -- the reader's socket while it rests
    tasks = setmetatable({}, { __mode = "kv" }),  -- coroutine -> record
    heard = 0,                                    -- bytes read from that socket
    passing = {}, first = 1, last = 0,            -- semaphores of those who pass
    spare = {},                                   -- semaphores to use again
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

-- A connection to the session, an earlier one if that is still good.
local function connect(self)
  local session = self.hub.session
  local socket = ngx.socket.tcp()
  socket:settimeouts(1000, 1000, LONGEST_WAIT * 1000)
  local why = nil
  for _, directory in ipairs { DIRECTORIES[1], DIRECTORIES[2], DIRECTORIES[3],
    (ngx.config.prefix():gsub("/$", "")) } do
    local path, connected = session:listen(directory)
    if path then
      local ok, err = socket:connect("unix:" .. path, { pool = self.pool, pool_size = 1 })
      if ok and connected then return socket end
      if ok then ok, err = session:accept() end
      if ok then
        self.heard = 0
        return socket
      end
      why = err
    else
      why = connected
    end
  end
  return nil, why
end

-- One of those who pass goes on in each round of the event loop, so that their
-- number does not add to the time that other requests wait.
local function let_pass(self)
  if self.first > self.last then return true end
  self.passing[self.first]:post(1)
  self.passing[self.first] = nil
  self.first = self.first + 1
  if self.first > self.last then return true end
  if not self.hub.closed then self.hub.session:ring() end
  return false
end

-- Read until nothing is under way, or the connection ends. True: it rests now.
local function listen(self, socket)
  local hub = self.hub
  hub.session:watch()
  if self.first <= self.last then hub.session:ring() end
  while true do
    local bytes, err = socket:receiveany(64)
    if hub.closed then return true end
    if not bytes and err ~= "timeout" then return false end
    self.heard = self.heard + (bytes and #bytes or 0)
    hub:step(0)
    if let_pass(self) and hub.session:unwatch(self.heard) then
      socket:setkeepalive(0, 1)
      return true
    end
  end
end

-- Where no socket can be made. The session tells the pipe, which nobody reads.
local function poll(self)
  self.heard = 0
  while not self.hub.closed do
    ngx.sleep(POLL)
    self.hub:step(0)
    if let_pass(self) and self.hub.session:unwatch(0) then return end
  end
end

local function run_reader(_, self)
  local rests = false
  while not rests and not self.hub.closed do
    local socket, why = connect(self)
    if socket then
      rests = listen(self, socket)
    else
      ngx.log(ngx.WARN, "partnercenter polls, for it cannot make a unix socket: ", why)
      poll(self)
      rests = true
    end
  end
  repeat until let_pass(self)
  self.reading = false
end

-- Close what those waited for whom nginx has dropped.
local function sweep(self)
  local gone = {}
  for transfer, token in pairs(self.hub.waiters) do
    local parked = token.parked
    if parked and not token.woken and parked:count() >= 0 then gone[#gone + 1] = transfer end
  end
  for i = 1, #gone do
    self.hub.waiters[gone[i]] = nil
    gone[i]:close()
  end
end

local start_sweeper

local function run_sweeper(premature, self)
  self.sweeping = false
  if not self.reading then return end
  sweep(self)
  if not premature then
    collectgarbage("step", COLLECT)
    start_sweeper(self)
    return
  end
  -- The worker is about to end, and does so when the last transfer has.
  collectgarbage()
  while self.reading do
    ngx.sleep(EXIT_SWEEP)
    sweep(self)
  end
end

function start_sweeper(self)
  if self.sweeping then return end
  -- A worker that is about to end takes no timers but those due at once.
  self.sweeping = ngx.timer.at(SWEEP, run_sweeper, self)
    or ngx.worker.exiting() and ngx.timer.at(0, function() run_sweeper(true, self) end) or false
end

local function start_reader(self)
  if self.reading then return true end
  self.reading = ngx.timer.at(0, run_reader, self) or false
  start_sweeper(self)
  return self.reading
end

-- A semaphore at zero. One that was waited for with success is at zero again.
local function take_semaphore(self)
  local signal = self.spare[#self.spare]
  self.spare[#self.spare] = nil
  return signal or semaphore.new(0)
end

local function give_semaphore(self, signal)
  if #self.spare < MOST_SPARE then self.spare[#self.spare + 1] = signal end
end

--- A token for one wait of the running light thread.
-- @treturn table
function methods:task()
  return { driver = self, record = self.tasks[coroutine.running()], woken = false }
end

--- End the wait of a token, now or before it begins.
-- @tparam table token
function methods.wake(_, token)
  if token.woken then return end
  token.woken = true
  if token.parked then token.parked:post(1) end
end

-- nginx takes no more timers: look oneself.
local function park_polling(self, token, seconds)
  local due = self.hub.clock() + seconds
  repeat
    ngx.sleep(POLL)
    self.hub:step(0)
  until token.woken or self.hub.clock() >= due
end

--- Wait until the token is woken.
-- @tparam table token
-- @tparam[opt] number seconds at most
-- @treturn boolean false when the time is over
function methods:park(token, seconds)
  if token.woken then return true end
  local record = token.record
  if record then record.token = token end
  repeat
    local longest = math.min(seconds or LONGEST_WAIT, LONGEST_WAIT)
    if token.transfer and not start_reader(self) then
      park_polling(self, token, longest)
    else
      local signal = take_semaphore(self)
      token.parked = signal
      if signal:wait(longest) then give_semaphore(self, signal) end
      token.parked = nil
    end
  until seconds or token.woken
  if record then
    record.token = nil
    if record.dead then error("the task was cancelled", 0) end
  end
  return token.woken
end

--- Give other requests a turn.
function methods:pass()
  if self.hub.closed then return end
  if not start_reader(self) then
    ngx.sleep(POLL)
    return
  end
  local signal = take_semaphore(self)
  self.last = self.last + 1
  self.passing[self.last] = signal
  if self.first == self.last then self.hub.session:ring() end
  if signal:wait(LONGEST_WAIT) then give_semaphore(self, signal) end
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
function methods.cancel(_, record)
  if record.dead then return end
  record.dead = true
  local token = record.token
  if token and token.transfer then token.transfer:close() end
  -- Only the thread that made it may kill it; another one wakes it to its end.
  if not ngx.thread.kill(record.thread) and token then token.driver:wake(token) end
end

return M
