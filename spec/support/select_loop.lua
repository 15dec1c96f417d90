-- An event loop of one's own, as small as one can be, over LuaSocket's select: what a
-- program brings that has neither cqueues nor luv nor nginx.
local core = require "partnercenter.core"
local socket = require "socket"
local yields = require("partnercenter.loop").yields

local M = { name = "select" }

-- Functions to call in turn, timers (function -> time), and who watches a session.
local ready, timers, watching = {}, {}, {}

function M.soon(f) ready[#ready + 1] = f end

function M.after(seconds, f) timers[f] = core.now() + seconds end

local function take_late()
  local now, rest = core.now(), math.huge
  for f, due in pairs(timers) do
    if due <= now then
      timers[f] = nil
      M.soon(f)
    else
      rest = math.min(rest, due - now)
    end
  end
  return rest
end

local function wait_for_sessions(seconds)
  local sockets = {}
  for driver in pairs(watching) do
    local fd = driver.dispatcher.session:pollfd()
    sockets[#sockets + 1] = { getfd = function() return fd end, driver = driver }
  end
  local readable = socket.select(sockets, nil, seconds < math.huge and seconds or nil)
  for _, one in ipairs(readable) do one.driver.dispatcher:step(0) end
end

-- Runs until nobody is to be called, waits for a time, or for a session.
function M.run()
  while ready[1] or next(timers) or next(watching) do
    local rest = take_late()
    wait_for_sessions(ready[1] and 0 or rest)
    local turn = ready
    ready = {}
    for _, f in ipairs(turn) do f() end
  end
end

local function resume(co)
  M.soon(function()
    if coroutine.status(co) == "suspended" then assert(coroutine.resume(co)) end
  end)
end

-- The tasks of all drivers: coroutine -> record.
local tasks = setmetatable({}, { __mode = "k" })

local methods = {}

function M.attach(dispatcher)
  -- The tokens that wait: nothing else keeps them and their coroutines alive.
  return setmetatable({ dispatcher = dispatcher, parked = {} }, { __index = methods })
end

function M.usable()
  local co, main = coroutine.running()
  return co ~= nil and not main
end

function methods:task(iterating)
  if not yields.can(iterating) then return self.dispatcher:blocking():task(true) end
  local co = coroutine.running()
  return { driver = self, co = co, record = tasks[co], woken = false }
end

local function leave(self, token)
  if not self.parked[token] then return end
  self.parked[token] = nil
  if token.late then timers[token.late] = nil end
  if not next(self.parked) then watching[self] = nil end
end

function methods:wake(token)
  if token.woken then return end
  token.woken = true
  if not self.parked[token] then return end
  leave(self, token)
  resume(token.co)
end

function methods:park(token, seconds)
  if token.woken then return true end
  if token.driver ~= self then return token.driver:park(token, seconds) end
  self.parked[token] = true
  if token.record then token.record.parked = token end
  if not self.dispatcher.closed then watching[self] = true end
  if seconds then
    token.late = function()
      leave(self, token)
      resume(token.co)
    end
    M.after(seconds, token.late)
  end
  -- Somebody else who resumes it is told that this is no value of its own.
  repeat yields.wait() until not self.parked[token]
  if token.record then token.record.parked = nil end
  return token.woken
end

function methods:pass(iterating)
  if not yields.can(iterating) then return end
  local passed
  local co = coroutine.running()
  M.soon(function()
    passed = true
    assert(coroutine.resume(co))
  end)
  repeat yields.wait() until passed
end

function methods:spawn(fn, done) -- luacheck: no self
  local record = {}
  record.co = coroutine.create(function()
    local results = { pcall(fn) }
    if record.dead then return end
    record.dead = true
    done((table.unpack or unpack)(results, 1, 9)) -- luacheck: ignore
  end)
  tasks[record.co] = record
  resume(record.co)
  return record
end

function methods:cancel(record)
  if record.dead then return end
  record.dead = true
  local token = record.parked
  if not token then return end
  leave(self, token)
  if token.transfer then token.transfer:close() end
end

function methods:close()
  watching[self] = nil
end

return M
