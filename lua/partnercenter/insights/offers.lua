--- Which SKU of Microsoft Entra an offer provisions: what joins a subscription to what
-- the customer's tenant counts.
--
-- An offer of the new commerce is `productId:skuId:availabilityId`; the first two name
-- it, availabilities change. An older one is a GUID, which is no SKU's.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.offers

local check = require("partnercenter.util").check
local rows_of = require("partnercenter.fields").rows
local tables = require "partnercenter.insights.tables"
local wire = require("partnercenter.util").wire

local M = {}

local COLUMNS = {
  { name = "product", "productid", "product" },
  { name = "sku", "skuid", "sku" },
  { name = "provisioning", "provisioningid" },
}

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

--- The name of an offer, in one letter case: "CFQ7TTC0LH18/0001".
-- @param product id of the product
-- @param sku id of the product's SKU
-- @treturn ?string nil: one of them is none
function M.name(product, sku)
  product, sku = text(product), text(sku)
  return product and sku and wire.upper(product .. "/" .. sku) or nil
end

--- The name of the offer of a subscription.
-- @param offer_id as the service writes it
-- @treturn ?string nil for what is no offer of the new commerce
function M.of_subscription(offer_id)
  local product, sku = (text(offer_id) or ""):match("^(%w+):(%w+):?%w*$")
  return M.name(product, sku)
end

--- The name of an offer, from a SKU's part number: in the second licence group part
-- numbers are such names.
-- @param part_number such as "CFQ7TTC0K5DR/0002"
-- @treturn ?string
function M.of_part_number(part_number)
  local product, sku = (text(part_number) or ""):match("^(%w+)/(%w+)$")
  return product and #product == 12 and M.name(product, sku) or nil
end

--- The id of a SKU, in one letter case.
-- @param id as it is anywhere
-- @treturn ?string nil for what is no GUID
function M.sku_id(id)
  return check.guid(id) and wire.lower(id) or nil
end

local methods = {}
local mt = { __name = "partnercenter.offers", __index = methods }

--- Nothing is known yet.
-- @tparam[opt] Offers base what is known of all customers
-- @treturn Offers
function M.new(base)
  return setmetatable({ base = base, skus = {} }, mt)
end

--- Note what an offer provisions. An offer that provisions two SKUs joins nothing.
-- @tparam ?string offer
-- @tparam ?string sku
function methods:add(offer, sku)
  if not offer or not sku then return end
  local before = self.skus[offer]
  self.skus[offer] = (before == nil or before == sku) and sku
end

--- What an offer provisions.
-- @tparam ?string offer
-- @treturn ?string id of a SKU
function methods:sku(offer)
  if not offer then return nil end
  local own = self.skus[offer]
  if own == nil and self.base then return self.base:sku(offer) end
  return own or nil
end

--- What the offer of a subscription provisions.
-- @param offer_id as the service writes it
-- @treturn ?string id of a SKU
function methods:sku_of(offer_id)
  return self:sku(M.of_subscription(offer_id))
end

--- The offer matrix of Partner Center: `ProductId`, `SkuId` and `ProvisioningId` of each
-- offer.
-- @tparam string|table source path of its CSV file, its rows, or what this gave before
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn[1] Offers
-- @treturn[2] nil
-- @treturn[2] Error the file cannot be read, or is no offer matrix
-- @raise the source is none of these
function M.read(source, level)
  if getmetatable(source) == mt then return source end
  local self = M.new()
  local ok, err = tables.each("offer_matrix", source, COLUMNS, function(row)
    self:add(M.name(row.product, row.sku), M.sku_id(row.provisioning))
  end, level + 1)
  if not ok then return nil, err end
  return self
end

--- What subscriptions have provisioned, by their ids.
-- @tparam ?table provisioning id of a subscription to the row of `provisioningstatus`,
--   or to the id of the SKU
-- @tparam number level whom to blame
-- @treturn table id in lower case to the id of the SKU
-- @raise it is no table
function M.provisioned(provisioning, level)
  local skus = {}
  if provisioning ~= nil and type(provisioning) ~= "table" then
    error("insights.licences: provisioning must be a table by the ids of subscriptions", level + 1)
  end
  for id, status in pairs(provisioning or {}) do
    local sku = rows_of.known(type(status) == "table" and status.skuId or status)
    if type(id) == "string" then skus[wire.lower(id)] = M.sku_id(sku) end
  end
  return skus
end

return M
