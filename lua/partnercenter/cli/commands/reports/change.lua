--- `reports delete`, `reports pause` and `reports resume`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.change

local failure = require "partnercenter.cli.failure"
local find = require "partnercenter.cli.commands.reports.find"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

local M = {}

-- A command that does something with each report that is named.
local function command_of(name, summary, done, change)
  return {
    name = name,
    summary = summary,
    arguments = "<report> ...",
    examples = { ("reports %s 'seats every night'"):format(name) },
    options = function(command)
      command:argument("report"):args "+":description "Ids, or names."
      options.groups.telling(command)
      options.groups.settings(command)
    end,
    run = function(given)
      return (run.task.run(given, function(task)
        for _, word in ipairs(given.report) do
          local row = find.find(task, word)
          local ok, err = change(task.partner.reports, row.reportId)
          if not ok then failure.fail(err) end
          task.status:note(("%s (%s) is %s"):format(row.reportName or "report", row.reportId, done))
        end
      end))
    end,
  }
end

--- `reports delete`.
M.delete = command_of("delete", "Take reports away, with their runs.", "taken away",
  function(reports, id)
    local ok, err = reports:open(id):delete()
    return ok, err
  end)

--- `reports pause`.
M.pause = command_of("pause", "Run scheduled reports no more.", "paused", function(reports, id)
  local row, err = reports:pause(id)
  return row, err
end)

--- `reports resume`.
M.resume = command_of("resume", "Run paused reports again.", "active", function(reports, id)
  local row, err = reports:resume(id)
  return row, err
end)

return M
