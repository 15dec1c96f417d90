--- The commands that read one resource to its end: `customers`, `subscriptions`
-- and `get`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.listing

local condition = require "partnercenter.cli.condition"
local failure = require "partnercenter.cli.failure"
local rows = require "partnercenter.cli.rows"
local task_of = require "partnercenter.cli.task"
local url = require "partnercenter.util.url"

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

local function list(given, what, resource_of)
  local filter = given.filter and condition.read(given.filter)
  return task_of.run(given, function(task)
    local resource = resource_of(task.partner)
    local sink = rows.new { given = given }
    return walk(task, what, sink, function() return resource:each { filter = filter } end)
  end)
end

--- List the customers.
-- @tparam table given the options of the command line
-- @treturn number exit code
function M.customers(given)
  return list(given, "customers", function(partner) return partner.customers end)
end

--- List the subscriptions.
-- @tparam table given the options of the command line
-- @treturn number exit code
function M.subscriptions(given)
  return list(given, "subscriptions", function(partner) return partner.analytics.subscriptions end)
end

-- Path and query of what the person wrote.
local function read_path(text)
  local path, query = text:match("^([^?]*)%??(.*)$")
  if path:sub(1, 1) ~= "/" then
    failure.usage("the path must begin with a slash, such as /v1/customers; the service's address "
      .. "is the setting base_url")
  end
  local names = {}
  for pair in query:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    names[url.decode(name)] = url.decode((value:gsub("%+", " ")))
  end
  return path, names
end

--- Ask for any other path.
-- @tparam table given the options of the command line
-- @treturn number exit code
function M.get(given)
  local path, query = read_path(given.path)
  local filter = given.filter and condition.read(given.filter)
  return task_of.run(given, function(task)
    local ok, resource = pcall(task.partner.request, task.partner, { path = path, query = query })
    if not ok then failure.usage("%s", (resource:gsub("^[^:]+:%d+: ", ""))) end
    local sink = rows.new { given = given, default_format = "json" }
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
