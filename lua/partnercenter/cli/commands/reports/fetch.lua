--- `reports fetch`: the rows of a report that is there, or will be.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.fetch

local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local find = require "partnercenter.cli.commands.reports.find"
local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"
local rows_of = require "partnercenter.cli.commands.reports.rows"
local run = require "partnercenter.cli.run"
local shell = require "partnercenter.cli.shell"

-- Where the runs of a report that were read are noted: an id a line.
local function seen_path(task, id)
  return ("%s/reports/%s"):format(task.settings.state, id:lower())
end

-- Which of the runs were read; without the file all would be read once more. Those that
-- the service no longer knows are forgotten: the list does not grow for ever.
local function read_seen(path, runs)
  local text, why, missing = core.file_read(path)
  if not text and not missing then
    failure.raise("failed", ("what was read before cannot be known: %s: %s"):format(path, why))
  end
  local read, seen = {}, {}
  for id in (text or ""):gmatch("[^\n]+") do read[id] = true end
  for _, run_done in ipairs(runs) do seen[run_done.executionId] = read[run_done.executionId] end
  return seen
end

local function write_seen(path, seen)
  local ids = {}
  for id in pairs(seen) do ids[#ids + 1] = id end
  table.sort(ids)
  shell.make_directory(path:match("^(.*)/"))
  local ok, why = core.file_write(path, table.concat(ids, "\n") .. "\n")
  if not ok then
    failure.raise("failed", ("what was read cannot be noted in %s: %s"):format(path, why))
  end
end

local function runs_of(report)
  local runs, err = report:executions()
  if not runs then failure.fail(err) end
  return runs
end

local function has_file(runs)
  for _, run_done in ipairs(runs) do
    if run_done.ready then return true end
  end
  return false
end

local function run_fetch(given)
  formats.rows.plan { given = { command = given.command, format = given.format,
    output = given.output } }
  return (run.task.run(given, function(task)
    local row = find.find(task, given.report)
    local report = task.partner.reports:open(row.reportId)
    local path = seen_path(task, report.id)
    local known = given.new and runs_of(report)
    local seen, runs = known and read_seen(path, known) or nil, 0
    if known and not has_file(known) then
      task.status:note("no new run")
      return failure.codes.done
    end
    local code, count = rows_of.collect(task, report, { given = given, wait = not given.new,
      seconds = given.wait * 60, name = row.reportName or report.id,
      reading = { duplicates = given.duplicates or nil, seen = seen,
        on_run = function() runs = runs + 1 end } })
    if code then return code end
    if seen and runs > 0 then write_seen(path, seen) end
    if seen and runs == 0 then
      task.status:note("no new run")
    elseif count == 0 then
      task.status:note("no rows")
    end
    if not given.delete then return failure.codes.done end
    local gone, err = report:delete()
    if not gone then failure.fail(err) end
    return failure.codes.done
  end))
end

return {
  name = "fetch",
  summary = "Write the rows of a report that is there.",
  arguments = "<report>",
  description = "Write the rows of a report's newest file; waits for it when it is not there yet.",
  examples = {
    "reports fetch 'seats every night'",
    "reports fetch 'seats every night' --new --output seats.csv",
  },
  options = function(command)
    command:argument("report"):description "Its id, or its name."
    command:group("Main options",
      command:flag("--new"):description
        "Every run that was not fetched with --new before, the oldest first; waits for none.",
      command:flag("--delete"):description "Take the report away when its rows are written.",
      command:flag("--duplicates")
        :description "Rows that stand for another location of yours, too.",
      command:option("--wait"):argname "<minutes>":default(360)
        :convert(options.values.number(0, 10080, "minutes"))
        :description "Wait so long at most (360).")
    options.groups.rows(command, "table", "WorkloadName eq 'Exchange'")
    options.groups.settings(command)
  end,
  run = run_fetch,
}
