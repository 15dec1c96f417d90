--- Commands that read one resource to its end.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.listing

local condition = require "partnercenter.cli.run.condition"
local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local task_of = require "partnercenter.cli.run.task"

local M = {}

-- The error object that an iterator raised ends the command, after what came
-- before it was written.
local function finish(task, sink, count)
  task.status:clear()
  local whole = not task.interrupted and not task.broken
  local kept
  if whole or count > 0 then kept = sink.finish(whole) else sink.drop() end
  if kept then task.status:complain("not all rows came; those that did are in " .. kept) end
  if task.interrupted then
    task.status:complain("interrupted")
    return failure.codes.interrupted
  end
  if not task.broken then return nil end
  local code, message = failure.explain(task.broken)
  task.status:complain(message)
  return code
end

-- Walk through rows; what breaks off is told at the end.
local function walk(task, what, sink, each)
  local count = 0
  local ok, why = pcall(task_of.interruptible, task, function()
    for row in each() do
      sink.row(row)
      count = count + 1
      task.status:progress(what, count)
    end
  end)
  if not ok then task.broken = why end
  return finish(task, sink, count)
end

--- Every row of a resource.
-- @tparam table given the options of the command line
-- @tparam string what the rows are, for the progress
-- @tparam function resource_of takes a client, gives the resource
-- @treturn number exit code
function M.all(given, what, resource_of)
  local filter = given.filter and condition.read(given.filter)
  return task_of.run(given, function(task)
    local resource = resource_of(task.partner)
    local sink = formats.rows.new { given = given }
    return walk(task, what, sink, function() return resource:each { filter = filter } end)
  end)
end

--- The rows of a path.
-- @tparam table given the options of the command line: `all_pages`
-- @tparam string path
-- @tparam table query
-- @treturn number exit code
function M.path(given, path, query)
  local filter = given.filter and condition.read(given.filter)
  return task_of.run(given, function(task)
    local ok, resource = pcall(task.partner.request, task.partner, { path = path, query = query })
    if not ok then failure.usage("%s", (resource:gsub("^[^:]+:%d+: ", ""))) end
    local sink = formats.rows.new { given = given, default_format = "json" }
    return walk(task, "rows", sink, function()
      if given.all_pages then return resource:each { filter = filter } end
      local page, err = resource:get { filter = filter }
      if not page then error(err, 0) end
      local i = 0
      return function()
        i = i + 1
        return page.items[i]
      end
    end)
  end)
end

return M
