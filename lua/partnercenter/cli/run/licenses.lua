--- The licence insights of customers: what `deployment` and `usage` do.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.licenses

local customers_of = require "partnercenter.cli.run.customers"
local failure = require "partnercenter.cli.failure"
local fields = require "partnercenter.fields"
local formats = require "partnercenter.cli.formats"
local insights_of = require "partnercenter.cli.run.insights"
local task_of = require "partnercenter.cli.run.task"

local M = {}

-- Both outputs of a run: rows, unless a report alone was asked for, and a report.
local function open_outputs(given, plan, task)
  local outputs = {}
  if given.html then outputs[#outputs + 1] = formats.report.new(given) end
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

local function plural(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

-- The last line for a person: what all rows come to, and where they are from.
local function conclude(task, sum)
  if not task.status.screen.terminal or task.given.html then return end
  local share = sum.whole > 0 and 100 * sum.part / sum.whole
  task.status:note(("%s of %s: %s%s; from %s"):format(plural(sum.rows, "row"),
    plural(task.answered, "customer"), sum.kind.line:format(sum.whole, sum.part),
    share and (" (%s %%)"):format(formats.columns.fixed(share, 1)) or "",
    task.own.base_url))
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

local function finish(task, outputs, plan, sum, broken)
  task.status:clear()
  local whole = not task.interrupted and not broken
  close_outputs(task, outputs, plan, whole)
  task.failures:write(task.given.output, plan.form)
  task_of.tell_failures(task)
  if broken then error(broken, 0) end
  if whole then
    if sum then conclude(task, sum) end
    insights_of.hint(task, task.rows)
  end
  if not task.interrupted then return nil end
  task.status:complain(task.customers > 0
    and ("interrupted after %d of %s"):format(task.answered, plural(task.customers, "customer"))
    or "interrupted")
  if task.journaled then
    task.status:note("the same command with --resume goes on with the others")
  end
  return failure.codes.interrupted
end

-- The plan of the rows, unless it is a report alone that is asked for.
local function plan_of(given, kind)
  if not given.html and (formats.writers.form_of(given.output) == "html" and not given.format) then
    given.html, given.output = given.output, nil
  end
  if given.html and given.group_by then
    failure.usage("a report has groups of its own: --html goes without --group-by")
  end
  local plan = formats.rows.plan { given = given, known = insights_of.known(given, kind) }
  return plan, not given.html or given.output or given.format
end

--- The licence insights of customers.
-- @tparam table given the options of the command line; `command` is "deployment" or
--   "usage"
-- @treturn number exit code
function M.run(given)
  customers_of.check(given)
  local kind = insights_of.kinds[given.command]
  local plan, wanted = plan_of(given, kind)
  local sum = new_sum(kind)
  return task_of.run(given, function(task)
    local outputs = open_outputs(given, wanted and plan, task)
    local function give(row)
      -- Of groups it is the sums that count.
      if not given.group_by and not plan:passes(row) then return end
      task.rows = task.rows + 1
      add(sum, row)
      local full = #outputs > 0
      for _, output in ipairs(outputs) do full = output.row(row) and full end
      task.full = full
    end
    task.rows = 0
    local ok, broken = pcall(insights_of.each, task, given.command, plan, give)
    return finish(task, outputs, plan, not plan.waits and sum, not ok and broken or nil)
  end)
end

return M
