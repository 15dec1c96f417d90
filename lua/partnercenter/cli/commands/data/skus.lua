--- `skus`: what customers may assign, and have assigned.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.skus

local fields = require "partnercenter.fields"
local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

local column = formats.columns.column

-- Without both, Entra's own would come alone.
local GROUPS = { "group1", "group2" }

local COLUMNS = {
  column("customerId", "CUSTOMER ID", "id"), column("customerName", "CUSTOMER"),
  column("skuPartNumber", "SKU", "text", "productSku.skuPartNumber"),
  column("productName", "PRODUCT", "text", "productSku.name"),
  column("totalUnits", "TOTAL", "count"), column("consumedUnits", "ASSIGNED", "count"),
  column("availableUnits", "AVAILABLE", "count"), column("capabilityStatus", "STATUS"),
}

-- Of named customers the id is known; the table shows the name, if there is one.
local SHOWN = { COLUMNS[2], COLUMNS[3], COLUMNS[4], COLUMNS[5], COLUMNS[6], COLUMNS[7], COLUMNS[8] }

local function run_skus(given)
  run.customers.check(given)
  local plan = formats.rows.plan { given = given, columns = COLUMNS, table_columns = SHOWN,
    known = fields.of "customers.subscribedskus" }
  return (run.task.run(given, function(task)
    local sink = plan:open(task.settings.values.locale)
    local customers = task.partner.customers
    local ok, why = pcall(run.gather.each, task, "skus", function(customer)
      return customers:by_id(customer.id).subscribedskus:all { licenseGroupIds = GROUPS }
    end, function(customer, rows)
      for _, row in ipairs(rows) do
        row.customerId, row.customerName = customer.id, customer.name
        if not plan.filter or plan.filter(row) then
          task.any = true
          task.full = sink.row(row)
        end
      end
    end)
    return run.gather.finish(task, { sink }, plan, not ok and why or nil, function()
      if task.answered > 0 and not task.any then task.status:note("no rows") end
    end)
  end))
end

return {
  name = "skus",
  summary = "What customers may assign, and have assigned.",
  arguments = "[<customer> ...]",
  examples = {
    "skus contoso",
    "skus --all-customers --filter 'availableUnits gt 10' --sort availableUnits:desc",
  },
  fields = fields.of "customers.subscribedskus",
  options = function(command)
    options.groups.customers(command)
    options.groups.rows(command, "table")
    options.groups.settings(command)
  end,
  run = run_skus,
}
