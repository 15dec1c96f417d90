-- The customers: the list with its search and its continuation tokens, one
-- customer, and the SKUs a customer has subscribed to.
local cjson = require "cjson.safe"
local data = require "sandbox.data.data"
local errors = require "sandbox.faults.errors"
local json = require "sandbox.answers.json"
local licenses = require "sandbox.data.licenses"
local settings = require "sandbox.server.settings"

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

-- A token holds where the next page begins; it has the characters that a
-- client must keep as they are.
local function make_token(start, size, filter)
  local text = ("%d|%d|%s"):format(start, size, ngx.md5(filter or ""):sub(1, 8))
  return "AQAA," .. ngx.encode_base64(text) .. "/=="
end

local function read_token(token, filter)
  local inner = token:match("^AQAA,(.*)/==$")
  local text = inner and ngx.decode_base64(inner)
  local start, size, mark = (text or ""):match("^(%d+)|(%d+)|(%x+)$")
  if not start or mark ~= ngx.md5(filter or ""):sub(1, 8) then return nil end
  return tonumber(start), tonumber(size)
end

local SEEK = { next = true, previous = true, first = true, last = true, pageindex = true }

local function whole(text, default)
  if text == nil then return default end
  return text:find("^%d+$") and tonumber(text)
end

-- Where the page begins and how many rows it has; nil and a refusal.
local function position(params, total)
  local limit = settings.get().page_size
  local size, offset = whole(params.size, 0), whole(params.offset, 0)
  if not size or not offset then return nil, errors.api("bad_input", "size") end
  if size == 0 or size > limit then size = limit end
  local token, seek = ngx.var.http_ms_continuationtoken, params.seekoperation
  if seek and not SEEK[seek:lower()] then return nil, errors.api("bad_enum", seek) end
  seek = seek and seek:lower() or token and "next"
  if seek == "first" then return 0, size end
  if seek == "last" then return math.max(0, math.floor((total - 1) / size) * size), size end
  if seek ~= "next" and seek ~= "previous" then return offset, size end
  if not token then return nil, errors.api("missing_argument", "MS-ContinuationToken") end
  local start, before = read_token(token, params.filter)
  if not start then return nil, errors.api("bad_input", "MS-ContinuationToken") end
  if params.size == nil then size = before end
  if seek == "previous" then start = math.max(0, start - 2 * size) end
  return start, size
end

local LINK = '"%s":{"uri":%s,"method":"GET","headers":[%s]}'
local TOKEN_HEADER = '{"key":"MS-ContinuationToken","value":%s}'

local function uri_of(params, size, seek)
  local form = settings.get().customer_links
  local uri = (form == "v1" and "/v1" or "") .. "/customers?size=" .. size
  if params.filter then uri = uri .. "&filter=" .. ngx.escape_uri(params.filter) end
  return uri .. (seek or "")
end

local function links(params, size, token)
  local text = LINK:format("self", quote(uri_of(params, params.size or size)), "")
  if token and settings.get().customer_links ~= "body" then
    text = text .. "," .. LINK:format("next", quote(uri_of(params, size, "&seekOperation=Next")),
      TOKEN_HEADER:format(quote(token)))
  end
  text = '"links":{' .. text .. "},"
  if token and settings.get().customer_links == "body" then
    text = '"continuationToken":' .. quote(token) .. "," .. text
  end
  return text
end

function M.list(_, params)
  local found, status, body
  if params.filter then
    found, status, body = search(params.filter)
    if not found then return status, body end
  end
  local total = found and #found or data.count()
  local start, size, refusal = position(params, total)
  if not start then return size, refusal end
  local items = {}
  for n = start, math.min(total, start + size) - 1 do
    items[#items + 1] = item(found and found[n + 1] or n, found ~= nil)
  end
  local token = start + size < total and make_token(start + size, size, params.filter)
  return 200, licenses.envelope(items, links(params, size, token))
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

local SKU = '{"availableUnits":%d,"activeUnits":%d,"consumedUnits":%d,"suspendedUnits":0,'
  .. '"totalUnits":%d,"warningUnits":0,"productSku":{"id":"%s","name":%s,"skuPartNumber":%s,'
  .. '"targetType":"User","licenseGroupId":"%s"},"servicePlans":[],"capabilityStatus":"Enabled",'
  .. '"attributes":{"objectType":"SubscribedSku"}}'

function M.skus(req, params)
  local c, status, body = licenses.customer_of(req)
  if not c then return status, body end
  local wanted = params.licensegroupids and params.licensegroupids:lower()
  if wanted and not ("," .. wanted):find("^,group[12]$") and wanted ~= "group1,group2" then
    return errors.api("bad_enum", params.licensegroupids)
  end
  local items = {}
  for k = 0, data.products_of(c) - 1 do
    local product, sold, deployed = data.product(c, k), data.sold(c, k), data.deployed(c, k)
    local group = product.type == "M365" and "group2" or "group1"
    if not wanted or wanted:find(group, 1, true) then
      items[#items + 1] = SKU:format(sold - deployed, sold, deployed, sold, product.id:lower(),
        quote(product.name), quote((product.name:gsub("[^%w]+", "_"))), group)
    end
  end
  return 200, licenses.envelope(items)
end

return M
