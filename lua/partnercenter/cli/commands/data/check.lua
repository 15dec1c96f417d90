--- `check`: is there anything that somebody has to look at?
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.check

local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

local column = formats.columns.column

local COLUMNS = {
  column("finding", "FINDING"), column("customerName", "CUSTOMER"),
  column("productName", "PRODUCT"), column("message", "WHAT"),
}

-- Something is found.
local FOUND = 1

local function limits_of(given)
  local limits = {
    unused_over = given.unused_over, over_deployed = given.over_deployed,
    share_below = given.share_below and given.share_below / 100, expiring = given.expiring,
  }
  if next(limits) == nil then
    failure.usage("say what to look for: --unused-over, --share-below, --over-deployed, --expiring")
  end
  return limits
end

local function exception_of(given)
  local parts = {}
  for _, list in ipairs { given.no_free and {} or run.findings.free, given.except or {} } do
    for _, part in ipairs(list) do parts[#parts + 1] = part end
  end
  return run.findings.exception(parts)
end

-- The customers that are named, by id; nil: all.
local function wanted_of(task)
  if task.given.all_customers then return nil end
  local wanted = {}
  for _, customer in ipairs(run.customers.find(task)) do wanted[customer.id:lower()] = true end
  return wanted
end

local function look(task, limits, excepted, put)
  local wanted = wanted_of(task)
  local function is_wanted(row)
    local id = row.customerId or row.customerTenantId or ""
    return (not wanted or wanted[id:lower()]) and not excepted(row)
  end
  local commercial = task.partner.analytics.commercial.deployment.license
  if limits.unused_over or limits.share_below or limits.over_deployed then
    for row in commercial:each() do
      task.looked = task.looked + 1
      task.status:progress("rows", task.looked)
      if is_wanted(row) then
        for _, found in ipairs(run.findings.of_deployment(row, limits)) do put(found) end
      end
    end
  end
  if not limits.expiring then return end
  for row in task.partner.analytics.subscriptions:each() do
    task.looked = task.looked + 1
    task.status:progress("rows", task.looked)
    local found = is_wanted(row)
      and run.findings.of_subscription(row, limits.expiring, task.given.today or os.time())
    if found then put(found) end
  end
end

-- Nobody may take silence for "all is well": what was not found out has a code of its
-- own, beside those that say what to do.
local function raise(why)
  local code, message, kind = failure.explain(why)
  if code ~= failure.codes.failed then error(why, 0) end
  failure.raise("unknown", message, kind)
end

local function open_plan(given)
  return formats.rows.plan { given = given, columns = COLUMNS,
    known = { "customerId", "licensesSold", "licensesDeployed", "commitmentEndDate" } }
end

local function check(given)
  local limits, excepted = limits_of(given), exception_of(given)
  given.all_customers = not given.customer[1]
  local plan, count = open_plan(given), 0
  return run.task.run(given, function(task)
    task.looked = 0
    local sink = plan:open(task.settings.values.locale)
    local ok, why = pcall(look, task, limits, excepted, function(found)
      if plan.filter and not plan.filter(found) then return end
      count = count + 1
      sink.row(found)
    end)
    if ok and task.looked == 0 then
      ok, why = pcall(failure.raise, "unknown", "the service has no rows: nothing was looked at")
    end
    if not ok then
      sink.drop()
      error(why, 0)
    end
    task.status:clear()
    if count == 0 and plan.form == "table" then sink.drop() else sink.finish(true) end
    task.status:note(("%s in %s"):format(run.gather.plural(count, "finding"),
      run.gather.plural(task.looked, "row")))
    return count > 0 and FOUND or failure.codes.done
  end)
end

return {
  name = "check",
  summary = "Look for what somebody should see: exit 1 when there is.",
  arguments = "[<customer> ...]",
  description = "Look through licences and subscriptions. Exit status: 0 nothing is found, 1 "
    .. "something is (a line each), 2 wrong use, 3 a sign-in is needed, 4 it could not be found "
    .. "out.",
  examples = {
    "check --unused-over 50 --share-below 30",
    "check contoso --over-deployed --share-below 30 --format json",
    "check --expiring 90 --today 2017-03-14 --except 'AZURE,EXCHANGE ONLINE (PLAN 1)'",
  },
  options = function(command)
    local values = options.values
    command:argument("customer"):args "*":description "Only these: id, name, domain or a part."
    command:group("Main options",
      command:option("--unused-over"):argname "<n>":convert(values.number(0, 1e9, "a number"))
        :description "More licences than this are sold and not deployed.",
      command:option("--share-below"):argname "<percent>"
        :convert(values.number(0, 100, "a percentage"))
        :description "Less than this is deployed.",
      command:flag("--over-deployed"):description "More is deployed than was sold.",
      command:option("--expiring"):argname "<days>":convert(values.number(0, 3650, "a number"))
        :description "A subscription's commitment ends within so many days.",
      command:option("--except"):argname "<names>":convert(values.list)
        :description "Leave products out, by parts of their names, comma separated.",
      command:flag("--no-free"):description "Do not leave out what is free or tried out.",
      command:option("--today"):argname "<day>":convert(values.day)
        :description "Count days from this one.")
    options.groups.rows(command, "table")
    options.groups.settings(command)
  end,
  run = function(given)
    local ok, result = pcall(check, given)
    if not ok then raise(result) end
    return result
  end,
}
