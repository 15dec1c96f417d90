--- Where the network meets those who wait for it: the session of a client, who
-- waits for what on it, and by which event loop.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.dispatcher

local block = require "partnercenter.loop.block"
local yields = require "partnercenter.loop.yields"
-- Known at once: a module loaded in init_by_lua is shared by all workers.
local nginx = package.loaded.ngx and require "partnercenter.loop.ngx" or nil

local M = {}

local methods = {}
local mt = { __name = "partnercenter.dispatcher", __index = methods }

--- A dispatcher over a session.
-- @tparam table options
-- @tparam Session options.session of the core; the dispatcher closes it
-- @tparam ?table options.loop the loop to wait with; nil finds one at each call
-- @tparam function options.clock steady seconds
-- @treturn Dispatcher
function M.new(options)
  return setmetatable({
    session = options.session,
    loop = options.loop,
    clock = options.clock,
    drivers = {},
    turns = 0,     -- how often somebody has waited, while others had their turn
    -- Tokens, by what they wait for or sleep for. They are kept alive by their own
    -- wait, never by these tables.
    waiters = setmetatable({}, { __mode = "kv" }),
    sleepers = setmetatable({}, { __mode = "kv" }),
    -- Called after each step while somebody wants to know of it.
    on_step = nil,
  }, mt)
end

--- Bytes decoded per call, where a loop asks for less than the session's own.
-- @tparam ?table loop as for `new`
-- @treturn ?number
function M.slice(loop)
  loop = loop or nginx
  return loop and loop.slice
end

-- The loop to wait with here and now. Raises where nobody may wait.
local function find_loop(self)
  local loop = self.loop or nginx
  if loop then
    local usable, why = loop.usable()
    if why then error(why, 0) end
    return usable and loop or block
  end
  if package.loaded.cqueues then
    local cqueues = require "partnercenter.loop.cqueues"
    if cqueues.usable() then return cqueues end
  end
  return block
end

local function driver_of(self, loop)
  local driver = self.drivers[loop.name]
  if not driver then
    driver = loop.attach(self)
    self.drivers[loop.name] = driver
  end
  return driver
end

--- The driver of the loop that the caller runs in.
-- @treturn Driver
function methods:driver()
  local blocking = self.drivers.block
  if blocking and blocking.busy and blocking:is_task() then return blocking end
  return driver_of(self, find_loop(self))
end

--- The driver that waits by blocking, which can be done anywhere.
-- @treturn Driver
function methods:blocking()
  return driver_of(self, block)
end

--- The driver to wait with in a function that may be an iterator.
-- @tparam ?boolean iterating it is the iterator of a `for`
-- @treturn Driver
function methods:driver_for(iterating)
  return yields.can(iterating) and self:driver() or self:blocking()
end

--- The driver that has to run what waits as a task of its own, by its `run`, so
-- that others go on meanwhile; nil where one may wait as one is.
-- @tparam ?boolean iterating the caller is the iterator of a `for`
-- @treturn ?Driver
function methods:runner(iterating)
  local driver = self:driver_for(iterating)
  if driver.run and not driver:is_home(iterating) then return driver end
  return nil
end

--- Start a request; see the session's `send`. After
-- the end it fails.
-- @tparam table|Template request
-- @param ... what stands behind a template
-- @treturn[1] Transfer
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string kind
function methods:send(request, ...)
  if self.closed then return nil, "the client was closed", "cancelled" end
  return self.session:send(request, ...)
end

-- Wake who waits for a transfer.
local function wake(self, transfer)
  local token = self.waiters[transfer]
  if token then token.driver:wake(token) end
end

--- Wake who waits for a transfer, or who sleeps under a key, before its time: its
-- token is `cancelled` then.
-- @param key the transfer, or what `sleep` or `park` was given
function methods:cancel(key)
  local token = self.waiters[key] or self.sleepers[key]
  if not token then return end
  token.cancelled = true
  token.driver:wake(token)
end

--- Take what the network has handed up and wake who waits for it.
-- @tparam number seconds to wait for something at most
-- @treturn number transfers still running
function methods:step(seconds)
  if self.closed then return 0 end
  local running = self.session:step(seconds)
  local transfer = self.session:ready()
  while transfer do
    wake(self, transfer)
    transfer = self.session:ready()
  end
  if self.on_step then self.on_step() end
  return running
end

-- Until the token is woken or its time is over: the end of a loop's own wait alone
-- says nothing, as somebody may have resumed the coroutine by mistake.
local function wait(self, token, seconds)
  self.turns = self.turns + 1
  local due = seconds and self.clock() + seconds
  repeat
    if token.driver:park(token, due and math.max(0, due - self.clock())) then return true end
  until due and self.clock() >= due
  return false
end

--- Wait until there is news of a transfer.
-- @tparam Transfer transfer
-- @tparam ?number deadline on the dispatcher's clock
-- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
-- @treturn boolean false when the deadline has passed
function methods:wait(transfer, deadline, iterating)
  local seconds = deadline and math.max(0, deadline - self.clock())
  local driver = self:driver()
  local token = driver:task(iterating)
  token.transfer = transfer
  self.waiters[transfer] = token
  local woken = wait(self, token, seconds)
  self.waiters[transfer] = nil
  return woken
end

--- Wait for a time, or until the dispatcher is closed.
-- @tparam number seconds
-- @tparam[opt] boolean iterating the wait happens in the iterator of a `for`
-- @param[opt] key for `cancel`
function methods:sleep(seconds, iterating, key)
  if self.closed then return end
  self:park(self:driver():task(iterating), seconds, key)
end

--- Wait until a token is woken, for a time at most; the end of the dispatcher
-- wakes it, too.
-- @tparam table token
-- @tparam number seconds
-- @param[opt] key for `cancel`
-- @treturn boolean false when the time is over
function methods:park(token, seconds, key)
  key = key or token
  self.sleepers[key] = token
  local woken = wait(self, token, seconds)
  self.sleepers[key] = nil
  return woken
end

--- Give others a turn between two pieces of work.
-- @tparam ?boolean iterating the caller is the iterator of a `for`
-- @tparam Transfer transfer what the caller is reading
function methods:pass(iterating, transfer)
  self:driver():pass(iterating, transfer)
end

--- End everything that is under way as cancelled.
function methods:close()
  if self.closed then return end
  self.closed = true
  -- Before the descriptor that a loop watches is gone.
  for _, driver in pairs(self.drivers) do
    if driver.close then driver:close() end
  end
  self.session:close()
  for _, token in pairs(self.waiters) do token.driver:wake(token) end
  for _, token in pairs(self.sleepers) do token.driver:wake(token) end
end

return M
