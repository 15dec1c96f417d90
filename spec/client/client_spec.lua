-- The whole way from a resource to Lua tables, against the sandbox.
local cjson = require "spec.support.json"
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local CORRELATION = "ae3b8c36-348b-46bc-9a60-398f973153ff"

-- Instrumented runs take their time; the bounds they are held to are wider.
local PATIENCE = (os.getenv "PC_UNDER" or "") ~= "" and 10 or 1

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

describe("partnercenter.client", function()
  local box
  -- They do not wait between tries.
  local clients = clients_of(function()
    return box:client_options { random = function() return 0 end }
  end)

  setup(function() box = sandbox.start { customers = 40 } end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)
  after_each(clients.close)

  local new_client = clients.new

  local function deployment(client)
    return client.customers:by_id(CUSTOMER).analytics.licenses.deployment
  end

  local function fail(faults)
    for _, fault in ipairs(faults) do fault.match = "licenses/deployment" end
    box:control { faults = faults }
  end

  describe("get", function()
    it("gives the documented insights with their documented types", function()
      local page = assert(deployment(new_client()):get())
      assert.equal(3, page.totalCount)
      assert.equal("Collection", page.attributes.objectType)
      assert.same({
        customerName = "DT DEMO CSP CUSTOMER 005",
        productName = "OFFICE 365 BUSINESS ESSENTIALS",
        licensesDeployed = 0, deploymentPercent = 0.0, licensesSold = 1,
        processedDateTime = "2017-03-14T03:25:16.36+00:00",
        serviceName = "o365", channel = "reseller",
        attributes = { objectType = "CustomerLicensesDeploymentInsights" },
      }, page.items[1])
    end)

    it("gives what lua-cjson would decode, and encodes again with it", function()
      if not cjson.compares then return pending "this Lua has no lua-cjson" end
      local page = assert(deployment(new_client()):get())
      local wire = read_file("spec/data/examples/wire/customer-licenses-deployment.body")
      local expected = cjson.decode((wire:gsub("^\239\187\191", "")))
      assert.same(expected, page)
      assert.same(expected, cjson.decode(cjson.encode(page)))
    end)

    it("decodes a large answer slice by slice, with turns for others in between", function()
      local block = require "partnercenter.loop.block"
      local client = new_client { loop = setmetatable({ slice = 1 }, { __index = block }) }
      local dispatcher = inside(client).dispatcher
      local passes, pass = 0, dispatcher.pass
      function dispatcher:pass(...)
        passes = passes + 1
        return pass(self, ...)
      end
      local rows = client.analytics.commercial.deployment.license
      assert.equal(3 + 39 * 20, #assert(rows:get { top = 1000 }).items)
      assert.is_true(passes > 0)
    end)

    it("gives the facts that support asks for", function()
      local _, facts = deployment(new_client()):get()
      assert.equal(200, facts.status)
      assert.equal(1, facts.attempts)
      assert.truthy(partnercenter.is_guid(facts.request_id))
      assert.truthy(partnercenter.is_guid(facts.correlation_id))
      assert.truthy(facts.ms_cv)
      assert.equal("102030524", facts.server_id)
      assert.equal("2", facts.timings.http)
    end)

    it("sends the documented headers", function()
      box:reset()
      local client = new_client { application = "Licence report", locale = "de-DE" }
      assert(deployment(client):get())
      local sent = box:stats().requests[1]
      local headers = {}
      for name, value in pairs(sent.headers) do headers[name:lower()] = value end
      assert.equal("GET", sent.method)
      assert.equal("/v1/customers/" .. CUSTOMER .. "/analytics/licenses/deployment", sent.uri)
      assert.equal("HTTP/2.0", sent.protocol)
      assert.equal("application/json", headers.accept)
      assert.equal("de-DE", headers["x-locale"])
      assert.equal("Licence report", headers["ms-partnercenter-application"])
      local agent = "partnercenter-lua/" .. partnercenter.version
      assert.equal(agent, headers["user-agent"]:sub(1, #agent))
      assert.truthy(headers["accept-encoding"]:find("gzip", 1, true))
      assert.truthy(partnercenter.is_guid(headers["ms-requestid"]))
      assert.truthy(partnercenter.is_guid(headers["ms-correlationid"]))
    end)

    it("takes new ids for each call, and the same for the tries of one", function()
      box:reset()
      local client = new_client()
      fail { { status = 503, times = 2 } }
      local _, facts = deployment(client):get()
      assert.equal(3, facts.attempts)
      assert(deployment(client):get())
      local stats = box:stats()
      assert.equal(4, stats.total)
      assert.equal(2, stats.distinct_request_ids)
    end)

    it("keeps nulls when told so, and leaves them out otherwise", function()
      local body = '{"totalCount":1,"items":[{"a":null,"b":1}]}'
      fail { { status = 200, body = body, times = 2 } }
      local row = deployment(new_client()):get().items[1]
      assert.same({ b = 1 }, row)
      row = deployment(new_client { nulls = true }):get().items[1]
      assert.equal(cjson.null, row.a)
      assert.equal(partnercenter.null, row.a)
    end)

    it("marks the rows of pages as arrays when told so, empty ones as well", function()
      local none, one = '{"totalCount":0,"items":[]}', '{"totalCount":1,"items":[{"a":1}]}'
      local mt = {}
      local none_of_them = { filter = partnercenter.filter.eq("a", 2) }
      for _, c in ipairs {
        { none, 0 }, { one, 1 }, { "[]", 0 }, { "{}", 0 }, { one, 0, none_of_them },
      } do
        fail { { status = 200, body = c[1], times = 4 } }
        local marked = deployment(new_client { array_mt = mt })
        local rows = { marked:get(c[3]).items, marked:pages(c[3])().items, (marked:all(c[3])) }
        assert.equal(3, #rows)
        for _, list in ipairs(rows) do
          assert.equal(mt, getmetatable(list))
          assert.equal(c[2], #list)
        end
        assert.is_nil(getmetatable(deployment(new_client()):get(c[3]).items))
      end
    end)

    it("marks the arrays inside rows, too, whichever way they come", function()
      local mt = {}
      fail { { status = 200, times = 3,
        body = '{"totalCount":1,"items":[{"a":[],"b":[{"c":[]}],"d":{}}]}' } }
      local marked = deployment(new_client { array_mt = mt })
      local rows = { marked:get().items[1], marked:all()[1] }
      for row in marked:each() do rows[3] = row end
      assert.equal(3, #rows)
      for _, row in ipairs(rows) do
        assert.equal(mt, getmetatable(row.a))
        assert.equal(mt, getmetatable(row.b))
        assert.equal(mt, getmetatable(row.b[1].c))
        assert.is_nil(getmetatable(row))
        assert.is_nil(getmetatable(row.d))
      end
    end)

    it("gives an empty page that the guide's handler encodes as an array", function()
      if not cjson.compares then return pending "this Lua has no lua-cjson" end
      local guide = assert(io.open("doc/openresty.md"))
      local code = guide:read("*a"):match("ngx%.say%((page%.items[^\n]*)%)\n")
      guide:close()
      fail { { status = 200, body = '{"totalCount":0,"items":[]}', times = 1 } }
      local page = deployment(new_client()):get()
      local load_text = loadstring or load
      local encode = assert(load_text("local page = ... return " .. code))
      assert.equal("[]", encode(page))
      assert.equal('[{"a":1}]', encode { items = { { a = 1 } } })
    end)
  end)

  describe("errors", function()
    local function error_of(fault, options)
      if fault then fail { fault } end
      local client = new_client { retries = 0 }
      if options then client = new_client(options) end
      local page, err = deployment(client):get()
      assert.is_nil(page)
      return err
    end

    for _, c in ipairs {
      { "a fault with a numeric code", { error = "no_tenant" }, "not_found", 404, 60003 },
      { "a fault with a code in a string", {
        status = 400, body = '{"code":"2000","description":"Bad","data":[],"source":"PartnerFD"}',
      }, "http", 400, 2000 },
      { "a throttle", { error = nil, status = 429, retry_after = 1,
        body = '{"statusCode":429,"message":"Rate limit is exceeded. Try again in 1 seconds."}',
      }, "throttled", 429 },
      { "a refusal for app-only tokens", { error = "app_only" }, "forbidden", 403, 900329 },
      { "a missing second factor", { error = "mfa_required" }, "sign_in", 401, 900421 },
      { "an empty body", { status = 404, body = "" }, "not_found", 404 },
      { "a page of HTML", { status = 502, body = "<html><h1>Bad Gateway</h1></html>",
        headers = { ["Content-Type"] = "text/html" } }, "http", 502 },
      { "HTML at 200", { status = 200, body = "<html><h1>Sign in</h1></html>",
        headers = { ["Content-Type"] = "text/html" } }, "protocol", 200 },
      { "no JSON at 200", { status = 200, body = "hello" }, "protocol", 200 },
      { "nothing at 200", { status = 200, body = "" }, "protocol", 200 },
      { "null at 200", { status = 200, body = "null" }, "protocol", 200 },
      { "204", { status = 204, body = "" }, "protocol", 204 },
      { "a redirect", { status = 302, body = "", headers = { Location = "https://127.0.0.1:1/" } },
        "http", 302 },
    } do
      it("tell " .. c[1], function()
        local err = error_of(c[2])
        assert.equal(c[3], err.kind, tostring(err))
        assert.equal(c[4], err.status)
        assert.equal(c[5], err.code)
        assert.equal(1, err.attempts)
        assert.truthy(partnercenter.is_guid(err.correlation_id))
        assert.truthy(tostring(err):find(err.correlation_id, 1, true))
        assert.is_nil(tostring(err):find("\n", 1, true))
      end)
    end

    it("tell where an answer stops being JSON", function()
      local err = error_of { status = 200, body = '{"items":[}' }
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find("byte 11", 1, true), err.message)
    end)

    it("tell a connection that is refused", function()
      local err = error_of(nil, { base_url = "https://127.0.0.1:1", retries = 1 })
      assert.equal("network", err.kind)
      assert.equal(2, err.attempts)
    end)

    it("tell a wrong CA, without another try", function()
      local err = error_of(nil, { ca_file = "/etc/ssl/certs/ca-certificates.crt" })
      assert.equal("tls", err.kind)
      assert.equal(1, err.attempts)
    end)

    it("tell a time-out within the time", function()
      local started = core.now()
      local err = error_of({ delay = 5 }, { timeout = 0.001, retries = 0 })
      assert.equal("timeout", err.kind)
      assert.is_true(core.now() - started < 1 * PATIENCE)
    end)

    it("tell a deadline, with the last failure as its cause", function()
      local started = core.now()
      local err = error_of({ error = "unavailable", times = 100 },
        { deadline = 0.3 * math.min(PATIENCE, 10), random = function() return 0.9 end })
      assert.equal("timeout", err.kind)
      assert.equal("http", err.cause.kind)
      assert.equal(503, err.cause.status)
      assert.is_true(core.now() - started < 1 * PATIENCE)
    end)

    it("tell a deadline that passes during an attempt", function()
      local err = error_of({ delay = 5 }, { deadline = 0.1 })
      assert.equal("timeout", err.kind)
      assert.is_nil(err.cause)
    end)

    it("tell a server that is killed in the middle of a body", function()
      local victim = sandbox.start { customers = 40 }
      victim:control { faults = { { match = "licenses/deployment", rate = 200 } } }
      local client = new_client(victim:client_options { retries = 0 })
      local killed = false
      local watched = client:with { on_event = function(event)
        if event.name == "request" and not killed then
          killed = true
          os.execute(("sleep 0.5; kill -9 %d $(pgrep -P %d) &"):format(victim.pid, victim.pid))
        end
      end }
      local page, err = deployment(watched):get()
      assert.is_nil(page)
      assert.equal("network", err.kind)
      victim:stop()
    end)

    it("show no token, even when a server echoes it", function()
      local token = "Zq9-secret.token_value~+/="
      fail { { status = 401, times = 10,
        body = cjson.encode { code = 400, description = "Bearer " .. token .. " is no good" } } }
      local events = {}
      local client = new_client {
        credentials = partnercenter.credentials.token(token), retries = 0,
        on_event = function(event) events[#events + 1] = cjson.encode(event) end,
      }
      local _, err = deployment(client):get()
      assert.equal("sign_in", err.kind)
      assert.truthy(err.description:find("[redacted]", 1, true))
      local text = tostring(err) .. err.body .. table.concat(events) .. tostring(client)
      assert.is_nil(text:find("Zq9", 1, true))
    end)
  end)

  describe("mistakes", function()
    for _, c in ipairs {
      { "no credentials", {}, "needs the option 'credentials'" },
      { "a token as credentials", { credentials = "x" }, "'credentials' of partnercenter.new" },
      { "a table as credentials", { credentials = {} }, "must come from partnercenter" },
      { "a table as loop", { loop = {} }, "'loop'.*partnercenter.loop.NAME" },
      { "an unknown option", { lcale = "x" }, "unknown option 'lcale'.*did you mean 'locale'" },
      { "an address without TLS", { base_url = "http://example.com" }, "'base_url'.*https://" },
      { "an address with a slash at the end", { base_url = "https://example.com/" }, "'base_url'" },
      { "a negative timeout", { timeout = -1 }, "'timeout'.*positive" },
      { "a half retry", { retries = 1.5 }, "'retries'.*whole number" },
      { "a locale with a line end", { locale = "en\r\nX: y" }, "'locale'" },
      { "an unknown cloud", { cloud = "chna" }, "china" },
      { "an unknown loop", { loop = "cqueue" }, "cqueues" },
    } do
      it("of new raise: " .. c[1], function()
        local options = { credentials = partnercenter.credentials.token("t0ken") }
        if c[1] == "no credentials" then options = {} end
        for name, value in pairs(c[2]) do options[name] = value end
        local ok, message = pcall(partnercenter.new, options)
        assert.is_false(ok)
        assert.truthy(message:find(c[3]), message)
      end)
    end

    it("send nothing", function()
      box:reset()
      local client = new_client()
      assert.has_error(function() client.customers:by_id("not a guid") end)
      assert.has_error(function() deployment(client):get { unknown = 1 } end)
      assert.has_error(function() return client.customrs end)
      assert.equal(0, box:stats().total)
    end)
  end)

  describe("with", function()
    it("changes what concerns single calls, and shares the connection", function()
      box:reset()
      local client = new_client()
      assert(deployment(client):get())
      local view = client:with { correlation_id = CORRELATION }
      local _, facts = deployment(view):get()
      assert.equal(CORRELATION, facts.correlation_id)
      assert.is_true(facts.timings.reused)
      _, facts = deployment(client):get()
      assert.not_equal(CORRELATION, facts.correlation_id)
    end)

    it("refuses what concerns the client as a whole", function()
      local ok, message = pcall(new_client().with, new_client(), { base_url = box.base_url })
      assert.is_false(ok)
      assert.truthy(message:find("'base_url'", 1, true))
    end)
  end)

  describe("close", function()
    it("ends the client; again is fine", function()
      box:reset()
      local client = new_client()
      client:close()
      client:close()
      local page, err = deployment(client):get()
      assert.is_nil(page)
      assert.equal("closed", err.kind)
      assert.truthy(err.message:find("the client is closed", 1, true))
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, box:stats().total)
    end)
  end)

  describe("two clients", function()
    it("do not mix", function()
      local good = new_client()
      local bad = new_client { credentials = partnercenter.credentials.token("wrong-token") }
      for _ = 1, 3 do
        assert.truthy(deployment(good):get())
        local page, err = deployment(bad):get()
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
      end
    end)
  end)

  it("is collected with its thread when nobody refers to it", function()
    local process = require "spec.support.process"
    local threads = #process.threads()
    do
      local client = assert(partnercenter.new {
        credentials = partnercenter.credentials.token(box.token),
        base_url = box.base_url, ca_file = box.ca_file,
      })
      assert(deployment(client):get())
      assert.equal(threads + 1, #process.threads())
      client = nil -- luacheck: ignore
    end
    collectgarbage()
    collectgarbage()
    assert.equal(threads, #process.threads())
  end)
end)
