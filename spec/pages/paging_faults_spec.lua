-- Every form of the next page, over 25 pages, with something going wrong on the
-- way: what can be asked for again is, and no row is lost or doubled.
local errors = require "partnercenter.errors"
local sandbox = require "spec.support.sandbox"

local PAGES = 25
local VERBS = { "each", "pages", "all" }

-- One that ends before a byte of the body has arrived can always be repeated.
local PASSING = {
  { "503", { status = 503 } },
  { "429", { status = 429, headers = { ["Retry-After"] = "0" } } },
  { "500 with a fault", { error = "server_error" } },
  { "an end before the headers", { close = -1 } },
  { "an end before the first row", { close = 5 } },
}

-- Each with the sandbox's settings, and the resource that has it.
local FORMS = {
  { "@nextLink, relative", { next_link = "relative" } },
  { "@nextLink, from the root", { next_link = "root" } },
  { "@nextLink, absolute", { next_link = "absolute" } },
  { "no link but a count", { next_link = "null" } },
  { "bare arrays", { envelope = "e4" }, "subscriptions" },
  { "items with skip", { envelope = "e1" }, "subscriptions" },
  { "links.next with /v1", { customer_links = "v1" }, "customers" },
  { "links.next without /v1", { customer_links = "bare" }, "customers" },
  { "continuationToken", { customer_links = "body" }, "customers" },
}

describe("paging with failures", function()
  local box, partner, impatient

  setup(function()
    box = sandbox.start { customers = 50, products = 4 }
    partner = box:partner { retries = 3, random = function() return 0 end }
    impatient = box:partner { retries = 0 }
  end)

  teardown(function()
    partner:close()
    impatient:close()
    box:stop()
  end)

  local function node_of(client, kind)
    if kind == "customers" then return client.customers, "/v1/customers", { size = 500 } end
    if kind == "subscriptions" then
      return client.analytics.subscriptions, "analytics/subscriptions", { top = 10000 }
    end
    return client.analytics.commercial.deployment.license, "deployment/license", { top = 10000 }
  end

  -- All rows by one page, and the parameters that cut them into 25.
  local function prepare(form)
    local node, match, params = node_of(partner, form[3])
    local whole = assert(node:get(params)).items
    local per_page = math.ceil(#whole / PAGES)
    assert.equal(PAGES, math.ceil(#whole / per_page))
    return whole, match, form[3] == "customers" and { size = per_page } or { top = per_page },
      per_page
  end

  local read = {
    each = function(node, params, rows)
      for row in node:each(params) do rows[#rows + 1] = row end
    end,
    pages = function(node, params, rows)
      for page in node:pages(params) do
        for _, row in ipairs(page.items) do rows[#rows + 1] = row end
      end
    end,
    all = function(node, params, rows)
      for i, row in ipairs(assert(node:all(params))) do rows[i] = row end
    end,
  }

  local function with(fault, more)
    local made = {}
    for name, value in pairs(fault) do made[name] = value end
    for name, value in pairs(more) do made[name] = value end
    return made
  end

  for number, form in ipairs(FORMS) do
    describe("of " .. form[1], function()
      local whole, match, params, per_page

      setup(function()
        box:reset()
        box:control(with(form[2], { gzip = false }))
        whole, match, params, per_page = prepare(form)
      end)

      local function goes_on(failure, verb, page)
        it("goes on after " .. failure[1] .. ", by " .. verb, function()
          box:control { clear_faults = true, faults = {
            with(failure[2], { match = match, skip = page }),
          } }
          local before, rows = box:stats().faults_used, {}
          read[verb](node_of(partner, form[3]), params, rows)
          assert.equal(#whole, #rows)
          assert.same(whole, rows)
          assert.equal(before + 1, box:stats().faults_used)
        end)
      end

      for i, failure in ipairs(PASSING) do
        -- The client spares the service after a 429, which takes its time.
        if failure[2].status ~= 429 or number % 4 == 1 then
          -- Another verb for each, so that each form meets all of them.
          goes_on(failure, VERBS[(i + number) % #VERBS + 1], (i * 7 + number) % (PAGES - 1) + 1)
        end
      end

      it("gives whole pages and the error when nothing can be repeated", function()
        for _, verb in ipairs { "each", "pages" } do
          box:control { clear_faults = true,
            faults = { { match = match, skip = 17, status = 503 } } }
          local rows = {}
          local fine, err = pcall(read[verb], node_of(impatient, form[3]), params, rows)
          assert.is_false(fine)
          assert.is_true(errors.is(err), tostring(err))
          assert.equal(503, err.status)
          assert.equal(17 * per_page, #rows)
          for i, row in ipairs(rows) do assert.same(whole[i], row) end
        end
        box:control { clear_faults = true,
          faults = { { match = match, skip = 17, status = 503 } } }
        local rows, err = node_of(impatient, form[3]):all(params)
        assert.is_nil(rows)
        assert.equal(503, err.status)
      end)

      it("gives no row twice when a page breaks off in the middle", function()
        box:control { clear_faults = true,
          faults = { { match = match, skip = 17, close = 700 } } }
        local rows = {}
        local fine, err = pcall(read.each, node_of(partner, form[3]), params, rows)
        if not fine then assert.equal("network", err.kind) end
        assert.is_true(#rows >= 17 * per_page)
        for i, row in ipairs(rows) do assert.same(whole[i], row) end
        if fine then assert.equal(#whole, #rows) end
      end)
    end)
  end
end)
