--- `reports list`: the reports that are there.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.list

local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"
local rows_of = require "partnercenter.cli.commands.reports.rows"

local column = formats.columns.column

local COLUMNS = {
  column("reportId", "ID", "id"), column("reportName", "NAME"), column("reportStatus", "STATUS"),
  column("recurrenceInterval", "EVERY (H)", "count"), column("startTime", "STARTS"),
}

return {
  name = "list",
  summary = "The reports that are there.",
  examples = { "reports list", "reports list --format json" },
  options = function(command)
    options.groups.rows(command, "table", "reportStatus eq 'Active'")
    options.groups.settings(command)
  end,
  run = function(given)
    return (rows_of.show(given, COLUMNS, { "createdTime", "modifiedTime", "description", "queryId",
      "query", "user", "executeNow", "recurrenceCount", "callbackUrl", "callbackMethod", "format" },
      function(task)
        local rows, err = task.partner.reports:list()
        return rows, err
      end))
  end,
}
