--- The licence insights of customers: what `deployment` and `usage` do.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.licenses

local core = require "partnercenter.core"
local customers_of = require "partnercenter.cli.run.customers"
local failure = require "partnercenter.cli.failure"
local fields = require "partnercenter.fields"
local formats = require "partnercenter.cli.formats"
local gather = require "partnercenter.cli.run.gather"
local history_of = require "partnercenter.cli.run.history"
local insights_of = require "partnercenter.cli.run.insights"
local task_of = require "partnercenter.cli.run.task"

local M = {}

--- The fields that rows can have.
-- @tparam string command "deployment" or "usage"
-- @treturn table array of names
function M.fields(command)
  return insights_of.known({ all_customers = true }, command)
end

-- What a run makes: a snapshot before the report, which shows it, and rows.
local function open_outputs(given, command, plan, task)
  local outputs = {}
  if given.save then outputs[1] = history_of.keeper(task, command) end
  if given.html then outputs[#outputs + 1] = formats.report.new(given, command) end
  if plan then outputs[#outputs + 1] = plan:open(task.settings.values.locale) end
  return outputs
end

local function new_sum(kind)
  return { kind = kind, rows = 0, whole = 0, part = 0 }
end

local function add(sum, row)
  sum.rows = sum.rows + 1
  sum.whole = sum.whole + (fields.count(row, sum.kind.whole) or 0)
  sum.part = sum.part + (fields.count(row, sum.kind.part) or 0)
end

-- The last line for a person: the sums of all rows, and which resource they are from.
local function conclude(task, sum)
  if not task.status.screen.terminal or task.given.html or task.given.silent then return end
  local share = sum.whole > 0 and 100 * sum.part / sum.whole
  task.status:note(("%s of %s: %s%s; from %s"):format(gather.plural(sum.rows, "row"),
    gather.plural(task.answered, "customer"), sum.kind.line:format(sum.whole, sum.part),
    share and (" (%s %%)"):format(formats.columns.fixed(share, 1)) or "",
    task.own.base_url))
end

-- The plan for the rows, and whether they are printed: they are not when only a report or
-- a snapshot is asked for.
local function plan_of(given, command)
  if not given.html and (formats.writers.form_of(given.output) == "html" and not given.format) then
    given.html, given.output = given.output, nil
  end
  if given.html and given.group_by then
    failure.usage("a report has groups of its own: --html goes without --group-by")
  end
  local part = given.filter or given.below or given.limit or not given.all_customers
  if given.save and part then
    failure.usage("a snapshot is of everything: --save goes with --all-customers, and without "
      .. "--filter, --below and --limit")
  end
  local plan = formats.rows.plan { given = given, command = command,
    known = insights_of.known(given, command) }
  return plan, not given.silent and (not given.html or given.output or given.format)
end

-- The history is shown in a report, also when nothing is added to it.
local function read_history(task, command)
  if not task.given.html or task.given.save then return end
  if not core.file_kind(history_of.path(task.given, task.settings)) then return end
  local store = history_of.open(task.given, task.settings)
  history_of.read(task, store, command)
  store:close()
end

--- The licence insights of customers.
-- @tparam table given the options of the command line
-- @tparam string command "deployment" or "usage"
-- @treturn number exit code
-- @treturn table the task
function M.run(given, command)
  customers_of.check(given)
  local plan, wanted = plan_of(given, command)
  local sum, task_done = new_sum(insights_of.kinds[command]), nil
  local code = task_of.run(given, function(task)
    task_done, task.rows = task, 0
    local outputs = open_outputs(given, command, wanted and plan, task)
    read_history(task, command)
    local function give(row)
      -- For groups, the sums are tested.
      if not given.group_by and not plan:passes(row) then return end
      task.rows = task.rows + 1
      add(sum, row)
      local full = #outputs > 0
      for _, output in ipairs(outputs) do full = output.row(row) and full end
      task.full = full
    end
    local ok, broken = pcall(insights_of.each, task, command, plan, give)
    return gather.finish(task, outputs, plan, not ok and broken or nil, function()
      if not plan.waits then conclude(task, sum) end
      insights_of.hint(task, task.rows)
    end)
  end)
  return code, task_done
end

return M
