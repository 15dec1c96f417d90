--- `reports schedule`: a report that the service makes again and again.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.schedule

local config = require "partnercenter.cli.config"
local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local output = require "partnercenter.cli.output"
local run = require "partnercenter.cli.run"
local wanted = require "partnercenter.cli.commands.reports.wanted"

local HOUR = 3600
local SOONEST = 4      -- hours ahead: the service takes no earlier start

-- The first full hour that the service takes, with some minutes for the way there.
local function soonest()
  local time = os.time() + SOONEST * HOUR + 300
  return time + HOUR - time % HOUR
end

local function run_schedule(given)
  if not given.name then failure.usage("say its --name, by which it is found again") end
  local what = wanted.of(given)
  what.start, what.interval, what.count = given.start or soonest(), given.every, given.times
  what.callback_url, what.callback_method = given.callback_url, given.callback_method
  return (run.task.run(given, function(task)
    local report, err = config.account.guarded(task.settings, function()
      local made, why = task.partner.reports:schedule(what)
      return made, why
    end)
    if not report then failure.fail(err) end
    output.print(report.id, "\n")
    task.status:note(("'%s' runs every %d h from %s on; 'partnercenter reports fetch %s --new' "
      .. "reads each run once"):format(report.name or given.name, given.every,
      type(what.start) == "number" and os.date("!%Y-%m-%dT%H:%M:%SZ", what.start) or what.start,
      report.id))
  end))
end

return {
  name = "schedule",
  summary = "Have a report made again and again.",
  arguments = "<data set>",
  description = "Have a report made again and again; prints its id. Its runs are read by "
    .. "'reports fetch', each once with --new.",
  examples = {
    "reports schedule SeatsSubscriptionsAndRevenue --name 'seats every night' --columns "
      .. "CustomerName,ReportingProductName,AvailableSeatsEOP --timespan LAST_MONTH",
    "reports schedule OfficeUsage --name 'usage on Mondays' --columns CustomerName,WorkloadName,"
      .. "MonthlyActiveUsers --every 168 --times 52",
  },
  options = function(command)
    wanted.options(command,
      command:option("--start"):argname "<time>"
        :description "The first run, four hours ahead or more; none is the next hour that is.",
      command:option("--every"):argname "<hours>":default(24)
        :convert(options.values.number(4, 2160, "hours")):description "From run to run (24).",
      command:option("--times"):argname "<n>":convert(options.values.whole(1e9))
        :description "So many runs; none is for ever.",
      command:option("--callback-url"):argname "<url>":description "Told when a run has ended.",
      command:option("--callback-method"):argname "<method>":choices { "GET", "POST" }
        :description "GET or POST (default).")
    options.groups.choice(command, wanted.example)
    options.groups.telling(command)
    options.groups.settings(command)
  end,
  run = run_schedule,
}
