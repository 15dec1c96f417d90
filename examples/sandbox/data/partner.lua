-- The partner: its profiles, its price sheet, its offer matrix; and the truth about all
-- seats, which no service tells.
local cjson = require "cjson.safe"
local data = require "sandbox.data.data"
local seats = require "sandbox.data.seats"
local tenant = require "sandbox.data.tenant"

local M = {}

local TENANT = "9a5f1c7e-3d42-4b6a-8e21-70c4b1d65f38"
local LINKS = '"links":{"self":{"uri":"/profiles/%s","method":"GET","headers":[]}},'

function M.organization()
  return 200, ('{"id":"%s","companyName":"Fabrikam Partners","defaultAddress":{"country":"US",'
    .. '"city":"Redmond","state":"WA","addressLine1":"One Contoso Way","addressLine2":"",'
    .. '"postalCode":"98052","firstName":"Fabrikam","lastName":"Admin","phoneNumber":""},'
    .. '"tenantId":"%s","domain":"fabrikam.onmicrosoft.com","email":"partner@fabrikam.com",'
    .. '"language":"en","culture":"en-US","profileType":"OrganizationProfile",%s'
    .. '"attributes":{"etag":"eyJpZCI6ImZhYnJpa2FtIn0=","objectType":"OrganizationProfile"}}')
    :format(TENANT, TENANT, LINKS:format("organization"))
end

function M.mpn(_, params)
  local id = params.mpnid or "4391507"
  return 200, ('{"mpnId":%s,"profileType":"MpnProfile",%s"attributes":{"objectType":"MpnProfile"}}')
    :format(cjson.encode(id), LINKS:format("mpn"))
end

-- --- files of the sales host ---

local function csv(lines)
  return 200, { text = table.concat(lines, "\r\n") .. "\r\n", type = "text/csv", plain = true }
end

local function row(...)
  local cells = { ... }
  for i, cell in ipairs(cells) do cells[i] = '"' .. tostring(cell):gsub('"', '""') .. '"' end
  return table.concat(cells, ",")
end

-- Of each product that anybody has, once.
local function products()
  local list, seen = {}, {}
  for c = 0, math.min(data.count(), 1000) - 1 do
    for k = 0, data.products_of(c) - 1 do
      local product = data.product(c, k)
      if not seen[product.id] then seen[product.id], list[#list + 1] = true, product end
    end
  end
  return list
end

-- Terms, billing plans, months, and how much dearer a month is.
local TERMS = { { "P1M", "Monthly", 1, 1.2 }, { "P1Y", "Annual", 12, 1 },
  { "P1Y", "Monthly", 12, 1 }, { "P3Y", "Annual", 36, 1 } }

-- The last product has no price.
function M.price_sheet()
  local lines = { row("ProductTitle", "ProductId", "SkuId", "SkuTitle", "Publisher",
    "SkuDescription", "UnitOfMeasure", "TermDuration", "BillingPlan", "Market", "Currency",
    "UnitPrice", "PricingTierRangeMin", "PricingTierRangeMax", "EffectiveStartDate",
    "EffectiveEndDate", "Tags", "ERP Price", "Segment") }
  for _, product in ipairs(products()) do
    local name = tenant.offer_name(product)
    for _, term in ipairs(product.number % 11 < 10 and TERMS or {}) do
      local price = product.price * term[3] * term[4]
      lines[#lines + 1] = row(name, product.offer, product.offer_sku, name, "Microsoft Corporation",
        "", "", term[1], term[2], "US", "USD", price, "", "", "2/1/2017 12:00:00 AM",
        "12/31/9999 11:59:59 PM", "License", price * 1.25, "Commercial")
    end
  end
  return csv(lines)
end

function M.offer_matrix()
  local lines = { row("ProductTitle", "ProductId", "SkuId", "SkuTitle", "ProvisioningId",
    "ProvisioningString", "MinLicenses", "MaxLicenses") }
  for _, product in ipairs(products()) do
    local name = tenant.offer_name(product)
    lines[#lines + 1] = row(name, product.offer, product.offer_sku, name, product.id:lower(),
      (product.name:gsub("[^%w]+", "_")), 1, 300)
  end
  return csv(lines)
end

-- --- the truth ---

local SUMS = { "sold", "trial_seats", "total", "assigned", "available", "unassigned", "warning",
  "suspended", "deployed", "insights_sold", "active", "subscriptions", "cost_of_unassigned" }

local function add(sums, more)
  for _, name in ipairs(SUMS) do sums[name] = (sums[name] or 0) + (more[name] or 0) end
end

-- Of the workload that most use. The documented customer has rows of its own.
local function active_of(c, k)
  return math.max(data.active(c, k, 1), data.active(c, k, 2))
end

-- The price of one seat a month of the subscription that ends first.
local function price_of(c, k)
  local product, first = data.product(c, k), nil
  if product.number % 11 == 10 then return nil end
  for _, sub in ipairs(seats.subscriptions(c, k)) do
    local counts = sub.status == "active" and not sub.trial and not sub.legacy
    if counts and (not first or sub.ends < first.ends) then first = sub end
  end
  return first and product.price * (first.term == "P1M" and 1.2 or 1)
end

local function truth_of(c, k)
  local bought, units = seats.bought(c, k), seats.units(c, k)
  local found = {
    sold = bought.sold, trial_seats = bought.trial, deployed = data.deployed(c, k),
    insights_sold = data.sold(c, k), active = active_of(c, k),
    subscriptions = #seats.subscriptions(c, k),
  }
  if not units then return found end
  for name, value in pairs(units) do
    if name ~= "active" then found[name] = value end
  end
  found.unassigned = math.max(0, units.total - units.assigned)
  local price = price_of(c, k)
  local paid = math.min(found.unassigned, bought.sold)
  found.cost_of_unassigned = price and math.floor(paid * price * 100 + 0.5) / 100 or 0
  return found
end

-- All sums, by customer and altogether; how many products there are of each kind.
function M.truth()
  local total, customers, kinds = {}, {}, {}
  for c = 0, data.count() - 1 do
    local sums = {}
    for k = 0, data.products_of(c) - 1 do
      local kind = seats.kind(c, k)
      kinds[kind] = (kinds[kind] or 0) + 1
      add(sums, truth_of(c, k))
    end
    if seats.uses_azure(c) then sums.subscriptions = sums.subscriptions + 1 end
    customers[data.customer(c).id] = sums
    add(total, sums)
  end
  return cjson.encode { total = total, customers = customers, kinds = kinds }
end

return M
