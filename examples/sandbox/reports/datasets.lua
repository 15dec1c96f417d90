-- The data sets of Partner Insights: their documented columns and metrics, and
-- rows computed from the sandbox's own customers, so that sums agree with what
-- the other resources say.
local data = require "sandbox.data.data"
local catalog = require "sandbox.data.catalog"
local times = require "sandbox.server.times"

local M = {}

local floor, mix = math.floor, data.mix

local MONTH_DAYS = 30    -- so far the data moves from month to month
local DUPLICATES = 7     -- one customer in so many is seen by two locations

local function words(text)
  local list = {}
  for word in text:gmatch("%S+") do list[#list + 1] = word end
  return list
end

-- The first day of the month so many before that of the newest data.
local function month_of(back)
  local date = data.processed("o365", "deployment")
  local y, m = tonumber(date:sub(1, 4)), tonumber(date:sub(6, 7)) - back
  return ("%04d-%02d-01"):format(y + floor((m - 1) / 12), (m - 1) % 12 + 1)
end
M.month_of = month_of

local SEGMENTS = { "SMB Majors", "Enterprise", "Small Business", "Public Sector" }
local COUNTRIES = { US = "United States", DE = "Germany", JP = "Japan", GB = "United Kingdom",
  FR = "France", CA = "Canada", BR = "Brazil", AE = "United Arab Emirates", CN = "China",
  NL = "Netherlands" }

local function customer(row) return data.customer(row.c) end
local function product(row) return data.product(row.c, row.k) end
local function start_of(row)
  return times.date_of(times.day_number("2016-01-15") + mix(row.c, row.k or 0, 90) % 400)
end

-- Seats grow to what is sold now.
local function seats(row, back)
  local sold = data.sold(row.c, row.k)
  return math.max(0, sold - floor(sold * back / 40))
end

-- Do something as it was in the row's month.
local function then_(row, f)
  local now = data.shift()
  data.at(row.shift - row.back * MONTH_DAYS)
  local value = f()
  data.at(now)
  return value
end

local function deployed(row)
  return then_(row, function() return math.min(seats(row, row.back), data.deployed(row.c,
    row.k)) end)
end

local function active(row)
  return then_(row, function() return data.active(row.c, row.k, 1) end)
end

-- Over the products of a customer with the row's workload.
local function of_workload(row, count)
  return then_(row, function()
    local sum = 0
    for r = 0, data.usage.rows_of(row.c) - 1 do
      local c, k, w, workload = data.usage.locate(data.usage.first(row.c) + r)
      if workload == row.workload then sum = sum + count(c, k, w) end
    end
    return sum
  end)
end

local function constant(value) return function() return value end end

local GET = {
  PGAMpnId = constant "1234567", MPNId = function(row) return row.dup and 1234568 or 1234567 end,
  PartnerName = constant "Fabrikam Cloud Services", PartnerAttributionType = constant "CSP Tier 2",
  PartnerLocation = function(row) return row.dup and "Munich, Germany"
    or "Seattle, United States" end,
  PartnerHierarchy = constant "PGA", PartnerAttachType = constant "CSP",
  IsDuplicateRowForPGA = function(row) return row.dup and 1 or 0 end,
  Month = function(row) return month_of(row.back) end,
  CustomerName = function(row) return customer(row).company end,
  CustomerTenantId = function(row) return customer(row).upper_id end,
  CustomerTenantName = function(row) return customer(row).company end,
  CustomerTenantCountry = function(row) return COUNTRIES[customer(row).market] end,
  TenantDomainName = function(row) return customer(row).domain end,
  CustomerMarket = function(row) return COUNTRIES[customer(row).market] end,
  CustomerTpid = function(row) return 1000000 + row.c end,
  CustomerSegment = function(row) return SEGMENTS[mix(row.c, 0, 91) % #SEGMENTS + 1] end,
  TopSegment = constant "Commercial", SubSegment = constant "", EOU = constant "",
  DUNSNumber = function(row) return ("%09d"):format(mix(row.c, 0, 92) % 1000000000) end,
  CustomerStatus = constant "Active", IndustryName = constant "Other", VerticalName = constant "",
  SubscriptionId = function(row) return data.guid(("seat %d %d"):format(row.c, row.k)):upper() end,
  SubscriptionStartDate = start_of,
  SubscriptionStartMonth = function(row) return start_of(row):sub(1, 8) .. "01" end,
  SubscriptionEndDate = function(row) return times.moved(start_of(row), 730) end,
  SubscriptionState = constant "Active", SubscriptionStatus = constant "Active",
  IsAutoRenew = function(row) return mix(row.c, row.k, 93) % 4 == 0 and "No" or "Yes" end,
  Product = function(row) return product(row).type end,
    SKU = function(row) return product(row).name end,
  ReportingProductName = function(row) return product(row).name end,
  RawProductName = function(row) return product(row).name end,
  ProductFamily = function(row) return product(row).type end,
  ProductPartNumber = function(row) return "AAA-" .. product(row).id:sub(1, 5) end,
  SKUId = function(row) return product(row).id end, FreeVsPaidSKU = constant "Paid",
  SolutionArea = constant "Modern Work", SalesChannel = constant "CSP", IsCloud = constant "Cloud",
  SalesModel = constant "CSP", DetailedSalesModel = constant "CSP Indirect",
  WorkloadName = function(row) return catalog.workloads[row.workload] end,
  AvailableSeats = function(row) return seats(row, row.back) end, AssignedSeats = deployed,
  ActiveSeats = active,
  DeploymentOpportunity = function(row) return seats(row, row.back) - deployed(row) end,
  ActiveUsagePercent = function(row)
    local all = seats(row, row.back)
    return all == 0 and 0 or floor(active(row) / all * 10000) / 10000
  end,
  PaidAvailableUnits = function(row)
    return of_workload(row, function(c, k) return data.deployed(c, k) end)
  end,
  MonthlyActiveUsers = function(row) return of_workload(row, data.active) end,
}

-- Metrics: what each row adds. Some count customers, each once; some are a stock,
-- of the last month alone where months are added up.
local METRIC = {
  CustomerCount = { distinct = true }, CustomerTenantCount = { distinct = true },
  SubscriptionCount = { get = constant(1), stock = true },
  AvailableSeatsEOP = { get = function(row) return seats(row, row.back) end, stock = true },
  AvailableSeats = { get = function(row) return seats(row, row.back) - seats(row,
    row.back + 1) end },
  TotalAssignedSeats = { get = deployed, stock = true }, AssignedSeats = { get = deployed,
    stock = true },
  TotalSoldSeats = { get = function(row) return seats(row, row.back) end, stock = true },
  TotalAvailableSeats = { get = function(row) return seats(row, row.back) end, stock = true },
  TotalActiveSeats = { get = active, stock = true },
  TotalPaidAvailableUnits = { get = GET.PaidAvailableUnits, stock = true },
  TotalMonthlyActiveUsers = { get = GET.MonthlyActiveUsers, stock = true },
}
local ZERO = { get = constant(0) }

-- Keys of a customer's rows: calls f(row) for each.
local function by_product(wanted)
  return function(row, f)
    for k = 0, data.products_of(row.c) - 1 do
      row.k = k
      if not wanted or wanted(data.product(row.c, k)) then f(row) end
    end
  end
end

local function by_workload(row, f)
  local seen = {}
  row.k = 0
  for r = 0, data.usage.rows_of(row.c) - 1 do
    local _, k, _, workload = data.usage.locate(data.usage.first(row.c) + r)
    if not seen[workload] and data.product(row.c, k).service == "o365" then
      seen[workload], row.workload = true, workload
      f(row)
    end
  end
end

local MONTHS = "LAST_MONTH LAST_3_MONTHS LAST_6_MONTHS LAST_1_YEAR"

local USAGE_COLUMNS = [[ Month %s SKU SKUId FreeVsPaidSKU SalesModel DetailedSalesModel CustomerName
  CustomerTenantId CustomerTpid CustomerSegment CustomerMarket MPNId PartnerName PartnerLocation
  PartnerAttachType %s AvailableSeats AssignedSeats ActiveSeats DeploymentOpportunity
  ActiveUsagePercent IndustryName VerticalName EOU]]
local USAGE_HEAD =
  "PGAMpnId SubscriptionId SubscriptionStartDate SubscriptionEndDate SubscriptionStatus"

M.list = {
  { name = "CustomersAndTenants", columns = words [[PGAMpnId MpnId PartnerName CustomerName
      CustomerTpid DUNSNumber CustomerSegment TopSegment CustomerMarket CustomerStatus
      CustomerTenantId CustomerTenantName CustomerTenantCountry TenantDomainName Product
      RawProductName SKU Month PartnerLocation PartnerAttributionType SalesChannel
      IsDuplicateRowForPGA PartnerOneSubID PartnerOneSubCountry SubSegment IndustryName VerticalName
      EOU]],
    metrics = words [[CustomerCount CustomerTenantCount AvailableSeats BilledRevenueUSD
      AzureConsumedRevenueUSD CPORRevenue CPORPaidSeats CPORActiveUsers AssignedSeats]],
    ranges = MONTHS .. " LAST_2_YEARS", each = by_product() },
  { name = "SeatsSubscriptionsAndRevenue", columns = words [[PGAMpnId SubscriptionId
      SubscriptionStartDate SubscriptionEndDate SubscriptionState Month IsAutoRenew CustomerName
      CustomerTenantId CustomerTpid DUNSNumber CustomerSegment TopSegment CustomerMarket
      ReportingProductName Product ProductFamily PricingLevelName DetailPricingLevelName
      RawProductName ProductPartNumber SKU RevSumDivisionName SolutionArea MPNId PartnerName
      PartnerLocation PartnerAttributionType SalesChannel EnrollmentNumber IsDuplicateRowForPGA
      SubscriptionStartMonth ResellerID ResellerName PartnerOneSubID PartnerOneSubCountry IsCloud
      IndustryName VerticalName EOU]],
    metrics = words [[AvailableSeatsEOP SubscriptionCount AvailableSeats TotalAssignedSeats
      BilledRevenueUSD CustomerCount CustomerTenantCount AzureConsumedRevenueUSD CPORRevenue
      CPORPaidSeats CPORActiveUsers]],
    ranges = MONTHS .. " LAST_2_YEARS", each = by_product() },
  { name = "OfficeUsage",
    columns = words [[PGAMpnId CustomerTenantId CustomerTpid WorkloadName Month
      PaidAvailableUnits MonthlyActiveUsers CustomerName CustomerMarket CustomerSegment MPNId
      PartnerName PartnerLocation PartnerAttributionType IsDuplicateRowForPGA IndustryName
      VerticalName EOU]],
    metrics = words [[CustomerCount CustomerTenantCount TotalPaidAvailableUnits
      TotalMonthlyActiveUsers]],
    ranges = MONTHS, each = by_workload },
  { name = "DynamicsUsage",
    columns = words(USAGE_HEAD .. USAGE_COLUMNS:format("RevSumDivisionName RevSumCategoryName",
      "")),
    metrics = words [[SubscriptionCount TotalAssignedSeats TotalSoldSeats TotalActiveSeats
      CustomerCount CustomerTenantCount]],
    ranges = MONTHS, each = by_product(function(p) return p.service == "crm" end) },
  { name = "PowerBIUsage",
    columns = words(USAGE_HEAD .. USAGE_COLUMNS:format("", "PartnerHierarchy")),
    metrics = words [[SubscriptionCount TotalAssignedSeats TotalAvailableSeats TotalActiveSeats
      CustomerCount CustomerTenantCount]],
    ranges = MONTHS, each = by_product(function(p) return p.name:find "POWER BI" end) },
}

local by_name = {}
for _, set in ipairs(M.list) do
  by_name[set.name:lower()] = set
  set.columns_by_name, set.ranges = {}, words(set.ranges)
  for _, name in ipairs(set.columns) do
    set.columns_by_name[name:lower()] = { name = name,
      get = GET[name] or name == "MpnId" and GET.MPNId or constant "" }
  end
  for _, name in ipairs(set.metrics) do
    -- Where a column has the name as well, it is the column.
    if not set.columns_by_name[name:lower()] then
      set.columns_by_name[name:lower()] = { name = name, metric = METRIC[name] or ZERO }
    end
  end
end

function M.find(name) return by_name[name:lower()] end

-- Call f(row) for every row of the months `newest` to `oldest` (back from the
-- newest data) of the customers from number `from` on; f may return true to stop
-- before the next customer, whose number is returned.
function M.each(set, from, newest, oldest, f)
  local row = { shift = data.shift() }
  for c = from, data.count() - 1 do
    row.c = c
    local stop = false
    for back = newest, oldest do
      row.back = back
      row.dup = false
      set.each(row, function(r) stop = f(r) or stop end)
      if c % DUPLICATES == 3 then
        row.dup = true
        set.each(row, function(r) stop = f(r) or stop end)
      end
    end
    if stop and c + 1 < data.count() then return c + 1 end
  end
end

return M
