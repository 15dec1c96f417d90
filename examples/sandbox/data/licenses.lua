-- The older licence insights: a customer's and the partner's, deployment and
-- usage. Members come in the documented order.
local catalog = require "sandbox.data.catalog"
local data = require "sandbox.data.data"
local errors = require "sandbox.faults.errors"
local json = require "sandbox.answers.json"

local M = {}

local quote = json.quote

local GUID = ("%x"):rep(8) .. "%-" .. (("%x"):rep(4) .. "%-"):rep(3) .. ("%x"):rep(12)

-- The customer's number, or an answer that refuses the id.
function M.customer_of(req)
  if not req.id:find("^" .. GUID .. "$") then return nil, errors.api("bad_guid") end
  local c = data.find(req.id:lower())
  if not c then return nil, errors.api("no_tenant", req.id) end
  return c
end

function M.envelope(items, links)
  return ('{"totalCount":%d,"items":[%s],%s"attributes":{"objectType":"Collection"}}')
    :format(#items, table.concat(items, ","), links or "")
end

local function share(part, whole)
  return json.double(whole == 0 and 0 or part / whole)
end

local function processed(service, kind)
  return data.processed(service, kind) .. "+00:00"
end

local DEPLOYMENT = '{"customerName":%s,"productName":%s,"licensesDeployed":%d,'
  .. '"deploymentPercent":%s,"licensesSold":%d,"processedDateTime":"%s","serviceName":"%s",'
  .. '"channel":"%s","attributes":{"objectType":"CustomerLicensesDeploymentInsights"}}'

function M.customer_deployment(req)
  local c, status, body = M.customer_of(req)
  if not c then return status, body end
  local customer, items = data.customer(c), {}
  for k = 0, data.products_of(c) - 1 do
    local product, sold, deployed = data.product(c, k), data.sold(c, k), data.deployed(c, k)
    items[k + 1] = DEPLOYMENT:format(quote(customer.name), quote(product.name), deployed,
      share(deployed, sold), sold, processed(product.service, "deployment"), product.service,
      customer.channel)
  end
  return 200, M.envelope(items)
end

local USAGE = '{"customerName":%s,"productName":%s,"licensesActive":%d,"licensesQualified":%d,'
  .. '"usagePercent":%s,"workloadName":%s,"processedDateTime":"%s","serviceName":"%s",'
  .. '"channel":"%s","attributes":{"objectType":"CustomerLicensesUsageInsights"}}'

function M.customer_usage(req)
  local c, status, body = M.customer_of(req)
  if not c then return status, body end
  local customer, items = data.customer(c), {}
  local first = data.usage.first(c)
  for r = first, first + data.usage.rows_of(c) - 1 do
    local _, k, w, code = data.usage.locate(r)
    local product, qualified, active = data.product(c, k), data.sold(c, k), data.active(c, k, w)
    items[#items + 1] = USAGE:format(quote(customer.name), quote(product.name), active, qualified,
      share(active, qualified), quote(catalog.workloads[code]), processed(product.service, "usage"),
      product.service, customer.channel)
  end
  return 200, M.envelope(items)
end

-- Sums over all rows, by the keys that `key_of` gives, in order of first use.
local function sums(rows, add)
  local groups, order = {}, {}
  for r = 0, rows.total() - 1 do
    local key, part, whole = add(rows.locate(r))
    local group = groups[key]
    if not group then
      group = { key = key, part = 0, whole = 0 }
      groups[key], order[#order + 1] = group, key
    end
    group.part, group.whole = group.part + part, group.whole + whole
  end
  table.sort(order)
  return groups, order
end

local PARTNER_DEPLOYMENT = '{"proratedDeploymentPercent":%s,"licensesSold":%d,'
  .. '"processedDateTime":"%s","serviceName":"%s","channel":"%s",'
  .. '"attributes":{"objectType":"PartnerLicensesDeploymentInsights"}}'

function M.partner_deployment()
  local groups, order = sums(data.deployment, function(c, k)
    return data.product(c, k).service .. "\n" .. data.customer(c).channel, data.deployed(c, k),
      data.sold(c, k)
  end)
  local items = {}
  for i, key in ipairs(order) do
    local service, channel = key:match("^(.*)\n(.*)$")
    local group = groups[key]
    items[i] = PARTNER_DEPLOYMENT:format(share(group.part, group.whole), group.whole,
      processed(service, "deployment"), service, channel)
  end
  return 200, M.envelope(items)
end

local PARTNER_USAGE = '{"proratedLicensesUsagePercent":%s,"workloadName":%s,'
  .. '"processedDateTime":"%s","serviceName":"%s","channel":"%s",'
  .. '"attributes":{"objectType":"PartnerLicensesUsageInsights"}}'

function M.partner_usage()
  local groups, order = sums(data.usage, function(c, k, w, code)
    return table.concat({ data.product(c, k).service, catalog.workloads[code],
      data.customer(c).channel }, "\n"), data.active(c, k, w), data.sold(c, k)
  end)
  local items = {}
  for i, key in ipairs(order) do
    local service, workload, channel = key:match("^(.*)\n(.*)\n(.*)$")
    local group = groups[key]
    items[i] = PARTNER_USAGE:format(share(group.part, group.whole), quote(workload),
      processed(service, "usage"), service, channel)
  end
  return 200, M.envelope(items)
end

return M
