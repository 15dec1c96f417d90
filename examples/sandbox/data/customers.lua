-- The customers: the list with its search and its continuation tokens, and one
-- customer.
local cjson = require "cjson.safe"
local data = require "sandbox.data.data"
local errors = require "sandbox.faults.errors"
local json = require "sandbox.answers.json"
local licenses = require "sandbox.data.licenses"
local seek = require "sandbox.answers.seek"

local M = {}

local quote = json.quote

local PROFILE = '{"tenantId":"%s","domain":%s,"companyName":%s,%s'
  .. '"attributes":{"objectType":"CustomerCompanyProfile"}}'
local ITEM = '{"id":"%s","companyProfile":%s,"relationshipToPartner":"%s",%s'
  .. '"attributes":{"objectType":"Customer"}}'
local SELF = '"links":{"self":{"uri":"/customers/%s","method":"GET","headers":[]}},'

-- With links as the search shows them, without as the plain list does.
local function item(c, linked)
  local customer = data.customer(c)
  local id = customer.id
  local profile = PROFILE:format(id, quote(customer.domain), quote(customer.company),
    linked and SELF:format(id .. "/profiles/company") or "")
  return ITEM:format(id, profile, customer.relationship, linked and SELF:format(id) or "")
end

local function reseller_of(c) return tostring(4000000 + data.mix(c, 0, 4) % 20) end

local FIELDS = {
  companyname = function(c) return data.customer(c).company end,
  domain = function(c) return data.customer(c).domain end,
  indirectreseller = reseller_of,
  indirectcloudsolutionprovider = reseller_of,
}

-- The numbers of the customers that a search finds; nil and a refusal.
local function search(text)
  local given = cjson.decode(text)
  if type(given) ~= "table" or type(given.Value) ~= "string" then
    return nil, errors.api("bad_input", "filter must be a JSON object with Field, Value, Operator")
  end
  local get = FIELDS[tostring(given.Field):lower()]
  if not get then return nil, errors.api("bad_property", "Field: " .. tostring(given.Field)) end
  local operator, wanted = given.Operator, given.Value:lower()
  if operator ~= "starts_with" and operator ~= "equals" then
    return nil, errors.api("bad_search")
  end
  local found = {}
  for c = 0, data.count() - 1 do
    local value = get(c):lower()
    if value == wanted or operator == "starts_with" and value:sub(1, #wanted) == wanted then
      found[#found + 1] = c
    end
  end
  return found
end

function M.list(_, params)
  local found, status, body
  if params.filter then
    found, status, body = search(params.filter)
    if not found then return status, body end
  end
  local total = found and #found or data.count()
  local start, size, refusal = seek.position(params, total)
  if not start then return size, refusal end
  local items = {}
  for n = start, math.min(total, start + size) - 1 do
    items[#items + 1] = item(found and found[n + 1] or n, found ~= nil)
  end
  return 200, licenses.envelope(items, seek.links("/customers", params, start, size, total))
end

local ONE = '{"id":"%s","commerceId":"%s","companyProfile":%s,"relationshipToPartner":"%s",'
  .. '"allowDelegatedAccess":true,"customDomains":[%s],"associatedPartnerId":"%s",%s'
  .. '"attributes":{"objectType":"Customer"}}'

function M.one(req)
  local c, status, body = licenses.customer_of(req)
  if not c then return status, body end
  local customer = data.customer(c)
  local id = customer.id
  local profile = PROFILE:format(id, quote(customer.domain), quote(customer.company),
    SELF:format(id .. "/profiles/company"))
  return 200, ONE:format(id, data.guid("commerce " .. c), profile, customer.relationship,
    quote(customer.domain:gsub("%.onmicrosoft", "")), reseller_of(c), SELF:format(id))
end

return M
