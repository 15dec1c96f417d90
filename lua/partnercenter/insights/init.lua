--- Answers from insight rows: sums by group, an order, the products that are
-- deployed or used too little.
--
-- Shares run from 0 to 1 and are always computed from the counts. The service
-- does not say whether its percent fields run to 1 or to 100, and percentages of
-- unequal groups must not be averaged.
--
-- `rows` is, for all functions, an array of rows, the page that `:get` gives, or
-- an iterator such as `:each` gives. Rows are read, never changed.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights
-- @usage
-- local insights = require "partnercenter.insights"
-- local deployment = partner.analytics.commercial.deployment.license
-- local customers = insights.summarize(deployment:each(), { "customerName" })
-- for _, row in ipairs(insights.sort(customers, "deployedShare")) do
--   print(row.customerName, row.licensesDeployed, row.licensesSold, row.deployedShare)
-- end

local check = require("partnercenter.util").check
local fields = require "partnercenter.fields"
local licences = require "partnercenter.insights.licences"
local offers = require "partnercenter.insights.offers"
local prices = require "partnercenter.insights.prices"
local renewals = require "partnercenter.insights.renewals"
local rows_of = require("partnercenter.fields").rows
local summary = require "partnercenter.insights.summary"

local each_row, known = rows_of.each, rows_of.known

local M = {}

local function find_share(what, name, level)
  for _, share in ipairs(fields.shares) do
    if share.name == name then return share end
  end
  error(("insights.%s: the share must be 'deployedShare' or 'usedShare'"):format(what), level + 1)
end

-- The named share, or the first one that the row's counts give.
local function any_share(row, share)
  if share then return fields.share(row, share) end
  return fields.share(row, fields.shares[1]) or fields.share(row, fields.shares[2])
end

--- The share of licences that are deployed (`deployedShare`, licensesDeployed of
-- licensesSold) or used (`usedShare`, licensesActive of licensesQualified). A group of
-- `summarize` has the share that it says.
-- @tparam table row
-- @tparam[opt] string name which of the two; default is the first whose counts
--   the row has
-- @treturn[1] number 0 to 1; more than 1 if more are deployed than were sold
-- @treturn[2] nil a count is missing, or none were sold
-- @raise another name
function M.share(row, name)
  if type(row) ~= "table" then error("insights.share takes a row", 2) end
  return any_share(row, name ~= nil and find_share("share", name, 2) or nil)
end

--- One row per group: the keys, `rows` (how many there were), every count added
-- up, and the shares `deployedShare` and `usedShare`, from the sums of those rows that
-- have both counts.
--
-- A count that a row lacks, or that is null or no number, adds nothing, and the row says
-- nothing of the share. A count that all rows of a group lack is absent, as is a share
-- that no row tells or whose whole is zero. Without
-- rows the answer is an empty array. A key that is missing or null is a group of
-- its own, but one that is neither documented nor in any row is misspelt.
-- @param rows see above
-- @tparam ?table|string keys the fields to group by, also paths such as
--   `companyProfile.domain`; none for one sum of all
-- @treturn table array of rows, in the order in which the groups first appear;
--   memory grows with the groups, not with the rows
-- @raise rows or keys of another type, a key that no row has (the message names the
--   nearest), or one that groups have of their own: `rows`, `deployedShare`, `usedShare`
-- @function summarize
M.summarize = summary.summarize

-- -1, 0 or 1. Values of different types are ordered by the types' names.
local function compare(a, b)
  if type(a) ~= type(b) then return type(a) < type(b) and -1 or 1 end
  if type(a) == "boolean" then a, b = a and 1 or 0, b and 1 or 0 end
  if type(a) ~= "number" and type(a) ~= "string" or a == b then return 0 end
  return a < b and -1 or 1
end

--- The rows in order. Equal ones keep their order; those without the field, or
-- with null, come last in either direction. A field that is neither documented nor in
-- any row is misspelt.
-- @param rows see above
-- @tparam string|function key a field; `deployedShare` or `usedShare`, computed
--   if the rows do not have it; or a function that takes a row and gives the value
-- @tparam[opt="asc"] string direction "asc" or "desc"
-- @treturn table a new array with the same rows
-- @raise rows, key or direction is none of these, or no row has the field
function M.sort(rows, key, direction)
  if type(key) ~= "string" and type(key) ~= "function" then
    error("insights.sort: key must be a field's name or a function", 2)
  end
  if direction ~= nil and direction ~= "asc" and direction ~= "desc" then
    error("insights.sort: direction must be 'asc' or 'desc'", 2)
  end
  local sign = direction == "desc" and -1 or 1
  local entries = {}
  local value_of = type(key) == "function" and key or fields.getter(key)
  local see, verdict = fields.watch { type(key) == "string" and key or nil }
  for row in each_row("insights.sort", rows, 2) do
    see(row)
    local n = #entries + 1
    entries[n] = { row = row, value = known(value_of(row)), n = n }
  end
  local why = verdict()
  if why then error("insights.sort: " .. why, 2) end
  table.sort(entries, function(a, b)
    if a.value == nil or b.value == nil then
      if a.value == b.value then return a.n < b.n end
      return b.value == nil
    end
    local order = compare(a.value, b.value) * sign
    if order == 0 then return a.n < b.n end
    return order < 0
  end)
  local sorted = {}
  for i, entry in ipairs(entries) do sorted[i] = entry.row end
  return sorted
end

--- The rows whose share is below a threshold. Rows without a share, because a
-- count is missing or none were sold, are left out: nothing is known of them.
-- @param rows see above
-- @tparam number share the threshold, 0 to 1
-- @tparam[opt] string name "deployedShare" or "usedShare"; default is, for each
--   row, the first whose counts it has
-- @treturn table a new array with the same rows, in their order
-- @raise share is not from 0 to 1 (80 for 80 % is refused), or another name
function M.below(rows, share, name)
  if type(share) ~= "number" or not (share >= 0 and share <= 1) then
    error("insights.below: share must be a number from 0 to 1", 2)
  end
  local wanted = name ~= nil and find_share("below", name, 2) or nil
  local found = {}
  for row in each_row("insights.below", rows, 2) do
    local value = any_share(row, wanted)
    if value and value < share then found[#found + 1] = row end
  end
  return found
end

--- One row for a customer's product, from all sources that know something of it.
--
-- A row has `customerId`, `customerName`, `productId` (the SKU's), `productName`,
-- `skuPartNumber`, `offerId`, and as far as the sources say it:
--
-- - of the partner's subscriptions: `sold` (seats of active ones that are no trials),
--   `trial_seats`, `trial` (they are all trials), `renews_on` (the day on which the
--   first of them ends), `auto_renews`, `term`, `status`, and `renewals`: an entry for
--   each active subscription, see `renewing`
-- - of the customer's tenant, whoever sold it: `total`, `assigned`, `available` (below zero
--   where more are assigned than there are), `unassigned` (never below zero), `warning`,
--   `suspended`, `capability`
-- - of the deployment: `deployed`, `insights_sold`, `deployed_on`
-- - of the usage: `active` (of the workload that most use), `workloads`, `active_on`
-- - with a price list: `price` (of a seat, a month), `currency`, `cost_of_unassigned`
--
-- `sources` says of each of these where it is from: subscriptions, skus, deployment,
-- usage or price_list. What no key joins stays a row of its own; no number is made up.
-- @tparam table sources
-- @param sources.subscriptions rows of `customers.subscriptions`
-- @param sources.skus rows of `customers.subscribedskus`
-- @param sources.deployment rows of either deployment resource
-- @param sources.usage rows of either usage resource
-- @tparam[opt] table sources.provisioning what subscriptions have provisioned: their ids
--   to rows of `provisioningstatus`, or to ids of SKUs
-- @tparam[opt] string|table sources.offer_matrix see `offer_matrix`
-- @tparam[opt] string|table sources.price_list see `price_list`
-- @tparam[opt] string|table sources.customer the id, or the row, of the customer whose
--   rows these are, where they do not say it; of rows of many, only these are taken
-- @treturn[1] {table,...} rows
-- @treturn[2] nil
-- @treturn[2] Error the price list or the offer matrix cannot be read
-- @raise an unknown or wrong source
function M.licences(sources)
  local rows, err = licences.join(sources, 2)
  return rows, err
end

--- Rows of many customers by the customer, for `known` of `partner:licences`.
-- @function by_customer
-- @param rows with `customerId` or `customerTenantId`; others are left out
-- @treturn {[string]={table,...},...} id in lower case to rows
-- @raise rows of another type
M.by_customer = licences.by_customer

--- What ends or renews within some days, the earliest first.
--
-- A row has `customerId`, `customerName`, `productId`, `productName`, `skuPartNumber`,
-- `subscriptionId`, `offerName`, `ends` (a day), `days` (until then), `renews`, `trial`,
-- `quantity`, `next_quantity` (seats of the next term; 0 where it does not renew),
-- `cancellable_until` (absent: not at all), `term`, `next_term`, `assigned`, `unassigned`
-- (now), `unassigned_then` (after that day, if all seats stay assigned that are), `price`
-- and `currency`.
-- @function renewing
-- @param rows of `licences`, or of `customers.subscriptions`
-- @tparam number days 0: today
-- @tparam[opt] number now seconds since the epoch
-- @treturn {table,...} a new array
-- @raise rows or days are none
M.renewing = renewals.renewing

--- A price list, read once for many calls.
--
-- Its columns, in any letter case: `product` and `sku`, or `name`; `price`, `currency`,
-- `term` (`P1M`, `P1Y`, `P3Y`, month, year; none: a month). Or those of the price sheet:
-- `ProductId`, `SkuId`, `UnitPrice`, `Currency`, `TermDuration`, `BillingPlan`, `Market`,
-- `Segment`. A price is for its whole term.
-- @tparam string|table source path of a CSV file, or its rows
-- @tparam[opt] table options only prices of this `currency`, `market`, `segment`
-- @treturn[1] table for the option `price_list`; `count` of prices, and of the rows that
--   are `left_out`: other ones, or without price, currency or a term that is known
-- @treturn[2] nil
-- @treturn[2] Error kind config or protocol: the file cannot be read, or lacks a column
-- @raise a wrong source or option
function M.price_list(source, options)
  local list, err = prices.read(source, options, 2)
  return list, err
end

--- The offer matrix of Partner Center, read once for many calls: which SKU an offer
-- provisions, by `ProductId`, `SkuId` and `ProvisioningId`.
-- @tparam string|table source path of its CSV file, or its rows
-- @treturn[1] table for the option `offer_matrix`
-- @treturn[2] nil
-- @treturn[2] Error kind config or protocol: the file cannot be read, or lacks a column
-- @raise a wrong source
function M.offer_matrix(source)
  local matrix, err = offers.read(source, 2)
  return matrix, err
end

return check.strict(M, "partnercenter.insights")
