--- `reports`: exports of Partner Insights, which the service makes in its own time.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports

local catalogue = require "partnercenter.cli.commands.reports.catalogue"
local change = require "partnercenter.cli.commands.reports.change"

return {
  name = "reports",
  summary = "Exports with months of history, which the service makes in minutes.",
  arguments = "<action> ...",
  description = "Have the service make a report over all customers (seats, usage, renewals, "
    .. "months of them), and fetch its rows. 'partnercenter help reports run' has the options of "
    .. "an action.",
  examples = {
    "reports columns OfficeUsage",
    "reports run OfficeUsage --columns CustomerName,WorkloadName,MonthlyActiveUsers "
      .. "--timespan LAST_MONTH",
  },
  commands = {
    require "partnercenter.cli.commands.reports.run",
    require "partnercenter.cli.commands.reports.fetch",
    require "partnercenter.cli.commands.reports.list",
    require "partnercenter.cli.commands.reports.status",
    change.delete,
    catalogue.datasets, catalogue.columns, catalogue.queries,
    require "partnercenter.cli.commands.reports.schedule",
    change.pause, change.resume,
  },
}
