--- What ends or renews soon: `insights.renewing`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.renewals

local datetime = require("partnercenter.util").datetime
local pieces_of = require "partnercenter.insights.pieces"
local rows_of = require("partnercenter.fields").rows
local seats = require "partnercenter.insights.seats"

local DAY = 86400

local M = {}

-- A subscription as the service has it makes a row of its own.
local function as_licence(row)
  if row.renewals or row.commitmentEndDate == nil then return row end
  local piece = pieces_of.subscription(row)
  local licence = {
    customerId = pieces_of.customer_id(row), customerName = rows_of.known(row.customerName),
    productName = piece.name, sources = {},
  }
  seats.subscriptions(licence, { piece })
  return licence
end

-- The subscriptions of a row that end from today on, the earliest first.
local function ending(row, today)
  local list = {}
  for _, renewal in ipairs(row.renewals or {}) do
    if renewal.ends and renewal.ends >= today then list[#list + 1] = renewal end
  end
  table.sort(list, function(a, b)
    if a.ends ~= b.ends then return a.ends < b.ends end
    return (a.subscriptionId or "") < (b.subscriptionId or "")
  end)
  return list
end

-- How many seats will be unassigned at the end of a day: subscriptions end and renew until
-- then, and the seats that are assigned now stay so. Nil where a number is unknown.
local function unassigned_at(row, list, day)
  local total = row.total
  if not total or not row.assigned then return nil end
  for _, renewal in ipairs(list) do
    if renewal.ends <= day then
      if not renewal.quantity or not renewal.next_quantity then return nil end
      total = total + renewal.next_quantity - renewal.quantity
    end
  end
  return math.max(0, total - row.assigned)
end

local COPIED = { "customerId", "customerName", "productId", "productName", "skuPartNumber",
  "assigned", "unassigned", "price", "currency" }
local OF_RENEWAL = { "subscriptionId", "offerName", "ends", "renews", "trial", "quantity",
  "next_quantity", "cancellable_until", "term", "next_term" }

local function row_of(row, renewal)
  local made = {}
  for _, name in ipairs(COPIED) do made[name] = row[name] end
  for _, name in ipairs(OF_RENEWAL) do made[name] = renewal[name] end
  return made
end

local function day_of(seconds) return datetime.format(seconds):sub(1, 10) end

--- Rows, see `partnercenter.insights.renewing`.
-- @param rows
-- @tparam number days
-- @tparam ?number now
-- @treturn {table,...}
-- @raise wrong arguments
function M.renewing(rows, days, now)
  if type(days) ~= "number" or not (days >= 0 and days <= 36500) then
    error("insights.renewing: days must be a number from 0 to 36500", 2)
  end
  if now ~= nil and type(now) ~= "number" then
    error("insights.renewing: now must be seconds since the epoch", 2)
  end
  now = now or os.time()
  local today, last, found = day_of(now), day_of(now + days * DAY), {}
  for each in rows_of.each("insights.renewing", rows, 2) do
    local row = as_licence(each)
    local list = ending(row, today)
    for _, renewal in ipairs(list) do
      if renewal.ends <= last then
        local made = row_of(row, renewal)
        made.days = math.floor((datetime.parse(renewal.ends) - datetime.parse(today)) / DAY)
        made.unassigned_then = unassigned_at(row, list, renewal.ends)
        found[#found + 1] = made
      end
    end
  end
  for n, row in ipairs(found) do row.n = n end
  table.sort(found, function(a, b)
    if a.ends ~= b.ends then return a.ends < b.ends end
    return a.n < b.n
  end)
  for _, row in ipairs(found) do row.n = nil end
  return found
end

return M
