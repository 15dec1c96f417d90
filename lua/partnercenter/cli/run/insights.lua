--- Where licence insights come from: one walk over those of all customers, or a call
-- for each customer; and what to do when the older resource has nothing.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.insights

local fields = require "partnercenter.fields"
local gather = require "partnercenter.cli.run.gather"
local insights = require "partnercenter.insights"
local walk_of = require "partnercenter.cli.run.walk"
local wire = require("partnercenter.util").wire

local M = {}

--- What the commands count.
M.kinds = {
  deployment = {
    share = "deployedShare", whole = "licensesSold", part = "licensesDeployed",
    line = "%.0f sold, %.0f deployed",
  },
  usage = {
    share = "usedShare", whole = "licensesQualified", part = "licensesActive",
    line = "%.0f qualified, %.0f in use, workload by workload",
  },
}

-- For all customers the one walk is the default: it takes one call for 10,000 rows.
local function source_of(given)
  return given.source or (given.all_customers and "commercial") or nil
end

local function is_walk(given)
  return given.all_customers and source_of(given) == "commercial" or false
end

--- The fields that the rows of a command can have.
-- @tparam table given the options of the command line
-- @tparam string command "deployment" or "usage"
-- @treturn table array of names
function M.known(given, command)
  local names = {}
  if is_walk(given) then
    for _, name in ipairs(fields.of("analytics.commercial." .. command .. ".license")) do
      names[#names + 1] = name
    end
  end
  for _, name in ipairs(fields.of("customers.analytics.licenses." .. command)) do
    names[#names + 1] = name
  end
  names[#names + 1] = M.kinds[command].share
  return names
end

-- Makes the rows of different endpoints alike.
local function complete(row, id, share)
  row.customerId = row.customerId or id or wire.lower(tostring(row.customerTenantId or ""))
  row[share] = insights.share(row, share)
  return row
end

local function walk(task, command, plan, give)
  local seen, count, share = {}, 0, M.kinds[command].share
  task.customers, task.answered = 0, 0
  walk_of.rows(task, "analytics.commercial." .. command .. ".license", plan.filter, function(row)
    complete(row, nil, share)
    if not seen[row.customerId] then task.answered = task.answered + 1 end
    seen[row.customerId] = true
    count = count + 1
    give(row)
    task.status:progress("rows", count)
  end)
  task.customers = task.answered
end

-- The older resource has had nothing for many partners since 2021: then the one that
-- succeeds it is asked, unless the person has decided.
local function ask_each(task, command, plan, give)
  local customers, share = task.partner.customers, M.kinds[command].share
  local source = task.given.source
  local params = { source = source == "commercial" and source or nil }
  task.led = 0
  gather.each(task, command .. " " .. (source or "either"), function(customer)
    local resource = customers:by_id(customer.id).analytics.licenses[command]
    local rows, err = resource:all(params)
    if not rows or rows[1] or source then return rows, err end
    rows, err = resource:all { source = "commercial" }
    if rows and rows[1] then task.led = task.led + 1 end
    return rows, err
  end, function(customer, rows)
    for _, row in ipairs(rows) do
      if task.full then break end
      complete(row, customer.id, share)
      if not plan.filter or plan.filter(row) then give(row) end
    end
  end)
end

--- Every row of the customers that a command is about.
-- @tparam table task
-- @tparam string command "deployment" or "usage"
-- @tparam table plan its `filter` decides which
-- @tparam function give takes a row; no more are read once `task.full` is set
-- @raise a failure; an error of the library
function M.each(task, command, plan, give)
  if is_walk(task.given) then
    walk(task, command, plan, give)
  else
    ask_each(task, command, plan, give)
  end
end

--- Tells the person which resource the rows are from, or where else there may be some.
-- @tparam table task
-- @tparam number count rows that came
function M.hint(task, count)
  if task.led and task.led > 0 then
    task.status:note(("the older resource had nothing for %d of the customers; theirs are from "
      .. "the commercial one"):format(task.led))
  end
  if count > 0 or task.answered == 0 and not is_walk(task.given) then return end
  if task.given.source == "customer" and not task.given.filter then
    task.status:note("the older resource has nothing; '--source commercial' may have it")
  else
    task.status:note("no rows")
  end
end

return M
