--- What a report measures, and the sums of it: for all rows, by product, by customer.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.measures

local fields = require "partnercenter.fields"

local M = {}

-- What of a whole is in use; `left` is what can be acted on.
local DEPLOYED = {
  id = "deployed", whole = "licensesSold", part = "licensesDeployed", share = "deployedShare",
  names = { whole = "Sold", part = "Deployed", left = "Not deployed" },
  act = "sold and not deployed",
}
local ACTIVE = {
  id = "active", whole = "licensesQualified", part = "licensesActive", share = "usedShare",
  names = { whole = "Qualified", part = "In use", left = "Not in use" },
  act = "qualified and not in use",
}

--- The reports: `title`, the `measures` in their order, `workload` where rows have one.
M.kinds = {
  deployment = { title = "Licence deployment", measures = { DEPLOYED } },
  usage = { title = "Licence usage", measures = { ACTIVE }, workload = true },
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

--- All sums of a report.
-- @tparam table rows
-- @tparam table kind of `kinds`
-- @treturn table `all`, and the arrays `products` and `customers`; each sum has `name`,
--   `rows`, and by measure `whole`, `part` and `left`; a product has its number `n`, by
--   which links lead to it; a customer has its `id`, its number, and its rows by product:
--   `of`, array of { product, rows }
function M.sums(rows, kind)
  local all, products, customers = new_sum(), {}, {}
  for _, row in ipairs(rows) do
    local product_key, id = tostring(row.productName), tostring(row.customerId)
    local product = group(products, product_key, row.productName)
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
  end
  return { all = all, products = products, customers = customers }
end

return M
