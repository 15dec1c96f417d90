-- The columns of the smaller analytics resources: Azure usage, indirect
-- resellers, referrals and search.
local data = require "sandbox.data.data"
local times = require "sandbox.server.times"

local M = {}

local mix, date_of = data.mix, times.date_of
local floor = math.floor

local NEVER = "0001-01-01T00:00:00"
local FIRST_DAY = times.day_number("2018-01-01")

local function one_of(list, salt)
  return function(a, b) return list[mix(a, b or 0, salt) % #list + 1] end
end

-- Columns in the order given: { name, getter, options }.
local function columns(list)
  local made = {}
  for i, entry in ipairs(list) do
    local column = { name = entry[1], of = "row", get = entry[2] }
    for key, value in pairs(entry[3] or {}) do column[key] = value end
    made[i] = column
  end
  return made
end

local NAME = { ops = "eq ne", group = true }
local DATE = { ops = "eq ne gt lt ge le", group = true, date = true }
local SUM = { sum = true }
local EQUAL = { ops = "eq", group = true }
local EQUAL_DATE = { ops = "eq", group = true, date = true }
local EQUAL_FLAG = { ops = "eq", group = true, boolean = true }

local function fixed(n, in_each)
  return {
    total = function() return type(n) == "number" and n or n() * in_each end,
    locate = function(r)
      if in_each then return floor(r / in_each), r % in_each end
      return r, 0
    end,
  }
end

local METERS = 8    -- rows of a customer: two meters, four days

local function empty() return "" end

M.usage_azure = {
  rows = fixed(data.count, METERS), level = "day", bare = true,
  columns = columns {
    { "customerTenantId", function(c) return data.customer(c).upper_id end, NAME },
    { "customerName", function(c) return data.customer(c).name end, NAME },
    { "subscriptionId", function(c) return data.guid("azure " .. c):upper() end, NAME },
    { "subscriptionName", function(c) return "AZURE " .. data.customer(c).name end, NAME },
    { "usageDate", function(_, j) return date_of(FIRST_DAY + 146 + j % 4) .. "T00:00:00" end,
      DATE },
    { "resourceLocation", one_of({ "useast", "uswest", "euwest", "japaneast" }, 40), NAME },
    { "meterCategory", function(_, j) return j < 4 and "Data Management" or "Virtual Machines" end,
      NAME },
    { "meterSubcategory", one_of({ "None", "D2 v3", "A1" }, 41), NAME },
    { "meterUnit", function(_, j) return j < 4 and "10,000s" or "Hours" end, NAME },
    { "reservationOrderId", empty, NAME }, { "reservationId", empty, NAME },
    { "consumptionMeterId", empty, NAME }, { "serviceType", empty, NAME },
    { "quantity", function(c, j) return mix(c, j, 42) % 4000 / 4 end, SUM },
  },
}

local RESELLERS, REFERRALS, SEARCHES = 40, 120, 200

local function reseller_date(salt, share)
  return function(n)
    if mix(n, 0, salt) % 100 >= share then return NEVER end
    return date_of(FIRST_DAY - mix(n, 1, salt) % 900) .. "T19:16:25.107"
  end
end

M.indirectresellers = {
  rows = fixed(RESELLERS), level = "day", bare = true, count = "indirectResellerCount",
  columns = columns {
    { "partnerTenantId", function(n) return data.guid("reseller " .. n):upper() end, NAME },
    { "id", function(n) return tostring(4000000 + n) end, NAME },
    { "name", function(n) return ("FABRIKAM RESELLER %02d"):format(n + 1) end, NAME },
    { "market", one_of({ "US", "DE", "JP", "GB" }, 50), NAME },
    { "firstSubscriptionCreationDate", reseller_date(51, 100), DATE },
    { "latestSubscriptionCreationDate", reseller_date(52, 100), DATE },
    { "firstSubscriptionEndDate", reseller_date(53, 80), DATE },
    { "latestSubscriptionEndDate", reseller_date(54, 80), DATE },
    { "firstSubscriptionSuspendedDate", reseller_date(55, 30), DATE },
    { "latestSubscriptionSuspendedDate", reseller_date(56, 30), DATE },
    { "firstSubscriptionDeprovisionedDate", reseller_date(57, 20), DATE },
    { "latestSubscriptionDeprovisionedDate", reseller_date(58, 20), DATE },
    { "subscriptionCount", function(n) return mix(n, 0, 59) % 90 end, SUM },
    { "licenseCount", function(n) return mix(n, 0, 60) % 4000 end, SUM },
  },
}

local STATES = { "Accepted", "New", "Declined", "Won", "Lost", "Missed" }

local function referral_date(state, days)
  return function(n)
    if state and STATES[n % #STATES + 1] ~= state then return nil end
    return date_of(FIRST_DAY + mix(n, 0, 70) % 300 + days) .. "T23:08:59"
  end
end

M.referrals = {
  rows = fixed(REFERRALS), level = "day", bare = true, count = "referralCount",
  columns = columns {
    { "id", function(n) return tostring(112310 + n) end, EQUAL },
    { "status", function(n) return STATES[n % #STATES + 1] end, EQUAL },
    { "customerMarket", one_of({ "US", "DE", "JP", "CN" }, 71), EQUAL },
    { "customerName", function(n) return ("Adventure Works %03d"):format(n + 1) end, EQUAL },
    { "customerOrgSize", one_of({ "1to9employees", "10to50employees", "51to250employees" }, 72),
      EQUAL },
    { "acceptedDate", referral_date("Accepted", 3), EQUAL_DATE },
    { "acknowledgedDate", referral_date(nil, 1), EQUAL_DATE },
    { "archivedDate", referral_date("Archived", 9), EQUAL_DATE },
    { "declinedDate", referral_date("Declined", 4), EQUAL_DATE },
    { "expiredDate", referral_date("Expired", 30), EQUAL_DATE },
    { "lostDate", referral_date("Lost", 20), EQUAL_DATE },
    { "missedDate", referral_date("Missed", 14), EQUAL_DATE },
    { "createdDate", referral_date(nil, 0), EQUAL_DATE },
    { "skippedDate", referral_date("Skipped", 2), EQUAL_DATE },
    { "wonDate", referral_date("Won", 25), EQUAL_DATE },
    { "partnerMarket", function() return "US" end, EQUAL },
  },
}

local function often(salt, share)
  return function(n) return mix(n, 0, salt) % 100 < share end
end

local function counted(salt)
  return function(n) return mix(n, 0, salt) % 12 end
end

local GROUPED_SUM = { sum = true, only_grouped = true }

M.search = {
  rows = fixed(SEARCHES), level = "day", bare = true,
  columns = columns {
    { "companyName", function(n) return ("tailspin toys %03d"):format(n % 50 + 1) end, EQUAL },
    { "contactButtonClicked", often(80, 30), EQUAL_FLAG },
    { "keywordCountry", one_of({ "US", "DE", "CN" }, 81), EQUAL },
    { "detailsViewed", often(82, 60), EQUAL_FLAG },
    { "keywordIndustryFocus", one_of({ "Retail", "Education", "Finance" }, 83), EQUAL },
    { "mpnId", function(n) return 2604568 + n % 5 end, EQUAL },
    { "partnerMarket", one_of({ "US", "CN" }, 84), EQUAL },
    { "keywordProduct", function() return nil end, EQUAL },
    { "referralSubmitted", often(85, 10), EQUAL_FLAG },
    { "searchDate", function(n) return date_of(FIRST_DAY + 100 + n % 60) end, EQUAL_DATE },
    { "keywordSearchText", function(n) return (" tailspin toys %03d"):format(n % 50 + 1) end,
      EQUAL },
    { "searchResultPageViews", counted(86), GROUPED_SUM },
    { "contactClicks", counted(87), GROUPED_SUM },
    { "referralCount", counted(88), GROUPED_SUM },
    { "profileViews", counted(89), GROUPED_SUM },
  },
}

return M
