--- `renewals`: subscriptions that end or renew soon.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.renewals

local formats = require "partnercenter.cli.formats"
local insights = require "partnercenter.insights"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

local column = formats.columns.column

local ENDS, DAYS = column("ends", "ENDS", "date"), column("days", "DAYS", "count")
local CUSTOMER, PRODUCT = column("customerName", "CUSTOMER"), column("productName", "PRODUCT")
local SEATS = column("quantity", "SEATS", "count")
local RENEWS, NEXT = column("renews", "RENEWS", "flag"), column("next_quantity", "NEXT", "count")
local TRIAL = column("trial", "TRIAL", "flag")
local UNASSIGNED = column("unassigned_then", "UNASSIGNED", "count")
local UNTIL = column("cancellable_until", "CANCEL BY", "date")

local COLUMNS = {
  ENDS, DAYS, column("customerId", "CUSTOMER ID", "id"), CUSTOMER,
  column("productId", "PRODUCT ID", "id"), PRODUCT, column("skuPartNumber", "SKU"),
  column("subscriptionId", "SUBSCRIPTION ID", "id"), column("offerName", "OFFER"), SEATS, RENEWS,
  NEXT, TRIAL, UNTIL, column("term", "TERM"), column("next_term", "NEXT TERM"),
  column("assigned", "ASSIGNED", "count"), column("unassigned", "UNASSIGNED NOW", "count"),
  UNASSIGNED, column("price", "PRICE", "count"), column("currency", "IN"),
}
local SHOWN = { ENDS, DAYS, CUSTOMER, PRODUCT, SEATS, RENEWS, NEXT, UNASSIGNED, TRIAL, UNTIL }

local FIELDS = {}
for i, each in ipairs(COLUMNS) do FIELDS[i] = each.field end

-- What it takes to know them, and the seats that will be left.
local SOURCES = { "subscriptions", "skus" }

local function run_renewals(given)
  local wanted = run.picture.plan(given, SOURCES)
  -- The earliest of all customers comes first.
  given.sort = given.sort or { field = "ends", direction = "asc" }
  local plan = formats.rows.plan { given = given, columns = COLUMNS, table_columns = SHOWN }
  return (run.task.run(given, function(task)
    local sink, count = plan:open(task.settings.values.locale), 0
    local ok, why = pcall(run.picture.each, task, wanted, "renewals", function(_, rows)
      for _, row in ipairs(insights.renewing(rows, given.within, given.today)) do
        if not plan.filter or plan.filter(row) then
          count = count + 1
          sink.row(row)
        end
      end
    end)
    return run.gather.finish(task, { sink }, plan, not ok and why or nil, function()
      if task.answered > 0 and count == 0 then
        task.status:note(("nothing ends within %d days"):format(given.within))
      end
    end)
  end))
end

return {
  name = "renewals",
  summary = "Subscriptions that end or renew soon, and the seats left then.",
  arguments = "[<customer> ...]",
  description = "Subscriptions that end or renew within some days, the earliest first, with the "
    .. "seats of the next term and those that nobody will have.",
  examples = {
    "renewals --all-customers --within 30 --today 2017-03-14",
    "renewals contoso --within 400 --today 2017-03-14 --format csv",
  },
  fields = FIELDS,
  options = function(command)
    run.picture.options(command,
      command:option("--within"):argname "<days>":default "30"
        :convert(options.values.number(0, 3650, "a number")):description "So many days (30).",
      command:option("--today"):argname "<day>":convert(options.values.day)
        :description "Count days from this one.")
    options.groups.rows(command, "table")
    options.groups.settings(command)
  end,
  run = run_renewals,
}
