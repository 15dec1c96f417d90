-- Paging against the sandbox: every form of the next page, over 25 pages, and
-- what goes wrong on the way.
local cjson = require "spec.support.json"
local errors = require "partnercenter.errors"
local filter = require "partnercenter.filters"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local PAGES = 25
local TOP = 12

describe("paging", function()
  local box, partner, events

  setup(function()
    -- Ten customers with 30 products each are 300 rows: 25 pages of 12.
    box = sandbox.start { customers = 10, products = 30, page_size = 500 }
    partner = box:partner {
      retries = 0,
      on_event = function(event) events[#events + 1] = event end,
    }
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  before_each(function()
    box:reset()
    events = {}
  end)

  local function pages_told()
    local count = 0
    for _, event in ipairs(events) do
      if event.name == "page" then count = count + 1 end
    end
    return count
  end

  -- The rows of the three ways to read them all, which must agree.
  local function read_all(node, params)
    local each, pages = {}, {}
    for row in node:each(params) do each[#each + 1] = row end
    for page in node:pages(params) do
      for _, row in ipairs(page.items) do pages[#pages + 1] = row end
    end
    local all = assert(node:all(params))
    assert.same(pages, each)
    assert.same(pages, all)
    return all
  end

  -- What every step of reading all rows gives up with; the rows until then.
  local function breaks_off(node, params)
    local rows = {}
    local fine, err = pcall(function()
      for row in node:each(params) do rows[#rows + 1] = row end
    end)
    assert.is_false(fine)
    assert.is_true(errors.is(err), tostring(err))
    return err, rows
  end

  local function deployment()
    return partner.analytics.commercial.deployment.license
  end

  local function subscriptions()
    return partner.analytics.subscriptions
  end

  local function whole(node)
    local page = assert(node:get { top = 10000 })
    return page.items
  end

  describe("of the analytics form", function()
    for _, form in ipairs { "relative", "root", "absolute", "null" } do
      it("follows @nextLink when it is " .. form, function()
        box:control { next_link = form }
        local expected = whole(deployment())
        assert.is_true(#expected > TOP * 2)
        assert.same(expected, read_all(deployment(), { top = TOP }))
      end)
    end

    for _, form in ipairs { "relative", "root", "absolute", "null" } do
      it("stays below another prefix when @nextLink is " .. form, function()
        box:control { next_link = form }
        local other = box:partner {
          commercial_prefix = "/v1",
          on_event = function(event)
            if event.name == "page" then
              assert.matches("%d/v1/analytics/commercial/deployment/license%?", event.url)
            end
          end,
        }
        local rows = assert(other.analytics.commercial.deployment.license:all { top = TOP })
        other:close()
        assert.same(whole(deployment()), rows)
      end)
    end

    it("refuses a prefix that is documented nowhere", function()
      assert.error_matches(function()
        partnercenter.new { credentials = partnercenter.credentials.token("t"),
          commercial_prefix = "/v2" }
      end, "option 'commercial_prefix' of partnercenter.new must be \"/partner/v1\" or \"/v1\"", 1,
        true)
    end)

    it("needs as many requests as there are pages", function()
      local rows = #whole(deployment())
      events = {}
      local top = math.ceil(rows / PAGES)
      assert.equal(rows, #assert(deployment():all { top = top }))
      assert.equal(math.ceil(rows / top), pages_told())
    end)

    it("keeps filter, groupby and orderby from page to page, encoded once", function()
      for _, form in ipairs { "relative", "root", "absolute", "null" } do
        box:control { next_link = form }
        local node = partner.analytics.usage.azure
        local params = { filter = "customerName ne 'A B' and resourceLocation ne '50%'",
          orderby = "usageDate desc,customerName" }
        params.top = 10000
        local expected = assert(node:get(params)).items
        params.top = math.max(1, math.ceil(#expected / PAGES))
        assert.same(expected, read_all(node, params))
        params.filter = filter.all {
          filter.ne("customerName", "A B"),
          filter.ne("resourceLocation", "50%"),
        }
        assert.same(expected, read_all(node, params))
      end
    end)

    it("pages through bare arrays, which have no count and no link", function()
      box:control { envelope = "e4" }
      local expected = whole(subscriptions())
      assert.same(expected, read_all(subscriptions(), { top = TOP }))
    end)

    it("pages through analytics rows in the items form", function()
      box:control { envelope = "e1" }
      local expected = whole(subscriptions())
      assert.same(expected, read_all(subscriptions(), { top = TOP }))
    end)

    it("begins at skip", function()
      local expected = {}
      for i, row in ipairs(whole(deployment())) do
        if i > 5 then expected[#expected + 1] = row end
      end
      assert.same(expected, read_all(deployment(), { top = TOP, skip = 5 }))
    end)

    it("gives each page with its count and its facts", function()
      local total = #whole(deployment())
      for page, facts in deployment():pages { top = TOP } do
        assert.equal(total, page.totalCount)
        assert.equal(200, facts.status)
      end
    end)

    it("pages through any other GET", function()
      local node = partner:request {
        path = "/partner/v1/analytics/subscriptions",
        query = { top = TOP, filter = "status ne 'x y'" },
      }
      assert.same(whole(subscriptions()), read_all(node))
    end)
  end)

  describe("of customers", function()
    for _, form in ipairs { "v1", "bare", "body" } do
      it("follows the token when links are " .. form, function()
        box:control { customers = 50, customer_links = form }
        local rows = read_all(partner.customers, { size = 2 })
        assert.equal(50, #rows)
        events = {}
        partner.customers:all { size = 2 }
        assert.equal(PAGES, pages_told())
        local seen = {}
        for _, customer in ipairs(rows) do
          assert.is_nil(seen[customer.id])
          seen[customer.id] = true
        end
      end)

      it("keeps the search when links are " .. form, function()
        box:control { customers = 60, customer_links = form }
        local params = { filter = filter.starts_with("CompanyName", "c"), size = 1 }
        local rows = read_all(partner.customers, params)
        assert.is_true(#rows > 1)
        assert.is_true(#rows < 60)
        for _, customer in ipairs(rows) do
          assert.matches("^[Cc]", customer.companyProfile.companyName)
        end
      end)
    end

    it("pages at the service's own size", function()
      box:control { customers = 50, page_size = 7 }
      assert.equal(50, #read_all(partner.customers))
    end)
  end)

  describe("breaks off", function()
    -- A page of the deployment endpoint, written here.
    local function page(rows, link, total)
      return cjson.encode { Value = rows, ["@nextLink"] = link or cjson.null, TotalCount = total }
    end

    local function insights(from, to)
      local rows = {}
      for i = from, to do rows[#rows + 1] = { productName = "P" .. i, licensesSold = i } end
      return rows
    end

    it("at an answer of failure on page 7, with the rows until then", function()
      box:control { faults = { { match = "skip=72", status = 500, times = 9 } } }
      local node = deployment()
      local expected = whole(node)
      local err, rows = breaks_off(node, { top = TOP })
      assert.equal("http", err.kind)
      assert.equal(500, err.status)
      assert.equal(6 * TOP, #rows)
      for i, row in ipairs(rows) do assert.same(expected[i], row) end
      local all, failure = node:all { top = TOP }
      assert.is_nil(all)
      assert.equal(500, failure.status)
    end)

    it("at a link to another origin, which is not asked", function()
      box:control { next_link = "foreign" }
      local node = deployment()
      local err, rows = breaks_off(node, { top = TOP })
      assert.equal("protocol", err.kind)
      assert.equal(TOP, #rows)
      assert.equal(1, box:stats().classes.commercial_deployment)
    end)

    it("at a link to the page itself", function()
      box:control { next_link = "loop" }
      local err, rows = breaks_off(deployment(), { top = TOP })
      assert.equal("protocol", err.kind)
      assert.equal(TOP, #rows)
    end)

    it("at a page that is sent twice, before any of its rows is given out", function()
      local first = page(insights(1, TOP), nil, 100)
      box:control { faults = { { match = "commercial/deployment", status = 200, body = first,
        times = 9 } } }
      local node = deployment()
      local err, rows = breaks_off(node, { top = TOP })
      assert.equal("protocol", err.kind)
      assert.equal(TOP, #rows)
      local all, failure = node:all { top = TOP }
      assert.is_nil(all)
      assert.equal("protocol", failure.kind)
    end)

    it("at a short page that is sent twice", function()
      local first = page(insights(1, 3), nil, 100)
      box:control { faults = { { match = "commercial/deployment", status = 200, body = first,
        times = 9 } } }
      local err, rows = breaks_off(deployment(), { top = 3 })
      assert.equal("protocol", err.kind)
      assert.equal(3, #rows)
    end)

    it("not at pages that only begin alike", function()
      local second = insights(1, 2)
      second[3] = { productName = "other" }
      box:control { faults = {
        { match = "commercial/deployment", status = 200, body = page(insights(1, 3), nil, 6) },
        { match = "commercial/deployment", status = 200, body = page(second, nil, 6) },
      } }
      local names = {}
      for row in deployment():each { top = 3 } do
        names[#names + 1] = row.productName
      end
      assert.equal("P1 P2 P3 P1 P2 other", table.concat(names, " "))
    end)

    it("at a page without rows although more are due", function()
      box:control { faults = { { match = "skip=12", status = 200, body = page({}, nil, 100)
        :gsub('"Value":{}', '"Value":[]') } } }
      local err, rows = breaks_off(deployment(), { top = TOP })
      assert.equal("protocol", err.kind)
      assert.equal(TOP, #rows)
    end)

    it("at a count that shrinks", function()
      box:control { faults = { { match = "skip=12", status = 200,
        body = page(insights(1, TOP), nil, 20) } } }
      local err, rows = breaks_off(deployment(), { top = TOP })
      assert.equal("protocol", err.kind)
      assert.equal(2 * TOP, #rows)
    end)

    it("at a link that leaves out rows", function()
      box:control { faults = { { match = "commercial/deployment", status = 200,
        body = page(insights(1, TOP), "license?top=12&skip=13", 100) } } }
      assert.equal("protocol", breaks_off(deployment(), { top = TOP }).kind)
    end)

    it("at a fault that comes with status 200", function()
      box:control { faults = { { match = "skip=12", status = 200,
        body = '{"code":400072,"description":"The item is not available","source":"PartnerFD"}',
      } } }
      local err, rows = breaks_off(deployment(), { top = TOP })
      assert.equal("not_found", err.kind)
      assert.equal(400072, err.code)
      assert.equal(TOP, #rows)
    end)

    it("for good: what follows is the same error", function()
      box:control { next_link = "foreign" }
      local iterate = deployment():pages { top = TOP }
      assert.equal(TOP, #iterate().items)
      for _ = 1, 3 do
        local fine, err = pcall(iterate)
        assert.is_false(fine)
        assert.equal("protocol", err.kind)
      end
    end)
  end)
end)
