--- What a fleet knows of the quota that it uses together, in a store: until when the
-- service takes no calls, how many a window takes, and how many were sent in this one.
-- A call takes a place of its window from the store before it is sent.
--
-- What a window takes is learned from one that was refused a call: so many as passed in
-- it, whoever sent them. Each window offers a little more than that, so that a quota
-- that has grown is found; windows that nobody refused raise it. A caller's own
-- `requests_per_minute` needs no learning: its places are those of short slices.
--
-- Without the store each process goes on by what it knows itself.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.quota

local wire = require("partnercenter.util").wire

local MINUTE = 60
-- Seconds between two looks at what the others know.
local LOOK = 0.25
-- Of what a window takes, offered beyond it.
local PROBE = 1 / 100
-- What of a known number the next window is given at least.
local SLOWEST = 0.5
-- Seconds that the one process has that begins a new window, before another one does.
local ROLL = 2
-- Slices of a second or more, and windows, whose keys are used again after so many.
local SLICES, WINDOWS = 64, 8
-- Seconds that what is known is kept.
local LIFE = 7 * 86400
-- Places taken at once where each look costs a write to a disk.
local BATCH = { file = 10 }

local M = {}

local methods = {}
local mt = { __name = "partnercenter.flow.quota", __index = methods }

--- A quota.
-- @tparam table options
-- @tparam Store options.store
-- @tparam string options.key whose quota it is
-- @tparam ?number options.rate calls in any minute, where the caller says so
-- @tparam function options.time seconds since the epoch, of all who share the store
-- @tparam function options.tell takes why the store is not to be had
-- @treturn Quota
function M.new(options)
  local rate = options.rate
  local slice = rate and math.max(1, MINUTE / rate) or nil
  return setmetatable({
    store = options.store, key = options.key, time = options.time, tell = options.tell,
    slice = slice,
    -- So that any minute, wherever it begins, has no more than the rate.
    part = rate and rate * slice / (MINUTE + slice) or nil,
    batch = BATCH[options.store.kind] or 1,
    window = nil,      -- as it was read last: start, ends, budget, announced
    looked = -math.huge,
    places = 0, place_of = nil, -- taken and not used yet, and of which window
    unsent = 0,        -- calls that passed, not told to the store yet
  }, mt)
end

-- What the store answers; the failure is told, and is no answer.
local function ask(self, method, name, ...)
  local value, why = self.store[method](self.store, self.key .. ":" .. name, ...)
  if why then self.tell(why) end
  return value, why
end

local function number_or_nil(text) return text ~= "-" and wire.number(text) or nil end

local function parse(text)
  local number, start, ends, budget, announced =
    (text or ""):match("^(%S+) (%S+) (%S+) (%S+) (%S+)$")
  number = wire.digits(number)
  if not number then return nil end
  return {
    number = number, id = ("%d"):format(number % WINDOWS),
    start = wire.number(start), ends = number_or_nil(ends), budget = number_or_nil(budget),
    announced = announced == "yes",
  }
end

local function format(window)
  local function text(value) return value and wire.fixed(value, 2) or "-" end
  return ("%d %s %s %s %s"):format(window.number, text(window.start), text(window.ends),
    text(window.budget), window.announced and "yes" or "no")
end

local function flush(self)
  if self.unsent == 0 or not self.window then return end
  local passed, ends = self.unsent, self.window.ends
  self.unsent = 0
  if ends and self.time() > ends + MINUTE then return end
  ask(self, "incr", "passed:" .. self.window.id, passed, LIFE)
end

-- The window that follows one which is over: begun by one process for all.
local function roll(self, old, now)
  if not ask(self, "add", "roll:" .. old.id, "1", ROLL) then return old end
  local passed = wire.number((ask(self, "get", "passed:" .. old.id))) or 0
  local budget = old.budget
  if old.announced and passed > 0 then
    budget = math.max(passed, (budget or 0) * SLOWEST)
  elseif budget then
    budget = math.max(passed, budget)
  end
  local length = math.max(1, math.min(old.ends - old.start, 10 * MINUTE))
  -- After a pause nobody knows where the service's own windows begin.
  local start = now - old.ends > length / 2 and now or old.ends
  local new = parse(format {
    number = old.number + 1, start = start, ends = budget and start + length, budget = budget,
  })
  ask(self, "set", "passed:" .. new.id, "0", LIFE)
  ask(self, "set", "leased:" .. new.id, "0", LIFE)
  ask(self, "set", "window", format(new), LIFE)
  return new
end

-- What is known now; nil: the store is away, or nobody has sent yet.
local function look(self, now)
  if now - self.looked < LOOK and not (self.window and self.window.ends
    and now >= self.window.ends) then
    return self.window
  end
  flush(self)
  local text, why = ask(self, "get", "window")
  if why then return nil end
  self.looked = now
  local window = parse(text)
  if not window then
    text = format { number = 1, start = now }
    ask(self, "add", "window", text, LIFE)
    window = parse((ask(self, "get", "window")))
  end
  if window and window.ends and now >= window.ends then window = roll(self, window, now) end
  self.window = window
  return window
end

-- A place of a slice or window that has so many; true also where nobody knows.
local function take(self, whose, name, most, seconds)
  if self.place_of == whose and self.places > 0 then
    self.places = self.places - 1
    return true
  end
  local taken = ask(self, "incr", name, self.batch, seconds)
  if not taken then return true end
  local mine = math.min(self.batch, most - (taken - self.batch))
  if mine < 1 then return false end
  self.place_of, self.places = whose, mine - 1
  return true
end

local function take_slice(self, now)
  local number = math.floor(now / self.slice)
  local most = math.floor((number + 1) * self.part) - math.floor(number * self.part)
  local name = ("slice:%d"):format(number % SLICES)
  if most > 0 and take(self, number, name, most, self.slice * SLICES / 2) then return 0 end
  return (number + 1) * self.slice - now
end

-- Seconds until there may be a place, 0: it is taken; and whether the service has
-- announced them.
local function take_place(self, now)
  local window = look(self, now)
  if window and window.announced and window.ends > now then return window.ends - now, true end
  if self.slice then return take_slice(self, now) end
  if not window or not window.budget then return 0 end
  -- Another process is about to begin it.
  if now >= window.ends then return LOOK end
  local most = math.floor(window.budget) + math.max(1, math.floor(window.budget * PROBE))
  if take(self, window.number, "leased:" .. window.id, most, LIFE) then return 0 end
  return window.ends - now
end

--- Takes a place for one call. May wait for the store.
-- @treturn number 0 when it may be sent; else the seconds until there may be one
-- @treturn ?boolean whether the service has announced those
function methods:take()
  local seconds, announced = take_place(self, self.time())
  -- Whoever begins the next window has to know what passed in this one.
  if seconds > 0 then flush(self) end
  return seconds, announced
end

--- A call was answered, and not refused. May wait for the store, now and then.
function methods:passed()
  self.unsent = self.unsent + 1
  local now = self.time()
  if now - self.looked >= LOOK then look(self, now) end
end

--- The service has refused a call. May wait for the store.
-- @tparam number seconds for which it takes none
function methods:refused(seconds)
  local now = self.time()
  flush(self)
  self.looked = -math.huge
  local window = look(self, now)
  if not window or window.announced then return end
  window.ends, window.announced = now + seconds, true
  ask(self, "set", "window", format(window), LIFE)
end

return M
