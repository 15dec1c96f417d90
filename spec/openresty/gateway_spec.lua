-- The example gateway in a real nginx, with the sandbox behind it.
local gateways = require "spec.support.gateway"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

local run = shell.run

if not gateways.available() then
  describe("examples/openresty", function() pending("needs the build for 5.1") end)
  return
end

describe("examples/openresty", function()
  local box, gateway, url, ids

  setup(function()
    box = sandbox.start { customers = 40, rotate = "revoke" }
    gateway = gateways.start(box)
    url, ids = gateway.url, {}
    for row in box:partner().customers:each() do ids[#ids + 1] = row.id end
  end)
  teardown(function()
    gateway:stop()
    box:stop()
  end)
  -- The tokens stay: box:reset would take away those that were issued.
  after_each(function() box:control { clear_faults = true } end)

  local function get(path, args) return gateway:get(path, args) end

  describe("the gateway", function()
    it("signs in once for all workers", function()
      run(("seq 40 | xargs -P 20 -I{} curl -s -o /dev/null -H 'X-Forwarded-For: 192.0.2.{}' "
        .. "%s/customers"):format(url))
      assert.equal(1, box:stats().token_requests)
    end)

    for _, path in ipairs { "/customers", "/summary", "/usage",
      "/product?name=EXCHANGE%20ONLINE%20(PLAN%201)",
      "/product?" .. ("a=1&"):rep(150) .. "name=EXCHANGE+ONLINE+(PLAN+1)",
      "/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04/deployment" } do
      it("serves " .. path .. " with an ETag, and 304 to those who have it", function()
        local body, status, headers = get(path)
        assert.equal(200, status)
        assert.truthy(headers["content-type"]:find("^application/json"))
        assert.truthy(body:find("^{"))
        assert.truthy(headers["cache-control"]:find("^private, max%-age=%d+$"))
        local again, status_again = get(path, "-H 'If-None-Match: " .. headers.etag .. "'")
        assert.equal(304, status_again)
        assert.equal("", again)
        local _, compressed = get(path, "-H 'If-None-Match: W/" .. headers.etag .. "'")
        assert.equal(304, compressed)
      end)
    end

    -- The sums that are shown, from the rows themselves.
    local function sums_of(rows, whole, part, key)
      local sums = {}
      for _, row in ipairs(rows) do
        local name = key and tostring(row[key]):lower() or "all"
        local sum = sums[name] or { 0, 0, 0, 0 }
        sums[name] = { sum[1] + row[whole], sum[2] + row[part],
          sum[3] + math.max(0, row[whole] - row[part]), sum[4] + 1 }
      end
      return sums
    end

    local function as_shown(groups, whole, part)
      local sums = {}
      for _, group in ipairs(groups) do
        sums[group.id and group.id:lower() or "all"] = { group[whole], group[part], group.left,
          group.count }
      end
      return sums
    end

    for _, c in ipairs {
      { "/summary", "deployment", "licensesSold", "licensesDeployed", "sold", "deployed" },
      { "/usage", "usage", "licensesQualified", "licensesActive", "qualified", "active" },
    } do
      it("adds up on " .. c[1] .. " what the service has", function()
        local rows = box:partner().analytics.commercial[c[2]].license:all()
        local shown = partnercenter.decode((get(c[1])))
        assert.same(sums_of(rows, c[3], c[4]), as_shown({ shown.totals }, c[5], c[6]))
        assert.same(sums_of(rows, c[3], c[4], "productName"),
          as_shown(shown.products, c[5], c[6]))
        assert.same(sums_of(rows, c[3], c[4], "customerTenantId"),
          as_shown(shown.customers, c[5], c[6]))
        assert.truthy(#rows > 100 and shown.processed.from < shown.processed.to)
      end)
    end

    it("tells who has a product", function()
      local name = "EXCHANGE ONLINE (PLAN 1)"
      local rows = {}
      for row in box:partner().analytics.commercial.deployment.license:each() do
        if row.productName == name then rows[#rows + 1] = row end
      end
      local shown = partnercenter.decode((get "/product?name=EXCHANGE%20ONLINE%20(PLAN%201)"))
      assert.same(sums_of(rows, "licensesSold", "licensesDeployed", "customerTenantId"),
        as_shown(shown.customers, "sold", "deployed"))
      assert.truthy(#rows > 3)
    end)

    it("asks Partner Center once, however many ask it", function()
      local before = box:stats().total
      local path = "/customers/" .. ids[5] .. "/deployment"
      run(("seq 30 | xargs -P 15 -I{} curl -s -o /dev/null -H 'X-Forwarded-For: 192.0.2.{}' %s%s")
        :format(url, path))
      assert.equal(1, box:stats().total - before)
    end)

    for _, c in ipairs {
      { "a customer id that is none", "/customers/x/deployment", 400 },
      { "an unknown customer", "/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f05/deployment", 404 },
      { "an unknown path", "/customers/x", 404 },
      { "a product that nobody has", "/product?name=x", 404 },
      { "a product without a name", "/product", 404 },
      { "another method", "/summary", 405, "-X POST" },
      { "another method for the counts", "/metrics", 405, "-X DELETE" },
      { "a path that climbs", "/..%2f..%2frefresh-token", 400, "--path-as-is" },
      { "its own files", "/refresh-token", 404 },
    } do
      it("refuses " .. c[1], function()
        local body, status = get(c[2], c[4])
        assert.equal(c[3], status, body)
        assert.falsy(body:find(box.token:sub(1, 40), 1, true))
      end)
    end

    it("sends safe headers with everything", function()
      for _, path in ipairs { "/", "/app.js", "/summary", "/customers/x/deployment", "/nothing" } do
        local _, _, headers = get(path)
        assert.equal("nosniff", headers["x-content-type-options"], path)
        assert.equal("DENY", headers["x-frame-options"], path)
        assert.truthy(headers["content-security-policy"]:find("default-src 'none'", 1, true), path)
        assert.falsy(headers["content-security-policy"]:find("unsafe", 1, true), path)
      end
    end)

    it("shows no secret of its own to anybody", function()
      local file = assert(io.open(gateway.dir .. "/refresh-token"))
      local refresh = file:read("*l")
      file:close()
      for _, path in ipairs { "/", "/app.js", "/summary", "/customers", "/metrics", "/nothing",
        "/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04/deployment", "/..%2frefresh-token" } do
        local shown = run(("curl -s -D - --path-as-is -H 'X-Forwarded-For: %s' '%s%s'"):format(
          gateway:address(), url, path))
        for _, secret in ipairs { refresh, box.client_secret, "eyJ", "Bearer" } do
          assert.is_nil(shown:find(secret, 1, true), path)
        end
      end
    end)

    for i, c in ipairs {
      { "a person must sign in again", { match = "/deployment", status = 401, times = 9 }, 502,
        "sign_in" },
      { "its rights do not suffice", { match = "/deployment", error = "no_rights", times = 9 }, 502,
        "forbidden" },
      { "Partner Center is down", { match = "/deployment", status = 501, times = 9 }, 502, "http" },
    } do
      it("tells by the status, without the story, that " .. c[1], function()
        box:control { faults = { c[2] } }
        -- A failure is remembered: each is another customer's.
        local body, status, headers = get("/customers/" .. ids[i + 1] .. "/deployment")
        assert.equal(c[3], status, body)
        assert.equal("no-store", headers["cache-control"])
        assert.truthy(body:find('"kind":"' .. c[4] .. '"', 1, true), body)
        assert.truthy(body:find('"correlation_id":"%x+%-'), body)
        assert.falsy(body:find("127.0.0.1", 1, true), body)
      end)
    end

    it("limits the requests of a client", function()
      local statuses = run(("curl -s --parallel --parallel-max 40 -o /dev/null "
        .. "-H 'X-Forwarded-For: 192.0.2.200' -w '%%{http_code}\\n' '%s/customers?[1-200]' "
        .. "2>/dev/null"):format(url))
      local _, refused = statuses:gsub("429\n", "")
      local _, served = statuses:gsub("200\n", "")
      assert(refused > 0 and served >= 20 and refused + served == 200, statuses)
    end)

    for _, name in ipairs { "evil.example", "evil.example:80", "127.0.0.2",
      "localhost.evil.example" } do
      it("does not answer the name " .. name, function()
        for _, path in ipairs { "/", "/summary", "/customers", "/metrics" } do
          local body, status = get(path, "-H 'Host: " .. name .. "'")
          assert.equal(421, status, path)
          assert.falsy(body:find("partnercenter_", 1, true))
          assert.truthy(body:find('"kind":"host"', 1, true))
        end
      end)
    end

    it("answers the names that it was given, in any letter case and with any port", function()
      local own = gateways.start(box, "--name=insights.example.com")
      for _, name in ipairs { "insights.example.com", "Insights.Example.com:8443", "localhost" } do
        assert.equal("200", run(("curl -s -o /dev/null -w '%%{http_code}' -H 'Host: %s' %s/metrics")
          :format(name, own.url)))
      end
      own:stop()
    end)

    -- Whether another address is refused while one asks 300 times at once.
    local function after_flood(options)
      local own = gateways.start(box, options)
      local ask = "curl -s --parallel --parallel-max 40 -o /dev/null -w '%%{http_code}\n' "
        .. "-H 'X-Forwarded-For: 192.0.2.%d' '%s/nothing?[1-%d]' 2>/dev/null"
      local flooded = run(ask:format(1, own.url, 300) .. "; echo; " .. ask:format(2, own.url, 40))
      own:stop()
      local first, other = flooded:match("^(.*)\n\n(.*)$")
      assert.truthy(first:find("429", 1, true), first)
      return other:find("429", 1, true) ~= nil
    end

    it("limits by who asks behind a proxy that is trusted, and by the proxy otherwise", function()
      assert.is_false(after_flood "--trust-proxy=127.0.0.1")
      assert.is_true(after_flood "")
    end)

    -- A gateway of its own before a service that answers with these rows.
    local function with_rows(rows, count, ask)
      local own = sandbox.start { customers = 1 }
      local front = gateways.start(own)
      own:control { faults = { { match = "/analytics/commercial", times = 9, status = 200,
        headers = { ["Content-Type"] = "application/json" },
        body = ('{"Value":[%s],"TotalCount":%d}'):format(rows, count) } } }
      local ok, why = pcall(ask, front)
      front:stop()
      own:stop()
      assert(ok, why)
    end

    it("has arrays where there is nothing, too", function()
      with_rows("", 0, function(front)
        for path, name in pairs { ["/summary"] = "products", ["/usage"] = "customers",
          ["/changes"] = "rows" } do
          local body, status = front:get(path)
          assert.equal(200, status)
          assert.truthy(body:find(('"%s":[]'):format(name), 1, true), body)
        end
      end)
    end)

    it("has one series for a product, whatever is in its name", function()
      with_rows([[{"productName":"a b","licensesSold":1,"customerTenantId":"t"},
        {"productName":"a\nb","licensesSold":2,"customerTenantId":"t"},
        {"productName":"\"} 9\\","licensesSold":3,"customerTenantId":"</script>\u2028"}]], 3,
        function(front)
          local body = front:get "/metrics"
          for _, line in ipairs { '{product="a b"} 1', [[{product="a\nb"} 2]],
            [[{product="\"} 9\\"} 3]] } do
            assert.truthy(body:find("partnercenter_licenses_sold" .. line .. "\n", 1, true), body)
          end
        end)
    end)

    for _, c in ipairs {
      { "no product, name or tenant", '{"licensesSold":5}' },
      { "counts that are beyond all sums", '{"licensesSold":1e308},{"licensesSold":1e308}', 3 },
      { "values of other kinds", '{"licensesSold":"5","productName":7,"customerTenantId":false,'
        .. '"customerName":{},"processedDateTime":[],"licensesDeployed":{}}' },
    } do
      it("adds up all other rows beside one with " .. c[1], function()
        local count = c[3] or 2
        with_rows('{"productName":"A","customerTenantId":"T","customerName":"N","licensesSold":7,'
          .. '"licensesDeployed":1},' .. c[2], count, function(front)
          local body = front:get "/summary"
          assert.truthy(body:find('"name":"A"', 1, true), body)
          assert.truthy(body:find('"name":"(no name)"', 1, true), body)
          assert.truthy(body:find(('"count":%d,"deployed":1'):format(count), 1, true), body)
        end)
      end)
    end

    for _, option in ipairs { "--name='a b'", "--name='x;return 200'", "--name=",
      "--trust-proxy=all", "--trust-proxy='10.0.0.0/8; deny all'" } do
      it("refuses the option " .. option, function()
        assert.truthy(run("examples/openresty/gateway start build/nginx/none " .. option .. " 2>&1")
          :find("takes a", 1, true))
      end)
    end

    it("counts for Prometheus", function()
      box:control { faults = { { match = "/deployment", times = 1, status = 503 } } }
      local _, fetched = get("/customers/" .. ids[6] .. "/deployment")
      assert.equal(200, fetched)
      local body, status = get("/metrics")
      assert.equal(200, status)
      assert.truthy(body:find('partnercenter_calls_total{resource="sign%-in",status="200"} %d+\n'))
      assert.truthy(body:find('partnercenter_retries_total{reason="503"} 1\n'))
      assert.truthy(body:find('partnercenter_tokens_total{outcome="ok"} %d+\n'))
      assert.truthy(body:find('partnercenter_call_seconds_count %d+\n'))
      assert.truthy(body:find('gateway_cache_total{outcome="hit"} %d'))
      assert.truthy(body:find("# TYPE gateway_request_seconds histogram", 1, true))
      for line in body:gmatch("[^\n]+") do
        local plain = line:gsub('product="[^"\\]*"', "product")
        assert.truthy(line:find("^#") or plain:find('^[%w_]+{?[%w_=",.%+%-]*}? [%d.e+-]+$'), line)
      end
    end)

    it("tells Prometheus what is sold and deployed, by product", function()
      local first = partnercenter.decode((get "/summary")).products[1]
      local body = get "/metrics"
      for _, what in ipairs { "sold", "deployed" } do
        local line = ('partnercenter_licenses_%s{product="%s"} %d\n'):format(what, first.name,
          first[what])
        assert.truthy(body:find(line, 1, true), body)
      end
      assert.truthy(body:find("partnercenter_licenses_known 1\n", 1, true))
    end)
  end)

  -- The last: it pauses the worker's client.
  describe("the gateway, throttled,", function()
    it("passes on that Partner Center wants fewer requests", function()
      box:control { faults = { { match = "/deployment", times = 9, status = 429,
        retry_after = "600" } } }
      local body, status, headers = get("/customers/" .. ids[7] .. "/deployment")
      assert.equal(503, status, body)
      assert.equal("600", headers["retry-after"])
      assert.truthy(get("/metrics"):find("partnercenter_throttled_total 1\n", 1, true))
    end)
  end)
end)
