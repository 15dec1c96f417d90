--- How many calls may be in flight, and from when on. Pure: the time is a
-- parameter.
--
-- A refusal (429) holds everybody back for the announced time and halves the
-- number of calls in flight, which then grows by one for as many answers as are
-- allowed at once. It also shows the quota: so many calls passed in the time
-- that ends when the service will take calls again. From then on calls are
-- spread evenly, a little below what passed; and while nothing is refused the
-- pace is raised, slowly first.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.throttle

-- What of a pace may be used up at once; the rest is spread evenly.
local BURST = 1 / 50
-- What of a quota that was seen is used: clocks and windows never match quite.
local SHARE = 0.98
-- How much faster after the first window without a refusal; twice that after
-- the next, and so on.
local GROWTH, MOST_GROWTH = 0.02, 0.5
-- Seconds of a window while none was seen: quotas are given per minute.
local MINUTE = 60
-- Parts of a second by which the calls of the last window are counted.
local TICKS = 10
-- Seconds that nobody sends after a refusal that announces no time; twice that
-- after the next, and so on.
local PAUSE, LONGEST_PAUSE = 1, 30

-- Seconds too short to wait for.
local SOON = 1e-6

local M = {}

local methods = {}
local mt = { __name = "partnercenter.throttle", __index = methods }

-- At most `calls` in any `seconds`: some at once, then one per gap.
local function new_pace(calls, seconds, due)
  local burst = math.max(1, math.floor(calls * BURST))
  local gap = seconds / (calls - burst + 1)
  return { gap = gap, slack = (burst - 1) * gap, due = due or -math.huge }
end

local function pace_delay(pace, now)
  local seconds = pace.due - pace.slack - now
  return seconds > SOON and seconds or 0
end

local function take(pace, now)
  pace.due = math.max(now, pace.due) + pace.gap
end

local function pace_free(pace, now)
  local due = math.max(now, pace.due)
  return math.floor((now + pace.slack - due + SOON) / pace.gap + 1)
end

--- A throttle, shared by all calls of a client.
-- @tparam table options
-- @tparam number options.concurrency calls in flight at most
-- @tparam[opt] number options.requests_per_minute in any minute at most
-- @treturn Throttle
function M.new(options)
  local rate = options.requests_per_minute
  return setmetatable({
    most = options.concurrency,
    limit = options.concurrency,
    paused_until = -math.huge,
    pause = PAUSE,
    fixed = rate and new_pace(rate, MINUTE) or nil,
    seen = nil,    -- the pace that refusals have shown
    window = nil,  -- since when calls were started, and what became of them
    log = {},      -- how many calls were started, by tick
    oldest = nil,  -- tick of the log
  }, mt)
end

--- How long one more call has to wait.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number seconds; 0 to go ahead; infinity until a place is free
function methods:delay(now, running)
  local seconds = math.max(0, self.paused_until - now)
  if self.fixed then seconds = math.max(seconds, pace_delay(self.fixed, now)) end
  if self.seen then
    local own = pace_delay(self.seen.pace, now)
    if own > 0 and self.window then self.window.waited = true end
    seconds = math.max(seconds, own)
  end
  if seconds == 0 and running >= math.floor(self.limit) then return math.huge end
  return seconds
end

--- How many calls may be started now.
-- @tparam number now seconds
-- @tparam number running calls in flight
-- @treturn number
function methods:free(now, running)
  if now < self.paused_until then return 0 end
  local free = math.floor(self.limit) - running
  if self.fixed then free = math.min(free, pace_free(self.fixed, now)) end
  if self.seen then free = math.min(free, pace_free(self.seen.pace, now)) end
  return math.max(0, free)
end

local function set_pace(self, calls, seconds, growth, due)
  calls = math.max(1, calls)
  self.seen = {
    calls = calls, seconds = seconds, growth = growth,
    pace = new_pace(math.max(1, math.floor(calls)), seconds, due),
  }
end

-- A window is over: when it was used up and nothing was refused, more may pass.
local function grow(self, window)
  local seen = self.seen
  if not seen or not window.waited or window.refused > 0 then return end
  set_pace(self, seen.calls * (1 + seen.growth), seen.seconds,
    math.min(MOST_GROWTH, seen.growth * 2), seen.pace.due)
end

local function window_at(self, now)
  local window = self.window
  local length = self.seen and self.seen.seconds or MINUTE
  if window and not window.ends and now < window.start + length then return window end
  if window then grow(self, window) end
  self.window = { start = now, refused = 0, waited = false, ends = nil }
  return self.window
end

-- Counts a call, and forgets what no window reaches back to.
local function note(self, now)
  local tick = math.floor(now * TICKS)
  local ticks = math.ceil((self.seen and self.seen.seconds or MINUTE) * TICKS)
  if not self.oldest or tick - self.oldest > 2 * ticks then self.log, self.oldest = {}, tick end
  self.log[tick] = (self.log[tick] or 0) + 1
  for old = self.oldest, tick - ticks - 1 do self.log[old] = nil end
  self.oldest = math.max(self.oldest, tick - ticks)
end

local function count_since(self, time)
  local count, first = 0, math.floor(time * TICKS)
  for tick, calls in pairs(self.log) do
    if tick >= first then count = count + calls end
  end
  return count
end

--- A call is being sent.
-- @tparam number now seconds
-- @treturn table a ticket, for `refused`
function methods:started(now)
  local window = window_at(self, now)
  note(self, now)
  if self.fixed then take(self.fixed, now) end
  if self.seen then take(self.seen.pace, now) end
  return window
end

--- A call was answered, and not refused.
function methods:succeeded()
  self.limit = math.min(self.most, self.limit + 1 / self.limit)
  self.pause = PAUSE
end

-- What passed in the time that ends with the window is what passes in any time
-- as long. The first window began with the first call, as far as anybody knows.
local function learn(self, window)
  local seen = self.seen
  local length = seen and seen.seconds or window.ends - window.start
  local passed = count_since(self, window.ends - length) - window.refused
  if passed < 1 then passed = seen and seen.calls / 2 or 1 end
  set_pace(self, passed * SHARE, length, GROWTH)
end

--- The service has refused a call for now. Calls that were sent together and
-- refused together count once.
-- @tparam number now seconds
-- @tparam ?number seconds how long nobody may send, as announced
-- @tparam table ticket of the call
function methods:refused(now, seconds, ticket)
  local first = ticket.ends == nil
  ticket.refused = ticket.refused + 1
  local pause = seconds or first and self.pause or 0
  if not seconds and first then self.pause = math.min(LONGEST_PAUSE, pause * 2) end
  self.paused_until = math.max(self.paused_until, now + pause)
  if first then
    ticket.ends = now + pause
    self.limit = math.max(1, self.limit / 2)
  end
  if seconds and ticket.ends > ticket.start then learn(self, ticket) end
end

--- Does the time decide when the next call may be sent, and not only how many
-- are in flight?
-- @treturn boolean
function methods:paced()
  return self.fixed ~= nil or self.seen ~= nil
end

--- Are calls held back because the service refused some?
-- @tparam number now seconds
-- @treturn boolean
function methods:throttled(now)
  if now < self.paused_until then return true end
  return self.seen ~= nil and self.window ~= nil and self.window.waited
end

return M
