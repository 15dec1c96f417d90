--- The licence insights of customers: what `deployment` and `usage` do.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.licenses

local client = require "partnercenter.client"
local condition = require "partnercenter.cli.run.condition"
local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local gather = require "partnercenter.cli.run.gather"
local insights = require "partnercenter.insights"
local task_of = require "partnercenter.cli.run.task"

local M = {}

local KINDS = {
  deployment = {
    share = "deployedShare", whole = "licensesSold", part = "licensesDeployed",
    line = "%.0f sold, %.0f deployed",
  },
  usage = {
    share = "usedShare", whole = "licensesQualified", part = "licensesActive",
    line = "%.0f qualified, %.0f in use, workload by workload",
  },
}

-- What of the endpoints' differences a reader of rows should not meet.
local function complete(row, id, share)
  row.customerId = row.customerId or id or (row.customerTenantId or ""):lower()
  row[share] = insights.share(row, share)
  return row
end

-- One walk over the rows of all customers.
local function walk_all(task, command, params, give)
  local commercial = task.partner.analytics.commercial
  local resource = commercial[command].license
  local seen, count = {}, 0
  task.customers, task.answered = 0, 0
  task_of.interruptible(task, function()
    for row in resource:each(params) do
      local id = (row.customerTenantId or ""):lower()
      if not seen[id] then task.answered = task.answered + 1 end
      seen[id] = true
      count = count + 1
      give(nil, { row })
      task.status:progress("rows", count)
    end
    task.customers = task.answered
  end)
end

local function ask_each(task, command, params, give)
  local customers = task.partner.customers
  gather.each(task, function(id)
    return customers:by_id(id).analytics.licenses[command]:all(params)
  end, give)
end

-- Both outputs of a run: rows, unless a report alone was asked for, and a report.
local function open_outputs(given)
  local outputs = {}
  if given.html then outputs[#outputs + 1] = formats.report.new(given) end
  if not given.html or given.output or given.format then
    outputs[#outputs + 1] = formats.rows.new { given = given }
  end
  return outputs
end

local function new_sum(kind)
  return { kind = kind, rows = 0, whole = 0, part = 0 }
end

local function add(sum, row)
  sum.rows = sum.rows + 1
  sum.whole = sum.whole + (tonumber(row[sum.kind.whole]) or 0)
  sum.part = sum.part + (tonumber(row[sum.kind.part]) or 0)
end

-- The last line for a person: what all rows come to, and where they are from.
local function conclude(task, sum)
  if not task.status.screen.terminal or task.given.html then return end
  local share = sum.whole > 0 and 100 * sum.part / sum.whole
  task.status:say(("%d rows of %d customers: %s%s; from %s"):format(sum.rows, task.answered,
    sum.kind.line:format(sum.whole, sum.part),
    share and (" (%s %%)"):format(formats.columns.fixed(share, 1)) or "",
    client.settings(task.partner).base_url), "dim")
end

local function finish(task, outputs, sum, broken)
  task.status:clear()
  local whole = not task.interrupted and not broken
  local anything = task.answered and task.answered > 0
  for _, output in ipairs(outputs) do
    local kept
    if whole or anything then kept = output.finish(whole, task) else output.drop() end
    if kept then task.status:complain("not all rows came; those that did are in " .. kept) end
  end
  if broken then error(broken, 0) end
  if whole then conclude(task, sum) end
  if task.failed > 0 then
    task.status:complain(("%d of %d customers failed"):format(task.failed, task.customers))
  end
  if not task.interrupted then return nil end
  task.status:complain(task.customers > 0
    and ("interrupted after %d of %d customers"):format(task.answered, task.customers)
    or "interrupted")
  return failure.codes.interrupted
end

--- The licence insights of customers.
-- @tparam table given the options of the command line; `command` is "deployment" or
--   "usage"
-- @treturn number exit code
function M.run(given)
  gather.check(given)
  if given.html and given.group_by then
    failure.usage("a report has groups of its own: --html goes without --group-by")
  end
  local params = { filter = given.filter and condition.read(given.filter) }
  local kind = KINDS[given.command]
  local sum = new_sum(kind)
  return task_of.run(given, function(task)
    local outputs = open_outputs(given)
    local function give(id, list)
      for _, row in ipairs(list) do
        complete(row, id, kind.share)
        -- Of groups it is the sums that count.
        if given.group_by or formats.rows.passes(given, row) then
          add(sum, row)
          for _, output in ipairs(outputs) do output.row(row) end
        end
      end
    end
    local fetch = ask_each
    if given.source == "commercial" then
      if given.all_customers then fetch = walk_all else params.source = "commercial" end
    end
    local ok, broken = pcall(fetch, task, given.command, params, give)
    return finish(task, outputs, sum, not ok and broken or nil)
  end)
end

return M
