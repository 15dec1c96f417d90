-- The sandbox's data: the resources agree, pages end, filters and groups are
-- really evaluated.
local cjson = require "spec.support.json"
local sandbox = require "spec.support.sandbox"
local wire = require "spec.support.wire"

local DEPLOYMENT = "/partner/v1/analytics/commercial/deployment/license"
local USAGE = "/partner/v1/analytics/commercial/usage/license"

local encode, decode = wire.encode, wire.decode

describe("sandbox's data", function()
  local box

  setup(function() box = sandbox.start { customers = 60, products = 7 } end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)

  local function get(path, options)
    local body, status, headers = box:get(encode(path), options)
    return body, status, headers
  end

  local function rows(path)
    local body, status = get(path)
    assert.equal(200, status, body)
    local document = decode(body)
    return document.Value or document.items, document
  end

  -- Follows links.next or continuationToken to the end.
  local function all_customers(path)
    local found, pages = {}, 0
    local headers = {}
    while path do
      local document = decode((box:get(path, { headers = headers })))
      pages = pages + 1
      assert.equal(#document.items, document.totalCount)
      for _, item in ipairs(document.items) do found[#found + 1] = item end
      local link = document.links.next
      headers = {}
      if link then
        for _, header in ipairs(link.headers) do headers[header.key] = header.value end
        path = link.uri:find("^/v1/") and link.uri or "/v1" .. link.uri
      elseif document.continuationToken then
        headers["MS-ContinuationToken"] = document.continuationToken
        if not path:find("seekOperation", 1, true) then path = path .. "&seekOperation=Next" end
      else
        path = nil
      end
    end
    return found, pages
  end

  describe("customers", function()
    for _, form_of_links in ipairs { "v1", "bare", "body" } do
      it("are listed once each with customer_links = " .. form_of_links, function()
        box:control { customer_links = form_of_links }
        local found, pages = all_customers("/v1/customers?size=7")
        local seen = {}
        for _, item in ipairs(found) do
          assert.is_nil(seen[item.id])
          seen[item.id] = true
        end
        assert.same({ 60, 9 }, { #found, pages })
      end)
    end

    it("come 500 at a time without a size, and name their links as set", function()
      box:control { customers = 501, customer_links = "bare" }
      local document = decode((get("/v1/customers")))
      assert.equal(500, #document.items)
      assert.equal("/customers?size=500&seekOperation=Next", document.links.next.uri)
      box:control { customer_links = "v1" }
      assert.truthy(decode((get("/v1/customers"))).links.next.uri:find("^/v1/customers"))
    end)

    it("are searched by the start of a name, in any letter case, over pages", function()
      local filter = [[{"Field":"CompanyName","Value":"CONT","Operator":"starts_with"}]]
      local found, pages = all_customers("/v1/customers?size=1&filter=" .. encode(filter))
      assert.same({ 2, 2 }, { #found, pages })
      for _, item in ipairs(found) do
        assert.truthy(item.companyProfile.companyName:find("^Cont"))
      end
    end)

    it("can be walked back, to the first and to the last page", function()
      local first = decode((get("/v1/customers?size=25")))
      local token = first.links.next.headers[1].value
      local second = decode((get("/v1/customers?size=25&seekOperation=Next",
        { headers = { ["MS-ContinuationToken"] = token } })))
      local back = decode((get("/v1/customers?size=25&seekOperation=Previous",
        { headers = { ["MS-ContinuationToken"] = second.links.next.headers[1].value } })))
      assert.same(first.items, back.items)
      assert.same(first.items, decode((get("/v1/customers?size=25&seekOperation=First"))).items)
      assert.equal(10, #decode((get("/v1/customers?size=25&seekOperation=Last"))).items)
    end)

    it("are each found by their id", function()
      for _, item in ipairs(decode((get("/v1/customers?size=3&offset=57"))).items) do
        local one = decode((get("/v1/customers/" .. item.id:upper())))
        assert.equal(item.companyProfile.companyName, one.companyProfile.companyName)
      end
    end)

  end)

  describe("the older and the commercial insights", function()
    local function by_customer(list)
      local map = {}
      for _, row in ipairs(list) do
        local id = row.customerTenantId
        assert.equal(id:upper(), id)
        map[id] = map[id] or {}
        table.insert(map[id], row)
      end
      return map
    end

    it("show the same deployment", function()
      local commercial = by_customer((rows(DEPLOYMENT)))
      for _, item in ipairs(decode((get("/v1/customers?size=4"))).items) do
        local old = rows("/v1/customers/" .. item.id .. "/analytics/licenses/deployment")
        local new = commercial[item.id:upper()]
        assert.equal(#old, #new)
        for i, row in ipairs(old) do
          for _, name in ipairs { "customerName", "productName", "channel", "licensesSold",
              "licensesDeployed" } do
            assert.equal(row[name], new[i][name])
          end
          assert.equal(row.serviceName, new[i].serviceCode)
          assert.equal(row.processedDateTime, new[i].processedDateTime .. "+00:00")
          local sold = row.licensesSold
          assert.equal(sold == 0 and 0 or row.licensesDeployed / sold, row.deploymentPercent)
        end
      end
    end)

    it("show the same usage", function()
      local commercial = by_customer((rows(USAGE)))
      for _, item in ipairs(decode((get("/v1/customers?size=4"))).items) do
        local old = rows("/v1/customers/" .. item.id .. "/analytics/licenses/usage")
        local new = commercial[item.id:upper()]
        assert.equal(#old, #new)
        for i, row in ipairs(old) do
          assert.equal(row.licensesActive, new[i].licenseActive)
          assert.equal(row.licensesQualified, new[i].licensesQualified)
          assert.equal(row.workloadName, new[i].workloadName)
        end
      end
    end)

    it("add up to the partner's", function()
      local sold, deployed = {}, {}
      for _, row in ipairs((rows(DEPLOYMENT))) do
        local key = row.serviceCode .. row.channel
        sold[key] = (sold[key] or 0) + row.licensesSold
        deployed[key] = (deployed[key] or 0) + row.licensesDeployed
      end
      local partner = rows("/v1/analytics/licenses/deployment")
      for _, row in ipairs(partner) do
        local key = row.serviceName .. row.channel
        assert.equal(sold[key], row.licensesSold)
        assert.equal(deployed[key] / sold[key], row.proratedDeploymentPercent)
        sold[key] = nil
      end
      assert.is_nil(next(sold))
    end)

    it("have products without sales, some fully deployed and some not at all", function()
      local none, full, idle = 0, 0, 0
      for _, row in ipairs((rows(DEPLOYMENT))) do
        if row.licensesSold == 0 then none = none + 1
        elseif row.licensesDeployed == row.licensesSold then full = full + 1
        elseif row.licensesDeployed == 0 then idle = idle + 1 end
      end
      assert.is_true(none > 5 and full > 5 and idle > 5)
    end)

    it("move with the day up to which data was processed", function()
      local function sum(path)
        local total, list = 0, rows(path)
        for _, row in ipairs(list) do total = total + row.licensesDeployed end
        return total, list[1].processedDateTime
      end
      local before = sum(DEPLOYMENT)
      box:control { processed = "2017-04-14" }
      local after, day = sum(DEPLOYMENT)
      assert.is_true(after > before)
      assert.equal("2017-04-14T03:25:16.36", day)
      assert.equal(before, (sum(DEPLOYMENT .. "?processedDateTime=2017-03-14")))
      assert.equal(0, #rows(DEPLOYMENT .. "?processedDateTime=2017-04-15"))
    end)
  end)

  describe("pages of analytics", function()
    local function resolve(form_of_link, link)
      if form_of_link == "absolute" then
        return link:match("^" .. box.base_url:gsub("%p", "%%%0") .. "(/.*)$")
      end
      assert.truthy(link:find("channel ne 'direct'", 1, true))
      if form_of_link == "root" then return encode(link):gsub("%%2525", "%%25") end
      assert.truthy(link:find("^license%?"))
      return DEPLOYMENT:gsub("license$", "") .. encode(link)
    end

    for _, form_of_link in ipairs { "relative", "root", "absolute" } do
      it("are linked with next_link = " .. form_of_link, function()
        box:control { next_link = form_of_link }
        local all = rows(DEPLOYMENT .. "?filter=channel ne 'direct'")
        local found = {}
        local path, pages = encode(DEPLOYMENT .. "?top=90&filter=channel ne 'direct'"), 0
        while path do
          local document = decode((box:get(path)))
          pages = pages + 1
          assert.equal(#all, document.TotalCount)
          for _, row in ipairs(document.Value) do found[#found + 1] = row end
          local link = document["@nextLink"]
          path = link ~= cjson.null and resolve(form_of_link, link) or nil
        end
        assert.equal(math.ceil(#all / 90), pages)
        assert.same(all, found)
      end)
    end

    it("have no link with next_link = null, and end after the last row", function()
      box:control { next_link = "null" }
      local list, document = rows(DEPLOYMENT .. "?top=10&skip=410")
      assert.equal(cjson.null, document["@nextLink"])
      assert.same({ 6, 416 }, { #list, document.TotalCount })
      assert.equal(0, #rows(DEPLOYMENT .. "?skip=500"))
    end)

    it("are at most 10000 rows, in reasonable time", function()
      box:control { customers = 3000 }
      local list, document = rows(DEPLOYMENT)
      assert.same({ 10000, 3 + 2999 * 7 }, { #list, document.TotalCount })
    end)

    for form_of_rows, check in pairs {
      e1 = function(document) return #document.items == document.totalCount and document.items end,
      e2 = function(document) return document.TotalCount == 40 and document.Value end,
      e4 = function(document) return document[1] and document end,
    } do
      it("come with envelope = " .. form_of_rows, function()
        box:control { envelope = form_of_rows }
        local document = decode((get("/partner/v1/analytics/indirectresellers?top=3")))
        assert.equal(3, #check(document))
      end)
    end

    it("are a bare object for one row with envelope = e4", function()
      box:control { envelope = "e4" }
      assert.equal("112310", decode((get("/partner/v1/analytics/referrals?top=1"))).id)
    end)
  end)

  describe("filters", function()
    local function lower(value) return value ~= cjson.null and tostring(value):lower() or nil end
    for _, case in ipairs {
      { DEPLOYMENT, "serviceCode eq 'O365'", function(r) return r.serviceCode == "o365" end },
      { DEPLOYMENT, "serviceCode ne 'o365'", function(r) return r.serviceCode ~= "o365" end },
      { DEPLOYMENT, "channel eq 'Reseller' and serviceCode eq 'crm'",
        function(r) return r.channel == "reseller" and r.serviceCode == "crm" end },
      { DEPLOYMENT, "channel eq 'direct' or channel eq 'reseller' and serviceCode eq 'crm'",
        function(r)
          return r.channel == "direct" or r.channel == "reseller" and r.serviceCode == "crm"
        end },
      { DEPLOYMENT, "(channel eq 'direct' or channel eq 'reseller') and serviceCode eq 'crm'",
        function(r)
          return (r.channel == "direct" or r.channel == "reseller") and r.serviceCode == "crm"
        end },
      { DEPLOYMENT, "customerName eq 'MARGIE''S TRAVEL 001'",
        function(r) return r.customerName == "MARGIE'S TRAVEL 001" end },
      { DEPLOYMENT, "customerName eq 'コントソ商事 001'",
        function(r) return r.customerName == "コントソ商事 001" end },
      { DEPLOYMENT, "customerTenantId eq '4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04'",
        function(r) return r.customerName == "DT DEMO CSP CUSTOMER 005" end },
      { USAGE, "workloadCode eq 'exo' and productName ne 'OFFICE 365 F1'",
        function(r) return r.workloadCode == "EXO" and r.productName ~= "OFFICE 365 F1" end },
      { "/partner/v1/analytics/subscriptions", "autoRenewEnabled eq true",
        function(r) return r.autoRenewEnabled end },
      { "/partner/v1/analytics/subscriptions", "subscriptionType eq 'Office'",
        function(r) return r.subscriptionType == "Office" end },
      { "/partner/v1/analytics/subscriptions", "subscriptionType eq 'office'",
        function() return false end },
      { "/partner/v1/analytics/subscriptions", "contains(customerName,'toys')",
        function(r) return lower(r.customerName):find("toys", 1, true) end },
      { "/partner/v1/analytics/subscriptions",
        "creationDate ge cast('2016-01-01',Edm.DateTimeOffset)",
        function(r) return r.creationDate >= "2016" end },
      { "/partner/v1/analytics/subscriptions",
        "creationDate lt cast('2015-12-31T23:00:00-01:00', Edm.DateTimeOffset)",
        function(r) return r.creationDate < "2016" end },
      { "/partner/v1/analytics/subscriptions", "trialStartDate lt '2016-01-01'",
        function(r) return r.trialStartDate ~= cjson.null and r.trialStartDate < "2016" end },
      { "/partner/v1/analytics/subscriptions", "trialStartDate ne '2016-01-01'",
        function(r) return r.trialStartDate ~= "2016-01-01T00:00:00" end },
      { "/partner/v1/analytics/indirectresellers",
        "latestSubscriptionSuspendedDate le cast('2017-06-01',Edm.DateTimeOffset)",
        function(r)
          local date = r.latestSubscriptionSuspendedDate
          return date:sub(1, 4) ~= "0001" and date <= "2017-06-01"
        end },
      { "/partner/v1/analytics/usage/azure", "meterUnit eq 'hours'",
        function(r) return r.meterUnit == "Hours" end },
      { "/partner/v1/analytics/referrals", "status eq 'Won'",
        function(r) return r.status == "Won" end },
      { "/partner/v1/analytics/search", "mpnId eq '2604568'",
        function(r) return r.mpnId == 2604568 end },
    } do
      local path, text, test = case[1], case[2], case[3]
      it("keep the rows of " .. text, function()
        local expected = {}
        for _, row in ipairs((rows(path))) do
          if test(row) then expected[#expected + 1] = row end
        end
        local found, document = rows(path .. "?filter=" .. text)
        assert.equal(#expected, document.TotalCount)
        assert.same(expected, found)
      end)
    end
  end)

  describe("groups", function()
    for _, case in ipairs {
      { DEPLOYMENT, { "serviceCode" }, { "licensesDeployed", "licensesSold" } },
      { DEPLOYMENT, { "channel", "productName" }, { "licensesDeployed", "licensesSold" } },
      { USAGE, { "workloadName", "customerName" }, { "licensesActive", "licensesQualified" } },
      { "/partner/v1/analytics/subscriptions", { "subscriptionType" }, { "licenseCount" } },
      { "/partner/v1/analytics/subscriptions", { "trialStartDate" }, { "licenseCount" } },
      { "/partner/v1/analytics/usage/azure", { "resourceLocation" }, { "quantity" } },
    } do
      local path, keys, sums = case[1], case[2], case[3]
      it("of " .. path:match("v1/(.*)") .. " by " .. table.concat(keys, ","), function()
        box:control { usage_field = "licensesActive" }
        local expected, count = {}, 0
        local function key_of(row)
          local parts = {}
          for i, name in ipairs(keys) do parts[i] = tostring(row[name]) end
          return table.concat(parts, "|")
        end
        for _, row in ipairs((rows(path))) do
          local key = key_of(row)
          if not expected[key] then expected[key], count = {}, count + 1 end
          for _, name in ipairs(sums) do
            expected[key][name] = (expected[key][name] or 0) + row[name]
          end
        end
        local groups, document = rows(path .. "?groupby=" .. table.concat(keys, ","))
        assert.equal(count, document.TotalCount)
        for _, group in ipairs(groups) do
          for _, name in ipairs(sums) do
            assert.equal(expected[key_of(group)][name], tonumber(group[name]))
          end
        end
      end)
    end

    it("count subscriptions in texts, or in numbers when told", function()
      local path = "/partner/v1/analytics/subscriptions?groupBy=subscriptionType"
      assert.equal("string", type(rows(path)[1].subscriptionCount))
      box:control { string_counts = false }
      assert.equal("number", type(rows(path)[1].subscriptionCount))
    end)

    for level, pattern in pairs { month = "^%d+-%d+-01T00:00:00$", day = "^%d+-%d+-%d+T00:00:00$",
        dateRange = "^%d+-%d+-%d+T%d+:%d+:%d+%.%d+$" } do
      it("make dates as coarse as aggregationLevel=" .. level, function()
        for _, group in ipairs((rows("/partner/v1/analytics/subscriptions?groupby=creationDate"
            .. "&aggregationLevel=" .. level))) do
          assert.truthy(group.creationDate:find(pattern))
        end
      end)
    end

    it("are ordered, the larger first where told", function()
      local groups = rows("/partner/v1/analytics/usage/azure"
        .. "?groupby=customerName,usageDate&orderby=usageDate,quantity desc")
      for i = 2, #groups do
        local a, b = groups[i - 1], groups[i]
        assert.is_true(a.usageDate < b.usageDate
          or a.usageDate == b.usageDate and a.quantity >= b.quantity)
      end
    end)
  end)
end)
