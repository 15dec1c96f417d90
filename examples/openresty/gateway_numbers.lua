-- What the gateway shows, as JSON: sums of rows that are read while they arrive, so
-- that nothing grows with their number but with that of products and customers.
--
--   local numbers = require("gateway_numbers").new(partner)
--   numbers.deployed() --> text, when its data was processed; or nil, error
local dates = require "gateway_dates"
local json = require("partnercenter.util").json -- where an empty array is []
local partnercenter = require "partnercenter"

local M = {}

-- What is counted of what: `part` of `whole`.
local DEPLOYED = { whole = "sold", part = "deployed",
  whole_field = "licensesSold", part_field = "licensesDeployed" }
local ACTIVE = { whole = "qualified", part = "active",
  whole_field = "licensesQualified", part_field = "licensesActive" }

-- Beyond this sums would no longer be exact.
local MOST = 2 ^ 40

-- What the service writes is never taken for granted: a name that is missing or no
-- text is shown as such, a count that is none is not added.
local function name_of(value)
  return type(value) == "string" and value ~= "" and value or "(no name)"
end

local function count_of(value)
  return type(value) == "number" and math.abs(value) < MOST and value or 0
end

-- `left` is what can be acted on: where more are in use than the whole, they do not
-- make up for the licences that are left elsewhere.
local function add(group, row, kind)
  local whole, part = count_of(row[kind.whole_field]), count_of(row[kind.part_field])
  group[kind.whole] = (group[kind.whole] or 0) + whole
  group[kind.part] = (group[kind.part] or 0) + part
  group.left = (group.left or 0) + math.max(0, whole - part)
  group.count = (group.count or 0) + 1
end

local function group_of(groups, id, name)
  local group = groups[id]
  if not group then
    group = { id = id, name = name }
    groups[id], groups[#groups + 1] = group, group
  end
  return group
end

local function with_share(group, kind)
  for _, name in ipairs { kind.whole, kind.part, "left", "count" } do
    group[name] = group[name] or 0
  end
  group.share = group[kind.whole] > 0 and group[kind.part] / group[kind.whole] or nil
  return group
end

-- As an array, those with most of the whole first.
local function finish(groups, kind)
  local list = {}
  for i, group in ipairs(groups) do list[i] = with_share(group, kind) end
  table.sort(list, function(a, b)
    if a[kind.whole] ~= b[kind.whole] then return a[kind.whole] > b[kind.whole] end
    return a.name < b.name
  end)
  return list
end

-- The days on which rows were processed: not all of them on the same.
local function days()
  local first, last, seen = nil, nil, {}
  local function note(text)
    if type(text) ~= "string" or seen[text] then return end
    seen[text] = true
    local seconds = partnercenter.datetime(text)
    if not seconds then return end
    first, last = math.min(first or seconds, seconds), math.max(last or seconds, seconds)
  end
  return note, function()
    if not first then return nil, nil end
    return { from = os.date("!%Y-%m-%d", math.floor(first)),
      to = os.date("!%Y-%m-%d", math.floor(last)) }, last
  end
end

-- Sums of a walk over the rows of all customers.
local function sums(resource, kind)
  local products, customers, totals = {}, {}, {}
  local note, processed = days()
  local ok, err = pcall(function()
    for row in resource:each { top = 10000 } do
      add(totals, row, kind)
      local product, tenant = name_of(row.productName), name_of(row.customerTenantId):lower()
      add(group_of(products, product, product), row, kind)
      add(group_of(customers, tenant, name_of(row.customerName)), row, kind)
      note(row.processedDateTime)
    end
  end)
  if not ok then return nil, err end
  local range, newest = processed()
  return json.encode { processed = range, totals = with_share(totals, kind),
    products = finish(products, kind), customers = finish(customers, kind) }, newest
end

local function customers(partner)
  local rows, err = partner.customers:all { size = 500 }
  if not rows then return nil, err end
  local list = {}
  for i, row in ipairs(rows) do
    local profile = type(row.companyProfile) == "table" and row.companyProfile or {}
    list[i] = { id = row.id, name = profile.companyName, domain = profile.domain }
  end
  return json.encode { customers = list }
end

-- A total with its groups, as a text; and when its data was processed.
local function written(total, processed)
  with_share(total, DEPLOYED)
  local newest
  total.processed, newest = processed()
  return json.encode(total), newest
end

-- One customer's products.
local function customer(partner, id)
  local page, err = partner.customers:by_id(id).analytics.licenses.deployment:get()
  if not page then return nil, err end
  local total, products = { id = id }, {}
  local note, processed = days()
  for _, row in ipairs(page.items) do
    local name = name_of(row.productName)
    local product = group_of(products, name, name)
    add(total, row, DEPLOYED)
    add(product, row, DEPLOYED)
    product.service, product.processed = row.serviceName, row.processedDateTime
    total.name = name_of(row.customerName)
    note(row.processedDateTime)
  end
  total.products = finish(products, DEPLOYED)
  return written(total, processed)
end

-- The customers who have a product.
local function product(partner, name)
  local resource, found = partner.analytics.commercial.deployment.license, {}
  local note, processed = days()
  local total = { id = name, name = name }
  local ok, err = pcall(function()
    for row in resource:each { filter = partnercenter.filter.eq("productName", name) } do
      add(total, row, DEPLOYED)
      add(group_of(found, name_of(row.customerTenantId):lower(), name_of(row.customerName)), row,
        DEPLOYED)
      note(row.processedDateTime)
    end
  end)
  if not ok then return nil, err end
  total.customers = finish(found, DEPLOYED)
  return written(total, processed)
end

-- All that is known of a customer's licences; what could not be asked is named.
local function licences(partner, id)
  local found, err = partner:licences(id, { provisioning = true })
  if not found then return nil, err end
  local failures, newest = {}, nil
  for source, failure in pairs(found.failures) do
    failures[source] = { kind = failure.kind, message = failure.message }
  end
  for _, row in ipairs(found.items) do
    local day = partnercenter.datetime(row.deployed_on or row.active_on)
    newest = day and math.max(newest or 0, day) or newest
  end
  return json.encode {
    id = found.customerId, name = found.customerName, failures = failures,
    items = found.items,
  }, newest
end

--- What there is to show of a partner's customers; `history` and `tenant` name the
-- command's history file and whose rows of it. Each gives a text and when its
-- data was processed, or nil and the error; and may wait.
function M.new(partner, history, tenant)
  local commercial = partner.analytics.commercial
  return {
    deployed = function() return sums(commercial.deployment.license, DEPLOYED) end,
    active = function() return sums(commercial.usage.license, ACTIVE) end,
    customers = function() return customers(partner) end,
    customer = function(id) return customer(partner, id) end,
    licences = function(id) return licences(partner, id) end,
    renewals = function(from) return dates.renewals(partner, from) end,
    changes = function() return dates.changes(history, tenant) end,
    product = function(name) return product(partner, name) end,
  }
end

return M
