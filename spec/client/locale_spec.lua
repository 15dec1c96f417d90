-- The same to the last byte in every locale that a program may have set: one with a
-- comma for the decimal point, one in which I is no capital of i.
local locale = require "spec.support.locale"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"
local wire = require "partnercenter.util.wire"

local f, insights = partnercenter.filter, partnercenter.insights
local ID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

-- Calls fn in a locale; the one before is back at the end, however that comes.
local function within(name, fn)
  local old = locale.set(name)
  local ok, first, second = pcall(fn)
  os.setlocale(old)
  if not ok then error(first, 0) end
  return first, second
end

for _, name in ipairs { "de_DE.UTF-8", "tr_TR.ISO-8859-9" } do
  describe("in the locale " .. name, function()
    local box, client

    setup(function() box = sandbox.start { customers = 40, products = 2 } end)
    teardown(function() box:stop() end)
    before_each(function()
      box:reset()
      client = box:partner { random = function() return 0 end }
    end)
    after_each(function() client:close() end)

    for _, c in ipairs {
      { "a number with a fraction", function() return wire.number("-0.25") end, -0.25 },
      { "no number with a comma", function() return wire.number("0,25") end, nil },
      { "no number in another base", function() return wire.number("0x10") end, nil },
      { "the numeral of a fraction", function() return wire.numeral(0.1) end, "0.1" },
      { "the numeral of a whole number", function() return wire.numeral(3.0) end, "3" },
      { "the numeral of a large number", function() return wire.numeral(2.5e300) end, "2.5e+300" },
      { "no numeral of infinity", function() return wire.numeral(math.huge) end, nil },
      { "so many digits", function() return wire.fixed(-1234.5678, 2) end, "-1234.57" },
      { "letters of ASCII alone", function() return wire.lower("ID\221\73") end, "id\221i" },
      { "capitals of ASCII alone", function() return wire.upper("id\253i") end, "ID\253I" },
      { "a date with a fraction", function()
        return partnercenter.datetime "2017-03-14T03:25:16.25+00:00"
      end, 1489461916.25 },
      { "a filter with a fraction", function()
        return tostring(f.gt("licensesSold", 0.5))
      end, "licensesSold gt 0.5" },
      { "a filter over a count that is text", function()
        return f.gt("licensesSold", 12.25)({ licensesSold = "12.5" })
      end, true },
      { "a filter over a date", function()
        return f.ge("creationDate", f.date "2018-10-14T00:00:00.5Z")(
          { creationDate = "2018-10-14T00:00:00.75Z" })
      end, true },
      { "a filter over a text in another letter case", function()
        return f.eq("serviceCode", "INTUNE")({ serviceCode = "intune" })
      end, true },
      { "a sum of counts that are text", function()
        return insights.summarize({ { licensesSold = "2.5" }, { licensesSold = 0.5 } })[1]
          .licensesSold
      end, 3 },
      { "a group by fractions", function()
        return #insights.summarize({ { x = 0.5, licensesSold = 1 }, { x = 0.5, licensesSold = 2 } },
          { "x" })
      end, 1 },
      { "JSON with a fraction", function() return partnercenter.decode "[0.5]"[1] end, 0.5 },
    } do
      it("gives " .. c[1], function()
        assert.equal(c[3], (within(name, c[2])))
      end)
    end

    it("sends fractions with a point, and reads the facts of the answer", function()
      box:control { faults = { { match = "/v1/invoices", status = 200, body = "[]",
        headers = { ["MS-ServerId"] = "here", ["MS-CV"] = "there" } } } }
      local page, facts = within(name, function()
        return client:request { path = "/v1/invoices", query = { a = 0.5, B = 2 } }:get()
      end)
      assert(page, facts)
      assert.is_string(facts.server_id)
      assert.is_string(facts.ms_cv)
      local requests = box:stats().requests
      -- In whatever order the locale sorts.
      assert.truthy(requests[#requests].uri:find("[?&]a=0%.5%f[&%z]"), requests[#requests].uri)
    end)

    it("finds what answers write in any letter case", function()
      box:control { faults = { { match = "/v1/customers", status = 200, times = 2,
        headers = { ["Content-Type"] = "APPLICATION/JSON" },
        body = '{"ITEMS":[{"id":"1"}],"TOTALCOUNT":"1"}' } } }
      local page, err = within(name, function() return client.customers:get() end)
      assert(page, err)
      assert.equal(1, page.totalCount)
      assert.equal("1", page.items[1].id)
    end)

    it("waits as long as is announced", function()
      box:control { faults = { { match = "/v1/", status = 503, times = 9,
        headers = { ["Retry-After"] = "Sun, 06 Nov 1994 08:49:37 GMT",
          ["Date"] = "Sun, 06 Nov 1994 08:49:07 GMT" } } } }
      local page, err = within(name, function()
        return client:with { retries = 0 }.customers:get()
      end)
      assert.is_nil(page)
      assert.is_true(err.retry_after >= 30, err.retry_after)
    end)

    it("serves a customer's insights from the successor", function()
      local rows, err = within(name, function()
        return client.customers:by_id(box.customer_id).analytics.licenses.deployment:all {
          source = "commercial",
        }
      end)
      assert(rows, err)
      assert.equal(box.customer_id, rows[1].customerId)
    end)

    it("signs in, and takes a life in words of digits", function()
      box:control { faults = { { match = "/token", status = 200,
        headers = { ["Content-Type"] = "application/json" },
        body = '{"token_type":"BEARER","expires_in":"3599.5","access_token":"' .. box.token
          .. '"}' } } }
      local events = {}
      local own = box:partner {
        credentials = partnercenter.credentials.refresh_token {
          tenant = "CONTOSO.onmicrosoft.com", client_id = ID:upper(), refresh_token = "r",
        },
        on_event = function(event) events[#events + 1] = event end,
      }
      local page, err = within(name, function() return own.customers:get() end)
      own:close()
      assert(page, err)
      local told
      for _, event in ipairs(events) do
        if event.name == "token" then told = event end
      end
      assert.is_true(math.abs(told.expires_in - 3599.5) <= 2, told.expires_in)
    end)
  end)
end
