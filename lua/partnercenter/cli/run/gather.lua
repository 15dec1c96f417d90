--- The rows of many customers, asked for side by side and given in the order of
-- the customers.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.gather

local customers_of = require "partnercenter.cli.run.customers"
local failure = require "partnercenter.cli.failure"
local kept_of = require "partnercenter.cli.kept"
local task_of = require "partnercenter.cli.run.task"

local M = {}

-- After so many failures of one cause, and no answer, the run ends: the rest would fail,
-- too.
local HOPELESS = 20

-- Gives results in the order of the customers as soon as those before are there.
local function in_order(list, give)
  local waiting, at = {}, 1
  local queue = {}
  function queue.put(customer, result)
    waiting[customer] = result
    while list[at] and waiting[list[at]] ~= nil do
      local rows = waiting[list[at]]
      waiting[list[at]] = nil
      if rows then give(list[at], rows) end
      at = at + 1
    end
  end
  -- Gives what is left when some results never came.
  function queue.rest()
    for i = at, #list do
      if waiting[list[i]] then give(list[i], waiting[list[i]]) end
    end
  end
  return queue
end

-- Those that failed before are asked first.
local function missing(list, journal, queue, task)
  local first, rest = {}, {}
  for _, customer in ipairs(list) do
    local rows = journal.answers[customer.id]
    if rows then
      task.answered = task.answered + 1
      queue.put(customer, rows)
    elseif journal.failed[customer.id] then
      first[#first + 1] = customer
    else
      rest[#rest + 1] = customer
    end
  end
  for _, customer in ipairs(rest) do first[#first + 1] = customer end
  return first
end

local function check_hope(task)
  local causes = task.failures.causes
  if task.answered > 0 or #causes ~= 1 or #causes[1].customers < HOPELESS then return end
  failure.raise("failed", ("given up: the first %d customers failed for one cause: %s"):format(
    HOPELESS, causes[1].message))
end

local function ask_all(task, list, ask, queue, journal, prepare)
  local options = { concurrency = task.settings.values.concurrency }
  local wanted = missing(list, journal, queue, task)
  local before = #list - #wanted
  if before > 0 then
    journal:tell(("the answers of %d of %d customers are"):format(before, #list))
  end
  if prepare and wanted[1] then prepare() end
  options.on_progress = function(done, total, _, throttled)
    task.status:progress("customers", before + done, total and before + total or #list, throttled)
  end
  for customer, rows, err in task.partner:map(wanted, ask, options) do
    if rows then
      task.answered = task.answered + 1
    else
      task_of.note(task, customer, err)
      check_hope(task)
    end
    journal:note(customer.id, rows and not rows.incomplete and rows or nil)
    queue.put(customer, rows or false)
    if task.full then break end
  end
end

-- The same command is one about the same customers, however they were named.
local function scope_of(task, list)
  if task.given.all_customers then return "all" end
  local ids = {}
  for i, customer in ipairs(list) do ids[i] = customer.id:lower() end
  table.sort(ids)
  return ids
end

--- Ask for the rows of each customer.
-- @tparam table task `customers` is set to their number, `answered` counts them, `without`
--   are those who have no rows
-- @tparam string kind what is asked, for those who go on with an interrupted run
-- @tparam function ask takes a customer, gives rows, or nil and an error; may wait
-- @tparam function give takes a customer and its rows
-- @tparam[opt] function prepare called before the first customer is asked
-- @raise a failure that all calls would meet
function M.each(task, kind, ask, give, prepare)
  task.answered, task.customers, task.without = 0, 0, {}
  local list = customers_of.find(task)
  task.customers = #list
  local journal = #list > 1 and kept_of.journal.open(task, kind, scope_of(task, list))
    or kept_of.journal.none()
  local queue = in_order(list, function(customer, rows)
    if not rows[1] then task.without[#task.without + 1] = customer end
    give(customer, rows)
  end)
  local ok, why = pcall(task_of.interruptible, task, function()
    ask_all(task, list, ask, queue, journal, prepare)
  end)
  journal:close(ok and task_of.is_whole(task))
  queue.rest()
  if not ok then error(why, 0) end
end

--- A count with its noun, in the singular or the plural.
-- @tparam number count
-- @tparam string noun
-- @treturn string
function M.plural(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

-- When nobody answered there are no rows to write; JSON on the standard output says why.
local function close_outputs(task, outputs, plan, whole)
  local anything = task.answered and task.answered > 0
  local failed = task.failures.count > 0
  local told = failed and not task.given.output and plan.form:find("json")
  for _, output in ipairs(outputs) do
    local kept
    if anything or whole and (not failed or told) then
      kept = output.finish(whole, task.failures.list, task)
    else
      output.drop()
    end
    if kept then task.status:complain("not all rows came; those that did are in " .. kept) end
  end
end

-- Of customers that are named each is told that has nothing; of nobody's rows the commands
-- themselves tell.
local function tell_without(task)
  local without = task.without or {}
  if task.given.all_customers or not without[1] or #without >= task.answered then return end
  task.status:note("no rows of " .. customers_of.enumerate(without))
end

--- End a run over customers: write what came, tell what failed.
-- @tparam table task
-- @tparam table outputs array of those who take rows
-- @tparam Plan plan
-- @param broken what ended the run early, or nil
-- @tparam function conclude called when the run is whole
-- @treturn ?number exit code; nil: it follows from the failures
-- @raise broken
function M.finish(task, outputs, plan, broken, conclude)
  task.status:clear()
  local whole = not task.interrupted and not broken
  close_outputs(task, outputs, plan, whole)
  task.failures:write(task.given.output, plan.form)
  task_of.tell_failures(task)
  tell_without(task)
  if task.interrupted then
    task.status:complain(task.customers > 0
      and ("interrupted after %d of %s"):format(task.answered,
        M.plural(task.customers, task.failures.noun))
      or "interrupted")
  end
  if task.kept_run and task.kept_run.is_left and not task.full then
    task.status:note("the same command with --resume goes on from here")
  end
  if broken then error(broken, 0) end
  if not whole then return failure.codes.interrupted end
  conclude()
  return nil
end

return M
