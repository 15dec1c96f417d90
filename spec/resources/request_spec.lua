local documents = require "spec.support.documents"
local filter = require "partnercenter.filters"
local request = require "partnercenter.resources.request"
local resources = require "partnercenter.resources.catalogue"

local SETTINGS = { base_url = "https://api.example.com", locale = "en-US" }
local ID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

local function build(name, params, ids, settings)
  return request.build(request.prepare(documents.resource(name), settings or SETTINGS), ids, params)
end

-- The query of the URL that is built.
local function query_of(name, params)
  return (build(name, params, { ID }).url:match("%?(.*)$"))
end

local function failure(...)
  local ok, message = pcall(build, ...)
  assert.is_false(ok)
  return message
end

describe("partnercenter.request", function()
  it("builds the documented request for a customer's deployment", function()
    local made = build("customers.analytics.licenses.deployment", nil, { ID })
    assert.equal(made.headers, made.prepared.headers)
    made.prepared = nil
    assert.same({
      method = "GET",
      url = "https://api.example.com/v1/customers/" .. ID .. "/analytics/licenses/deployment",
      headers = { { "Accept", "application/json" }, { "X-Locale", "en-US" } },
      resource = "customers.analytics.licenses.deployment",
      user_required = true,
      origin = "https://api.example.com",
      base_url = "https://api.example.com",
      counts = { licensesDeployed = true, licensesSold = true },
    }, made)
  end)

  it("builds the same from the same data, whatever the order of the parameters", function()
    assert.equal("https://api.example.com/partner/v1/analytics/subscriptions"
      .. "?aggregationLevel=month&filter=status%20eq%20%27ACTIVE%27"
      .. "&groupby=status%2CcreationDate&skip=20&top=10",
      build("analytics.subscriptions", {
        top = 10, skip = 20, groupby = { "status", "creationDate" }, aggregationLevel = "month",
        filter = "status eq 'ACTIVE'",
      }).url)
  end)

  for _, resource in ipairs(resources) do
    it("builds a request for " .. resource.name, function()
      local built = request.build(request.prepare(resource, SETTINGS), { ID, ID })
      assert.equal("https://api.example.com" .. resource.path:gsub("{[%w-]+}", ID), built.url)
      assert.equal(resource.user_required or false, built.user_required)
      assert.equal(resource.roles, built.roles)
    end)
  end

  it("asks for commercial licences below the prefix of the settings", function()
    local settings = { base_url = "https://api.example.com", commercial_prefix = "/v1" }
    for _, kind in ipairs { "deployment", "usage" } do
      local name = "analytics.commercial." .. kind .. ".license"
      assert.equal("https://api.example.com/v1/analytics/commercial/" .. kind .. "/license?top=5",
        build(name, { top = 5 }, nil, settings).url)
    end
    assert.equal("https://api.example.com/partner/v1/analytics/search",
      build("analytics.search", nil, nil, settings).url)
  end)

  it("names the application, and keeps a port and a path of the base URL", function()
    local built = build("customers", nil, nil,
      { base_url = "http://127.0.0.1:8080/pc", locale = "de-DE", application = "My report" })
    assert.equal("http://127.0.0.1:8080/pc/v1/customers", built.url)
    assert.equal("http://127.0.0.1:8080", built.origin)
    assert.same({ { "Accept", "application/json" }, { "X-Locale", "de-DE" },
      { "MS-PartnerCenter-Application", "My report" } }, built.headers)
  end)

  describe("sends", function()
    for _, c in ipairs {
      { "customers", { size = 40 }, "size=40" },
      { "customers", { size = 0 }, "size=0" },
      { "customers", { seekOperation = "PageIndex" }, "seekOperation=PageIndex" },
      { "customers", { filter = [[{"Field":"CompanyName","Value":"a b"}]] },
        "filter=%7B%22Field%22%3A%22CompanyName%22%2C%22Value%22%3A%22a%20b%22%7D" },
      { "customers", { filter = filter.starts_with("CompanyName", "cont") },
        "filter=%7B%22Field%22%3A%22CompanyName%22%2C%22Value%22%3A%22cont%22%2C"
          .. "%22Operator%22%3A%22starts_with%22%7D" },
      { "customers.subscribedskus", { licenseGroupIds = { "group1", "group2" } },
        "licenseGroupIds=Group1&licenseGroupIds=Group2" },
      { "customers.subscribedskus", { licenseGroupIds = "GROUP2" }, "licenseGroupIds=Group2" },
      { "customers.subscriptions", { mpn_id = "4391507", order_id = "a b" },
        "mpn_id=4391507&order_id=a%20b" },
      { "customers.users", { filter = filter.eq("UserState", "Inactive") },
        "filter=%7B%22Field%22%3A%22UserState%22%2C%22Value%22%3A%22Inactive%22%2C"
          .. "%22Operator%22%3A%22equals%22%7D" },
      { "profiles.mpn", { mpnId = "4391507" }, "mpnId=4391507" },
      { "analytics.subscriptions", { top = 1 }, "top=1" },
      { "analytics.subscriptions", { top = 10000 }, "top=10000" },
      { "analytics.subscriptions", { skip = 0 }, "skip=0" },
      { "analytics.subscriptions", { skip = 1e6 }, "skip=1000000" },
      { "analytics.subscriptions", { groupby = "subscriptionType, status" },
        "groupby=subscriptionType%2Cstatus" },
      { "analytics.subscriptions", { aggregationLevel = "dateRange" },
        "aggregationLevel=dateRange" },
      { "analytics.usage.azure", { orderby = "usageDate desc,customerName" },
        "orderby=usageDate%20desc%2CcustomerName" },
      { "analytics.usage.azure", { orderby = { "quantity  asc", "usageDate" } },
        "orderby=quantity%20asc%2CusageDate" },
      { "analytics.indirectresellers", { orderby = "licenseCount desc" },
        "orderby=licenseCount%20desc" },
      { "analytics.search", { groupby = "anyName" }, "groupby=anyName" },
      { "analytics.commercial.deployment.license", { processedDateTime = "2018-10-14" },
        "processedDateTime=2018-10-14" },
      { "analytics.commercial.usage.license", { processedDateTime = "2018-10-14T00:00:00+02:00" },
        "processedDateTime=2018-10-14T00%3A00%3A00%2B02%3A00" },
      { "analytics.subscriptions", { filter = filter.eq("customerTenantId", "it's 50%") },
        "filter=customerTenantId%20eq%20%27it%27%27s%2050%25%27" },
      { "analytics.usage.azure", { filter = filter.ge("usageDate", filter.date("2018-01-01")) },
        "filter=usageDate%20ge%20cast%28%272018-01-01%27%2CEdm.DateTimeOffset%29" },
    } do
      it(c[3] .. " to " .. c[1], function() assert.equal(c[3], query_of(c[1], c[2])) end)
    end
  end)

  describe("refuses, and says what is wrong with,", function()
    for _, c in ipairs {
      { "customers", { sise = 1 }, "'size'" },
      { "customers", { size = -1 }, "'size'" },
      { "customers", { size = 1.5 }, "'size'" },
      { "customers", { size = "40" }, "'size'" },
      { "customers", { seekOperation = "next" }, "'Next'" },
      { "customers", { seekOperation = true }, "'seekOperation'" },
      { "customers", { filter = "" }, "'filter'" },
      { "customers", { filter = "a\nb" }, "'filter'" },
      { "customers", { filter = 7 }, "'filter'" },
      { "customers", { top = 5 }, "'top'" },
      { "customers.subscribedskus", { licenseGroupIds = {} }, "'licenseGroupIds'" },
      { "customers.subscribedskus", { licenseGroupIds = { "a", "" } }, "'licenseGroupIds'" },
      { "customers.subscribedskus", { licenseGroupIds = { "a,b" } }, "'licenseGroupIds'" },
      { "customers.subscribedskus", { licenseGroupIds = { a = "b" } }, "'licenseGroupIds'" },
      { "analytics.subscriptions", { top = 0 }, "'top'" },
      { "analytics.subscriptions", { top = 10001 }, "'top'" },
      { "analytics.subscriptions", { top = 0 / 0 }, "'top'" },
      { "analytics.subscriptions", { skip = -1 }, "'skip'" },
      { "analytics.subscriptions", { skip = 2 ^ 60 }, "'skip'" },
      { "analytics.subscriptions", { skip = math.huge }, "'skip'" },
      { "analytics.subscriptions", { groupby = "subscriptiontype" }, "'subscriptionType'" },
      { "analytics.subscriptions", { groupby = "churnRisk" }, "'churnRisk'" },
      { "analytics.subscriptions", { groupby = "" }, "'groupby'" },
      { "analytics.subscriptions", { groupby = true }, "'groupby'" },
      { "analytics.subscriptions", { groupBy = "status" }, "'groupby'" },
      { "analytics.subscriptions", { orderby = "status" }, "'orderby'" },
      { "analytics.usage.azure", { orderby = "usageDate down" }, "usageDate down" },
      { "analytics.usage.azure", { orderby = "usagedate" }, "'usageDate'" },
      { "analytics.usage.azure", { aggregationLevel = "dateRange" }, "'aggregationLevel'" },
      { "analytics.search", { groupby = "a b" }, "'a b'" },
      { "analytics.commercial.usage.license", { processedDateTime = "14.10.2018" },
        "'processedDateTime'" },
      { "analytics.commercial.usage.license", { processedDateTime = "2018-13-14" },
        "'processedDateTime'" },
      { "analytics.commercial.usage.license", { processedDateTime = 20181014 },
        "'processedDateTime'" },
      { "analytics.licenses.usage", { filter = "channel eq 'x'" }, "partnercenter.filter" },
      { "analytics.licenses.usage", { source = "commercial" }, "'source'" },
      { "customers.by_id", { filter = filter.eq("id", "x") }, "'filter'" },
      { "analytics.subscriptions", { filter = filter.eq("customrName", "x") },
        "no field 'customrName' (did you mean 'customerName'?)" },
      { "customers", "size=40", "table" },
    } do
      it(c[3] .. " of " .. c[1], function()
        assert.matches(c[3], failure(c[1], c[2], { ID }), 1, true)
      end)
    end
  end)

  describe("refuses an id that is not a GUID:", function()
    for _, id in ipairs {
      "", "..", "4d3cf487", ID .. "/..", ID .. " ", "{" .. ID .. "}", 7, false,
    } do
      it(tostring(id), function()
        assert.matches("customer-id", failure("customers.by_id", nil, { id }), 1, true)
      end)
    end
  end)

  it("refuses control characters in the locale and the application", function()
    for _, settings in ipairs {
      { base_url = "https://h", locale = "en-US\r\nX-Evil: 1" },
      { base_url = "https://h", application = "a\0b" },
    } do
      assert.matches("control characters", failure("customers", nil, nil, settings), 1, true)
    end
  end)

  it("raises at the caller's line", function()
    local resource = documents.resource("customers")
    local _, message = pcall(function()
      local built = request.build(request.prepare(resource, SETTINGS), nil, { nope = 1 })
      return built
    end)
    assert.matches("request_spec.lua:%d+: unknown parameter 'nope'", message)
  end)

  describe("splits a filter", function()
    local both = filter.all {
      filter.eq("serviceCode", "o365"),
      filter.gt("licensesSold", 5),
    }

    it("into what the endpoint documents and the rest", function()
      local built, here = build("analytics.commercial.deployment.license", { filter = both })
      assert.matches("%?filter=serviceCode%%20eq%%20%%27o365%%27$", built.url)
      assert.equal("licensesSold gt 5", tostring(here))
    end)

    it("and keeps all of it where the endpoint takes none", function()
      local built, here = build("analytics.licenses.deployment", { filter = both })
      assert.is_nil(built.url:find("?", 1, true))
      assert.equal(tostring(both), tostring(here))
    end)

    it("and leaves nothing where the endpoint takes all", function()
      local _, here = build("analytics.commercial.deployment.license",
        { filter = filter.eq("channel", "reseller") })
      assert.is_nil(here)
    end)

    it("and refuses a local part of grouped rows", function()
      assert.matches("licensesSold gt 5", failure("analytics.commercial.deployment.license",
        { filter = both, groupby = "serviceCode" }), 1, true)
    end)
  end)
end)
