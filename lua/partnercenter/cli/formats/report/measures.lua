--- What a report measures, and the sums of it: for all rows, by product, by customer.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.measures

local fields = require "partnercenter.fields"

local M = {}

-- What of a whole is in use; `left` is what can be acted on.
local DEPLOYED = {
  id = "deployed", whole = "licensesSold", part = "licensesDeployed",
  names = { whole = "Sold", part = "Deployed", left = "Not deployed" },
  act = "sold and not deployed",
}
local ACTIVE = {
  id = "active", whole = "licensesQualified", part = "licensesActive",
  names = { whole = "Qualified", part = "In use", left = "Not in use" },
  act = "qualified and not in use",
}

-- The same of the rows that `insights.licences` gives.
local LICENCES = {
  {
    id = "assigned", whole = "total", part = "assigned",
    names = { whole = "In the tenants", part = "Assigned", left = "Unassigned" },
    act = "in the customers' tenants and not assigned",
  },
  {
    id = "deployed", whole = "insights_sold", part = "deployed", names = DEPLOYED.names,
    act = DEPLOYED.act,
  },
  {
    id = "active", whole = "assigned", part = "active",
    names = { whole = "Assigned", part = "Active", left = "Not active" },
    act = "assigned and not active",
  },
}

--- The reports: `title`, the `measures` in their order, `workload` where rows have one.
M.kinds = {
  deployment = { title = "Licence deployment", measures = { DEPLOYED } },
  usage = { title = "Licence usage", measures = { ACTIVE }, workload = true },
  licences = { title = "Licences", measures = LICENCES },
}

--- What a row has of a measure.
-- @tparam table row
-- @tparam table measure
-- @treturn ?number whole
-- @treturn ?number part
-- @treturn ?number left; never below zero
function M.of_row(row, measure)
  local whole, part = fields.count(row, measure.whole), fields.count(row, measure.part)
  return whole, part, whole and part and math.max(0, whole - part) or nil
end

local function new_sum(name)
  return { name = name, rows = 0, whole = {}, part = {}, left = {} }
end

-- Where more are in use than the whole, they do not make up for what is left elsewhere.
local function add(sum, row, measures)
  sum.rows = sum.rows + 1
  for _, measure in ipairs(measures) do
    local whole, part, left = M.of_row(row, measure)
    local id = measure.id
    sum.whole[id] = (sum.whole[id] or 0) + (whole or 0)
    sum.part[id] = (sum.part[id] or 0) + (part or 0)
    sum.left[id] = (sum.left[id] or 0) + (left or 0)
  end
end

--- The share of a sum.
-- @tparam table sum
-- @tparam table measure
-- @treturn ?number nil where the whole is nothing
function M.share(sum, measure)
  local whole = sum.whole[measure.id] or 0
  return whole > 0 and sum.part[measure.id] / whole or nil
end

--- The sums with what can be acted on first.
-- @tparam table sums array
-- @tparam table measure
-- @treturn table array, a new one
function M.ordered(sums, measure)
  local list = {}
  for i, sum in ipairs(sums) do list[i] = sum end
  local id = measure.id
  table.sort(list, function(a, b)
    for _, part in ipairs { "left", "whole" } do
      local x, y = a[part][id] or 0, b[part][id] or 0
      if x ~= y then return x > y end
    end
    return a.n < b.n
  end)
  return list
end

local function group(groups, key, name)
  local sum = groups[key]
  if not sum then
    sum = new_sum(name)
    sum.n = #groups + 1
    groups[key], groups[sum.n] = sum, sum
  end
  return sum
end

--- The rows that say until when they run, the earliest first.
-- @tparam table rows
-- @treturn table array
function M.renewals_of(rows)
  local list, at = {}, {}
  for i, row in ipairs(rows) do
    if type(row.renews_on) == "string" then list[#list + 1], at[row] = row, i end
  end
  table.sort(list, function(a, b)
    if a.renews_on ~= b.renews_on then return a.renews_on < b.renews_on end
    return at[a] < at[b]
  end)
  return list
end

-- What is unassigned costs so much a month; currencies are never added up.
local function add_cost(sums, row)
  local cost, currency = row.cost_of_unassigned, row.currency
  if type(cost) ~= "number" or not currency then return end
  if not sums.costs[currency] then sums.currencies[#sums.currencies + 1] = currency end
  sums.costs[currency] = (sums.costs[currency] or 0) + cost
end

--- All sums of a report.
-- @tparam table rows
-- @tparam table kind of `kinds`
-- @treturn table `all`, and the arrays `products` and `customers`; each sum has `name`,
--   `rows`, and by measure `whole`, `part` and `left`; a product has its number `n`, by
--   which links lead to it; a customer has its `id`, its number, and its rows by product:
--   `of`, array of { product, rows }. And what is unassigned costs, by currency: `costs`,
--   whose keys are `currencies` in their order
function M.sums(rows, kind)
  local all, products, customers = new_sum(), {}, {}
  local sums = { all = all, products = products, customers = customers, costs = {},
    currencies = {} }
  for _, row in ipairs(rows) do
    local name = row.productName or row.skuPartNumber
    local product_key, id = tostring(name), tostring(row.customerId)
    local product = group(products, product_key, name)
    -- By id, since two may have the same name.
    local customer = group(customers, id, row.customerName or row.customerId)
    customer.id, customer.of = row.customerId, customer.of or {}
    local own = customer.of[product_key]
    if not own then
      own = { product = product, rows = {}, sum = new_sum() }
      own.sum.n = #customer.of + 1
      customer.of[product_key], customer.of[own.sum.n] = own, own
    end
    own.rows[#own.rows + 1] = row
    for _, sum in ipairs { all, product, customer, own.sum } do add(sum, row, kind.measures) end
    add_cost(sums, row)
  end
  table.sort(sums.currencies)
  return sums
end

return M
