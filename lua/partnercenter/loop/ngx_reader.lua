--- Where an nginx worker hears from a session: a timer that reads the bytes which
-- the session sends when there is news, and has the dispatcher wake who waits for it.
--
-- It runs while transfers are under way and not a moment longer: an idle worker
-- has no timer, no reader, and nothing that would hold up its end. Meanwhile its
-- connection to the session rests in nginx's pool.
--
-- nginx drops light threads without running their code (a client that went away,
-- `ngx.exit`). What such a one waited for, or read when it passed, is found by its
-- semaphore, at which nobody waits any more. What else it had open the collector finds,
-- which is made to hurry while nothing comes: others may wait for those connections.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.ngx_reader

local semaphore = require "ngx.semaphore"

-- Where the socket may be made: as long as it takes to open it.
local DIRECTORIES = { "/dev/shm", "/tmp", "/var/tmp", (ngx.config.prefix():gsub("/$", "")) }

local LONGEST_WAIT = 86400 -- seconds; nginx counts milliseconds in 31 bits
local SWEEP = 0.5          -- seconds between two looks for waiters that are gone
local HURRY = 0.05         -- the same while nothing has come for some of them
local QUIET = 2            -- that many
local EXIT_SWEEP = 0.1     -- the same while the worker ends
local POLL = 0.005         -- seconds between two looks where no socket can be made
local COLLECT = 400        -- what the collector does at a sweep, in about kilobytes
local MOST_SPARE = 1000    -- semaphores kept
local TURNS = 64           -- in a row for one who passes: a page of 10,000 rows

local M = { LONGEST_WAIT = LONGEST_WAIT, POLL = POLL }

local methods = {}
local mt = { __name = "partnercenter.ngx.reader", __index = methods }

local count = 0

--- The reader of one dispatcher's session.
-- @tparam Dispatcher dispatcher
-- @treturn Reader
function M.new(dispatcher)
  count = count + 1
  return setmetatable({
    dispatcher = dispatcher,
    pool = ("partnercenter-%d"):format(count),   -- the connection while it rests
    heard = 0,                          -- bytes read from it
    passing = {}, first = 1, last = 0,  -- those who pass, in order
    entries = {},                       -- the same, and those whose turn it is, as keys
    quiet = 0, heard_before = 0,        -- sweeps since something was heard
    -- Whose turn it is, and how many it has had in a row.
    current = setmetatable({}, { __mode = "v" }), turns = 0,
    spare = {},                         -- semaphores to use again
  }, mt)
end

--- A semaphore at zero.
-- @treturn Semaphore
function methods:take_semaphore()
  local signal = self.spare[#self.spare]
  self.spare[#self.spare] = nil
  return signal or semaphore.new(0)
end

--- Give one back that was waited for with success, which is at zero again.
-- @tparam Semaphore signal
function methods:give_semaphore(signal)
  if #self.spare < MOST_SPARE then self.spare[#self.spare + 1] = signal end
end

-- A connection to the session, an earlier one if that is still good.
local function connect(self)
  local session, why = self.dispatcher.session, nil
  local socket = ngx.socket.tcp()
  socket:settimeouts(1000, 1000, LONGEST_WAIT * 1000)
  for _, directory in ipairs(DIRECTORIES) do
    local path, connected = session:listen(directory)
    local ok, err = path, connected
    if ok then
      ok, err = socket:connect("unix:" .. path, { pool = self.pool, pool_size = 1 })
      if ok and connected then return socket end
    end
    if ok then ok, err = session:accept() end
    if ok then
      self.heard = 0
      return socket
    end
    why = err
  end
  return nil, why
end

-- Has nginx dropped who waits? One that was woken and is there still has its turn
-- later in this round.
local function is_gone(token)
  return token.parked:count() >= (token.woken and 1 or 0)
end

-- Close what one who passed was reading when nginx dropped it.
local function drop(self, entry)
  self.entries[entry] = nil
  entry.transfer:close()
end

-- The next one who passes, if any.
local function take_next(self)
  while self.first <= self.last do
    local entry = self.passing[self.first]
    self.passing[self.first] = nil
    self.first = self.first + 1
    if not is_gone(entry) then return entry end
    drop(self, entry)
  end
  return nil
end

-- One of those who pass goes on in each round of the event loop, so that their
-- number does not add to the time that other requests wait. True when nobody
-- passes any more.
local function let_pass(self)
  local entry = take_next(self)
  if not entry then return true end
  if self.current[1] ~= entry.thread then
    self.current[1], self.turns = entry.thread, 0
  end
  entry.woken = true
  entry.parked:post(1)
  if self.first > self.last then return true end
  if not self.dispatcher.closed then self.dispatcher.session:ring() end
  return false
end

-- Read until nothing is under way, or the connection ends. True: it rests now.
local function listen(self, socket)
  local dispatcher = self.dispatcher
  dispatcher.session:watch()
  if self.first <= self.last then dispatcher.session:ring() end
  while true do
    local bytes, err = socket:receiveany(64)
    if dispatcher.closed then return true end
    if not bytes and err ~= "timeout" then return false end
    self.heard = self.heard + (bytes and #bytes or 0)
    dispatcher:step(0)
    if let_pass(self) and dispatcher.session:unwatch(self.heard) then
      socket:setkeepalive(0, 1)
      return true
    end
  end
end

-- Where no socket can be made.
local function poll(self)
  self.heard = 0
  while not self.dispatcher.closed do
    ngx.sleep(POLL)
    self.dispatcher:step(0)
    if let_pass(self) and self.dispatcher.session:unwatch(0) then return end
  end
end

local function run(_, self)
  local rests = false
  while not rests and not self.dispatcher.closed do
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
  self.running = false
end

-- Close what those waited for, or read, whom nginx has dropped.
local function sweep(self)
  local gone, left = {}, {}
  for transfer, token in pairs(self.dispatcher.waiters) do
    if token.parked and is_gone(token) then gone[#gone + 1] = transfer end
  end
  for i = 1, #gone do
    self.dispatcher.waiters[gone[i]] = nil
    gone[i]:close()
  end
  -- Those who are in the queue still are found when it is their turn.
  for entry in pairs(self.entries) do
    if entry.woken and is_gone(entry) then left[#left + 1] = entry end
  end
  for i = 1, #left do drop(self, left[i]) end
end

local start_sweeper

local function run_sweeper(premature, self)
  self.sweeping = false
  if not self.running then return end
  sweep(self)
  self.quiet = self.heard == self.heard_before and self.quiet + 1 or 0
  self.heard_before = self.heard
  if not premature then
    collectgarbage("step", COLLECT)
    start_sweeper(self)
    return
  end
  -- The worker is about to end, and does so when the last transfer has.
  collectgarbage()
  while self.running do
    ngx.sleep(EXIT_SWEEP)
    sweep(self)
  end
end

function start_sweeper(self)
  if self.sweeping then return end
  -- A worker that is about to end takes no timers but those due at once.
  self.sweeping = ngx.timer.at(self.quiet < QUIET and SWEEP or HURRY, run_sweeper, self)
    or ngx.worker.exiting() and ngx.timer.at(0, function() run_sweeper(true, self) end) or false
end

--- See to it that the reader runs.
-- @treturn boolean false when nginx takes no more timers
function methods:start()
  if self.running then return true end
  self.running = ngx.timer.at(0, run, self) or false
  start_sweeper(self)
  return self.running
end

-- Whose turn it was comes first again, for a while: pages that are decoded one
-- after the other are done sooner, and fewer of them are half done in memory.
local function enqueue(self, entry)
  if self.current[1] == entry.thread and self.turns < TURNS then
    self.turns = self.turns + 1
    self.first = self.first - 1
    self.passing[self.first] = entry
  else
    self.last = self.last + 1
    self.passing[self.last] = entry
  end
end

--- Wait for one's turn in a later round of the event loop.
-- @tparam Transfer transfer what the caller is reading: closed should nginx drop it
function methods:pass(transfer)
  if self.dispatcher.closed then return end
  if not self:start() then
    ngx.sleep(POLL)
    return
  end
  local signal = self:take_semaphore()
  local entry = { parked = signal, thread = coroutine.running(), transfer = transfer }
  self.entries[entry] = true
  enqueue(self, entry)
  if self.first == self.last then self.dispatcher.session:ring() end
  if signal:wait(LONGEST_WAIT) then self:give_semaphore(signal) end
  self.entries[entry] = nil
end

return M
