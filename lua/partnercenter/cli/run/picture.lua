--- The whole picture of customers' licences: what `licences` and `renewals` ask for.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.picture

local customers_of = require "partnercenter.cli.run.customers"
local failure = require "partnercenter.cli.failure"
local gather = require "partnercenter.cli.run.gather"
local insights = require "partnercenter.insights"
local options = require "partnercenter.cli.options"
local shell = require "partnercenter.cli.shell"
local task_of = require "partnercenter.cli.run.task"

local M = {}

local ALL = { "subscriptions", "skus", "deployment", "usage" }

-- The sources that answer for all customers at once.
local BULK = { "deployment", "usage" }

--- Options of what asks for licences.
-- @tparam table command of lua-argparse
-- @param ... further options of the group
function M.options(command, ...)
  command:argument("customer"):args "*"
    :description "Id, name, domain or a part of one; - reads them from standard input."
  local resume, fresh = options.groups.resuming(command)
  command:group("Main options",
    command:flag("-a --all-customers"):description "Of every customer.",
    command:option("--offer-matrix"):argname "<file>"
      :description "Partner Center's offer matrix (CSV): joins what was sold to what is there.",
    command:flag("--provisioning"):description("Ask what each subscription provisioned, which "
      .. "joins them, too: a call for each. Of named customers the default, without a matrix."),
    command:option("--price-list"):argname "<file>"
      :description "Prices of seats (CSV), or Partner Center's price sheet.",
    resume, fresh, ...)
end

local function chosen(sources)
  for _, name in ipairs(sources) do
    local known = false
    for _, each in ipairs(ALL) do known = known or each == name end
    if not known then
      failure.usage("--sources: '%s' is none of %s", name, table.concat(ALL, ", "))
    end
  end
  return sources
end

local function read_file(read, path)
  if not path then return nil end
  local made, err = read(path)
  if not made then failure.usage("%s", (err.message:gsub("^(%l+)_(%l+)", "--%1-%2"))) end
  return made
end

--- What is to be asked; every name and file is looked at here, before anything is sent.
-- @tparam table given the options of the command line
-- @tparam ?{string,...} sources default: all
-- @treturn table for `each`
-- @raise a failure of use
function M.plan(given, sources)
  customers_of.check(given)
  return {
    sources = chosen(sources or ALL),
    offer_matrix = read_file(insights.offer_matrix, given.offer_matrix),
    price_list = read_file(insights.price_list, given.price_list),
    provisioning = given.provisioning or not given.all_customers and not given.offer_matrix,
  }
end

-- The rows of one source, of all customers.
local function read_all(task, name)
  local iterate, count = task.partner.analytics.commercial[name].license:each { top = 10000 }, 0
  return insights.by_customer(function()
    count = count + 1
    task.status:progress(name .. ", rows", count)
    return iterate()
  end)
end

-- Reads the sources that answer for all customers at once. A failure is told once; the
-- second value is whether there was one.
local function read_bulk(task, plan)
  local known, wanted, lacks = {}, {}, nil
  for _, name in ipairs(plan.sources) do wanted[name] = true end
  for _, name in ipairs(BULK) do
    if wanted[name] then
      local ok, rows = pcall(read_all, task, name)
      known[name] = ok and rows or {}
      if not ok then
        task_of.note(task, { id = "all" }, rows, name)
        lacks = true
      end
    end
  end
  return known, lacks
end

-- What is in a file may be other rows tomorrow, or in an hour.
local function sum_of(path) return path and shell.checksum(path) or "" end

--- Ask for each customer's licences.
-- @tparam table task
-- @tparam table plan of `plan`
-- @tparam string kind what is asked, for those who go on with an interrupted run
-- @tparam function give takes a customer and its rows
-- @raise a failure that all calls would meet
function M.each(task, plan, kind, give)
  local asked = {
    sources = plan.sources, offer_matrix = plan.offer_matrix, price_list = plan.price_list,
    provisioning = plan.provisioning,
  }
  local function prepare()
    if task.given.all_customers then asked.known, task.lacks = read_bulk(task, plan) end
  end
  local question = { kind, plan.sources, sum_of(task.given.offer_matrix),
    sum_of(task.given.price_list), tostring(plan.provisioning) }
  gather.each(task, question, function(customer)
    local found, err = task.partner:licences(customer, asked)
    if not found then return nil, err end
    found.items.incomplete = task.lacks
    for source, each in pairs(found.failures) do
      found.items.incomplete = true
      task.failures:add(customer, each, source)
    end
    return found.items
  end, give, prepare)
end

return M
