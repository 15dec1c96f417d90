--- Who holds which licence of a customer: `customers:by_id(id):holders()`. There is no
-- call for many users at once, so it is one for each.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.holders

local check = require("partnercenter.util").check
local errors = require "partnercenter.errors"
local filters = require "partnercenter.filters"
local wire = require("partnercenter.util").wire

local GROUPS = { licenseGroupIds = { "group1", "group2" } }
local DELETED = { filter = filters.eq("UserState", "Inactive") }

local OPTIONS = {
  sku = function(value)
    return check.text(value), "must be the id, the part number or the name of a SKU"
  end,
  known = "table", deleted = "boolean", concurrency = "integer",
}

local M = {}

local function text(value) return type(value) == "string" and value or nil end

local function sku_of(row)
  return type(row.productSku) == "table" and row.productSku or {}
end

-- The names of a SKU that a person may give.
local NAMES = { "id", "skuPartNumber", "name" }

-- The id of the SKU that is meant, from those that the customer has.
local function find_sku(customer, wanted)
  local rows, err = customer.subscribedskus:all(GROUPS)
  if not rows then error(err, 0) end
  local names = {}
  for _, name in ipairs(NAMES) do
    for _, row in ipairs(rows) do
      local own = text(sku_of(row)[name])
      if own and wire.lower(own) == wire.lower(wanted) then return text(sku_of(row).id) end
      if own and name ~= "id" then names[#names + 1] = own end
    end
  end
  error(errors.from_failure("config", ("the customer has no SKU '%s'%s"):format(wanted,
    check.hint(wanted, names)), { retryable = false }), 0)
end

-- Those who are there, then those who were deleted.
local function each_user(customer, with_deleted)
  local users, deleted = customer.users:each(), false
  return function()
    local user = users()
    if user == nil and with_deleted and not deleted then
      users, deleted = customer.users:each(DELETED), true
      user = users()
    end
    return user, deleted
  end
end

local function row_of(customer_id, user, deleted, sku)
  deleted = deleted or text(user.softDeletionTime) ~= nil
  local state = text(user.state)
  return {
    customerId = customer_id, userId = user.id, userPrincipalName = text(user.userPrincipalName),
    displayName = text(user.displayName), state = state, deleted = deleted,
    disabled = not deleted and state ~= nil and wire.lower(state) == "inactive",
    skuId = text(sku.id) and wire.lower(sku.id), skuPartNumber = text(sku.skuPartNumber),
    productName = text(sku.name), licenseGroupId = text(sku.licenseGroupId),
  }
end

--- The iterator; see `holders` of `partnercenter.client.node`.
-- @tparam table customer a node
-- @tparam Transport transport
-- @tparam ?table options
-- @tparam number level whom to blame
-- @treturn function
-- @treturn table with `close`
-- @raise a wrong option
function M.new(customer, transport, options, level)
  local given = check.options("holders", options, OPTIONS, level + 1)
  local known, id, sku_id = given.known or {}, wire.lower(customer[1]), nil
  local function ask(user, deleted)
    if known[user.id] then return known[user.id] end
    local rows, err = customer.users:by_id(user.id).licenses:all(GROUPS)
    if not rows then return nil, err end
    local held = {}
    for _, row in ipairs(rows) do
      local made = row_of(id, user, deleted, sku_of(row))
      if not sku_id or made.skuId == wire.lower(sku_id) then held[#held + 1] = made end
    end
    return held
  end
  local users
  local function next_user()
    if not users then
      if given.sku then sku_id = find_sku(customer, given.sku) end
      users = each_user(customer, given.deleted ~= false)
    end
    return users()
  end
  local iterate, closer = transport:map(next_user, ask, { concurrency = given.concurrency },
    level + 1)
  return iterate, closer
end

return M
