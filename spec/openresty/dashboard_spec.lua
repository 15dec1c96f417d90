-- The example gateway and its dashboard, in a real nginx and a real browser,
-- with the sandbox behind them. Screenshots are left in build/screenshots.
local browsers = require "spec.support.browser"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local SHOTS = "build/screenshots"

local function run(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

if not io.open("build/5.1/partnercenter.so") then
  describe("examples/openresty", function() pending("needs the build for 5.1") end)
  return
end

describe("examples/openresty", function()
  local box, dir, url

  -- A gateway to a sandbox, asked nothing yet: its directory and its address.
  local function start_gateway(to, options)
    local home = run("mkdir -p build/nginx && mktemp -d $PWD/build/nginx/XXXXXX"):match("%S+")
    -- One that is forgotten ends by itself.
    local output = run(([[PARTNERCENTER_BASE_URL='%s' PARTNERCENTER_AUTHORITY='%s' \
      PARTNERCENTER_CA_FILE='%s' PARTNERCENTER_TENANT='%s' PARTNERCENTER_CLIENT_ID='%s' \
      PARTNERCENTER_CLIENT_SECRET='%s' PARTNERCENTER_REFRESH_TOKEN='%s' \
      timeout 300 examples/openresty/gateway run %s --workers=4 %s >%s.out 2>&1 &
      for i in $(seq 500); do grep -q ^url= %s.out && break; sleep 0.01; done
      cat %s.out]]):format(to.base_url, to.authority,
      to.ca_file, to.tenant, to.client_id, to.client_secret, to.refresh_token,
      home, options or "", home, home, home))
    return home, assert(output:match("url=(%S+)/"), output)
  end

  local function stop_gateway(home)
    run("examples/openresty/gateway stop " .. home .. "; rm -rf " .. home .. " " .. home .. ".out")
  end

  setup(function()
    box = sandbox.start { customers = 500, rotate = "revoke" }
    dir, url = start_gateway(box)
    run("mkdir -p " .. SHOTS)
  end)
  teardown(function()
    stop_gateway(dir)
    box:stop()
  end)
  -- The tokens stay: box:reset would take away those that were issued.
  after_each(function() box:control { clear_faults = true } end)

  -- The gateway takes 20 requests a second of one client, and 60 at once: the
  -- tests before may have used those up.
  local function get(path, args)
    local command = ("curl -s -D - --max-time 30 %s '%s%s'"):format(args or "", url, path)
    local output = run(command)
    for _ = 1, 20 do
      if not output:find("^HTTP/%S+ 429") then break end
      run("sleep 0.2")
      output = run(command)
    end
    local head, body = output:match("^(.-\r\n)\r\n(.*)$")
    local headers = {}
    for name, value in head:gmatch("\n([^:\r\n]+): *([^\r\n]*)") do
      headers[name:lower()] = value
    end
    return body, tonumber(head:match("^HTTP/%S+ (%d+)")), headers
  end

  describe("the gateway", function()
    it("signs in once for all workers", function()
      run(("seq 40 | xargs -P 20 -I{} curl -s -o /dev/null %s/customers"):format(url))
      assert.equal(1, box:stats().token_requests)
    end)

    for _, path in ipairs { "/customers", "/summary",
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

    it("asks Partner Center once, however many ask it", function()
      local before = box:stats().total
      local id = "/customers/1c1e3dd0-9531-46f3-a072-05000001316a/deployment"
      run(("seq 30 | xargs -P 15 -I{} curl -s -o /dev/null %s%s"):format(url, id))
      assert.equal(1, box:stats().total - before)
    end)

    for _, c in ipairs {
      { "a customer id that is none", "/customers/x/deployment", 400 },
      { "an unknown customer", "/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f05/deployment", 404 },
      { "an unknown path", "/customers/x", 404 },
      { "another method", "/summary", 405, "-X POST" },
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
      local file = assert(io.open(dir .. "/refresh-token"))
      local refresh = file:read("*l")
      file:close()
      for _, path in ipairs { "/", "/app.js", "/summary", "/customers", "/metrics", "/nothing",
        "/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04/deployment", "/..%2frefresh-token" } do
        local shown = run(("curl -s -D - --path-as-is '%s%s'"):format(url, path))
        for _, secret in ipairs { refresh, box.client_secret, "eyJ", "Bearer" } do
          assert.is_nil(shown:find(secret, 1, true), path)
        end
      end
    end)

    for _, c in ipairs {
      { "a person must sign in again", { match = "/deployment", status = 401, times = 9 }, 502,
        "sign_in" },
      { "its rights do not suffice", { match = "/deployment", error = "no_rights", times = 9 }, 502,
        "forbidden" },
      { "Partner Center is down", { match = "/deployment", status = 501, times = 9 }, 502, "http" },
    } do
      it("tells by the status, without the story, that " .. c[1], function()
        box:control { faults = { c[2] } }
        local body, status, headers = get("/customers/ab679f41-c178-48d9-a25b-05000001412e"
          .. "/deployment")
        assert.equal(c[3], status, body)
        assert.equal("no-store", headers["cache-control"])
        assert.truthy(body:find('"kind":"' .. c[4] .. '"', 1, true), body)
        assert.truthy(body:find('"correlation_id":"%x+%-'), body)
        assert.falsy(body:find("127.0.0.1", 1, true), body)
      end)
    end

    it("limits the requests of a client", function()
      run("sleep 3.2") -- the bucket empties at 20 a second
      local statuses = run(("curl -s --parallel --parallel-max 40 -o /dev/null "
        .. "-w '%%{http_code}\\n' '%s/customers?[1-200]' 2>/dev/null"):format(url))
      local _, refused = statuses:gsub("429\n", "")
      local _, served = statuses:gsub("200\n", "")
      assert(refused > 0 and served >= 20 and refused + served == 200, statuses)
      run("sleep 3.2") -- the bucket empties at 20 a second
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
      local home, address = start_gateway(box, "--name=insights.example.com")
      for _, name in ipairs { "insights.example.com", "Insights.Example.com:8443", "localhost" } do
        assert.equal("200", run(("curl -s -o /dev/null -w '%%{http_code}' -H 'Host: %s' %s/metrics")
          :format(name, address)))
      end
      stop_gateway(home)
    end)

    -- Whether another address is refused while one asks 300 times at once.
    local function after_flood(options)
      local home, address = start_gateway(box, options)
      local ask = "curl -s --parallel --parallel-max 40 -o /dev/null -w '%%{http_code}\n' "
        .. "-H 'X-Forwarded-For: 192.0.2.%d' '%s/nothing?[1-%d]' 2>/dev/null"
      local flooded = run(ask:format(1, address, 300) .. "; echo; " .. ask:format(2, address, 40))
      stop_gateway(home)
      local first, other = flooded:match("^(.*)\n\n(.*)$")
      assert.truthy(first:find("429", 1, true), first)
      return other:find("429", 1, true) ~= nil
    end

    it("limits by who asks behind a proxy that is trusted, and by the proxy otherwise", function()
      assert.is_false(after_flood "--trust-proxy=127.0.0.1")
      assert.is_true(after_flood())
    end)

    for _, c in ipairs {
      { "no product, name or tenant", '{"licensesSold":5}' },
      { "values of other kinds", '{"licensesSold":"5","productName":7,"customerTenantId":false,'
        .. '"customerName":{},"processedDateTime":[],"licensesDeployed":{}}' },
    } do
      it("adds up all other rows beside one with " .. c[1], function()
        local own = sandbox.start { customers = 1 }
        local home, address = start_gateway(own)
        own:control { faults = { { match = "/analytics/commercial", times = 1, status = 200,
          headers = { ["Content-Type"] = "application/json" },
          body = '{"Value":[{"productName":"A","customerTenantId":"T","customerName":"N",'
            .. '"licensesSold":7,"licensesDeployed":1},' .. c[2] .. '],"TotalCount":2}' } } }
        local body = run("curl -s " .. address .. "/summary")
        assert.truthy(body:find('"name":"A"', 1, true), body)
        assert.truthy(body:find('"name":"(no name)"', 1, true), body)
        assert.truthy(body:find('"count":2', 1, true), body)
        stop_gateway(home)
        own:stop()
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
      local _, fetched = get("/customers/7fd65d2a-511b-439e-a29e-050000013d3d/deployment")
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

  describe("the dashboard", function()
    if not browsers.available() then
      pending("needs chromium and chromedriver")
      return
    end

    local browser

    setup(function() browser = browsers.start() end)
    teardown(function() browser:stop() end)

    local function open(options)
      browser:shape(options or {})
      browser:console()
      browser:open(url .. "/")
      browser:wait("return document.querySelectorAll('#rows tr[data-id]').length > 0")
    end

    local NAMES = "return [...document.querySelectorAll('#rows tr')].slice(0, 5).map("
      .. "r => r.cells[0].textContent).join('|')"
    local COLUMN = "return [...document.querySelectorAll('#rows tr')].map(r => r.cells[%d]"
      .. ".textContent.replace(/[^0-9.]/g, '')).join(' ')"

    local function numbers(column)
      local list = {}
      for text in browser:run(COLUMN:format(column)):gmatch("%S+") do
        list[#list + 1] = tonumber(text)
      end
      return list
    end

    local function is_sorted(list, descending)
      for i = 2, #list do
        if descending and list[i] > list[i - 1] or not descending and list[i] < list[i - 1] then
          return false
        end
      end
      return #list > 10
    end

    it("shows totals, products and 500 customers", function()
      open()
      assert.equal("500", browser:run("return document.getElementById('t-customers').textContent"))
      assert.equal("500 customers",
        browser:run("return document.getElementById('count').textContent"))
      assert.equal(10, browser:run("return document.querySelectorAll('#products li').length"))
      browser:screenshot(SHOTS .. "/desktop.png")
      browser:click("#more-products")
      assert(browser:run("return document.querySelectorAll('#products li').length") > 20)
      browser:click("#more-rows")
      assert.equal(500, browser:run("return document.querySelectorAll('#rows tr').length"))
      assert.equal("", browser:console())
    end)

    it("searches", function()
      open()
      browser:keys("#search", "contoso 00")
      browser:wait("return document.getElementById('count').textContent.includes(' of ')")
      assert.truthy(browser:run("return [...document.querySelectorAll('#rows tr')].every("
        .. "r => /contoso 00/i.test(r.cells[0].textContent))"))
      browser:keys("#search", " nobody")
      browser:wait("return !document.getElementById('empty').hidden")
      browser:screenshot(SHOTS .. "/empty.png")
      assert.equal("", browser:console())
    end)

    it("sorts by every column, both ways", function()
      open()
      assert.truthy(is_sorted(numbers(1), true))
      for _, c in ipairs { { "deployed", 2 }, { "share", 3 } } do
        browser:click("button[data-sort=" .. c[1] .. "]")
        assert.truthy(is_sorted(numbers(c[2]), true), c[1])
        browser:click("button[data-sort=" .. c[1] .. "]")
        assert.truthy(is_sorted(numbers(c[2]), false), c[1])
      end
      browser:click("button[data-sort=name]")
      local first = browser:run(NAMES)
      browser:click("button[data-sort=name]")
      assert.not_equal(first, browser:run(NAMES))
      assert.equal("descending", browser:run(
        "return document.querySelector('th').getAttribute('aria-sort')"))
      assert.equal("", browser:console())
    end)

    it("shows the customers under a share", function()
      open()
      browser:run("const r = document.getElementById('below'); r.value = 30; "
        .. "r.dispatchEvent(new Event('input'))")
      browser:click("button[data-sort=share]")
      local shares = numbers(3)
      assert(#shares > 0 and shares[1] < 30)
      assert.equal("30 %", browser:run("return document.getElementById('below-text').textContent"))
    end)

    it("drills down to a customer and back, by mouse", function()
      open()
      local name = browser:run("return document.querySelector('#rows tr').cells[0].textContent")
      browser:click("#rows tr td button")
      browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
      assert.equal(name, browser:run("return document.getElementById('detail-title').textContent"))
      assert.truthy(browser:run("return location.hash"):find("^#customer="))
      browser:screenshot(SHOTS .. "/detail.png")
      browser:click("#close")
      browser:wait("return !document.getElementById('detail').open")
      assert.equal("", browser:run("return location.hash"))
      assert.equal("", browser:console())
    end)

    it("drills down by keyboard alone", function()
      open()
      browser:run("document.querySelector('#rows tr:nth-child(2) button').focus()")
      browser:press("\238\128\135") -- Enter
      browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
      assert.equal("close", browser:run("return document.activeElement.id"))
      browser:press("\238\128\140") -- Escape
      browser:wait("return !document.getElementById('detail').open")
      assert.truthy(browser:run("return document.activeElement.closest('tr') !== null"))
    end)

    it("opens the customer that the address names", function()
      browser:shape {}
      browser:open(url .. "/#customer=4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04")
      browser:wait("return document.querySelectorAll('#detail-products li').length === 3")
    end)

    it("says what is wrong when Partner Center fails, and tries again", function()
      open()
      box:control { faults = { { match = "/deployment", times = 9, error = "no_rights" } } }
      local id = "58b905bf-1e05-455c-ae2c-05000001394c"
      browser:run("location.hash = 'customer=" .. id .. "'")
      browser:wait("return !document.getElementById('detail-problem').hidden")
      local text = browser:run("return document.getElementById('detail-problem').textContent")
      assert.truthy(text:find("may not see this", 1, true), text)
      assert.truthy(text:find("Correlation id %x+%-"), text)
      browser:screenshot(SHOTS .. "/error.png")
      box:control { clear_faults = true }
      browser:click("#detail-retry")
      browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
    end)

    it("says that it loads, then what is wrong, then shows the numbers", function()
      local own = sandbox.start { customers = 120 }
      local home, address = start_gateway(own)
      own:control { faults = { { match = "commercial", times = 9, error = "no_rights",
        delay = 2 } } }
      browser:shape {}
      browser:console()
      browser:open(address .. "/")
      assert.equal("true", browser:run("return document.getElementById('main').ariaBusy"))
      assert.equal("Loading…", browser:run("return document.getElementById('count').textContent"))
      assert.equal(8, browser:run("return document.querySelectorAll('#rows tr.ghost').length"))
      browser:screenshot(SHOTS .. "/loading.png")
      browser:wait("return !document.getElementById('problem').hidden")
      assert.equal("false", browser:run("return document.getElementById('main').ariaBusy"))
      assert.truthy(browser:run("return [...document.querySelectorAll('section')].every("
        .. "s => s.hidden)"))
      local text = browser:run("return document.getElementById('problem').textContent")
      assert.truthy(text:find("cannot be shown", 1, true), text)
      assert.truthy(text:find("may not see this", 1, true), text)
      browser:screenshot(SHOTS .. "/failed.png")
      own:control { clear_faults = true }
      browser:click("#retry")
      browser:wait("return document.querySelectorAll('#rows tr[data-id]').length === 100")
      assert.truthy(browser:run("return document.getElementById('problem').hidden"))
      stop_gateway(home)
      own:stop()
    end)

    it("keeps the numbers when the gateway is gone, and says so", function()
      open()
      browser:run("window.fetch = () => Promise.reject(new TypeError('gone'))")
      browser:click("#reload")
      browser:wait("return !document.getElementById('problem').hidden")
      assert.truthy(browser:run("return document.getElementById('problem').textContent")
        :find("older", 1, true))
      assert.equal(100, browser:run("return document.querySelectorAll('#rows tr').length"))
    end)

    for _, c in ipairs {
      { "fits a phone", "phone", { width = 390, height = 844 } },
      { "fits a phone in the dark", "phone-dark", { width = 390, height = 844, dark = true } },
      { "has a dark side", "dark", { dark = true } },
    } do
      it(c[1], function()
        open(c[3])
        assert.truthy(browser:run("return document.documentElement.scrollWidth <= innerWidth"))
        assert.truthy(browser:run("const f = document.getElementById('table-frame'); "
          .. "return f.scrollWidth <= f.clientWidth"))
        local light = browser:run("const c = getComputedStyle(document.documentElement)"
          .. ".backgroundColor.match(/\\d+/g).map(Number); return c[0] + c[1] + c[2] > 384")
        assert.equal(not c[3].dark, light)
        browser:screenshot(SHOTS .. "/" .. c[2] .. ".png")
        browser:run("document.getElementById('customers').scrollIntoView()")
        browser:screenshot(SHOTS .. "/" .. c[2] .. "-customers.png")
        browser:click("#rows tr td button")
        browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
        assert.truthy(browser:run("return detail.scrollWidth <= detail.clientWidth"))
        browser:screenshot(SHOTS .. "/" .. c[2] .. "-detail.png")
        assert.equal("", browser:console())
      end)
    end

    it("loads nothing from elsewhere and runs no script of the page itself", function()
      open()
      assert.truthy(browser:run("return performance.getEntriesByType('resource').every("
        .. "e => e.name.startsWith(location.origin + '/'))"))
      browser:run("const s = document.createElement('script'); s.textContent = 'window.bad = 1'; "
        .. "document.head.append(s)")
      assert.is_nil(browser:run("return window.bad || false") or nil)
      assert.truthy(browser:console():find("Content Security Policy", 1, true))
    end)
  end)

  -- The last: it pauses the worker's client.
  describe("the gateway, throttled,", function()
    it("passes on that Partner Center wants fewer requests", function()
      box:control { faults = { { match = "/deployment", times = 9, status = 429,
        retry_after = "600" } } }
      local id = "e3adaa38-a12f-4ed1-af93-05000001355b"
      local body, status, headers = get("/customers/" .. id .. "/deployment")
      assert.equal(503, status, body)
      assert.equal("600", headers["retry-after"])
      assert.truthy(get("/metrics"):find("partnercenter_throttled_total 1\n", 1, true))
    end)
  end)
end)
