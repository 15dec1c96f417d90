-- A service with a quota, and two clients of it: the library's throttle, and one that
-- knows the future. Simulated: no network, no clock. For bench/throttle.lua and
-- bench/licences.lua.
local throttle = require "partnercenter.flow.throttle"

local M = {}

-- A case has `calls`, and what it does not say itself is this: requests in a window of
-- seconds, which begins with the first; seconds of an answer; calls at once.
M.base = { quota = 500, window = 60, latency = 0.05, concurrency = 16, kind = "first" }

-- The same numbers in every Lua (MINSTD).
function M.random(seed)
  local state = seed % 2147483647
  if state == 0 then state = 1 end
  return function()
    state = state * 16807 % 2147483647
    return state / 2147483647
  end
end

-- --- the service: so many calls in a window, by others, too ---

-- When the others call: `rate` a second, for `on` of every `cycle` seconds.
local function new_others(spec, random)
  local at = 0
  return function()
    if not spec then return math.huge end
    at = at - math.log(1 - random()) / spec.rate
    if spec.cycle and at % spec.cycle > spec.on then
      at = (math.floor(at / spec.cycle) + 1) * spec.cycle
    end
    return at
  end
end

local service = {}
service.__index = service

local function new_service(case, seed)
  local self = setmetatable({
    case = case, used = case.used or 0, ends = case.ends or 0, log = {}, first = 1,
    next_other = new_others(case.others, M.random(seed)),
  }, service)
  self.other = self.next_other()
  for i = 1, case.kind == "sliding" and self.used or 0 do
    self.log[i] = case.ends - case.window
  end
  return self
end

function service:quota(time)
  local change = self.case.change
  return change and time >= change.at and change.quota or self.case.quota
end

-- Counts a call, and says how long one over the quota has to wait. The others
-- have what they need: theirs count in any case.
local function take(self, time, other)
  local window, quota = self.case.window, self:quota(time)
  if self.case.kind == "sliding" then
    while self.log[self.first] and self.log[self.first] <= time - window do
      self.first = self.first + 1
    end
    local full = #self.log - self.first + 1 >= quota
    if full and not other then return self.log[#self.log - quota + 1] + window - time end
    self.log[#self.log + 1] = time
    return 0
  end
  if time >= self.ends then
    self.used = 0
    self.ends = self.case.kind == "clock" and (math.floor(time / window) + 1) * window
      or time + window
  end
  if self.used >= quota and not other then return self.ends - time end
  self.used = self.used + 1
  return 0
end

-- Seconds until the service will take a call; 0 and it has taken this one.
function service:arrive(time)
  while self.other <= time do
    take(self, self.other, true)
    self.other = self.next_other()
  end
  return take(self, time)
end

-- --- the two clients ---

local function latency_of(case, random)
  return case.latency * (0.5 + random())
end

-- The least time: a refused call is not counted, and made again when it passes. The
-- client knows the future: it sends each call as soon as the service will take it.
function M.ideal(case, seed)
  local random, server = M.random(seed), new_service(case, seed + 1)
  local now, answers = 0, {}
  for _ = 1, case.calls do
    if #answers >= case.concurrency then now = math.max(now, table.remove(answers, 1)) end
    local latency = latency_of(case, random)
    local arrives = now + latency / 2
    local wait = server:arrive(arrives)
    while wait > 0 do
      arrives = arrives + wait
      wait = server:arrive(arrives)
    end
    now = math.max(now, arrives - latency / 2)
    local answered, at = arrives + latency / 2, #answers + 1
    while at > 1 and answers[at - 1] > answered do at = at - 1 end
    table.insert(answers, at, answered)
  end
  return answers[#answers]
end

local function insert(events, event)
  local at = #events + 1
  while at > 1 and events[at - 1].at < event.at do at = at - 1 end
  table.insert(events, at, event)     -- the next one is the last of the array
end

-- What the library's throttle needs: seconds, and how many calls were refused.
function M.throttled(case, seed)
  local random, server = M.random(seed), new_service(case, seed + 1)
  local t = throttle.new { concurrency = case.concurrency }
  local now, todo, done, running, refused, events = 0, case.calls, 0, 0, 0, {}
  local function send()
    local latency = latency_of(case, random)
    running, todo = running + 1, todo - 1
    local ticket = t:started(now)
    insert(events, { at = now + latency / 2, arrives = true, latency = latency, ticket = ticket })
  end
  local function answer(event)
    running = running - 1
    if event.wait == 0 then
      done = done + 1
      t:succeeded(now, event.ticket)
    else
      refused, todo = refused + 1, todo + 1
      t:refused(now, not case.silent and math.ceil(event.wait) or nil, event.ticket)
    end
  end
  while done < case.calls do
    local wait = math.huge
    while todo > 0 do
      wait = t:delay(now, running)
      if wait > 0 then break end
      send()
    end
    local event = events[#events]
    if todo > 0 and (not event or now + wait < event.at) then
      now = now + math.max(wait, 1e-3)
    else
      now = event.at
      events[#events] = nil
      if event.arrives then
        event.wait, event.arrives, event.at = server:arrive(now), nil, now + event.latency / 2
        insert(events, event)
      else
        answer(event)
      end
    end
  end
  return now, refused
end

return M
