--- All sources of a customer's licences, asked side by side: `partner:licences`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.licences

local check = require("partnercenter.util").check
local errors = require "partnercenter.errors"
local filters = require "partnercenter.filters"
local insights = require "partnercenter.insights"
local wire = require("partnercenter.util").wire

local GROUPS = { "group1", "group2" }

local M = {}

-- In the order in which their errors count.
local SOURCES = { "subscriptions", "skus", "deployment", "usage" }

local function of_customer(id)
  -- In capitals, as its rows have it.
  return { filter = filters.eq("customerTenantId", wire.upper(id)), top = 10000 }
end

local ASK = {
  subscriptions = function(root, id) return root.customers:by_id(id).subscriptions:all() end,
  skus = function(root, id)
    return root.customers:by_id(id).subscribedskus:all { licenseGroupIds = GROUPS }
  end,
  deployment = function(root, id)
    return root.analytics.commercial.deployment.license:all(of_customer(id))
  end,
  usage = function(root, id)
    return root.analytics.commercial.usage.license:all(of_customer(id))
  end,
}

local function is_list_of_sources(value)
  if type(value) ~= "table" or value[1] == nil then
    return false, "must be an array of subscriptions, skus, deployment, usage"
  end
  for _, name in ipairs(value) do
    if not ASK[name] then
      return false, ("has '%s', which is no source%s"):format(tostring(name), check.hint(name, ASK))
    end
  end
  return true
end

local OPTIONS = {
  sources = is_list_of_sources, provisioning = "boolean", offer_matrix = "string|table",
  price_list = "string|table", known = "table",
}

-- The iterator of `map` is called here, since in PUC 5.1 the iterator of a `for` cannot
-- wait.
local function gather(transport, input, fn, take)
  local iterate = transport:map(input, fn, nil, 1)
  while true do
    local key, value, err = iterate()
    if key == nil then return end
    if value ~= nil then
      take(key, value)          -- the second one is no error, then
    elseif errors.is(err) then
      take(key, nil, err)
    else
      error(err, 0)
    end
  end
end

-- Is it still unknown what a subscription provisioned? Azure provisions no seats.
local function is_unknown(row, matrix)
  if row.billingType == "usage" or type(row.id) ~= "string" then return false end
  local status = type(row.status) == "string" and wire.lower(row.status)
  return (status == "active" or status == "suspended")
    and not (matrix and matrix:sku_of(row.offerId))
end

-- What subscriptions provisioned, by their ids; and the first error.
local function ask_provisioned(root, transport, id, rows, matrix)
  local wanted, found, failure = {}, {}, nil
  for _, row in ipairs(rows) do
    if is_unknown(row, matrix) then wanted[#wanted + 1] = row.id end
  end
  local subscriptions = root.customers:by_id(id).subscriptions
  gather(transport, wanted, function(subscription)
    return subscriptions:by_id(subscription).provisioningstatus:get()
  end, function(subscription, status, err)
    found[subscription], failure = status, failure or err
  end)
  return found, failure
end

-- The rows that are there already, and the sources to ask.
local function divide(given, id)
  local rows, asked = {}, {}
  for _, name in ipairs(given.sources or SOURCES) do
    local known = (given.known or {})[name]
    if known then rows[name] = known[wire.lower(id)] or {} else asked[#asked + 1] = name end
  end
  return rows, asked
end

local function ask_all(root, transport, id, given, rows, asked, matrix)
  local failures, provisioned = {}, nil
  gather(transport, asked, function(name)
    local found, err = ASK[name](root, id)
    if found and name == "subscriptions" and given.provisioning then
      provisioned, failures.provisioning = ask_provisioned(root, transport, id, found, matrix)
    end
    return found, err
  end, function(name, found, err) rows[name], failures[name] = found, err end)
  return failures, provisioned
end

local function check_customer(customer, level)
  local id = customer
  if type(customer) == "table" then id = customer.id end
  if not check.guid(id) then
    error("bad argument #1 to licences (the id of a customer, or its row, is due)", level + 1)
  end
  return id
end

local function read_files(given)
  local matrix, prices, err
  if given.offer_matrix then
    matrix, err = insights.offer_matrix(given.offer_matrix)
    if not matrix then return nil, nil, err end
  end
  if given.price_list then
    prices, err = insights.price_list(given.price_list)
    if not prices then return nil, nil, err end
  end
  return matrix, prices
end

--- Ask; see `partnercenter.client:licences`.
-- @tparam table root the node above all
-- @tparam Transport transport
-- @tparam string|table customer
-- @tparam ?table options
-- @tparam number level whom to blame
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise a wrong customer or option
function M.ask(root, transport, customer, options, level)
  local id = check_customer(customer, level + 1)
  local given = check.options("licences", options, OPTIONS, level + 1)
  local matrix, prices, err = read_files(given)
  if err then return nil, err end
  local rows, asked = divide(given, id)
  local failures, provisioned = ask_all(root, transport, id, given, rows, asked, matrix)
  if next(rows) == nil then
    for _, name in ipairs(SOURCES) do err = err or failures[name] end
    return nil, err
  end
  rows.provisioning, rows.offer_matrix, rows.price_list = provisioned, matrix, prices
  rows.customer = customer
  local items = insights.licences(rows)
  return {
    items = items, failures = failures, customerId = wire.lower(id),
    customerName = items[1] and items[1].customerName,
  }
end

return M
