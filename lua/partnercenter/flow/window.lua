--- A window of a quota that a fleet shares, as it is kept in a store: `number`, `start`
-- and `ends` (seconds since the epoch), `length` (seconds, of one that was seen whole),
-- `budget` (calls that it takes, once that is known), `spare` (calls that passed since
-- one was refused, before it), `begun` (whether the service's own began there too), and
-- `announced` (the service has refused a call until it ends). Pure.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.window

local wire = require("partnercenter.util").wire

-- Seconds of a window while none was seen: quotas are given per minute.
local MINUTE, LONGEST = 60, 600
-- Seconds for which a service may announce that it takes no calls.
local FURTHEST = 30 * 86400
-- Beyond every number of windows, calls and seconds.
local MOST = 2 ^ 50
-- Seconds by which the service's own window, which its first call began, may end later.
local LATE = 0.25
-- What of the known pace the next window is given at least.
local SLOWEST = 0.5
-- The least part of a window that tells something of a whole one.
local WHOLE = 0.5
-- The text is of this form.
local FORM = "w2"

local M = {}

--- The key of something of a window.
-- @tparam string what
-- @tparam number number
-- @treturn string
function M.name(what, number) return ("%s:%d"):format(what, number) end

--- The one that begins with the first call.
-- @tparam number now
-- @treturn Window
function M.first(now)
  return { number = 1, start = now, ends = now + MINUTE + LATE, length = MINUTE, spare = 0 }
end

--- A window as a text.
-- @tparam Window window
-- @treturn string
function M.format(window)
  return ("%s %d %s %s %s %s %s %s%s"):format(FORM, window.number, wire.fixed(window.start, 3),
    wire.fixed(window.ends, 3), wire.fixed(window.length, 3),
    window.budget and wire.fixed(window.budget, 0) or "-", wire.fixed(window.spare, 0),
    window.begun and "b" or "-", window.announced and "a" or "-")
end

local function between(least, value, most)
  return value ~= nil and value >= least and value <= most
end

-- May calls be counted by it?
local function is_sound(window)
  return between(1, window.number, MOST) and between(0, window.start, MOST)
    and between(window.start, window.ends, window.start + FURTHEST)
    and between(0, window.length, LONGEST) and between(0, window.spare, MOST)
    and (not window.budget or between(1, window.budget, MOST) and window.budget % 1 == 0)
end

--- The window that a text tells of.
-- @tparam ?string text
-- @treturn ?Window nil: there is none, or it is another version's
function M.parse(text)
  local form, number, start, ends, length, budget, spare, begun, announced =
    (text or ""):match("^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) ([b-])([a-])$")
  if form ~= FORM then return nil end
  local window = {
    number = wire.digits(number), start = wire.number(start), ends = wire.number(ends),
    length = wire.number(length), budget = budget ~= "-" and (wire.number(budget) or 0) or nil,
    spare = wire.number(spare), begun = begun == "b", announced = announced == "a",
  }
  return is_sound(window) and window or nil
end

--- Is a window over? So is one that began in the time to come: by a clock that was wrong
-- then, for whose sake nobody is to wait.
-- @tparam Window window
-- @tparam number now
-- @treturn boolean
function M.is_over(window, now)
  return now >= window.ends or window.start > now + LONGEST
end

-- What it has shown of how many calls a window of what length takes.
local function learn(old, passed)
  if not old.announced then return old.budget and math.max(old.budget, passed), old.length end
  local length = math.max(1, math.min(LONGEST, old.ends - old.start))
  -- A refusal for a moment only: others use the quota, too, or this one began early.
  if old.budget and not old.begun and length < WHOLE * old.length then
    return old.budget, old.length
  end
  local known = old.budget and old.budget / old.length * length * SLOWEST or 1
  return math.max(1, passed, math.floor(known)), length
end

--- The window that follows one which is over.
-- @tparam Window old
-- @tparam number passed calls that it took
-- @tparam number now
-- @treturn Window
function M.follow(old, passed, now)
  local budget, length = learn(old, passed)
  -- After a pause nobody knows whether the service's own begins there.
  local at_once = now >= old.ends and now - old.ends < length / 2
  local start = at_once and old.announced and old.ends or now
  return {
    number = old.number + 1, start = start, ends = start + length + LATE, length = length,
    budget = budget, begun = at_once and old.announced,
    spare = old.announced and 0 or old.spare + passed,
  }
end

return M
