--- `reports status`: how far a report is, and its runs of the last 90 days.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.status

local find = require "partnercenter.cli.commands.reports.find"
local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"
local rows_of = require "partnercenter.cli.commands.reports.rows"

local column = formats.columns.column

local COLUMNS = {
  column("executionId", "RUN", "id"), column("executionStatus", "STATE"),
  column("reportGeneratedTime", "DONE"), column("ready", "FILE", "flag"),
}

return {
  name = "status",
  summary = "How far a report is, and its runs of the last 90 days.",
  arguments = "<report>",
  examples = { "reports status 'seats every night'" },
  options = function(command)
    command:argument("report"):description "Its id, or its name."
    options.groups.rows(command, "table", "ready eq true")
    options.groups.settings(command)
  end,
  run = function(given)
    return (rows_of.show(given, COLUMNS, { "reportId", "format", "reportExpiryTime" },
      function(task)
        local row = find.find(task, given.report)
        task.status:note(("%s (%s): %s"):format(row.reportName or "report", row.reportId,
          tostring(row.reportStatus):lower()))
        local runs, err = task.partner.reports:open(row.reportId):executions()
        return runs, err
      end))
  end,
}
