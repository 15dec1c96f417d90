-- What a program of spec/client/coercions_spec.lua does in a Lua without coercions:
-- the library's ways, each once, against a sandbox. Prints what fails, and "done".
package.path = "lua/?.lua;lua/?/init.lua;" .. package.path

local partnercenter = require "partnercenter"
local resources = require "partnercenter.resources.catalogue"
local f, insights = partnercenter.filter, partnercenter.insights

assert(not pcall(function() return 1 .. "x" end), "this Lua makes texts of numbers")
assert(not pcall(function() return "1" + 1 end), "this Lua makes numbers of texts")

local getenv = os.getenv

local function new(options)
  local all = {
    credentials = partnercenter.credentials.refresh_token {
      tenant = getenv "PARTNERCENTER_TENANT", client_id = getenv "PARTNERCENTER_CLIENT_ID",
      client_secret = getenv "PARTNERCENTER_CLIENT_SECRET",
      refresh_token = getenv "PARTNERCENTER_REFRESH_TOKEN",
    },
    base_url = getenv "PARTNERCENTER_BASE_URL", authority = getenv "PARTNERCENTER_AUTHORITY",
    ca_file = getenv "PARTNERCENTER_CA_FILE", random = function() return 0 end,
    on_event = function() end,
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(partnercenter.new(all))
end

local partner = new()
local customer = getenv "PARTNERCENTER_CUSTOMER"

local function try(what, fn)
  local ok, err = xpcall(fn, debug.traceback)
  if not ok then print(what, err) end
end

local function node_of(resource)
  local node, id = partner, customer
  for step in resource.path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do
    if step:find "^{" then
      node = node:by_id(id or assert(node:get()).items[1].id)
      id = nil     -- those below are of this customer
    else
      node = node[step]
    end
  end
  return node
end

for _, resource in ipairs(resources) do
  try(resource.name, function()
    local node = node_of(resource)
    assert(node:get())
    assert(tostring(node))
    if resource.single then return end
    local rows, some = 0, resource.params and resource.params.top and { top = 7 }
    for _ in node:each(some) do rows = rows + 1 end
    assert(rows == #assert(node:all()))
    if resource.sources then assert(node:all { source = "commercial" }) end
  end)
end

try("filters", function()
  assert(partner.analytics.subscriptions:all { filter = f.all {
    f.ge("creationDate", f.date "2016-01-01"), f.contains("productName", "a"),
    f.gt("licenseCount", 0.5), f.negate(f.eq("status", "x")) } })
  assert(tostring(f.gt("licensesSold", 1.5)) == "licensesSold gt 1.5")
  assert(f.gt("licensesSold", 1)({ licensesSold = "1.5" }))
end)

try("insights", function()
  local rows = assert(partner.analytics.commercial.deployment.license:all())
  local sums = insights.summarize(rows, { "customerName", "productName" })
  insights.sort(sums, "deployedShare")
  insights.below(rows, 0.5)
  insights.summarize { { licensesSold = "2.5" }, { licensesSold = 7 } }
end)

try("other requests", function()
  partner:request { path = "/v1/customers", query = { size = 2, x = 0.5, y = true } }:get()
  assert(partnercenter.datetime "2017-03-14T03:25:16.36+00:00" == 1489461916.36)
end)

try("map", function()
  for _, page, err in partner:map({ 1, 2, 3 }, function(i)
    if i == 2 then error("mine", 0) end
    return partner.customers:get()
  end, { on_progress = function() end }) do assert(page or err == "mine") end
end)

try("failures", function()
  local page, err = new { base_url = "https://127.0.0.1:1", retries = 1 }.customers:get()
  assert(not page and tostring(err):find "network")
  page, err = partner:request { path = "/v1/nowhere" }:get()
  assert(not page and tostring(err):find "404")
  page, err = partner:with { deadline = 0.000001 }.customers:get()
  assert(not page and tostring(err):find "deadline")
end)

for _, mistake in ipairs {
  function() new { timeout = -1 } end, function() new { lcale = 1 } end,
  function() new { [7] = 1 } end, function() new { concurrency = 1e9 } end,
  function() partner.customers:get { size = -1 } end,
  function() partner.customers:get { [3] = 1 } end,
  function() partner.customers:by_id(7) end, function() partner:map(1) end,
  function() return partner.custmers end,
} do
  local ok, message = pcall(mistake)
  assert(not ok)
  if tostring(message):find "attempt to" then print("mistake", message) end
end

partner:close()
print "done"
