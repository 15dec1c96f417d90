--- `reports delete`, `reports pause` and `reports resume`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.change

local find = require "partnercenter.cli.commands.reports.find"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

local M = {}

-- The reports that are named, each once; a name that is none is told before anything is
-- changed.
local function find_all(task)
  local rows, seen = {}, {}
  for _, word in ipairs(task.given.report) do
    local row = find.find(task, word)
    if not seen[row.reportId] then rows[#rows + 1] = row end
    seen[row.reportId] = true
  end
  return rows
end

-- A command that does something with each report that is named; one that cannot be
-- changed leaves the others to be.
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
        local rows = find_all(task)
        task.failures.noun, task.customers = "report", #rows
        for _, row in ipairs(rows) do
          local ok, err = change(task.partner.reports, row.reportId)
          if ok then
            task.status:note(("%s (%s) is %s"):format(row.reportName or "report", row.reportId,
              done))
          else
            run.task.note(task, { id = row.reportId, name = row.reportName }, err)
          end
        end
        run.task.tell_failures(task)
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
