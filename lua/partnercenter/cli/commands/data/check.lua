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

-- The customers that are named; nil: all.
local function wanted_of(task)
  return not task.given.all_customers and run.customers.find(task) or nil
end

-- Notes whose rows were not there: of each who is named, else of everybody.
local function note_unseen(task, what, wanted, seen)
  local unseen = {}
  for _, customer in ipairs(wanted or {}) do
    if not seen[customer.id:lower()] then unseen[#unseen + 1] = customer end
  end
  if unseen[1] or not next(seen) then
    task.unseen[#task.unseen + 1] = ("the service has no %s%s: nothing was looked at"):format(what,
      unseen[1] and " of " .. run.customers.enumerate(unseen) or "")
  end
end

-- Give each row of those that are wanted, products left out excepted.
local function each(task, what, resource, wanted, excepted, give)
  local read, by_id, seen = 0, {}, {}
  for _, customer in ipairs(wanted or {}) do by_id[customer.id:lower()] = true end
  for row in resource:each() do
    read = read + 1
    task.status:progress("rows", read)
    local id = tostring(row.customerId or row.customerTenantId or ""):lower()
    if not wanted or by_id[id] then
      task.looked, seen[id] = task.looked + 1, true
      if not excepted(row) then give(row) end
    end
  end
  note_unseen(task, what, wanted, seen)
end

local function look(task, limits, excepted, put)
  local wanted, analytics = wanted_of(task), task.partner.analytics
  if limits.unused_over or limits.share_below or limits.over_deployed then
    each(task, "licences", analytics.commercial.deployment.license, wanted, excepted, function(row)
      for _, found in ipairs(run.findings.of_deployment(row, limits)) do put(found) end
    end)
  end
  if not limits.expiring then return end
  each(task, "subscriptions", analytics.subscriptions, wanted, excepted, function(row)
    local found = run.findings.of_subscription(row, limits.expiring, task.given.today or os.time())
    if found then put(found) end
  end)
end

-- Nobody may take silence for "all is well": what was not found out has a code of its
-- own, beside those that say what to do.
local function raise(why)
  local code, message, kind = failure.explain(why)
  if code ~= failure.codes.failed then error(why, 0) end
  failure.raise("unknown", message, kind)
end

-- What was found is there; who was not looked at decides on the end.
local function tell_unseen(task)
  for i = 1, #task.unseen - 1 do task.status:complain(task.unseen[i], "unknown") end
  failure.raise("unknown", task.unseen[#task.unseen])
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
    task.looked, task.unseen = 0, {}
    local sink = plan:open(task.settings.values.locale)
    local ok, why = pcall(look, task, limits, excepted, function(found)
      if plan.filter and not plan.filter(found) then return end
      count = count + 1
      sink.row(found)
    end)
    if not ok or task.looked == 0 then
      sink.drop()
      if not ok then error(why, 0) end
      tell_unseen(task)
    end
    task.status:clear()
    if count == 0 and plan.form == "table" then sink.drop() else sink.finish(true) end
    task.status:note(("%s in %s"):format(run.gather.plural(count, "finding"),
      run.gather.plural(task.looked, "row")))
    if task.unseen[1] then tell_unseen(task) end
    return count > 0 and FOUND or failure.codes.done
  end)
end

return {
  name = "check",
  summary = "Look for what somebody should see: exit 1 when there is.",
  arguments = "[<customer> ...]",
  description = "Look through licences and subscriptions. Exit status: 0 nothing is found, 1 "
    .. "something is (a line each), 2 wrong use, 3 a sign-in is needed, 4 it could not be found "
    .. "out, of a customer who is named at least.",
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
