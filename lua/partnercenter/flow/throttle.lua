--- How many calls may be in flight, and from when on. Pure: the time is a parameter.
--
-- A refusal (429) holds everybody back for the announced time. What a window
-- takes is learned only from one that this client has filled itself: it knows
-- when that began, and had calls under way for most of it. Up to that number
-- calls go as fast as they come. Beyond it one by one, as a test whether more
-- pass by now; and as a test costs a refusal, there is one for so many calls at
-- most. Else the rest waits for the window's end.
--
-- Where one refusal follows the other, each for a moment, places become free one by
-- one, and others take them, too: the client keeps to its share then.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.throttle

local pace = require "partnercenter.flow.pace"
local shares = require "partnercenter.flow.share"

-- In flight at most where no number is given.
local MOST = 1000
-- In flight at most until the service has shown, at the start and after a
-- pause, that it takes calls: all of them may be refused. At the start the second number
-- where so many are asked for: who waited for the first answers is late in each round.
local OPENING, WIDEST_OPENING = 8, 64
-- Seconds of a window while none was seen: quotas are given per minute.
local MINUTE = 60
-- Seconds by which an announced end, given in whole ones, may miss a window's.
local ROUNDING = 1
-- From which part of the known number on calls are sent with care; less where
-- others use the quota, too, so that a window may take less.
local CAREFUL, LEAST_CAREFUL = 0.95, 0.5
-- With care: in flight at most this part of the known number, all of which may
-- be refused together.
local WIDEST = 1 / 50
-- A test for so many calls that passed; so many tests are saved up at most.
local CALLS_PER_TEST, MOST_TESTS = 85, 10
-- What of the pace that was known the next window is given at least.
local SLOWEST = 0.5
-- What of the time before a refusal calls have to be under way, else it was not
-- they that filled the window.
local BUSY = 0.5
-- A time that ends so near the last one, in seconds and in parts of a window, was
-- announced for a moment; after so many of them there is a share.
local MOMENT, MOMENTARY, MOMENTS = 5, 0.5, 3
-- Seconds that nobody sends after a refusal that announces no time; twice that
-- after the next, and so on.
local PAUSE, LONGEST_PAUSE = 1, 30
local M = { MOST = MOST }

local methods = {}
local mt = { __name = "partnercenter.throttle", __index = methods }

--- A throttle, shared by all calls of a client.
-- @tparam table options
-- @tparam[opt=1000] number options.concurrency calls in flight at most
-- @tparam[opt] number options.requests_per_minute in any minute at most
-- @treturn Throttle
function M.new(options)
  local rate = options.requests_per_minute
  local most = options.concurrency or MOST
  return setmetatable({
    bound = options.concurrency,
    most = most,
    limit = most,      -- calls in flight at most for now
    open = false,      -- whether a call has passed since the start or the last pause
    opening = OPENING, -- in flight at most before that; nil after a refusal
    paused_until = -math.huge,
    pause = PAUSE,
    fixed = rate and pace.new(rate, MINUTE) or nil,
    share = shares.new(), -- of places that become free one by one
    moments = 0,       -- times for a moment, one after the other
    ended = -math.huge, -- when the last announced time was over
    budget = nil,      -- calls that a window takes, once that is known
    length = nil,      -- seconds of that window
    careful = CAREFUL,
    tests = 0,         -- calls that passed and paid for no test yet
    window = nil,      -- since when calls were started, and what became of them
  }, mt)
end

local function new_window(start, begun)
  return {
    start = start,
    begun = begun,     -- whether the service's own window began there
    started = 0, passed = 0, refused = 0,
    in_flight = 1,     -- beyond the careful part; grows with what passes
    busy = 0, seen = start,
    ends = nil,        -- announced by a refusal
    rush = false,      -- refused while calls went as fast as they came
  }
end

-- A window that was refused a call is over: what it took is what one takes, if
-- this client alone has filled it.
local function learn(self, window)
  if self.moments > 0 then return end
  local length = window.ends - window.start
  local begun = window.begun or length >= (self.length or MINUTE) - ROUNDING
  if not window.announced or not begun or not window.filled or window.passed < 1 then return end
  -- Where calls are forgotten one by one, a window that begins just then takes
  -- few: no more than half is believed at a time.
  local known = self.budget and self.budget / self.length * length or 0
  self.budget, self.length = math.max(window.passed, known * SLOWEST), length
  self.careful = window.rush and math.max(LEAST_CAREFUL, self.careful * 0.8)
    or math.min(CAREFUL, self.careful + 0.05)
end

-- More passed than was known of.
local function raise(self, window)
  if self.budget and window.passed > self.budget then self.budget = window.passed end
end

local function window_at(self, now)
  local window = self.window
  if not window then
    self.window = new_window(now, false)
  elseif window.ends then
    if now < window.ends then return window end
    learn(self, window)
    self.window = new_window(window.ends, window.announced)
  elseif now >= window.start + (self.length or MINUTE) then
    raise(self, window)
    self.window = new_window(now, false)
  end
  return self.window
end

-- Is the known number used up?
local function is_beyond(self, window)
  return self.budget ~= nil and window.started >= self.budget
end

-- Calls that may be in flight at once.
local function room(self, window, now)
  -- The end of a pause that nobody announced is a guess: one call tries it.
  if self.pause > PAUSE then return 1 end
  local limit = self.limit
  if self.share.most then limit = math.min(limit, self.share:room(now, self.length or MINUTE)) end
  if not self.open then return math.min(limit, self.opening or OPENING) end
  if self.budget and window.started >= self.careful * self.budget then
    return math.min(limit, window.in_flight)
  end
  return limit
end

-- Seconds until the window ends, where its number is used up and no test is due.
local function window_delay(self, window, now)
  if not is_beyond(self, window) or window.testing or self.tests >= CALLS_PER_TEST then return 0 end
  window.waited = true
  return math.max(0, window.start + self.length - now)
end

--- Somebody has asked for so many calls at once.
-- @tparam number calls
function methods:ask(calls)
  if self.opening then self.opening = math.max(self.opening, math.min(calls, WIDEST_OPENING)) end
end

--- How long one more call has to wait.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number seconds; 0 to go ahead; infinity until a place is free
function methods:delay(now, running)
  if now < self.paused_until then return self.paused_until - now end
  local seconds = self.fixed and self.fixed:delay(now) or 0
  local window = window_at(self, now)
  if self.share.most then
    seconds = math.max(seconds, self.share:delay(now, self.length or MINUTE))
  end
  if self.budget then seconds = math.max(seconds, window_delay(self, window, now)) end
  if seconds == 0 and running + 1 > room(self, window, now) then return math.huge end
  return seconds
end

--- How many calls may be started now.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number
function methods:free(now, running)
  if now < self.paused_until then return 0 end
  local window = window_at(self, now)
  if window_delay(self, window, now) > 0 then return 0 end
  local free = math.floor(room(self, window, now)) - running
  if self.fixed then free = math.min(free, self.fixed:free(now)) end
  if self.budget and not is_beyond(self, window) then
    free = math.min(free, math.ceil(self.budget - window.started))
  end
  return math.max(0, free)
end

--- Seconds for which the service has said that it takes no calls.
-- @tparam number now seconds
-- @treturn number 0 when it said nothing, or the time is over
function methods:announced(now)
  return self.window and self.window.announced and math.max(0, self.paused_until - now) or 0
end

-- The time since the last event counts where calls were under way in it.
local function account(window, now, was_busy)
  if now <= window.seen then return end
  if was_busy then window.busy = window.busy + (now - window.seen) end
  window.seen = now
end

--- A call is being sent.
-- @tparam number now seconds
-- @treturn table a ticket, for `succeeded` and `refused`
function methods:started(now)
  local window = window_at(self, now)
  local under_way = window.started - window.passed - window.refused
  account(window, now, under_way > 0)
  if is_beyond(self, window) and not window.testing then
    window.testing = true
    self.tests = self.tests - CALLS_PER_TEST
  end
  window.started = window.started + 1
  if self.fixed then self.fixed:take(now) end
  return window
end

--- A call was answered, and not refused.
-- @tparam number now seconds
-- @tparam table ticket of the call
function methods:succeeded(now, ticket)
  account(ticket, now, true)
  ticket.passed = ticket.passed + 1
  if self.tests < CALLS_PER_TEST * MOST_TESTS then self.tests = self.tests + 1 end
  if self.limit < self.most then
    self.limit = math.min(self.most, self.limit + 1 / self.limit)
  end
  self.pause = PAUSE
  self.share:passed(now, self.length or MINUTE)
  self.open = self.open or now >= self.paused_until
  if self.budget then
    local most = math.max(1, self.budget * WIDEST)
    ticket.in_flight = math.min(most, ticket.in_flight + 1 / ticket.in_flight)
  end
end

-- The first refusal of a window tells whether calls of this client filled it.
local function first_refusal(self, now, ticket)
  ticket.filled = ticket.busy >= BUSY * (now - ticket.start)
  ticket.rush = self.budget ~= nil and ticket.started < self.careful * self.budget
  self.limit = math.max(1, self.limit / 2)
end

-- The first refusal of a window announces a time: are places free one by one, or a
-- window at a time?
local function judge(self, now, seconds)
  local length, near = self.length or MINUTE, now + seconds - self.ended
  self.ended = now + seconds
  if self.share.most and seconds >= math.max(MOMENT, MOMENTARY * length) then
    self.share:drop()
    self.moments = 0
  elseif self.share.most then
    self.share:refused(now, length)
  else
    near = near < math.max(MOMENT, MOMENTARY * (self.length or 0))
    self.moments = near and self.moments + 1 or 0
    if self.moments < MOMENTS then return end
    self.share:refused(now, length)
    self.budget = nil
  end
end

--- The service has refused a call for now. Calls that were sent together and
-- refused together count once.
-- @tparam number now seconds
-- @tparam ?number seconds how long nobody may send, as announced
-- @tparam table ticket of the call
function methods:refused(now, seconds, ticket)
  local first = ticket.ends == nil
  account(ticket, now, true)
  if first then first_refusal(self, now, ticket) end
  if first and seconds then judge(self, now, seconds) end
  ticket.refused = ticket.refused + 1
  local pause = seconds or first and self.pause or 0
  if not seconds and first then self.pause = math.min(LONGEST_PAUSE, pause * 2) end
  self.paused_until = math.max(self.paused_until, now + pause)
  ticket.ends = math.max(ticket.ends or 0, now + pause)
  ticket.announced = ticket.announced or seconds ~= nil
  self.open, self.opening = false, nil
end

--- Does the time decide when the next call may be sent, and not only how many
-- are in flight?
-- @treturn boolean
function methods:paced()
  return self.fixed ~= nil or self.budget ~= nil or self.share.most ~= nil
end

--- Are calls held back because the service refused some?
-- @tparam number now seconds
-- @treturn boolean
function methods:throttled(now)
  if now < self.paused_until then return true end
  if self.share.most then return true end
  return self.budget ~= nil and self.window ~= nil and self.window.waited == true
end

return M
