--- What each source says of a customer's product: its rows, read into pieces that can be
-- joined. Every field of the service may be absent, null, or a number written as text.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.pieces

local datetime = require("partnercenter.util").datetime
local fields = require "partnercenter.fields"
local offers_of = require "partnercenter.insights.offers"
local rows_of = require("partnercenter.fields").rows
local wire = require("partnercenter.util").wire

local known = rows_of.known

local M = {}

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

local function lower(value)
  return type(value) == "string" and wire.lower(value) or nil
end

--- The day of a date. Nil where there is none, and where the service means that there is
-- no end: then it writes a day of December 9999.
-- @param value as the service writes it
-- @treturn ?string such as "2023-02-28"
function M.day(value)
  if type(value) ~= "string" or value:find("^9999%-12%-") then return nil end
  local seconds = datetime.parse(value)
  return seconds and datetime.format(seconds):sub(1, 10) or nil
end

-- Azure and the like count no seats.
local function seats_of(row)
  if lower(row.billingType) == "usage" or lower(row.unitType) == "usage-based" then return nil end
  return fields.count(row, "quantity")
end

local function table_or_empty(value)
  return type(value) == "table" and value or {}
end

--- What a subscription says.
-- @tparam table row of `customers.subscriptions`
-- @treturn table piece
function M.subscription(row)
  local scheduled = table_or_empty(row.scheduledNextTermInstructions)
  local product = table_or_empty(scheduled.product)
  local renews, seats = known(row.autoRenewEnabled), seats_of(row)
  local next_seats = fields.count(scheduled, "quantity") or seats
  return {
    source = "subscriptions", name = text(row.offerName) or text(row.friendlyName),
    id = text(row.id), offer = offers_of.of_subscription(row.offerId), offer_id = text(row.offerId),
    seats = seats, status = lower(row.status), trial = row.isTrial == true,
    ends = M.day(row.commitmentEndDate), renews = renews, term = text(row.termDuration),
    next_term = text(row.renewalTermDuration) or text(product.termDuration)
      or text(row.termDuration),
    next_seats = renews == false and seats and 0 or next_seats,
    cancellable_until = M.day(row.cancellationAllowedUntilDate),
    billing = lower(row.billingCycle),
  }
end

--- What a subscribed SKU says.
-- @tparam table row of `customers.subscribedskus`
-- @treturn table piece
function M.sku(row)
  local sku = table_or_empty(row.productSku)
  return {
    source = "skus", name = text(sku.name) or text(sku.skuPartNumber),
    sku = offers_of.sku_id(sku.id), part_number = text(sku.skuPartNumber),
    offer = offers_of.of_part_number(sku.skuPartNumber), group = lower(sku.licenseGroupId),
    capability = text(row.capabilityStatus),
    total = fields.count(row, "totalUnits"), assigned = fields.count(row, "consumedUnits"),
    available = fields.count(row, "availableUnits"), warning = fields.count(row, "warningUnits"),
    suspended = fields.count(row, "suspendedUnits"),
  }
end

--- What a row of the deployment says, of either resource.
-- @tparam table row
-- @treturn table piece
function M.deployment(row)
  return {
    source = "deployment", name = text(row.productName), sku = offers_of.sku_id(row.productId),
    deployed = fields.count(row, "licensesDeployed"), sold = fields.count(row, "licensesSold"),
    processed = M.day(row.processedDateTime),
  }
end

--- What a row of the usage says, of either resource.
-- @tparam table row
-- @treturn table piece
function M.usage(row)
  return {
    source = "usage", name = text(row.productName), sku = offers_of.sku_id(row.productId),
    workload = text(row.workloadName) or text(row.workloadCode) or "",
    -- The service documents one name and sends the other.
    active = fields.count(row, "licensesActive") or fields.count(row, "licenseActive"),
    qualified = fields.count(row, "licensesQualified"), processed = M.day(row.processedDateTime),
  }
end

--- The sources, in the order in which a product is named by them, and what reads each.
M.sources = { "subscriptions", "skus", "deployment", "usage" }

--- The id of the customer that a row is about.
-- @tparam table row
-- @treturn ?string in lower case
function M.customer_id(row)
  return lower(known(row.customerId)) or lower(known(row.customerTenantId))
end

return M
