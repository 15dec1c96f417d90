--- The rows of many customers, asked for side by side and given in the order of
-- the customers.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.gather

local failure = require "partnercenter.cli.failure"
local partnercenter = require "partnercenter"
local task_of = require "partnercenter.cli.run.task"

local M = {}

-- Those named on the command line, each once, or all.
local function find_customers(task)
  local list = {}
  if task.given.all_customers then
    for customer in task.partner.customers:each() do
      list[#list + 1] = customer.id
      task.status:progress("customers listed", #list)
    end
    return list
  end
  local seen = {}
  for _, id in ipairs(task.given.customer) do
    if not seen[id:lower()] then list[#list + 1] = id end
    seen[id:lower()] = true
  end
  return list
end

--- Refuses what names no customers, or none that can be.
-- @tparam table given the options of the command line
-- @raise a failure of use
function M.check(given)
  if given.all_customers and given.customer[1] then
    failure.usage("name customers or say --all-customers, not both")
  end
  if not given.all_customers and not given.customer[1] then
    failure.usage("name customers by their ids ('partnercenter customers' lists them), or say "
      .. "--all-customers")
  end
  for _, id in ipairs(given.customer) do
    if not partnercenter.is_guid(id) then
      failure.usage("'%s' is no customer's id, which is a GUID: 'partnercenter customers' lists "
        .. "them", id)
    end
  end
end

-- Gives results in the order of the customers as soon as those before are there.
local function in_order(list, give)
  local waiting, at = {}, 1
  local queue = {}
  function queue.put(id, result)
    waiting[id] = result
    while list[at] and waiting[list[at]] ~= nil do
      local rows = waiting[list[at]]
      waiting[list[at]] = nil
      if rows then give(list[at], rows) end
      at = at + 1
    end
  end
  -- Some never came: give the others.
  function queue.rest()
    for i = at, #list do
      if waiting[list[i]] then give(list[i], waiting[list[i]]) end
    end
  end
  return queue
end

--- Ask for the rows of each customer.
-- @tparam table task `customers` is set to their number, `answered` counts them
-- @tparam function ask takes an id, gives rows, or nil and an error; may wait
-- @tparam function give takes an id and its rows
-- @raise a failure that all calls would meet
function M.each(task, ask, give)
  task.answered, task.customers = 0, 0
  local list = find_customers(task)
  task.customers = #list
  local queue = in_order(list, give)
  local ok, why = pcall(task_of.interruptible, task, function()
    local options = { concurrency = task.settings.values.concurrency }
    options.on_progress = function(done, total, _, throttled)
      task.status:progress("customers", done, total or #list, throttled)
    end
    for id, rows, err in task.partner:map(list, ask, options) do
      if rows then
        task.answered = task.answered + 1
      else
        task_of.note(task, "customer " .. id, err)
      end
      queue.put(id, rows or false)
    end
  end)
  queue.rest()
  if not ok then error(why, 0) end
end

return M
