-- What the report service keeps, queries and reports, and the clock it goes by.
-- A report's runs follow from that clock: nothing has to be done in between.
local cjson = require "cjson.safe"
local data = require "sandbox.data.data"
local settings = require "sandbox.server.settings"

local M = {}

local PENDING, RUNNING = 60, 120 -- seconds that a run spends so
local HOUR = 3600
local MOST_RUNS = 5000
local KEPT_DAYS = 90

-- Seconds since the epoch by the service's clock, which an option speeds up.
function M.now()
  local dict, now = ngx.shared.reports, ngx.now()
  local from = dict:get("epoch")
  if not from then
    dict:add("epoch", now)
    from = dict:get("epoch")
  end
  return from + (now - from) * settings.get().report_clock
end

function M.time(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

-- The state as a table: queries and reports by id, in the order they were made.
function M.load()
  return cjson.decode(ngx.shared.reports:get("state") or "") or { queries = {}, reports = {} }
end

function M.save(state) ngx.shared.reports:set("state", cjson.encode(state)) end

function M.reset()
  ngx.shared.reports:flush_all()
end

local function is_paused(report, time)
  for _, pause in ipairs(report.pauses) do
    if time >= pause[1] and time < (pause[2] or math.huge) then return true end
  end
  return false
end

-- When the report has run, the newest first.
local function times_of(report, now)
  if report.executeNow then return { report.created } end
  local times, n, time = {}, 0, report.start
  while time <= now and n < (report.recurrenceCount or MOST_RUNS) do
    n = n + 1
    if not is_paused(report, time) and now - time < KEPT_DAYS * 24 * HOUR then
      table.insert(times, 1, time)
    end
    time = time + report.recurrenceInterval * HOUR
  end
  return times
end

local function state_of(age)
  local forced = settings.get().report_state
  if forced ~= "" then return forced end
  return age < PENDING and "Pending" or age < PENDING + RUNNING and "Running" or "Completed"
end

-- The runs of a report, the newest first: id, state, when it was done.
function M.runs(report)
  local runs, now = {}, M.now()
  for i, time in ipairs(times_of(report, now)) do
    local state = state_of(now - time)
    runs[i] = { id = data.guid(report.reportId .. " " .. time), state = state, time = time,
      done = state == "Completed" and time + PENDING + RUNNING or nil }
  end
  return runs
end

-- Active, Paused, or Inactive when no run will come any more.
function M.status(report)
  local last = report.pauses[#report.pauses]
  if last and not last[2] then return "Paused" end
  local now = M.now()
  if report.executeNow then
    return state_of(now - report.created) == "Completed" and "Inactive" or "Active"
  end
  local count = report.recurrenceCount
  if count and report.start + (count - 1) * report.recurrenceInterval * HOUR < now then
    return "Inactive"
  end
  return "Active"
end

-- The report and run with that execution's id, or nil.
function M.find_run(id)
  for _, report in ipairs(M.load().reports) do
    for _, run in ipairs(M.runs(report)) do
      if run.id == id then return report, run end
    end
  end
end

-- How many calls are left in this minute of the service's clock; nil: no limit.
function M.take_call()
  local most = settings.get().report_rate
  if most == 0 then return nil end
  local minute = math.floor(M.now() / 60)
  local used = ngx.shared.reports:incr("calls:" .. minute, 1, 0, 120)
  return most - used, most, 60 - M.now() % 60
end

return M
