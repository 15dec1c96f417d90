--- The same work for many things, side by side: `partner:map`.
--
-- Each element has a task of its own, started when there is room for it: when
-- less than `concurrency` are under way and less than `concurrency` results wait
-- to be taken. No task waits for anything but the network and the clock, so a
-- run that nobody goes on with comes to rest by itself.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.map

local check = require("partnercenter.util").check
local errors = require "partnercenter.errors"
local yields = require("partnercenter.loop").yields

local unpack = table.unpack or unpack -- luacheck: ignore 143 113

-- Seconds between two reports while nothing is done.
local REPORT_EVERY = 1

-- Elements under way where nobody says how many.
local DEFAULT = 16

local OPTIONS = {
  concurrency = function(value)
    local ok = type(value) == "number" and value % 1 == 0 and value >= 1 and value <= 10000
    return ok, "must be a whole number from 1 to 10000"
  end,
  on_progress = "function",
}

local M = {}

local function pack(...)
  return { n = select("#", ...), ... }
end

-- What gives the elements one by one, and how many there are, if known.
local function source_of(input, level)
  if type(input) == "table" and (getmetatable(input) or {}).__call == nil then
    local at, total = 0, #input
    return function()
      at = at + 1
      return input[at]
    end, total
  end
  local callable = type(input) == "function" or type(input) == "table"
  if not callable then
    error(("bad argument #1 to map (an array or an iterator is due, not a %s)")
      :format(type(input)), level + 1)
  end
  return input, nil
end

local fill

local function wake_reader(self)
  local token = self.reader
  self.reader = nil
  if token then token.driver:wake(token) end
end

-- One element is done: its result is the next to be taken.
local function settle(self, place, ok, ...)
  local work = place.work
  place.work, self.tasks[place] = nil, nil
  self.places[#self.places + 1] = place
  if self.closed then return end
  self.in_flight = self.in_flight - 1
  self.done = self.done + 1
  -- Places that were used before cost no room.
  if self.first > self.last then self.first, self.last = 1, 0 end
  self.last = self.last + 1
  self.results[self.last] = ok and pack(work[1], ...) or pack(work[1], nil, (...))
  wake_reader(self)
  fill(self)
end

-- Where one element after the other has its task: what that runs is made once for all of
-- them.
local function new_place(self)
  local place, fn = { work = nil }, self.fn
  function place.run() return fn(unpack(place.work, 1, place.work.n)) end
  function place.done(...) settle(self, place, ...) end
  return place
end

local function start(self, work)
  self.in_flight = self.in_flight + 1
  local place = table.remove(self.places) or new_place(self)
  place.work = work
  self.tasks[place] = self.driver:spawn(place.run, place.done)
end

local function has_room(self)
  return not self.closed and not self.exhausted
    and self.in_flight < self.concurrency and self.last - self.first + 1 < self.concurrency
end

-- Take elements while there is room. An iterator may wait, too.
local function pull(self)
  while has_room(self) do
    local work = pack(self.source())
    if work[1] == nil then
      self.exhausted = true
    elseif not self.closed then
      start(self, work)
    end
  end
end

local function end_pull(self, ok, err)
  self.puller = nil
  if not ok then self.exhausted, self.failure = true, { err } end
  wake_reader(self)
  -- There may be room again since its last look.
  fill(self)
end

function fill(self)
  if self.total then return pull(self) end
  if self.puller or not has_room(self) then return end
  self.puller = self.driver:spawn(function() pull(self) end,
    function(...) end_pull(self, ...) end)
end

local function report(self)
  if not self.on_progress then return end
  self.on_progress(self.done, self.total, self.in_flight,
    self.throttle:throttled(self.dispatcher.clock()))
end

local function take(self)
  report(self) -- should it raise, the result is still there
  if self.closed then return nil end
  local result = self.results[self.first]
  self.results[self.first] = nil
  self.first = self.first + 1
  fill(self)
  return unpack(result, 1, result.n)
end

local function close(self)
  if self.closed then return end
  self.closed = true
  if self.puller then self.driver:cancel(self.puller) end
  for _, task in pairs(self.tasks) do self.driver:cancel(task) end
  self.tasks, self.results, self.puller, self.source, self.fn = {}, {}, nil, nil, nil
  wake_reader(self)
end

-- Closed from outside: to who waits for a result it is an error, lest it looks
-- like the end of the results.
local function leave(self)
  if self.closed then return end
  self.left = true
  close(self)
end

-- Everything was taken: nil, or the error of the input.
local function end_run(self)
  local failure = self.failure
  close(self)
  self.failure = nil
  if failure then error(failure[1], 0) end
  return nil
end

local function step(self, iterating)
  if not self.driver then
    self.driver = self.dispatcher:driver_for(iterating)
    fill(self) -- from now on whatever makes room fills it
  end
  while not self.closed do
    if self.first <= self.last then return take(self) end
    if self.exhausted and self.in_flight == 0 and not self.puller then return end_run(self) end
    local driver = self.dispatcher:driver_for(iterating)
    local token = driver:task(iterating)
    self.reader = token
    local woken = driver:park(token, self.on_progress and REPORT_EVERY)
    if self.left then
      error(errors.from_failure("cancelled", "map: the iterator was closed"), 0)
    end
    if not woken then report(self) end
  end
  return nil
end

-- Elements under way: what is asked for, or less where the client allows less.
local function concurrency_of(asked, bound, level)
  if asked and bound and asked > bound then
    error(("option 'concurrency' of map is %d, but the client was made for %d: give "
      .. "partnercenter.new the larger number, or none"):format(asked, bound), level + 1)
  end
  return asked or math.min(DEFAULT, bound or DEFAULT)
end

--- A run over many things. See `partnercenter.client:map`.
-- @tparam Dispatcher dispatcher
-- @tparam Throttle throttle
-- @tparam table|function input
-- @tparam function fn
-- @tparam table options
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn function iterator
-- @treturn table with `close`
function M.new(dispatcher, throttle, input, fn, options, level)
  local source, total = source_of(input, level + 1)
  if type(fn) ~= "function" then
    error(("bad argument #2 to map (a function is due, not a %s)"):format(type(fn)), level + 1)
  end
  local given = check.options("map", options, OPTIONS, level + 1)
  local concurrency = concurrency_of(given.concurrency, throttle.bound, level + 1)
  if given.concurrency then throttle:ask(concurrency) end
  local self = {
    dispatcher = dispatcher, throttle = throttle, driver = nil,
    source = source, total = total, fn = fn,
    concurrency = concurrency,
    on_progress = given.on_progress,
    tasks = {}, places = {},                  -- by place; those that are free
    puller = nil, reader = nil,
    results = {}, first = 1, last = 0,        -- done, and not taken yet
    in_flight = 0, done = 0,
    exhausted = false, failure = nil, closed = false, left = false,
  }
  local function stop() leave(self) end
  return function(...) return step(self, yields.iterating(...)) end,
    setmetatable({ close = stop }, { __close = stop })
end

return M
