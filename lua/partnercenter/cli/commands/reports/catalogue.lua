--- `reports datasets`, `reports columns` and `reports queries`: what can be asked.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.catalogue

local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"
local rows_of = require "partnercenter.cli.commands.reports.rows"

local column = formats.columns.column

local M = {}

local SETS = {
  column("dataset", "DATA SET"), column("columns", "COLUMNS", "count"),
  column("metrics", "METRICS", "count"), column("minimumInterval", "EVERY (H)", "count"),
  column("timespans", "TIME SPANS"),
}

local PARTS = { column("column", "COLUMN"), column("kind", "KIND") }

local QUERIES = {
  column("queryId", "ID", "id"), column("name", "NAME"), column("type", "TYPE"),
  column("query", "QUERY"),
}

local function rows_and_settings(command, example)
  options.groups.rows(command, "table", example)
  options.groups.settings(command)
end

--- `reports datasets`.
M.datasets = {
  name = "datasets",
  summary = "The data sets that reports are made of.",
  examples = { "reports datasets" },
  options = function(command) rows_and_settings(command, "metrics gt 0") end,
  run = function(given)
    return (rows_of.show(given, SETS, {}, function(task)
      local sets, err = task.partner.reports:datasets()
      if not sets then return nil, err end
      for i, set in ipairs(sets) do
        sets[i] = { dataset = set.datasetName, columns = #(set.selectableColumns or {}),
          metrics = #(set.availableMetrics or {}), minimumInterval = set.minimumRecurrenceInterval,
          timespans = table.concat(set.availableDateRanges or {}, " ") }
      end
      return sets
    end))
  end,
}

--- `reports columns`.
M.columns = {
  name = "columns",
  summary = "The columns of a data set.",
  arguments = "<data set>",
  description = "The columns of a data set, and its metrics, which are computed for each "
    .. "combination of the columns beside them.",
  examples = { "reports columns OfficeUsage", "reports columns officeusage --format csv" },
  options = function(command)
    command:argument("dataset"):argname "<data set>":description "Such as OfficeUsage."
    rows_and_settings(command, "kind eq 'metric'")
  end,
  run = function(given)
    return (rows_of.show(given, PARTS, {}, function(task)
      local set, err = task.partner.reports:datasets(given.dataset)
      if not set then failure.fail(err) end
      local rows = {}
      for _, name in ipairs(set.selectableColumns or {}) do
        rows[#rows + 1] = { column = name, kind = "column" }
      end
      for _, name in ipairs(set.availableMetrics or {}) do
        rows[#rows + 1] = { column = name, kind = "metric" }
      end
      return rows
    end))
  end,
}

--- `reports queries`.
M.queries = {
  name = "queries",
  summary = "The queries that are there.",
  examples = { "reports queries --system" },
  options = function(command)
    command:group("Main options", command:flag("--system")
      :description "Those of the service instead of your own.")
    rows_and_settings(command, "contains(name,'Usage')")
  end,
  run = function(given)
    return (rows_of.show(given, QUERIES, { "description", "user", "createdTime", "modifiedTime" },
      function(task)
        local rows, err = task.partner.reports:queries(given.system == true)
        return rows, err
      end))
  end,
}

return M
