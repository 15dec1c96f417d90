--- `reports run`: a report from the question to its rows.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.run

local config = require "partnercenter.cli.config"
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local output = require "partnercenter.cli.output"
local rows_of = require "partnercenter.cli.commands.reports.rows"
local run = require "partnercenter.cli.run"
local wanted = require "partnercenter.cli.commands.reports.wanted"

-- Have it made. Ctrl-C meanwhile leaves open whether it was.
local function start(task, what)
  local report, err
  run.task.interruptible(task, function()
    report, err = config.account.guarded(task.settings, function()
      local made, why = task.partner.reports:start(what)
      return made, why
    end)
  end)
  if task.interrupted then
    task.status:complain(("interrupted; 'partnercenter reports list' shows whether the report "
      .. "'%s' is there"):format(what.name))
  elseif not report then
    failure.fail(err)
  end
  return report
end

local function run_report(given)
  local what, here = wanted.of(given)
  what.name = what.name or "partnercenter " .. core.guid()
  what.from, what.to, what.format = given.from, given.to, nil
  return (run.task.run(given, function(task)
    local report = start(task, what)
    if not report then return failure.codes.interrupted end
    if given.no_wait then
      output.print(report.id, "\n")
      return failure.codes.done
    end
    task.status:note(("report %s is being made; 'partnercenter reports fetch %s' reads it, too")
      :format(report.id, report.id))
    local code, count = rows_of.collect(task, report, { given = here, wait = true,
      reading = { duplicates = given.duplicates or nil }, seconds = given.wait * 60,
      name = given.dataset or given.system or "report" })
    if code then return code end
    if count == 0 then task.status:note("no rows") end
    if given.keep then return failure.codes.done end
    local gone, err = report:delete()
    if not gone then failure.fail(err) end
    return failure.codes.done
  end))
end

return {
  name = "run",
  summary = "Have a report made, wait for it, write its rows.",
  arguments = "<data set>",
  description = "Have a report made, wait for it (minutes), write its rows, and take it away. "
    .. "With a data set, --columns, --filter, --sort and --limit are asked of the service. "
    .. "Interrupted, the report goes on: 'reports fetch' with its id, which is told, reads it.",
  examples = {
    "reports run OfficeUsage --columns CustomerName,WorkloadName,MonthlyActiveUsers "
      .. "--filter \"WorkloadName eq Exchange\" --timespan LAST_MONTH "
      .. "--sort MonthlyActiveUsers:desc",
    "reports run --system SeatsSubscriptionsAndRevenue --output seats.csv",
    "reports run OfficeUsage --columns CustomerName,MonthlyActiveUsers --no-wait",
  },
  options = function(command)
    wanted.options(command,
      command:option("--from"):argname "<time>"
        :description "From this time on, such as 2017-03-01, instead of a time span.",
      command:option("--to"):argname "<time>":description "Up to this time.",
      command:option("--filter-here"):argname "<condition>"
        :description "A condition that the service's language has not, decided on the rows.",
      command:option("--wait"):argname "<minutes>":default(360)
        :convert(options.values.number(0, 10080, "minutes"))
        :description "Wait so long at most (360).",
      command:flag("--no-wait"):description "Print the id of the report, and end.",
      command:flag("--keep"):description "Leave the report at the service.")
    options.groups.rows(command, "table", wanted.example)
    options.groups.settings(command)
  end,
  run = run_report,
}
