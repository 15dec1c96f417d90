-- Every resource against the sandbox: the verbs, filters on both sides, and the
-- successors of the superseded insights.
local errors = require "partnercenter.errors"
local filter = require "partnercenter.filters"
local sandbox = require "spec.support.sandbox"

local ID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

describe("resources", function()
  local box, partner

  setup(function()
    box = sandbox.start { customers = 12, products = 10 }
    partner = box:partner { retries = 0 }
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  before_each(function() box:reset() end)

  local function passing(rows, test)
    local kept = {}
    for _, row in ipairs(rows) do
      if test(row) then kept[#kept + 1] = row end
    end
    return kept
  end

  for _, c in ipairs {
    { "customers", function() return partner.customers end, "relationshipToPartner" },
    { "a customer's deployment",
      function() return partner.customers:by_id(ID).analytics.licenses.deployment end,
      "licensesDeployed" },
    { "a customer's usage",
      function() return partner.customers:by_id(ID).analytics.licenses.usage end,
      "licensesActive" },
    { "a customer's SKUs", function() return partner.customers:by_id(ID).subscribedskus end,
      "productSku" },
    { "the partner's deployment", function() return partner.analytics.licenses.deployment end,
      "proratedDeploymentPercent" },
    { "the partner's usage", function() return partner.analytics.licenses.usage end,
      "proratedLicensesUsagePercent" },
    { "commercial deployment",
      function() return partner.analytics.commercial.deployment.license end, "licensesSold" },
    { "commercial usage", function() return partner.analytics.commercial.usage.license end,
      "licensesActive" },
    { "subscriptions", function() return partner.analytics.subscriptions end, "licenseCount" },
    { "Azure usage", function() return partner.analytics.usage.azure end, "quantity" },
    { "indirect resellers", function() return partner.analytics.indirectresellers end,
      "subscriptionCount" },
    { "referrals", function() return partner.analytics.referrals end, "customerOrgSize" },
    { "searches", function() return partner.analytics.search end, "searchDate" },
  } do
    it("reads " .. c[1] .. " by all four verbs alike", function()
      local node = c[2]()
      local page, facts = assert(node:get())
      assert.equal(200, facts.status)
      assert.is_string(facts.request_id)
      assert.is_true(#page.items > 0)
      assert.equal(#page.items, page.totalCount)
      assert.is_not_nil(page.items[1][c[3]])
      local each, pages = {}, {}
      for row in node:each() do each[#each + 1] = row end
      for one in node:pages() do
        for _, row in ipairs(one.items) do pages[#pages + 1] = row end
      end
      assert.same(page.items, each)
      assert.same(page.items, pages)
      assert.same(page.items, (assert(node:all())))
    end)
  end

  it("reads one customer as the thing itself", function()
    local customer, facts = assert(partner.customers:by_id(ID):get())
    assert.equal(ID, customer.id)
    assert.is_table(customer.companyProfile)
    assert.is_nil(customer.items)
    assert.equal(200, facts.status)
  end)

  it("makes numbers of the counts that come as texts", function()
    local page = assert(partner.analytics.subscriptions:get { groupby = "subscriptionType" })
    assert.is_true(#page.items > 1)
    for _, row in ipairs(page.items) do
      assert.is_number(row.subscriptionCount)
      assert.is_number(row.licenseCount)
    end
  end)

  it("mends licenseActive while rows arrive", function()
    for row in partner.analytics.commercial.usage.license:each() do
      assert.is_number(row.licensesActive)
      assert.is_nil(row.licenseActive)
    end
  end)

  for _, envelope in ipairs { "e1", "e2", "e4" } do
    it("reads every envelope alike: " .. envelope, function()
      box:control { envelope = "e2" }
      local expected = assert(partner.analytics.referrals:get()).items
      box:control { envelope = envelope }
      assert.same(expected, assert(partner.analytics.referrals:get()).items)
      local rows = {}
      for row in partner.analytics.referrals:each() do rows[#rows + 1] = row end
      assert.same(expected, rows)
    end)
  end

  it("reads a bare object as one row, by every verb", function()
    box:control { envelope = "e4" }
    local node = partner.analytics.subscriptions
    local first = assert(node:get { top = 2 }).items[1]
    assert.same({ first }, assert(node:get { top = 1 }).items)
    local iterate = node:each { top = 1 }
    assert.same(first, iterate())
  end)

  describe("of an answer", function()
    for _, c in ipairs {
      { "of 204", { status = 204, body = "" } },
      { "without a body", { status = 200, body = "" } },
      { "of null", { status = 200, body = "null" } },
      { "of a number", { status = 200, body = "7" } },
      { "of a row that is null", { status = 200, body = '{"items":[null]}' } },
      { "that is not JSON", { status = 200, body = "<html>" } },
    } do
      it(c[1] .. " make an error of kind protocol", function()
        for _, verb in ipairs { "get", "all" } do
          box:control { faults = { c[2] } }
          local page, err = partner.customers[verb](partner.customers)
          assert.is_nil(page)
          assert.equal("protocol", err.kind)
        end
        for _, verb in ipairs { "each", "pages" } do
          box:control { faults = { c[2] } }
          local fine, err = pcall(partner.customers[verb](partner.customers))
          assert.is_false(fine)
          assert.is_true(errors.is(err), tostring(err))
          assert.equal("protocol", err.kind)
        end
      end)
    end

    for _, body in ipairs {
      "{}", "[]", '{"items":[]}', '{"Value":[],"@nextLink":null,"TotalCount":0}',
      '{"value":[],"nextLink":null,"message":"none","statusCode":200}',
      '{"Value":[],"novel":true}', '{"novel":true,"items":[]}',
    } do
      it("of " .. body .. " make no rows", function()
        local fault = { status = 200, body = body }
        box:control { faults = { fault } }
        local page = assert(partner.customers:get())
        assert.same({}, page.items)
        assert.equal(0, page.totalCount)
        box:control { faults = { fault } }
        assert.same({}, (assert(partner.customers:all())))
        box:control { faults = { fault } }
        assert.is_nil((partner.customers:each())())
      end)
    end

    it("tell its ids with what is wrong in it", function()
      box:control { faults = { { status = 200, body = "null" } } }
      local _, err = partner.customers:get()
      assert.is_string(err.request_id)
      assert.matches("/v1/customers", err.url, 1, true)
    end)
  end)

  describe("each", function()
    it("gives nothing more once it is closed", function()
      local iterate, _, _, closer = partner.customers:each()
      assert.is_table(iterate())
      closer.close()
      closer.close()
      assert.is_nil(iterate())
      assert.equal(12, #assert(partner.customers:all()))
    end)

    it("gives the rows that came before an answer broke off, once, and raises", function()
      local patient = box:partner { retries = 3, random = function() return 0 end }
      local node = patient.analytics.commercial.deployment.license
      local expected = assert(node:all())
      box:control { gzip = false, faults = { { match = "skip=40", close = 5000 } } }
      local rows = {}
      local fine, err = pcall(function()
        for row in node:each { top = 40 } do rows[#rows + 1] = row end
      end)
      assert.is_false(fine)
      assert.equal("network", err.kind)
      assert.is_true(#rows > 40 and #rows < 80)
      for i, row in ipairs(rows) do assert.same(expected[i], row) end
      assert.equal(3, box:stats().classes.commercial_deployment)
      patient:close()
    end)

    it("asks again for a page that broke off before its first row", function()
      local patient = box:partner { retries = 3, random = function() return 0 end }
      local node = patient.analytics.commercial.deployment.license
      local expected = assert(node:all())
      box:control { gzip = false, faults = {
        { match = "skip=40", close = 4 },
        { match = "skip=80", status = 503 },
      } }
      local rows = {}
      for row in node:each { top = 40 } do rows[#rows + 1] = row end
      assert.same(expected, rows)
      patient:close()
    end)

    it("keeps memory flat however many rows there are", function()
      box:control { customers = 2000, products = 20 }
      -- What is alive, in KiB; rows that were given out are not.
      local function alive()
        collectgarbage()
        collectgarbage()
        return collectgarbage("count")
      end
      local start, most, rows = alive(), 0, 0
      for _ in partner.analytics.commercial.deployment.license:each { top = 2000 } do
        rows = rows + 1
        if rows % 1500 == 0 then most = math.max(most, alive() - start) end
        if rows == 36000 then break end
      end
      assert.equal(36000, rows)
      assert.is_true(most < 1024, most)    -- a page alone has 2000
    end)

    it("can be closed before it has begun", function()
      local iterate, _, _, closer = partner.customers:each()
      closer:close()
      assert.is_nil(iterate())
    end)

    it("stays at its end", function()
      local iterate = partner.customers:each()
      while iterate() do end -- luacheck: ignore
      assert.is_nil(iterate())
      assert.is_nil(iterate())
    end)
  end)

  describe("filter", function()
    local commercial = function() return partner.analytics.commercial.deployment.license end

    -- A misspelt field would take none of the rows, or all.
    local function refused(kind, ok, err)
      assert.is_falsy(ok)
      assert.equal(kind, type(err) == "table" and err.kind or err:match("documents no field"))
      assert.truthy(tostring(err):find("field '", 1, true))
    end

    it("is an error when no row has its field, whatever the verb", function()
      for _, wanted in ipairs { filter.eq("nonsense", 1), filter.ne("nonsense", 1) } do
        refused("config", commercial():get { filter = wanted })
        refused("config", commercial():all { filter = wanted, top = 3 })
        for _, verb in ipairs { "each", "pages" } do
          refused("config", pcall(function()
            for _ in commercial()[verb](commercial(), { filter = wanted }) do end
          end))
        end
      end
      refused("documents no field", pcall(function()
        return (commercial():get { filter = filter.eq("serviceCod", "o365") })
      end))
      local other = partner:request { path = "/v1/customers" }
      refused("config", other:all { filter = filter.eq("companyProfile.nope", 1) })
      local name = filter.starts_with("companyProfile.companyName", "c")
      assert.is_true(#assert(other:all { filter = name }) > 0)
    end)

    it("counts what passed when the page had all rows", function()
      local every = assert(commercial():get())
      local big = filter.gt("licensesSold", 20)
      local page = assert(commercial():get { filter = big })
      assert.same(passing(every.items, big), page.items)
      assert.equal(#page.items, page.totalCount)
      assert.equal(every.totalCount, page.unfilteredCount)
    end)

    it("counts nothing when more pages are to come", function()
      local page = assert(commercial():get { filter = filter.gt("licensesSold", 20), top = 5 })
      assert.is_nil(page.totalCount)
      assert.is_number(page.unfilteredCount)
    end)

    it("counts nothing on a page that has a link to the next, or is not the first", function()
      local somebody = filter.ne("id", "nobody")
      for _, links in ipairs { "v1", "bare", "body" } do
        box:control { customer_links = links }
        for page in partner.customers:pages { filter = somebody, size = 6 } do
          assert.is_nil(page.totalCount)
          assert.equal(6, page.unfilteredCount)
        end
      end
      local page = assert(partner.customers:get { filter = somebody, seekOperation = "First" })
      assert.equal(12, page.totalCount)
      box:control { envelope = "e4" }
      page = assert(partner.analytics.referrals:get { filter = filter.ne("id", "x"), skip = 3 })
      assert.is_nil(page.totalCount)
      assert.equal(#page.items, page.unfilteredCount)
    end)

    it("leaves the count alone when the service did all of it", function()
      local page = assert(commercial():get { filter = filter.eq("serviceCode", "o365"), top = 5 })
      assert.is_true(page.totalCount > 5)
      assert.is_nil(page.unfilteredCount)
    end)

    it("is applied to rows of endpoints that take none", function()
      local node = partner.customers:by_id(ID).analytics.licenses.deployment
      local sold = filter.gt("licensesSold", 1)
      local expected = passing(assert(node:get()).items, sold)
      assert.is_true(#expected > 0)
      assert.same(expected, assert(node:get { filter = sold }).items)
      assert.same(expected, (assert(node:all { filter = sold })))
    end)

    it("is applied to rows while they arrive, however many there are", function()
      local resellers = filter.eq("relationshipToPartner", "reseller")
      local expected = passing(assert(partner.customers:all()), resellers)
      local rows = {}
      for row in partner.customers:each { filter = resellers } do rows[#rows + 1] = row end
      assert.is_true(#expected > 0)
      assert.same(expected, rows)
    end)

    it("searches customers by name there and by anything else here", function()
      local wanted = filter.all {
        filter.starts_with("CompanyName", "c"),
        filter.eq("relationshipToPartner", "reseller"),
      }
      local every = assert(partner.customers:all())
      assert.same(#passing(every, wanted), #assert(partner.customers:all { filter = wanted }))
    end)
  end)

  describe("filter means the same on both sides", function()
    -- A generator of its own: the same expressions in every Lua.
    local state
    local function random(n)
      state = (state * 16807) % 2147483647
      return state % n + 1
    end

    local function condition(rows, fields, dates)
      local field = fields[random(#fields)]
      local value = rows[random(#rows)][field]
      if value == nil or value == "" then return filter.ne(fields[1], "nothing") end
      local ops = { "eq", "ne", "contains", "gt", "le", "starts_with" }
      local op = ops[random(#ops)]
      if dates[field] then
        op = ({ "eq", "ne", "ge", "le", "gt", "lt" })[random(6)]
        return filter[op](field, filter.date(value))
      end
      if type(value) == "boolean" then return filter[op == "ne" and "ne" or "eq"](field, value) end
      if type(value) == "string" then
        if random(3) == 1 then value = value:upper() end
        if op == "contains" then value = value:sub(random(#value), -1) end
        if op == "starts_with" then value = value:sub(1, random(#value)) end
      elseif op == "contains" or op == "starts_with" then
        op = "ge"
      end
      return filter[op](field, value)
    end

    local function expression(depth, ...)
      local kind = random(5)
      if depth == 0 or kind <= 2 then return condition(...) end
      if kind == 3 then return filter.negate(expression(depth - 1, ...)) end
      local list = {}
      for i = 1, random(3) do list[i] = expression(depth - 1, ...) end
      return filter[kind == 4 and "all" or "any"](list)
    end

    for i, c in ipairs {
      { "commercial deployment",
        function() return partner.analytics.commercial.deployment.license end,
        { "serviceCode", "channel", "customerName", "productName", "licensesSold",
          "customerTenantId" }, {} },
      { "commercial usage", function() return partner.analytics.commercial.usage.license end,
        { "workloadCode", "workloadName", "channel", "licensesActive" }, {} },
      { "subscriptions", function() return partner.analytics.subscriptions end,
        { "status", "autoRenewEnabled", "customerName", "subscriptionType", "licenseCount",
          "effectiveStartDate", "lastUsageDate" },
        { effectiveStartDate = true, lastUsageDate = true } },
      { "Azure usage", function() return partner.analytics.usage.azure end,
        { "meterCategory", "customerName", "quantity", "usageDate", "serviceType" },
        { usageDate = true } },
      { "indirect resellers", function() return partner.analytics.indirectresellers end,
        { "name", "market", "firstSubscriptionCreationDate", "licenseCount" },
        { firstSubscriptionCreationDate = true } },
    } do
      it("for " .. c[1], function()
        state = 20180526 + i
        local rows = assert(c[2]():get()).items
        local hits = 0
        for _ = 1, 30 do
          local wanted = expression(3, rows, c[3], c[4])
          local expected = passing(rows, wanted)
          assert.same(expected, (assert(c[2]():all { filter = wanted })), tostring(wanted))
          if #expected > 0 and #expected < #rows then hits = hits + 1 end
        end
        assert.is_true(hits > 5)
      end)
    end
  end)

  describe("source = commercial", function()
    local function insights(id, kind)
      return partner.customers:by_id(id).analytics.licenses[kind]
    end

    for _, kind in ipairs { "deployment", "usage" } do
      it("gives the rows of a customer's " .. kind .. " in the old shape", function()
        for _, customer in ipairs(assert(partner.customers:all())) do
          local old = assert(insights(customer.id, kind):get())
          local new, facts = assert(insights(customer.id, kind):get { source = "commercial" })
          assert.equal(200, facts.status)
          assert.equal(#old.items, #new.items)
          assert.equal(old.totalCount, new.totalCount)
          for i, row in ipairs(old.items) do
            for name, value in pairs(row) do assert.same(value, new.items[i][name], name) end
            assert.equal(customer.id, new.items[i].customerId)
          end
        end
      end)
    end

    it("works by every verb, over pages and with a local filter", function()
      local node = insights(ID, "deployment")
      local expected = assert(node:get { source = "commercial" }).items
      assert.is_true(#expected > 1)
      assert.same(expected, (assert(node:all { source = "commercial", top = 1 })))
      local rows = {}
      for row in node:each { source = "commercial", top = 1 } do rows[#rows + 1] = row end
      assert.same(expected, rows)
      local wanted = filter.gt("licensesSold", 1)
      assert.same(passing(expected, wanted),
        (assert(node:all { source = "commercial", filter = wanted })))
    end)

    it("is never taken unasked", function()
      insights(ID, "deployment"):get()
      local stats = box:stats()
      assert.equal(1, stats.classes.customer_deployment)
      assert.is_nil(stats.classes.commercial_deployment)
    end)

    it("refuses rows of another customer", function()
      box:control { faults = { { status = 200,
        body = '{"Value":[{"customerTenantId":"' .. ID:gsub("^4", "5"):upper() .. '"}]}',
        times = 2 } } }
      local page, err = insights(ID, "deployment"):get { source = "commercial" }
      assert.is_nil(page)
      assert.equal("protocol", err.kind)
      local fine, raised = pcall((insights(ID, "deployment"):each { source = "commercial" }))
      assert.is_false(fine)
      assert.equal("protocol", raised.kind)
    end)
  end)
end)
