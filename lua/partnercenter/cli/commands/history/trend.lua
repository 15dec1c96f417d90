--- `trend`: the sums of each day of the history.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.history.trend

local config = require "partnercenter.cli.config"
local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local insights = require "partnercenter.insights"
local options = require "partnercenter.cli.options"
local output = require "partnercenter.cli.output"
local run = require "partnercenter.cli.run"
local terminal = require "partnercenter.cli.terminal"
local wire = require("partnercenter.util").wire

local column = formats.columns.column

local COLUMNS = {
  deployment = {
    column("day", "DAY"), column("rows", "ROWS", "count"), column("licensesSold", "SOLD", "count"),
    column("licensesDeployed", "DEPLOYED", "count"), column("deployedShare", "SHARE", "share"),
  },
  usage = {
    column("day", "DAY"), column("rows", "ROWS", "count"),
    column("licensesQualified", "QUALIFIED", "count"), column("licensesActive", "ACTIVE", "count"),
    column("usedShare", "SHARE", "share"),
  },
}

-- Does an entry belong to a customer and a product that are named in part?
local function test_of(given)
  local customer = given.customer and wire.fold(given.customer)
  local product = given.product and wire.fold(given.product)
  return function(entry)
    local is = not customer or entry.customerId == customer
      or wire.fold(entry.customerName or ""):find(customer, 1, true)
    return is and (not product or wire.fold(entry.productName or ""):find(product, 1, true))
      and true
  end
end

local function run_trend(given)
  local kind = given.kind
  local plan = formats.rows.plan { given = given, columns = COLUMNS[kind] }
  local settings = config.read(given)
  local store = run.history.open(given, settings)
  run.history.days(store, kind, 1)
  local trend, err = store:trend(kind, test_of(given))
  store:close()
  if not trend then failure.fail(err) end
  local sink, some, shares = plan:open(settings.values.locale), 0, {}
  for i, day in ipairs(trend) do
    some = some + day.rows
    shares[i] = insights.share(day) or 0
    day[kind == "usage" and "usedShare" or "deployedShare"] = insights.share(day)
    if not plan.filter or plan.filter(day) then sink.row(day) end
  end
  if some == 0 then
    sink.drop()
    failure.usage("no entry of the history is of such a customer and product")
  end
  sink.finish(true)
  local screen = terminal.screen.look(io.stdout)
  if screen.terminal and plan.form == "table" and not given.output then
    output.print("share  ", formats.chart.line(shares, screen.unicode), "\n")
  end
  return failure.codes.done
end

return {
  name = "trend",
  summary = "The sums of each day of the history.",
  description = "Show how many licences were sold and deployed on each day of which there is a "
    .. "snapshot.",
  examples = { "trend", "trend --customer contoso",
    "trend --product 'EXCHANGE ONLINE' --format csv" },
  options = function(command)
    command:group("Main options",
      command:option("--customer"):argname "<name>":description "Of this one: id, name or a part.",
      command:option("--product"):argname "<name>":description "Of this one: name or a part.")
    options.groups.history(command, true)
    options.groups.rows(command, "table")
    options.groups.files(command)
  end,
  run = run_trend,
}
