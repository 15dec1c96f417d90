-- The users of a customer's tenant, and who of them holds which licence: as many as the
-- SKU has assigned. Some were deleted and some are disabled; they hold theirs still.
local cjson = require "cjson.safe"
local data = require "sandbox.data.data"
local errors = require "sandbox.faults.errors"
local licenses = require "sandbox.data.licenses"
local seats = require "sandbox.data.seats"
local seek = require "sandbox.answers.seek"
local tenant = require "sandbox.data.tenant"

local M = {}

local mix = data.mix

local KEY = 7 * 2 ^ 40 + 90001       -- hides the number in an id's end
local GIVEN = { "Adele", "Alex", "Diego", "Grady", "Isaiah", "Lee", "Lynne", "Megan", "Nestor",
  "Patti", "Pradeep" }
local FAMILY = { "Vance", "Wilber", "Siciliani", "Archie", "Langer", "Gu", "Robbins", "Bowen",
  "Wilke", "Fernandez", "Gupta" }

-- How many there are, deleted ones included: enough for the SKU that most hold.
local function count_of(c)
  local most = 0
  for k = 0, data.products_of(c) - 1 do most = math.max(most, seats.assigned(c, k)) end
  return most + 3
end

local function id_of(c, u)
  return data.guid("user of " .. c):sub(1, 24) .. ("%012x"):format(KEY + u * 101)
end

local function find(c, id)
  local u = (tonumber(id:sub(25), 16) - KEY) / 101
  if u >= 0 and u < count_of(c) and u % 1 == 0 and id_of(c, u) == id:lower() then return u end
end

local function is_deleted(c, u) return mix(c, u, 61) % 12 == 0 end
local function is_disabled(c, u) return mix(c, u, 62) % 15 == 0 end

local ONE = '{%s"id":"%s","userPrincipalName":"%s","firstName":"%s","lastName":"%s",'
  .. '"displayName":"%s %s","userDomainType":"managed","state":"%s",%s'
  .. '"links":{"self":{"uri":"/customers/%s/users/%s","method":"GET","headers":[]}},'
  .. '"attributes":{"objectType":"CustomerUser"}}'

local function written(c, u)
  local id, customer, deleted = id_of(c, u), data.customer(c), is_deleted(c, u)
  local given = GIVEN[mix(c, u, 63) % #GIVEN + 1]
  local family = FAMILY[mix(c, u, 64) % #FAMILY + 1]
  local account = ("%s%s%d@%s"):format(deleted and data.guid(id):gsub("-", "") or "", given:lower(),
    u, customer.domain)
  return ONE:format(mix(c, u, 65) % 10 > 0 and '"usageLocation":"US",' or "", id, account, given,
    family, given, family, (deleted or is_disabled(c, u)) and "inactive" or "active",
    deleted and '"softDeletionTime":"2017-03-01T00:33:34Z",' or "", customer.id, id)
end

-- Are the deleted ones asked for? Or a refusal.
local function deleted_wanted(text)
  if not text then return false end
  local given = cjson.decode(text)
  if type(given) ~= "table" then return nil, errors.api("bad_input", "filter must be JSON") end
  if tostring(given.Field):lower() ~= "userstate" then
    return nil, errors.api("bad_property", "Field: " .. tostring(given.Field))
  end
  if given.Operator ~= "equals" then return nil, errors.api("bad_search") end
  return tostring(given.Value):lower() == "inactive"
end

function M.list(req, params)
  local c, status, body = licenses.customer_of(req)
  if not c then return status, body end
  local wanted, refused, why = deleted_wanted(params.filter)
  if wanted == nil then return refused, why end
  local users = {}
  for u = 0, count_of(c) - 1 do
    if is_deleted(c, u) == wanted then users[#users + 1] = u end
  end
  local start, size, refusal = seek.position(params, #users)
  if not start then return size, refusal end
  local items = {}
  for n = start + 1, math.min(#users, start + size) do items[#items + 1] = written(c, users[n]) end
  local path = ("/customers/%s/users"):format(data.customer(c).id)
  return 200, licenses.envelope(items, seek.links(path, params, start, size, #users))
end

local function user_of(req)
  local c, status, body = licenses.customer_of(req)
  if not c then return nil, nil, status, body end
  local id = req.ids[1]
  local u = id:find("^%x+%-%x+%-%x+%-%x+%-%x+$") and #id == 36 and find(c, id)
  if not u then return nil, nil, errors.api("no_user", id) end
  return c, u
end

function M.one(req)
  local c, u, status, body = user_of(req)
  if not c then return status, body end
  return 200, written(c, u)
end

local function holds(c, k, u)
  local count = count_of(c)
  return (u + mix(c, k, 66)) % count < seats.assigned(c, k)
end

local LICENSE = '{"servicePlans":[],"productSku":%s,"attributes":{"objectType":"License"}}'

function M.licenses(req, params)
  local c, u, status, body = user_of(req)
  if not c then return status, body end
  local wanted, refused, why = tenant.groups(params)
  if not wanted then return refused, why end
  local items = {}
  for k = 0, data.products_of(c) - 1 do
    local product = data.product(c, k)
    if wanted[tenant.group_of(product)] and holds(c, k, u) then
      items[#items + 1] = LICENSE:format(tenant.product_sku(product))
    end
  end
  return 200, licenses.envelope(items)
end

return M
