-- Paths to resources: which class of the statistics they count in, who may
-- call them, which query parameters they know, and what serves them.
local M = {}

local exact, under_customer = {}, {}

-- `marked` resources begin with /v1 and so with a byte order mark.
local function add(path, class, params, options)
  local route = { class = class, api = true, user = true, params = {}, path = path,
    marked = path:find("^/v1/") ~= nil }
  for name in params:gmatch("%S+") do route.params[name] = true end
  for name, value in pairs(options or {}) do route[name] = value end
  return route
end

local function serve(module, method)
  return function(...) return require(module)[method](...) end
end

local COMMERCIAL = "top skip filter groupby processeddatetime"

for _, prefix in ipairs { "/partner/v1", "/v1" } do
  for _, kind in ipairs { "deployment", "usage" } do
    local path = prefix .. "/analytics/commercial/" .. kind .. "/license"
    local route = add(path, "commercial_" .. kind, COMMERCIAL,
      { serve = serve("sandbox.data.analytics", "serve"), source = "commercial_" .. kind })
    exact[path], exact[path .. "/"] = route, route
  end
end

for path, source in pairs {
  ["subscriptions"] = "subscriptions", ["usage/azure"] = "usage_azure",
  ["indirectresellers"] = "indirectresellers", ["referrals"] = "referrals",
  ["search"] = "search",
} do
  local params = "top skip filter groupby aggregationlevel"
  if source == "usage_azure" or source == "indirectresellers" then params = params .. " orderby" end
  local full = "/partner/v1/analytics/" .. path
  exact[full] = add(full, source, params,
    { serve = serve("sandbox.data.analytics", "serve"), source = source })
end

for _, kind in ipairs { "deployment", "usage" } do
  local path = "/v1/analytics/licenses/" .. kind
  exact[path] = add(path, "partner_" .. kind, "",
    { serve = serve("sandbox.data.licenses", "partner_" .. kind) })
  under_customer["/analytics/licenses/" .. kind] = add("/v1/", "customer_" .. kind, "",
    { serve = serve("sandbox.data.licenses", "customer_" .. kind) })
end
exact["/v1/customers"] = add("/v1/customers", "customers", "size filter seekoperation offset",
  { serve = serve("sandbox.data.customers", "list"), user = false, seeks = true })
under_customer[""] = add("/v1/", "customer", "", { serve = serve("sandbox.data.customers", "one"),
  user = false })
local TWICE = { licensegroupids = true }
under_customer["/subscribedskus"] = add("/v1/", "subscribedskus", "licensegroupids",
  { serve = serve("sandbox.data.tenant", "skus"), repeated = TWICE })
under_customer["/subscriptions"] = add("/v1/", "customer_subscriptions", "mpn_id order_id",
  { serve = serve("sandbox.data.tenant", "subscriptions"), user = false })
under_customer["/subscriptions/{id}"] = add("/v1/", "customer_subscription", "",
  { serve = serve("sandbox.data.tenant", "subscription"), user = false })
under_customer["/subscriptions/{id}/provisioningstatus"] = add("/v1/", "provisioningstatus", "",
  { serve = serve("sandbox.data.tenant", "provisioned"), user = false })
under_customer["/users"] = add("/v1/", "users", "size filter seekoperation offset",
  { serve = serve("sandbox.data.users", "list"), seeks = true })
under_customer["/users/{id}"] = add("/v1/", "user", "",
  { serve = serve("sandbox.data.users", "one") })
under_customer["/users/{id}/licenses"] = add("/v1/", "user_licenses", "licensegroupids",
  { serve = serve("sandbox.data.users", "licenses"), repeated = TWICE })

exact["/v1/profiles/organization"] = add("/v1/", "profile", "",
  { serve = serve("sandbox.data.partner", "organization") })
exact["/v1/profiles/mpn"] = add("/v1/", "profile", "mpnid",
  { serve = serve("sandbox.data.partner", "mpn") })

-- Files of another host, served here: the same paths.
local SALES = {
  pricesheets = add("/v1.0/", "price_sheet", "timeline month",
    { serve = serve("sandbox.data.partner", "price_sheet") }),
  offermatrix = add("/v1.0/", "offer_matrix", "",
    { serve = serve("sandbox.data.partner", "offer_matrix") }),
}

for path, method in pairs {
  partnerRequests = "requests", nonMfaCompliantPartnerPrincipals = "principals",
  applicationmfaadoptionstatus = "adoption",
} do
  exact["/v1/" .. path] = add("/v1/", method, "", { serve = serve("sandbox.data.mfa", method) })
end

local REPORTS = add("/insights/", "reports", "datasetname queryid queryname includesystemqueries "
  .. "includeonlysystemqueries exportquery starttime endtime reportid reportname executionid "
  .. "executionstatus getlatestexecution",
  { serve = serve("sandbox.reports.serve", "serve"), any_method = true })

local function sign_in(method)
  return { class = method, serve = serve("sandbox.sign_in.signin", method) }
end
local sign_in_paths = {
  ["/oauth2/token"] = sign_in "token", ["/oauth2/v2.0/token"] = sign_in "token",
  ["/oauth2/devicecode"] = sign_in "devicecode", ["/oauth2/v2.0/devicecode"] = sign_in "devicecode",
  ["/oauth2/authorize"] = sign_in "authorize", ["/oauth2/v2.0/authorize"] = sign_in "authorize",
}

exact["/common/oauth2/deviceauth"] = sign_in "deviceauth"

-- The paths below a customer in which there are more ids, as patterns.
local by_pattern = {}
for path, route in pairs(under_customer) do
  if path:find("{id}", 1, true) then
    by_pattern["^" .. path:gsub("%p", "%%%0"):gsub("%%{id%%}", "([^/]+)") .. "$"] = route
  end
end

-- The route of a path; then the customer's id or the tenant in it, and an array of the
-- ids of what is below the customer.
function M.find(path)
  local route = exact[path]
  if route then return route end
  local sales = path:match("^/v1%.0/sales/(%l+)%(.*%)/%$value$")
  if sales then return SALES[sales] end
  local report = path:match("^/insights/v1/mpn/(.+)$")
  if report then return REPORTS, report end
  local id, rest = path:match("^/v1/customers/([^/]+)(.*)$")
  if id and under_customer[rest] then return under_customer[rest], id end
  if id then
    for pattern, under in pairs(by_pattern) do
      local ids = { rest:match(pattern) }
      if ids[1] then return under, id, ids end
    end
    return nil, id
  end
  local tenant, tail = path:match("^/([^/]+)(/oauth2/.*)$")
  if tenant then return sign_in_paths[tail], tenant end
end

return M
