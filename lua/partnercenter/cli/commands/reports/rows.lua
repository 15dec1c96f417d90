--- What the commands of reports share: a table of what the service has, and the rows of
-- a report from the first wait to the last row.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.rows

local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local run = require "partnercenter.cli.run"
local wire = require("partnercenter.util").wire

local M = {}

local column = formats.columns.column

-- Columns and metrics of the documented data sets that hold numbers; in the file all
-- is text.
local COUNTS = {}
for name in ([[AvailableSeatsEOP SubscriptionCount AvailableSeats TotalAssignedSeats
  BilledRevenueUSD CustomerCount CustomerTenantCount AzureConsumedRevenueUSD CPORRevenue
  CPORPaidSeats CPORActiveUsers PaidAvailableUnits MonthlyActiveUsers TotalPaidAvailableUnits
  TotalMonthlyActiveUsers AssignedSeats ActiveSeats DeploymentOpportunity ActiveUsagePercent
  TotalSoldSeats TotalActiveSeats TotalAvailableSeats TotalRevenueAndACR]]):gmatch("%S+") do
  COUNTS[name] = true
end

-- "MonthlyActiveUsers" as "MONTHLY ACTIVE USERS".
local function title_of(heading)
  return (heading:gsub("(%l)(%u)", "%1 %2"):upper())
end

--- Columns for the headings of a file.
-- @tparam {string,...} headings
-- @treturn table array of columns
function M.columns(headings)
  local list = {}
  for i, heading in ipairs(headings) do
    list[i] = column(heading, title_of(heading), COUNTS[heading] and "count" or "text")
  end
  return list
end

--- Show what the service has.
-- @tparam table given the options of the command line
-- @tparam table columns
-- @tparam table known further fields that may be named
-- @tparam function get takes a task, gives rows, or nil and an error
-- @treturn number exit code
function M.show(given, columns, known, get)
  local plan = formats.rows.plan { given = given, columns = columns, known = known }
  return (run.task.run(given, function(task)
    local rows, err = get(task)
    if not rows then failure.fail(err) end
    local sink, count = plan:open(task.settings.values.locale), 0
    for _, row in ipairs(rows) do
      if not plan.filter or plan.filter(row) then
        count = count + 1
        if sink.row(row) then break end
      end
    end
    sink.finish(true)
    if count == 0 then task.status:note("no rows") end
  end))
end

local USUAL = 600      -- seconds that a report takes at most, as a rule

-- Tells how far the service is.
local function teller(task, name)
  return function(state, seconds)
    local usual = seconds < USUAL and "usually under 10 min" or "longer than usual"
    local words = state == "None" and "not yet begun" or state:lower()
    task.status:waiting(name, words, seconds, usual)
  end
end

-- A cell that holds a number becomes one; whatever else stands there stays.
local function convert(row)
  for name in pairs(COUNTS) do
    local value = row[name]
    if value ~= nil then row[name] = wire.number(value) or value end
  end
  return row
end

-- Read into a sink that is opened when the names of the columns are known.
local function read(task, iterate, closer, state)
  local function open()
    local plan = formats.rows.plan { given = state.given,
      columns = M.columns(closer.headings() or {}) }
    state.filter, state.sink = plan.filter, plan:open(task.settings.values.locale)
  end
  for read_row in iterate do
    if not state.sink then open() end
    local row = convert(read_row)
    if not state.filter or state.filter(row) then
      state.count = state.count + 1
      if state.sink.row(row) then break end
      task.status:progress("rows", state.count)
    end
  end
  if not state.sink and closer.headings() then open() end
end

-- The end of the rows: those that came are written, whatever happened.
local function conclude(task, state, whole)
  task.status:clear()
  if not state.sink then return end
  if not whole and state.count == 0 then return state.sink.drop() end
  local kept = state.sink.finish(whole)
  if kept then task.status:complain("not all rows came; those that did are in " .. kept) end
end

local function tell_kept(task, report)
  task.status:complain(("report %s is still there: 'partnercenter reports fetch %s --delete' goes "
    .. "on with it, 'partnercenter reports delete %s' takes it away"):format(report.id, report.id,
    report.id))
end

-- What went wrong, in words; the exit code.
local function explain(task, why)
  local code, message, kind = failure.explain(why)
  -- What the library says of going on is said in words of the command.
  task.status:complain((message:gsub("; it is still there: partner%.reports.*$", "")), kind)
  return code
end

--- Wait for a report and write its rows.
-- @tparam table task
-- @tparam Report report
-- @tparam table options
-- @tparam table options.given which rows, and how: as a plan takes it
-- @tparam table options.reading options of `report:each`
-- @tparam number options.seconds to wait at most
-- @tparam string options.name for the progress
-- @tparam boolean options.wait wait for its file first
-- @treturn ?number exit code; nil when all rows came
-- @treturn number rows
function M.collect(task, report, options)
  local state = { given = options.given, count = 0 }
  local ok, why = pcall(run.task.interruptible, task, function()
    if options.wait then
      local done, err = report:wait(options.seconds, teller(task, options.name))
      if not done then error(err, 0) end
      task.status:clear()
    end
    local iterate, _, _, closer = report:each(options.reading)
    read(task, iterate, closer, state)
    closer.close()
  end)
  local whole = ok and not task.interrupted
  conclude(task, state, whole)
  if whole then return nil, state.count end
  local code = failure.codes.interrupted
  if ok then task.status:complain("interrupted") else code = explain(task, why) end
  tell_kept(task, report)
  return code, state.count
end

return M
