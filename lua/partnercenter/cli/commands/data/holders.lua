--- `holders`: who holds which licence of a customer.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.holders

local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local kept_of = require "partnercenter.cli.kept"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

local column = formats.columns.column

local USER, NAME = column("userPrincipalName", "USER"), column("displayName", "NAME")
local PRODUCT, SKU = column("productName", "PRODUCT"), column("skuPartNumber", "SKU")
local STATE = column("holder", "STATE")

local COLUMNS = {
  column("customerId", "CUSTOMER ID", "id"), column("userId", "USER ID", "id"), USER, NAME, STATE,
  column("skuId", "PRODUCT ID", "id"), PRODUCT, SKU, column("licenseGroupId", "GROUP"),
}
local SHOWN = { USER, NAME, STATE, PRODUCT, SKU }

local FIELDS = {}
for i, each in ipairs(COLUMNS) do FIELDS[i] = each.field end

local function find_customer(task)
  local found = run.customers.find(task)
  if #found ~= 1 then
    failure.usage("name one customer: a call is made for each user; '%s' names %d",
      table.concat(task.given.customer, " "), #found)
  end
  return found[1]
end

-- In one word: who is gone comes before who cannot sign in.
local function state_of(row)
  return row.deleted and "deleted" or row.disabled and "disabled" or "active"
end

local function ask_all(task, customer, plan, sink)
  local journal = kept_of.journal.open(task, "holders", customer.id:lower(), task.given.sku or "",
    tostring(task.given.no_deleted))
  if next(journal.answers) then journal:tell("answers are") end
  local iterate = task.partner.customers:by_id(customer.id):holders {
    sku = task.given.sku, known = journal.answers, deleted = not task.given.no_deleted,
    concurrency = task.settings.values.concurrency,
  }
  local ok, why = pcall(run.task.interruptible, task, function()
    for user, rows, err in iterate do
      task.customers = task.customers + 1
      task.status:progress("users", task.customers)
      if rows then
        task.answered = task.answered + 1
        if not journal.answers[user.id] then journal:note(user.id, rows) end
      else
        journal:note(user.id)
        run.task.note(task, { id = user.id, name = user.userPrincipalName }, err)
      end
      for _, row in ipairs(rows or {}) do
        row.holder = state_of(row)
        if not plan.filter or plan.filter(row) then
          task.count = task.count + 1
          task.full = sink.row(row)
        end
      end
      if task.full then break end
    end
  end)
  journal:close(ok and run.task.is_whole(task))
  if not ok then error(why, 0) end
end

local function run_holders(given)
  given.customer = { given.customer }
  -- They come in any order.
  given.sort = given.sort or { field = "userPrincipalName", direction = "asc" }
  local plan = formats.rows.plan { given = given, columns = COLUMNS, table_columns = SHOWN,
    known = { "state", "deleted", "disabled" } }
  return (run.task.run(given, function(task)
    task.customers, task.answered, task.count = 0, 0, 0
    task.failures.noun = "user"
    local customer = find_customer(task)
    local sink = plan:open(task.settings.values.locale)
    local ok, why = pcall(ask_all, task, customer, plan, sink)
    return run.gather.finish(task, { sink }, plan, not ok and why or nil, function()
      task.status:note(("%s of %s"):format(run.gather.plural(task.count, "licence"),
        run.gather.plural(task.answered, "user")))
    end)
  end))
end

return {
  name = "holders",
  summary = "Who holds which licence of a customer.",
  arguments = "<customer>",
  description = "Who holds which licence of a customer: a call for each user, at the pace that "
    .. "the service takes. Deleted and disabled users are marked.",
  examples = {
    "holders contoso --sku OFFICE_365_ENTERPRISE_E1",
    "holders contoso --filter \"holder ne 'active'\" --format csv --output idle.csv",
  },
  fields = FIELDS,
  options = function(command)
    command:argument("customer"):description "Id, name, domain or a part of one."
    local resume, fresh = options.groups.resuming(command)
    command:group("Main options",
      command:option("--sku"):argname "<name>":description "Only of this: id, part number or name.",
      command:flag("--no-deleted"):description "Without deleted users.", resume, fresh)
    options.groups.rows(command, "table")
    options.groups.settings(command)
  end,
  run = run_holders,
}
