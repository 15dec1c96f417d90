-- What the partner sold to a customer, and what the customer's tenant has: its
-- subscriptions, what they provisioned, and its SKUs.
local data = require "sandbox.data.data"
local errors = require "sandbox.faults.errors"
local json = require "sandbox.answers.json"
local licenses = require "sandbox.data.licenses"
local seats = require "sandbox.data.seats"
local times = require "sandbox.server.times"

local M = {}

local quote = json.quote

-- Names as tenants and offers have them: not in the capitals of the insights, and some
-- with more behind them.
local function offer_name(product)
  return (product.name:gsub("%f[%w](%u)(%u+)", function(first, rest)
    return first .. rest:lower()
  end))
end

local function sku_name(product)
  return offer_name(product) .. (product.number % 5 == 3 and " (Plan 1)" or "")
end
M.sku_name, M.offer_name = sku_name, offer_name

-- The second licence group names a SKU by its offer.
function M.group_of(product) return product.type == "M365" and "group2" or "group1" end
local function part_number(product)
  if M.group_of(product) == "group2" then return product.offer .. "/" .. product.offer_sku end
  return (product.name:gsub("[^%w]+", "_"))
end

-- Which groups a request is about, or an answer that refuses it. The parameter may stand
-- there twice.
function M.groups(params)
  local given = params.licensegroupids
  if given == nil then return { group1 = true } end
  local wanted = {}
  for _, text in ipairs(type(given) == "table" and given or { given }) do
    for name in tostring(text):lower():gmatch("[^,]*") do
      if name == "group1" or name == "group2" then
        wanted[name] = true
      elseif name ~= "" then
        return nil, errors.api("bad_enum", name)
      end
    end
  end
  return wanted
end

-- --- the SKUs ---

local PRODUCT = '{"id":"%s","name":%s,"skuPartNumber":%s,%s"licenseGroupId":"%s"}'
local SKU = '{"availableUnits":%d,"activeUnits":%d,"consumedUnits":%d,"suspendedUnits":%d,'
  .. '"totalUnits":%d,"warningUnits":%d,"productSku":%s,"servicePlans":[],'
  .. '"capabilityStatus":"%s","attributes":{"objectType":"SubscribedSku"}}'

function M.product_sku(product, target)
  return PRODUCT:format(product.id:lower(), quote(sku_name(product)), quote(part_number(product)),
    target and '"targetType":"User",' or "", M.group_of(product))
end

function M.skus(req, params)
  local c, status, body = licenses.customer_of(req)
  if not c then return status, body end
  local wanted, refused, why = M.groups(params)
  if not wanted then return refused, why end
  local items = {}
  for k = 0, data.products_of(c) - 1 do
    local product, u = data.product(c, k), seats.units(c, k)
    if u and wanted[M.group_of(product)] then
      items[#items + 1] = SKU:format(u.available, u.active, u.assigned, u.suspended, u.total,
        u.warning, M.product_sku(product, true), u.capability)
    end
  end
  return 200, licenses.envelope(items)
end

-- --- subscriptions ---

local function day(number) return times.date_of(number) .. "T00:00:00Z" end

local SCHEDULED = '"scheduledNextTermInstructions":{"product":{"productId":"%s","skuId":"%s",'
  .. '"availabilityId":"CFQ7TTC00001","billingCycle":"monthly","termDuration":"P1Y"},'
  .. '"quantity":%d},'

local function scheduled(sub, product)
  if not sub.trial and sub.next_quantity == sub.quantity then return "" end
  return SCHEDULED:format(product.offer, product.offer_sku, sub.next_quantity)
end

local NEW = '"termDuration":"%s","renewalTermDuration":"","productType":{"id":"OnlineServicesNCE",'
  .. '"displayName":"OnlineServicesNCE"},"cancellationAllowedUntilDate":%s,%s'

-- What only subscriptions of the new commerce have.
local function of_new(sub, product)
  if sub.legacy then return "" end
  local until_day = not sub.trial and quote(day(sub.starts + 7)) or "null"
  return NEW:format(sub.term, until_day, scheduled(sub, product))
end

local ONE = '{"id":"%s","offerId":"%s","offerName":%s,"friendlyName":%s,"quantity":%d,'
  .. '"unitType":"%s","creationDate":"%s","effectiveStartDate":"%s","commitmentEndDate":"%s",'
  .. '"status":"%s",%s"autoRenewEnabled":%s,"isTrial":%s,"billingType":"%s",'
  .. '"billingCycle":"monthly",%s"partnerId":"","orderId":"%s","contractType":"subscription",'
  .. '"links":{"self":{"uri":"/customers/%s/subscriptions/%s","method":"GET","headers":[]}},'
  .. '"attributes":{"objectType":"Subscription"}}'
local REASONS = '"suspensionReasons":["Expiration"],'

local function written(c, sub)
  local product = data.product(c, sub.k)
  local id = sub.legacy and sub.id:upper() or sub.id
  local offer = sub.legacy and product.legacy_offer
    or ("%s:%s:CFQ7TTC00001"):format(product.offer, product.offer_sku)
  local name = quote(offer_name(product))
  return ONE:format(id, offer, name, name, sub.quantity, "Licenses", day(sub.starts):sub(1, 19)
    .. ".3058617Z", day(sub.starts), day(sub.ends), sub.status,
    sub.status == "suspended" and REASONS or "", tostring(sub.renews), tostring(sub.trial),
    "license", of_new(sub, product), data.guid("order " .. id):sub(1, 8), data.customer(c).id, id)
end

local function azure(c)
  local id = data.guid("azure " .. c):upper()
  return ONE:format(id, "MS-AZR-0145P", '"Microsoft Azure"', '"Microsoft Azure"', 1, "Usage-based",
    "2016-05-10T07:30:05.427Z", "2016-05-10T00:00:00Z", "9999-12-10T00:00:00Z", "active", "",
    "false", "false", "usage", "", data.guid("order " .. id):sub(1, 8), data.customer(c).id, id)
end

local function each_subscription(c, take)
  for k = 0, data.products_of(c) - 1 do
    for _, sub in ipairs(seats.subscriptions(c, k)) do take(sub) end
  end
end

function M.subscriptions(req)
  local c, status, body = licenses.customer_of(req)
  if not c then return status, body end
  local items = {}
  each_subscription(c, function(sub) items[#items + 1] = written(c, sub) end)
  if seats.uses_azure(c) then items[#items + 1] = azure(c) end
  return 200, licenses.envelope(items)
end

local function find(c, id)
  local found
  each_subscription(c, function(sub)
    if sub.id == id:lower() then found = sub end
  end)
  return found
end

function M.subscription(req)
  local c, status, body = licenses.customer_of(req)
  if not c then return status, body end
  local sub = find(c, req.ids[1])
  if sub then return 200, written(c, sub) end
  if seats.uses_azure(c) and req.ids[1]:lower() == data.guid("azure " .. c) then
    return 200, azure(c)
  end
  return errors.api("no_subscription", req.ids[1])
end

local PROVISIONED = '{"skuId":"%s","status":"success","quantity":%d,"endDate":"%s",'
  .. '"attributes":{"objectType":"SubscriptionProvisioningStatus"}}'

function M.provisioned(req)
  local c, status, body = licenses.customer_of(req)
  if not c then return status, body end
  local sub = find(c, req.ids[1])
  if not sub then return errors.api("no_subscription", req.ids[1]) end
  return 200, PROVISIONED:format(data.product(c, sub.k).id, sub.quantity, day(sub.ends))
end

return M
