--- `diff`: what changed between two snapshots.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.history.diff

local config = require "partnercenter.cli.config"
local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local history = require "partnercenter.history"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"
local terminal = require "partnercenter.cli.terminal"

local column = formats.columns.column

local TITLES = {
  licensesSold = "SOLD", licensesDeployed = "DEPLOYED", licensesQualified = "QUALIFIED",
  licensesActive = "ACTIVE",
}

local function columns_of(kind)
  local list = { column("change", "CHANGE"), column("customerName", "CUSTOMER"),
    column("productName", "PRODUCT") }
  if kind == "usage" then list[4] = column("workloadName", "WORKLOAD") end
  for _, count in ipairs(history.kinds[kind].counts) do
    list[#list + 1] = column(count, TITLES[count], "count")
    list[#list + 1] = column(count .. "Change", "+/-", "difference")
  end
  return list
end

local function known_of(kind)
  local names = { "customerId", "channel" }
  for _, count in ipairs(history.kinds[kind].counts) do names[#names + 1] = count .. "Before" end
  return names
end

local function run_diff(given)
  local kind = given.kind
  local plan = formats.rows.plan { given = given, columns = columns_of(kind),
    known = known_of(kind) }
  local settings = config.read(given)
  local store = run.history.open(given, settings)
  local days = run.history.days(store, kind, 2)
  local to = given.to and run.history.pick(days, given.to) or days[#days]
  local from = given.from and run.history.pick(days, given.from)
  if not from then
    for _, day in ipairs(days) do if day < to then from = day end end
  end
  if not from then failure.usage("there is no snapshot before %s", to) end
  -- A day compared with itself would say that nothing has changed.
  if from >= to then
    failure.usage("the days mean the snapshots of %s and %s: the first has to be before the second",
      from, to)
  end
  local changes, err = store:between(kind, from, to)
  store:close()
  if not changes then failure.fail(err) end
  local status = terminal.status.new { quiet = given.quiet, json = given.errors == "json" }
  local sink, count = plan:open(settings.values.locale), 0
  for _, change in ipairs(changes) do
    if not plan.filter or plan.filter(change) then
      count = count + 1
      sink.row(change)
    end
  end
  sink.finish(true)
  status:note(("%s from %s to %s"):format(run.gather.plural(count, "change"), from, to))
  return failure.codes.done
end

return {
  name = "diff",
  summary = "What changed between two snapshots.",
  arguments = "[<from> [<to>]]",
  description = "Show what was added, what is gone and what changed, by customer and product, "
    .. "between two days of the history; default: the last two.",
  examples = {
    "diff", "diff 2017-03-14", "diff 2017-03-14 2017-03-21 --filter \"change eq changed\"",
    "diff --sort licensesDeployedChange --format excel --output diff.csv",
  },
  options = function(command)
    command:argument("from"):args "?":description "A day; the last snapshot up to it."
    command:argument("to"):args "?":description "A later day."
    options.groups.history(command, true)
    options.groups.rows(command, "table")
    options.groups.files(command)
  end,
  run = run_diff,
}
