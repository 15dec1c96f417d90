--- One row for a product of a customer, from all sources that know something of it.
--
-- Sources are joined by keys that hold, in any letter case, and by no others: the id of
-- the SKU, which deployment, usage and subscribed SKUs share; and for a subscription
-- what it has provisioned, the part number of the second licence group, or the offer
-- matrix. Names join the two kinds of insights alone, which take them from one place.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.licences

local check = require("partnercenter.util").check
local offers_of = require "partnercenter.insights.offers"
local pieces_of = require "partnercenter.insights.pieces"
local prices_of = require "partnercenter.insights.prices"
local rows_of = require("partnercenter.fields").rows
local seats = require "partnercenter.insights.seats"
local wire = require("partnercenter.util").wire

local M = {}

local READERS = {
  subscriptions = pieces_of.subscription, skus = pieces_of.sku,
  deployment = pieces_of.deployment, usage = pieces_of.usage,
}

local ROWS = "table|function"
local OPTIONS = {
  subscriptions = ROWS, skus = ROWS, deployment = ROWS, usage = ROWS,
  provisioning = "table", offer_matrix = "string|table", price_list = "string|table",
  customer = "string|table",
}

--- Who a customer is.
-- @tparam ?string|table customer an id, or a row of `customers`
-- @treturn ?string id in lower case
-- @treturn ?string name
function M.who(customer)
  if type(customer) == "string" then return wire.lower(customer), nil end
  if type(customer) ~= "table" then return nil, nil end
  local profile = type(customer.companyProfile) == "table" and customer.companyProfile or {}
  local id = customer.id or customer.customerId
  return type(id) == "string" and wire.lower(id) or nil,
    customer.name or customer.customerName or profile.companyName
end

-- --- pieces by customer ---

local function read_all(given)
  local id_given, name_given = M.who(given.customer)
  local customers, by_id = {}, {}
  local function customer_of(row)
    local id = pieces_of.customer_id(row) or id_given
    -- Of the rows of many customers those of the one that is asked for.
    if id_given and id ~= id_given then return nil end
    local key = id or ""
    local customer = by_id[key]
    if not customer then
      customer = { id = id, name = name_given, pieces = {} }
      by_id[key], customers[#customers + 1] = customer, customer
    end
    customer.name = customer.name or rows_of.known(row.customerName)
    return customer
  end
  for _, source in ipairs(pieces_of.sources) do
    for row in rows_of.each("insights.licences", given[source] or {}, 3) do
      local customer = customer_of(row)
      if customer then
        customer.pieces[#customer.pieces + 1] = READERS[source](row)
      end
    end
  end
  return customers
end

-- --- keys ---

-- Gives each subscription its SKU. What says it best comes first: what the subscription
-- has provisioned, then a part number in the tenant, then the offer matrix.
local function learn(pieces, provisioned, matrix)
  local numbered = offers_of.new(matrix)
  for _, piece in ipairs(pieces) do
    if piece.source == "skus" then numbered:add(piece.offer, piece.sku) end
  end
  local offers = offers_of.new(numbered)
  for _, piece in ipairs(pieces) do
    if piece.source == "subscriptions" then
      piece.sku = piece.id and provisioned[wire.lower(piece.id)]
      offers:add(piece.offer, piece.sku)
    end
  end
  for _, piece in ipairs(pieces) do
    if piece.source == "subscriptions" then piece.sku = piece.sku or offers:sku(piece.offer) end
  end
end

-- By a product's name in the insights: its SKU, where all of them mean the same one.
local function names_of(pieces)
  local names = {}
  for _, piece in ipairs(pieces) do
    local insight = piece.source == "deployment" or piece.source == "usage"
    if insight and piece.sku and piece.name then
      local name = wire.upper(piece.name)
      local before = names[name]
      names[name] = (before == nil or before == piece.sku) and piece.sku
    end
  end
  return names
end

local function key_of(piece, names, at)
  if piece.source == "subscriptions" then
    if piece.sku then return "sku " .. piece.sku end
    if piece.offer then return "offer " .. piece.offer end
    if piece.offer_id then return "legacy " .. wire.lower(piece.offer_id) end
    return ("subscription %d"):format(at)
  end
  local name = piece.name and wire.upper(piece.name)
  if not piece.sku and piece.source ~= "skus" and name then piece.sku = names[name] or nil end
  if piece.sku then return "sku " .. piece.sku end
  return ("%s %s"):format(piece.source == "skus" and "unnamed" or "insights",
    name or ("%d"):format(at))
end

-- Pieces that belong together, in the order in which the first of each comes.
local function group(pieces)
  local groups, by_key, names = {}, {}, names_of(pieces)
  for at, piece in ipairs(pieces) do
    local key = key_of(piece, names, at)
    local found = by_key[key]
    if not found then
      found = {}
      by_key[key], groups[#groups + 1] = found, found
    end
    found[piece.source] = found[piece.source] or {}
    table.insert(found[piece.source], piece)
  end
  return groups
end

-- --- rows ---

-- Whose name of a product a row takes: that of the tenant, else that of the offer, else
-- that of the insights, which write it in capitals.
local NAMING = { "skus", "subscriptions", "deployment", "usage" }

local function name_row(row, found)
  for _, source in ipairs(NAMING) do
    for _, piece in ipairs(found[source] or {}) do
      row.productName = row.productName or piece.name
      row.productId = row.productId or piece.sku
    end
  end
end

local function row_of(customer, found, prices)
  local row = { customerId = customer.id, customerName = customer.name, sources = {} }
  name_row(row, found)
  local bought = {}
  for _, source in ipairs(pieces_of.sources) do
    if found[source] then
      local told = seats[source](row, found[source])
      bought = told or bought
    end
  end
  if prices then prices:apply(row, bought) end
  return row
end

--- Rows, see `partnercenter.insights.licences`.
-- @tparam table given
-- @tparam number level whom to blame
-- @treturn[1] {table,...} rows
-- @treturn[2] nil
-- @treturn[2] Error the price list or the offer matrix cannot be read
-- @raise a wrong or unknown source
function M.join(given, level)
  level = level + 1
  local sources = check.options("insights.licences", given, OPTIONS, level)
  local matrix, prices, err
  if sources.offer_matrix then
    matrix, err = offers_of.read(sources.offer_matrix, level)
    if not matrix then return nil, err end
  end
  if sources.price_list then
    prices, err = prices_of.read(sources.price_list, nil, level)
    if not prices then return nil, err end
  end
  local provisioned, rows = offers_of.provisioned(sources.provisioning, level), {}
  for _, customer in ipairs(read_all(sources)) do
    learn(customer.pieces, provisioned, matrix)
    for _, found in ipairs(group(customer.pieces)) do
      rows[#rows + 1] = row_of(customer, found, prices)
    end
  end
  return rows
end

--- Rows of many customers by the customer, see `partnercenter.insights.by_customer`.
-- @param rows
-- @treturn {[string]={table,...},...}
function M.by_customer(rows)
  local index = {}
  for row in rows_of.each("insights.by_customer", rows, 2) do
    local id = pieces_of.customer_id(row)
    if id then
      index[id] = index[id] or {}
      table.insert(index[id], row)
    end
  end
  return index
end

return M
