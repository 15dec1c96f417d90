-- What must hold for the way to the next page, whatever an answer says: returns
-- a function of a decoded answer; or of nil, a link and a continuation token,
-- which then stand in an answer of one of the forms. See library.lua beside this.
local collection = require "partnercenter.pages.envelope"
local paging = require "partnercenter.pages.next_page"
local resources = require "partnercenter.resources.catalogue"
local url = require "partnercenter.util.url"

local ORIGIN = "https://127.0.0.1:8443"
local REQUEST = {
  method = "GET", url = ORIGIN .. "/v1/customers?size=5", base_url = ORIGIN, origin = ORIGIN,
  headers = { { "Accept", "application/json" } }, resource = "customers",
}
-- By skip, behind a proxy's path.
local SKIPPING = {
  method = "GET", url = ORIGIN .. "/proxy/partner/v1/analytics/search?top=1&skip=3",
  base_url = ORIGIN .. "/proxy", origin = ORIGIN, headers = {}, resource = "analytics.search",
  paging = "skip",
}

-- An answer that names the next page, in one of the forms.
local function document_with(link, token)
  local form = #link % 3
  if form == 0 then
    local headers = { { key = "MS-ContinuationToken", value = token } }
    return { items = { {} }, totalCount = 1,
      links = { next = { uri = link, method = "GET", headers = headers } } }
  elseif form == 1 then
    return { value = { {} }, TotalCount = 9, ["@nextLink"] = link, continuationToken = token }
  end
  return { value = { {} }, statusCode = 200, message = "", nextLink = link }
end

-- Follows what a document says, as if every page said so: to the own origin
-- only, and to no page twice.
local function follow(request, envelope)
  local state, seen = paging.start(request), { [request.url .. "\n"] = true }
  assert(type(paging.is_whole(request, envelope, 1)) == "boolean")
  for _ = 1, 3 do
    local following, err = paging.next_request(request, envelope, 1, state)
    if err then assert(not tostring(err):find("[%z\1-\31\127]")) end
    if not following then return end
    local target, token = following.url, ""
    assert(target:sub(1, #ORIGIN + 1) == ORIGIN .. "/", target)
    assert(url.origin(target) == ORIGIN, target)
    assert(not target:find("[%z\1-\32\127\\]"), target)
    for _, header in ipairs(following.headers) do
      assert(not (header[1] .. header[2]):find("[%z\1-\31\127]"))
      if header[1] == "MS-ContinuationToken" then token = header[2] end
    end
    local key = target .. "\n" .. token
    assert(not seen[key], key)
    request, seen[key] = following, true
  end
end

return function(document, link, token)
  if type(document) ~= "table" then document = document_with(link, token) end
  local envelope = collection.envelope(document, resources[1])
  if envelope then follow(REQUEST, envelope) end
  envelope = collection.envelope(document, resources[#resources])
  if envelope then follow(SKIPPING, envelope) end
end
