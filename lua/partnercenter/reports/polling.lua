--- Waiting for a report: looks at its newest run, at a pace that the service allows,
-- until there is a file.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.polling

local errors = require "partnercenter.errors"
local reading = require "partnercenter.reports.reading"

local M = {}

-- Calls that the service takes in a minute, where it does not say.
local CALLS = 10
-- Seconds from one look to the next: the first, in such parts of a minute's calls;
-- the longest of the first half an hour, and of the rest.
local FIRST_PART, LONG, LONGEST = 2.5, 60, 300
local HALF_AN_HOUR = 1800
local FEW_CALLS = 2

local function too_late(report, state, seconds)
  return errors.from_failure("timeout", ("report %s is %s after %d seconds of waiting"):format(
    report.id, state and ("in the state " .. state) or "not yet begun", math.floor(seconds)),
    { retryable = true })
end

local function cancelled(report, why)
  return errors.from_failure("cancelled", ("report %s: %s"):format(report.id, why))
end

-- The shortest pause that the service's window allows.
local function shortest(calls)
  return 60 / math.max(1, calls.most or CALLS)
end

--- Wait until there is a file.
-- @tparam table report its `id`; `left` is set when nobody waits any more
-- @tparam table service
-- @tparam number seconds at most
-- @tparam ?boolean iterating
-- @tparam ?function on_wait called after each look with the state and the seconds so far
-- @treturn[1] table the run, with its link
-- @treturn[2] nil
-- @treturn[2] Error
function M.await(report, service, seconds, iterating, on_wait)
  local transport = service.transport
  local clock = transport.dispatcher.clock
  local began, pause, state = clock(), nil, nil
  report.left = nil
  local due = began + seconds
  while true do
    local runs, calls = service:executions(report.id, { iterating = iterating, deadline = due })
    local now = clock()
    if not runs then
      local over = calls.kind == "timeout" and now >= due
      return nil, over and too_late(report, state, now - began) or calls
    end
    local run = runs[1]
    if reading.is_ready(run) then return run end
    state = run and type(run.executionStatus) == "string" and run.executionStatus or nil
    if on_wait then on_wait(state or "None", now - began) end
    local least = shortest(calls)
    pause = pause or least * FIRST_PART
    if calls.left and calls.left <= FEW_CALLS then pause = math.max(pause, LONG) end
    if now + least > due then return nil, too_late(report, state, now - began) end
    if not transport:sleep(math.min(pause, due - now), iterating, report) then
      return nil, cancelled(report, "the client was closed")
    end
    if report.left then return nil, cancelled(report, "the iterator was closed") end
    pause = math.min(pause * 2, now - began > HALF_AN_HOUR and LONGEST or LONG)
  end
end

return M
