--- Commands that read one resource to its end.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.listing

local failure = require "partnercenter.cli.failure"
local fields = require "partnercenter.fields"
local formats = require "partnercenter.cli.formats"
local task_of = require "partnercenter.cli.run.task"

local M = {}

-- An error that an iterator raised ends the command, after the rows before it are
-- written.
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
  if whole and count == 0 then task.status:note("no rows") end
  if not task.broken then return nil end
  local code, message, kind = failure.explain(task.broken)
  task.status:complain(message, kind)
  return code
end

-- Walks through rows. If they break off, that is told at the end.
local function walk(task, what, plan, each)
  local count, sink = 0, plan:open(task.settings.values.locale)
  local ok, why = pcall(task_of.interruptible, task, function()
    for row in each() do
      count = count + 1
      if sink.row(row) then break end
      task.status:progress(what, count)
    end
  end)
  if not ok then task.broken = why end
  return finish(task, sink, count)
end

--- Every row of a resource.
-- @tparam table given the options of the command line
-- @tparam string what the rows are, for the progress
-- @tparam string name of the resource in the catalogue
-- @tparam function resource_of takes a client, gives the resource
-- @treturn number exit code
function M.all(given, what, name, resource_of)
  local plan = formats.rows.plan { given = given, known = fields.of(name) }
  return task_of.run(given, function(task)
    local resource = resource_of(task.partner)
    return walk(task, what, plan, function() return resource:each { filter = plan.filter } end)
  end)
end

--- The rows of a path.
-- @tparam table given the options of the command line: `all_pages`
-- @tparam string path
-- @tparam table query
-- @treturn number exit code
function M.path(given, path, query)
  local plan = formats.rows.plan { given = given, default_form = "json" }
  return task_of.run(given, function(task)
    local ok, resource = pcall(task.partner.request, task.partner, { path = path, query = query })
    if not ok then failure.usage("%s", (resource:gsub("^[^:]+:%d+: ", ""))) end
    return walk(task, "rows", plan, function()
      if given.all_pages then return resource:each() end
      local page, err = resource:get()
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
