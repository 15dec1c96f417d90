--- `licences`: what is sold, assigned, deployed and active, until when, and what the
-- unused ones cost.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.licences

local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

local column = formats.columns.column

local CUSTOMER, PRODUCT = column("customerName", "CUSTOMER"), column("productName", "PRODUCT")
local SOLD, TOTAL = column("sold", "SOLD", "count"), column("total", "TOTAL", "count")
local ASSIGNED = column("assigned", "ASSIGNED", "count")
local UNASSIGNED = column("unassigned", "UNASSIGNED", "count")
local DEPLOYED = column("deployed", "DEPLOYED", "count")
local ACTIVE = column("active", "ACTIVE", "count")
local RENEWS = column("renews_on", "RENEWS ON", "date")
local COST = column("cost_of_unassigned", "COST A MONTH", "count")
local CURRENCY = column("currency", "IN")

local COLUMNS = {
  column("customerId", "CUSTOMER ID", "id"), CUSTOMER, column("productId", "PRODUCT ID", "id"),
  PRODUCT, column("skuPartNumber", "SKU"), column("offerId", "OFFER", "id"), SOLD,
  column("trial", "TRIAL", "flag"), column("trial_seats", "TRIAL SEATS", "count"), TOTAL, ASSIGNED,
  column("available", "AVAILABLE", "count"), UNASSIGNED, column("warning", "IN GRACE", "count"),
  column("suspended", "SUSPENDED", "count"), DEPLOYED, column("deployed_on", "DEPLOYED ON", "date"),
  ACTIVE, column("active_on", "ACTIVE ON", "date"), RENEWS,
  column("auto_renews", "RENEWS", "flag"), column("term", "TERM"), column("status", "STATUS"),
  column("price", "PRICE", "count"), COST, CURRENCY,
}
local SHOWN = {
  CUSTOMER, PRODUCT, SOLD, TOTAL, ASSIGNED, UNASSIGNED, DEPLOYED, ACTIVE, RENEWS,
}
local WITH_PRICES = {
  CUSTOMER, PRODUCT, SOLD, TOTAL, ASSIGNED, UNASSIGNED, COST, CURRENCY, DEPLOYED, ACTIVE, RENEWS,
}

local KNOWN = {
  "insights_sold", "capability", "licenseGroupId", "workloads", "renewals", "sources",
}
local FIELDS = {}
for i, each in ipairs(COLUMNS) do FIELDS[i] = each.field end
for _, name in ipairs(KNOWN) do FIELDS[#FIELDS + 1] = name end

-- Costs are added up by currency.
local function add(sums, row)
  sums.rows, sums.unassigned = sums.rows + 1, sums.unassigned + (row.unassigned or 0)
  sums.apart = sums.apart or row.sold ~= nil and row.total == nil
  if row.cost_of_unassigned then
    sums.costs[row.currency] = (sums.costs[row.currency] or 0) + row.cost_of_unassigned
  end
end

local function conclude(task, sums, wanted)
  if task.answered > 0 and sums.rows == 0 then task.status:note("no rows") end
  if sums.apart and not wanted.offer_matrix and not wanted.provisioning then
    task.status:note("what was sold and what is assigned stand apart: --offer-matrix or "
      .. "--provisioning joins them")
  end
  if not task.status.screen.terminal or sums.rows == 0 then return end
  local costs = {}
  for currency, cost in pairs(sums.costs) do
    costs[#costs + 1] = ("%s %s"):format(formats.columns.fixed(cost, 2), currency)
  end
  table.sort(costs)
  task.status:note(("%s of %s: %.0f unassigned%s; from %s"):format(
    run.gather.plural(sums.rows, "row"), run.gather.plural(task.answered, "customer"),
    sums.unassigned, costs[1] and ", a month " .. table.concat(costs, " and ") or "",
    task.own.base_url))
end

local function run_licences(given)
  local wanted = run.picture.plan(given, given.sources)
  local plan = formats.rows.plan { given = given, columns = COLUMNS, known = KNOWN,
    table_columns = given.price_list and WITH_PRICES or SHOWN }
  return (run.task.run(given, function(task)
    local outputs = {}
    if given.html then outputs[1] = formats.report.new(given, "licences") end
    if not given.html or given.output or given.format then
      outputs[#outputs + 1] = plan:open(task.settings.values.locale)
    end
    local sums = { rows = 0, unassigned = 0, costs = {} }
    local ok, why = pcall(run.picture.each, task, wanted, "licences", function(_, rows)
      for _, row in ipairs(rows) do
        if task.full then break end
        if not plan.filter or plan.filter(row) then
          add(sums, row)
          local full = true
          for _, output in ipairs(outputs) do full = output.row(row) and full end
          task.full = full
        end
      end
    end)
    return run.gather.finish(task, outputs, plan, not ok and why or nil,
      function() conclude(task, sums, wanted) end)
  end))
end

return {
  name = "licences",
  summary = "Sold, assigned, deployed, active, renewing, and the cost of the unused.",
  arguments = "[<customer> ...]",
  description = "One row for a product of a customer, from the partner's subscriptions, the "
    .. "customer's tenant, and both insights. What no key joins stays a row of its own.",
  examples = {
    "licences contoso",
    "licences --all-customers --sort unassigned:desc --limit 20",
    "licences --all-customers --html licences.html",
    "licences contoso --sources skus,deployment --format csv --output licences.csv",
  },
  fields = FIELDS,
  options = function(command)
    run.picture.options(command,
      command:option("--sources"):argname "<names>":convert(options.values.list)
        :description "Only of these: subscriptions, skus, deployment, usage.",
      command:option("--html"):argname "<file>":description "Write a report as a web page.")
    options.groups.rows(command, "table")
    options.groups.settings(command)
  end,
  run = run_licences,
}
