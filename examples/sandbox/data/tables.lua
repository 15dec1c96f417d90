-- The columns of every analytics resource: where a value comes from, which
-- operators a filter may use with it, whether rows can be grouped by it.
--   of     "customer" or "product": the same for all rows of it; else "row"
--   ops    operators of filters;  date, boolean: not a plain text
--   exact  compared with letter case;  group  may stand in groupby
--   sum    added up when rows are grouped;  alone  not shown when grouped
local catalog = require "sandbox.data.catalog"
local data = require "sandbox.data.data"
local settings = require "sandbox.server.settings"

local M = {}

local function column(name, of, get, options)
  local made = { name = name, of = of, get = get }
  for key, value in pairs(options or {}) do made[key] = value end
  return made
end

local DIMENSION = { ops = "eq ne", group = true }
local SUM = { sum = true }

local function customer_column(name, key, options)
  return column(name, "customer", function(c) return data.customer(c)[key] end,
    options or DIMENSION)
end

local function product_column(name, get, options)
  return column(name, "product", function(c, k) return get(data.product(c, k)) end,
    options or DIMENSION)
end

local service_code = product_column("serviceCode", function(p) return p.service end)
local service_name = product_column("serviceName",
  function(p) return catalog.services[p.service].name end)
local channel = customer_column("channel", "channel")
local tenant = customer_column("customerTenantId", "upper_id")
local customer_name = customer_column("customerName", "name")
local product_id = product_column("productId", function(p) return p.id end)
local product_name = product_column("productName", function(p) return p.name end)

local function processed(kind)
  return product_column("processedDateTime",
    function(p) return data.processed(p.service, kind) end, {})
end

M.commercial_deployment = {
  rows = data.deployment, processed = true,
  columns = {
    processed("deployment"), service_code, service_name, channel, tenant, customer_name,
    product_id, product_name,
    column("licensesDeployed", "row", function(c, k) return data.deployed(c, k) end, SUM),
    column("licensesSold", "row", function(c, k) return data.sold(c, k) end, SUM),
  },
}

local active = column("licensesActive", "row",
  function(c, k, w) return data.active(c, k, w) end, SUM)
-- The documentation names the member one way and shows it another.
active.wire_name = function() return settings.get().usage_field end

M.commercial_usage = {
  rows = data.usage, processed = true,
  columns = {
    processed("usage"),
    column("workloadCode", "row", function(_, _, _, code) return code end, DIMENSION),
    column("workloadName", "row", function(_, _, _, code) return catalog.workloads[code] end,
      DIMENSION),
    service_code, service_name, channel, tenant, customer_name, product_id, product_name,
    active,
    column("licensesQualified", "row", function(c, k) return data.sold(c, k) end, SUM),
  },
}

-- Those of the other resources, each made when it is first asked for.
local elsewhere = {
  subscriptions = "sandbox.data.subscriptions", usage_azure = "sandbox.data.activity",
  indirectresellers = "sandbox.data.activity", referrals = "sandbox.data.activity",
  search = "sandbox.data.activity",
}

local function index(source)
  source.by_name = {}
  for _, col in ipairs(source.columns) do source.by_name[col.name:lower()] = col end
  return source
end

function M.find(name)
  local source = M[name] or require(elsewhere[name])[name]
  return source.by_name and source or index(source)
end

return M
