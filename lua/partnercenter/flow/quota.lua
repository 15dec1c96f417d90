--- What a fleet knows of the quota that it uses together, in a store: until when the
-- service takes no calls, how many a window takes, and how many were sent in this one.
-- A call takes a place of its window from the store before it is sent.
--
-- What a window takes is learned from one that was refused a call: so many as were sent
-- in it and not refused, by whomever. When all places are taken a single one more tries
-- whether the service takes more by now, then two, four and so on. A caller's own
-- `requests_per_minute` needs no learning: its places are those of short slices.
--
-- Each window has a number, which is taken once (by the store's `add`), so that it does
-- not matter who begins it, nor whether somebody who slept does so again.
--
-- Without the store each process goes on alone with almost as many calls as it had before,
-- and tells how many as soon as it can. Until all had the time to do so, it stays alone:
-- the counts would show places that others have taken.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.quota

local alone = require "partnercenter.flow.alone"
local ledgers = require "partnercenter.flow.ledger"
local windows = require "partnercenter.flow.window"

local MINUTE = 60
-- Seconds between two looks at what the others know.
local LOOK = 0.25
-- Seconds between two tries for more places, by which a refusal is known to all.
local TRY = 1
-- A try costs a refusal: there is one for so many calls at most. The next ones may be
-- for more at once, but no more than this part of what is known.
local CALLS_PER_TRY, WIDEST = 85, 1 / 20
-- What of the places that it had before a process takes without the store; what of all
-- one has that was idle before.
local CAREFUL, LEAST = 0.8, 1 / 50
-- Seconds after which all have found that the store is back, and have told what they
-- sent: it is left alone for one, and the next look has a time-out.
local SETTLED = 1.75
-- Slices, whose keys are used again after so many, and are gone by then.
local SLICES = 64
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
    ledger = ledgers.new(options.store, options.key, options.tell), time = options.time,
    slice = slice,
    -- So that any minute, wherever it begins, has no more than the rate.
    part = rate and rate * slice / (MINUTE + slice) or nil,
    batch = BATCH[options.store.kind] or 1,
    window = nil,      -- as it was known last
    looked = -math.huge,
    places = 0, place_of = nil, -- taken and not used yet, and of which window
    mine = 0, before = 0, -- places of this process, in this window and in the last one
    sent = 0,          -- of all, in this window, as far as is known
    alone = nil,       -- what may be sent while the store is away
    back = nil,        -- since when it answers again
    untold = 0, untold_refused = 0, -- calls sent meanwhile, and refused
    untold_of = nil,   -- the number of their window, where that was known
  }, mt)
end

-- Another window than before: what this process has had of it is the measure of what
-- it is due without the store.
local function adopt(self, window)
  local old = self.window
  if not old or old.number ~= window.number then
    self.before, self.mine, self.sent = old and self.mine or 0, 0, 0
  end
  self.window = window
  return window
end

-- A store that has lost what it knew gets back what this process knows.
local function restore(self, now)
  local known = self.window
  if known and self.sent > 0 then
    self.ledger:ask("add", windows.name("sent", known.number), ("%d"):format(self.sent),
      ledgers.COUNTED)
  end
  return self.ledger:begin(known or windows.first(now))
end

-- What was done while the store was away, for the window that it was done in.
local function catch_up(self, number)
  local sent, refused = self.slice and 0 or self.untold, self.untold_refused
  self.untold, self.untold_refused = 0, 0
  if sent > 0 and not self.ledger:add("sent", number, sent) then
    self.untold = self.untold + sent
  end
  if refused > 0 and not self.ledger:add("refused", number, refused) then
    self.untold_refused = self.untold_refused + refused
  end
end

-- Was this process told of a longer time, while it could not tell the others?
local function knows_better(self, window)
  local known = self.window
  return self.untold_refused > 0 and known ~= nil and known.number == window.number
    and known.announced and not (window.announced and window.ends >= known.ends)
end

-- What is known now; nil: the store is away.
local function look(self, now)
  local known = self.window
  if known and now - self.looked < LOOK and now < known.ends then return known end
  local text, why = self.ledger:ask("get", "window")
  if why then
    self.back = nil
    return nil
  end
  self.looked, self.back = now, self.back or now
  local window = windows.parse(text) or restore(self, now)
  if window and knows_better(self, window) then
    window = known
    self.ledger:announce(window)
  end
  if self.untold_of then catch_up(self, self.untold_of) end
  while window and windows.is_over(window, now) do
    window = self.ledger:begin(windows.follow(window, self.ledger:passed(window), now))
  end
  if not window then return nil end
  catch_up(self, self.untold_of or window.number)
  return adopt(self, window)
end

-- What is done without the store belongs to the window that is known, until its end; what
-- was done in one before is of no use to anybody any more.
local function note_window(self, now)
  local window = self.window
  local number = window and now < window.ends and window.number or nil
  if self.untold_of ~= number then
    self.untold, self.untold_refused, self.untold_of = 0, 0, number
  end
  return number
end

-- A place without the store.
local function go_alone(self, now)
  local window = self.window
  local own = self.alone
  if not own and window and (window.budget or self.slice) then
    own = alone.new({
      share = math.max(1, LEAST * (window.budget or 0), CAREFUL * math.max(self.before, self.mine)),
      used = now < window.ends and self.mine or 0, ends = window.ends, length = window.length,
    }, now)
    self.alone = own
  end
  local seconds = own and own:take(now) or 0
  if seconds > 0 then return math.min(TRY, seconds) end
  local of_this = note_window(self, now)
  self.untold = self.untold + 1
  if of_this then
    self.mine = self.mine + 1
  elseif own then
    self.untold = math.min(self.untold, own.used)
  end
  return 0
end

-- The store was lost just now.
local function lose(self, now)
  self.back = nil
  return go_alone(self, now)
end

-- All places are taken: one process makes room for twice as many as it made before.
local function try_more(self, window, more, now)
  local left = window.ends - now
  if window.spare + math.min(self.sent, window.budget + more) < CALLS_PER_TRY then return left end
  if self.ledger:ask("add", windows.name("try", window.number), "1", TRY) then
    local step = math.min(more + 1, math.ceil(WIDEST * (window.budget + more)))
    self.ledger:add("more", window.number, step)
    return 0.01
  end
  return math.min(left, TRY)
end

-- Takes a batch of a counter that goes to `most`, and gives back what goes beyond.
local function take_batch(self, name, most, whose, seconds)
  local taken, why = self.ledger:ask("incr", name, self.batch, seconds)
  if why then return nil end
  local mine = math.max(0, math.min(self.batch, most - (taken - self.batch)))
  if mine < self.batch then self.ledger:ask("incr", name, mine - self.batch, seconds) end
  self.sent = taken - self.batch + mine
  if mine == 0 then return false end
  self.place_of, self.places = whose, mine - 1
  return true
end

-- The place of a call: one that was taken already, or a new one; false: there is none.
-- nil: the store is away.
local function take(self, name, most, whose, seconds)
  if self.place_of == whose and self.places > 0 then
    self.places = self.places - 1
  else
    local taken = take_batch(self, name, most, whose, seconds)
    if not taken then return taken end
  end
  self.mine = self.mine + 1
  return true
end

local function take_slice(self, now)
  local number = math.floor(now / self.slice)
  local most = math.floor((number + 1) * self.part) - math.floor(number * self.part)
  if most < 1 then return (number + 1) * self.slice - now end
  local taken = take(self, ("slice:%d"):format(number % SLICES), most, number,
    self.slice * SLICES / 2)
  if taken == nil then return lose(self, now) end
  return taken and 0 or (number + 1) * self.slice - now
end

local function take_place(self, window, now)
  local name, budget = windows.name("sent", window.number), window.budget
  local taken = take(self, name, budget or math.huge, window.number, ledgers.COUNTED)
  if taken == false then
    local more = self.ledger:count("more", window.number)
    taken = more > 0 and take(self, name, budget + more, window.number, ledgers.COUNTED)
    if taken == false then return try_more(self, window, more, now) end
  end
  if taken == nil then return lose(self, now) end
  return 0
end

--- Takes a place for one call. May wait for the store.
-- @treturn number 0 when it may be sent; else the seconds until there may be one
-- @treturn ?boolean whether the service has announced those
function methods:take()
  local now = self.time()
  local window = look(self, now)
  local known = window or self.window
  if known and known.announced and known.ends > now then return known.ends - now, true end
  if not window then return go_alone(self, now) end
  if self.alone and not (self.back and now - self.back >= SETTLED) then
    return go_alone(self, now)
  end
  self.alone = nil
  if self.slice then return take_slice(self, now) end
  return take_place(self, window, now)
end

--- A place that was taken is not used after all. May wait for the store.
function methods:give_back()
  local window = self.window
  if not window or self.slice then return end
  self.mine = math.max(0, self.mine - 1)
  if self.untold > 0 then
    self.untold = self.untold - 1
    if self.alone then self.alone:give_back() end
  else
    self.ledger:add("sent", window.number, -1)
  end
end

--- The service has refused a call. May wait for the store.
-- @tparam number seconds for which it takes none
function methods:refused(seconds)
  local now = self.time()
  self.looked = -math.huge
  local window = look(self, now)
  if window then
    self.ledger:add("refused", window.number, 1)
  else
    note_window(self, now)
    self.untold_refused = self.untold_refused + 1
  end
  local known = window or self.window
  -- Times are announced in whole seconds.
  if not known or known.announced and known.ends >= now + seconds - 1 then return end
  known.ends, known.announced = now + seconds, true
  if window then self.ledger:announce(known) end
end

return M
