-- The columns of subscription analytics: one subscription per customer and
-- product.
local data = require "sandbox.data.data"
local times = require "sandbox.server.times"

local M = {}

local mix, date_of = data.mix, times.date_of

local FIRST_DAY = times.day_number("2015-01-01")
local PARTNER = "3B33E682-00C3-41EE-9DD2-A548ADF56438"

-- Beside the licence products, which come by their own type.
local AZURE = { name = "MICROSOFT AZURE", type = "Azure", friendly = "MICROSOFT AZURE" }

local function product(c, k)
  if mix(c, k, 20) % 11 == 0 then return AZURE end
  return data.product(c, k)
end

local function created_day(c, k) return FIRST_DAY + mix(c, k, 21) % 900 end

local function status(c, k)
  local n = mix(c, k, 22) % 20
  return n < 16 and "ACTIVE" or n < 18 and "SUSPENDED" or "DEPROVISIONED"
end
M.status = status

function M.renews(c, k) return mix(c, k, 25) % 3 ~= 0 end

local function time_of_day(c, k)
  local n = mix(c, k, 23)
  return ("T%02d:%02d:%02d.%03d"):format(n % 24, math.floor(n / 24) % 60, math.floor(n / 1440) % 60,
    math.floor(n / 86400) % 1000)
end

local function midnight(day) return date_of(day) .. "T00:00:00" end

local function is_trial(c, k) return mix(c, k, 24) % 10 == 0 end

-- A date that only some subscriptions have.
local function sometimes(salt, share, days)
  return function(c, k)
    if mix(c, k, salt) % 100 >= share then return nil end
    return midnight(created_day(c, k) + days)
  end
end

local function when(test, days)
  return function(c, k)
    if test(c, k) then return midnight(created_day(c, k) + days) end
  end
end

local columns = {}

local function add(name, get, options)
  local made = { name = name, of = "row", get = get }
  for key, value in pairs(options or {}) do made[key] = value end
  columns[#columns + 1] = made
end

local NAME = { ops = "eq ne", group = true }
local DATE = { ops = "eq ne gt lt ge le", group = true, date = true }

for title, key in pairs { customerTenantId = "upper_id", customerMarket = "market" } do
  columns[title] = { name = title, of = "customer", ops = "eq ne", group = true,
    get = function(c) return data.customer(c)[key] end }
end
columns[1] = columns.customerTenantId
columns[2] = { name = "customerName", of = "customer", ops = "contains", group = true,
  get = function(c) return data.customer(c).name end }
columns[3] = columns.customerMarket
columns.customerTenantId, columns.customerMarket = nil, nil

add("id", function(c, k) return data.guid("subscription " .. c .. " " .. k):upper() end, NAME)
add("status", status, NAME)
add("productName", function(c, k) return product(c, k).name end,
  { ops = "contains eq ne", group = true })
add("subscriptionType", function(c, k) return product(c, k).type end,
  { ops = "eq ne", group = true, exact = true })
add("autoRenewEnabled", M.renews,
  { ops = "eq ne", group = true, boolean = true })
add("partnerId", function() return PARTNER end, NAME)
add("friendlyName", function(c, k) return product(c, k).friendly or product(c, k).name end,
  { ops = "contains", group = true })
add("partnerName", function() return "CONTOSO PARTNER" end, { group = true })
add("providerName", function() return "CONTOSO PROVIDER" end, { group = true })
add("creationDate", function(c, k)
  return date_of(created_day(c, k)) .. time_of_day(c, k)
end, DATE)
add("effectiveStartDate", function(c, k) return midnight(created_day(c, k)) end, DATE)
add("commitmentEndDate", sometimes(26, 80, 365), DATE)
add("currentStateEndDate", sometimes(26, 80, 365), DATE)
add("trialToPaidConversionDate", when(function(c, k)
  return is_trial(c, k) and mix(c, k, 27) % 2 == 0
end, 30), DATE)
add("trialStartDate", when(is_trial, 0), DATE)
add("trialEndDate", when(is_trial, 30), { date = true })
add("lastUsageDate", sometimes(28, 60, 400), DATE)
add("deprovisionedDate", when(function(c, k) return status(c, k) == "DEPROVISIONED" end, 500), DATE)
add("lastRenewalDate", function(c, k)
  if mix(c, k, 29) % 2 == 0 then return date_of(created_day(c, k) + 365) .. "T02:39:57.729" end
end, DATE)
add("licenseCount", function(c, k)
  return product(c, k) == AZURE and 0 or data.sold(c, k)
end, { sum = true, text_when_grouped = true })
add("churnRisk", function(c, k)
  return ({ "Low", "Medium", "High" })[mix(c, k, 30) % 3 + 1]
end, {})
add("billingCycleName", function(c, k)
  return mix(c, k, 31) % 4 == 0 and "ANNUAL" or "MONTHLY"
end, {})

M.subscriptions = {
  rows = data.deployment, columns = columns, count = "subscriptionCount", count_first = true,
  level = "dateRange", bare = true, text_counts = true,
}

return M
