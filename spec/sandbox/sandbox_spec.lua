-- The sandbox seen from outside, through the curl command: the wire, refusals,
-- pace, faults, statistics, life.
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"
local wire = require "spec.support.wire"

local BOM = "\239\187\191"
local DEPLOYMENT = "/partner/v1/analytics/commercial/deployment/license"

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local encode, decode = wire.encode, wire.decode

describe("sandbox", function()
  local box

  setup(function() box = sandbox.start { customers = 60, products = 7 } end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)

  local function get(path, options)
    local body, status, headers = box:get(encode(path), options)
    return body, status, headers
  end

  describe("on the wire", function()
    for _, kind in ipairs { "deployment", "usage" } do
      it("gives the documented " .. kind .. " byte for byte", function()
        local body = get("/v1/customers/" .. box.customer_id .. "/analytics/licenses/" .. kind)
        local documented = "spec/data/examples/wire/customer-licenses-" .. kind .. ".body"
        assert.equal(read_file(documented), body)
      end)
    end

    it("echoes the ids and names itself", function()
      local _, status, headers = get("/v1/customers?size=1", { headers = {
        ["MS-RequestId"] = "b01b8759-4dbe-4605-adb7-e5839a796c33",
        ["MS-CorrelationId"] = "ae3b8c36-348b-46bc-9a60-398f973153ff" } })
      assert.equal(200, status)
      assert.equal("b01b8759-4dbe-4605-adb7-e5839a796c33", headers["ms-requestid"])
      assert.equal("ae3b8c36-348b-46bc-9a60-398f973153ff", headers["ms-correlationid"])
      assert.equal("application/json; charset=utf-8", headers["content-type"])
      assert.truthy(headers["ms-cv"]:find("^%w+%.0$"))
      assert.truthy(headers["ms-serverid"])
    end)

    it("compresses when asked", function()
      local plain = get("/v1/customers")
      local _, _, headers = get("/v1/customers", { headers = { ["Accept-Encoding"] = "gzip" } })
      assert.equal("gzip", headers["content-encoding"])
      assert.is_true(tonumber(headers["content-length"]) < #plain / 3)
      assert.equal(plain, (get("/v1/customers", { args = "--compressed" })))
    end)

    it("speaks HTTP/2 and HTTP/1.1", function()
      box:reset()
      get("/v1/customers?size=1")
      get("/v1/customers?size=1", { http = "1.1" })
      local requests = box:stats().requests
      assert.equal("HTTP/2.0", requests[1].protocol)
      assert.equal("HTTP/1.1", requests[2].protocol)
    end)

    for mode, expected in pairs { v1 = { true, false }, all = { true, true },
        none = { false, false } } do
      it("marks bodies with bom = " .. mode, function()
        box:control { bom = mode }
        for i, path in ipairs { "/v1/customers?size=1", DEPLOYMENT .. "?top=1" } do
          assert.equal(expected[i], get(path):sub(1, 3) == BOM, path)
        end
      end)
    end
  end)

  describe("refusals", function()
    local known = "/v1/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
    for _, case in ipairs {
      -- path, status, code, token ("app", false or a text)
      { "/v1/customers", 401, 800001, false },
      { "/v1/customers", 401, 400, "nonsense" },
      { known .. "/analytics/licenses/deployment", 403, 900329, "app" },
      { known .. "/analytics/licenses/usage", 403, 900329, "app" },
      { known .. "/subscribedskus", 403, 900329, "app" },
      { "/v1/analytics/licenses/deployment", 403, 900329, "app" },
      { DEPLOYMENT, 403, 900329, "app" },
      { "/partner/v1/analytics/search", 403, 900329, "app" },
      { known, 200, nil, "app" },
      { "/v1/customers", 200, nil, "app" },
      { "/v1/customers/42/analytics/licenses/deployment", 400, 2000 },
      { "/v1/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f05", 404, 60003 },
      { "/v1/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04/nothing", 404, 1000 },
      { "/v1/nothing", 404, 1000 },
      { "/v1//v1/customers", 404, 1000 },
      { "/v1/customers?sizes=1", 400, 3000 },
      { "/v1/customers?size=many", 400, 800002 },
      { "/v1/customers?size=1&size=2", 400, 800002 },
      { "/v1/customers?seekOperation=Sideways", 400, 900126 },
      { "/v1/customers?seekOperation=Next", 400, 2001 },
      { "/v1/customers?filter=x", 400, 800002 },
      { [[/v1/customers?filter={"Field":"X","Value":"a","Operator":"starts_with"}]], 400, 3000 },
      { [[/v1/customers?filter={"Field":"Domain","Value":"a","Operator":"ends_with"}]], 400, 2000 },
      { DEPLOYMENT .. "?colour=red", 400, 3000 },
      { DEPLOYMENT .. "?orderby=channel", 400, 3000 },
      { DEPLOYMENT .. "?top=10001", 400, 800002 },
      { DEPLOYMENT .. "?top=0", 400, 800002 },
      { DEPLOYMENT .. "?skip=-1", 400, 800002 },
      { DEPLOYMENT .. "?groupby=colour", 400, 3000 },
      { DEPLOYMENT .. "?groupby=licensesSold", 400, 3000 },
      { DEPLOYMENT .. "?processedDateTime=yesterday", 400, 800002 },
      { DEPLOYMENT .. "?filter=colour eq 'red'", 400, 3000 },
      { DEPLOYMENT .. "?filter=channel eq reseller", 400, 800002 },
      { DEPLOYMENT .. "?filter=channel gt 'reseller'", 400, 800002 },
      { DEPLOYMENT .. "?filter=channel eq 'reseller", 400, 800002 },
      { DEPLOYMENT .. "?filter=channel is 'reseller'", 400, 800002 },
      { DEPLOYMENT .. "?filter=(channel eq 'reseller'", 400, 800002 },
      { DEPLOYMENT .. "?filter=channel eq 'reseller' channel eq 'direct'", 400, 800002 },
      { DEPLOYMENT .. "?filter=channel eq true", 400, 800002 },
      { DEPLOYMENT .. "?filter=", 400, 800002 },
      { DEPLOYMENT .. "?filter=" .. ("("):rep(100), 400, 800002 },
      { "/partner/v1/analytics/subscriptions?filter=customerName eq 'x'", 400, 800002 },
      { "/partner/v1/analytics/subscriptions?filter=autoRenewEnabled eq 'x'", 400, 800002 },
      { "/partner/v1/analytics/subscriptions?filter=creationDate gt 'x'", 400, 800002 },
      { "/partner/v1/analytics/subscriptions?orderby=id", 400, 3000 },
      { "/partner/v1/analytics/usage/azure?orderby=id up", 400, 3000 },
      { "/partner/v1/analytics/usage/azure?groupby=meterUnit&orderby=usageDate", 400, 3000 },
      { "/partner/v1/analytics/indirectresellers?orderby=indirectResellerCount", 400, 3000 },
      { "/partner/v1/analytics/indirectresellers?orderby=licenseCount desc", 200 },
      { "/partner/v1/analytics/usage/azure?aggregationLevel=year", 400, 900126 },
    } do
      local path, status, code, token = case[1], case[2], case[3], case[4]
      it(("answers %d %s to %s"):format(status, tostring(code or ""), path:sub(1, 90)), function()
        if token == "app" then token = box.app_token end
        local body, got, headers = get(path, { token = token })
        assert.equal(status, got, body)
        if code then
          assert.equal(code, decode(body).code)
          assert.not_equal(BOM, body:sub(1, 3))
        end
        if status == 401 then assert.truthy(headers["www-authenticate"]:find("cpid")) end
      end)
    end

    it("gives the documented body for an id that is no GUID", function()
      local body = get("/v1/customers/42")
      assert.same(decode(read_file("spec/data/examples/error-apifault-400-bad-guid.json")),
        decode(body))
    end)
  end)

  describe("pace and faults", function()
    for retry_after, pattern in pairs { seconds = "^%d+$", date = "^%a+, %d+ %a+ %d+ .* GMT$" } do
      it("refuse calls over the quota, with Retry-After in " .. retry_after, function()
        box:control { quota = 2, retry_after = retry_after }
        get("/v1/customers?size=1")
        get("/v1/customers?size=1")
        local body, status, headers = get("/v1/customers?size=1")
        assert.same({ 429, 429 }, { status, decode(body).statusCode })
        assert.truthy(headers["retry-after"]:find(pattern))
      end)
    end

    it("can leave Retry-After out", function()
      box:control { quota = 1, retry_after = "none" }
      get("/v1/customers?size=1")
      local _, status, headers = get("/v1/customers?size=1")
      assert.equal(429, status)
      assert.is_nil(headers["retry-after"])
    end)

    it("let some requests pass, then apply a fault so often", function()
      box:control { faults = { { match = "/customers%?size=%d", skip = 1, times = 2,
        error = "unavailable", retry_after = 7 } } }
      local seen = {}
      for i = 1, 4 do
        local _, status, headers = get("/v1/customers?size=1")
        seen[i] = status .. (headers["retry-after"] or "")
      end
      assert.same({ "200", "5037", "5037", "200" }, seen)
    end)

    for _, case in ipairs {
      { "a status alone", { status = 404 }, 404, "" },
      { "a body", { body = "<html>", headers = { ["Content-Type"] = "text/html" } }, 200,
        "<html>" },
      { "a status and a body", { status = 502, body = "gateway" }, 502, "gateway" },
      { "a documented error", { error = "mfa_required" }, 401, '"code":900421' },
      { "a throttling", { status = 429, retry_after = 3 }, 429, '"statusCode": 429' },
    } do
      it("answer with " .. case[1], function()
        box:control { faults = { case[2] } }
        local body, status = get("/v1/customers?size=1")
        assert.equal(case[3], status)
        assert.truthy(body:find(case[4], 1, true))
      end)
    end

    it("send an answer slowly", function()
      box:control { rate = 4000 }
      local body = get("/v1/customers", { args = "--max-time 0.3" })
      assert.truthy(body:find("curl: (28)", 1, true))
      assert.is_true(#body > 2000 and #body < 10000)
    end)

    it("add headers to the normal answer", function()
      box:control { faults = { { headers = { ["MS-CV"] = "x.1" } } } }
      local _, status, headers = get("/v1/customers?size=1")
      assert.same({ 200, "x.1" }, { status, headers["ms-cv"] })
    end)

    for _, http in ipairs { "1.1", "2" } do
      it("cut the connection of HTTP/" .. http, function()
        box:control { faults = { { close = 9 }, { close = 0 }, { close = -1 } } }
        local body = get("/v1/customers?size=1", { http = http })
        assert.truthy(body:find("curl: %((%d+)%)"))
        assert.truthy(body:find('{"tota', 1, true))
        body = get("/v1/customers?size=1", { http = http })
        assert.truthy(body:find("curl: %((%d+)%)"))
        local _, status = get("/v1/customers?size=1", { http = http })
        assert.is_nil(status)
        assert.equal(3, box:stats().faults_used)
      end)
    end

    it("answer the token endpoint with its own errors", function()
      box:control { faults = { { match = "/token", error = "temporarily_unavailable" } } }
      local body, status = box:get("/common/oauth2/v2.0/token", { method = "POST", body = "a=b" })
      assert.same({ 503, "temporarily_unavailable" }, { status, decode(body).error })
    end)

    it("are refused when they make no sense, and nothing is taken over", function()
      for _, wrong in ipairs { { colour = "red" }, { quota = "many" }, { next_link = "up" },
          { faults = { { tims = 1 } } }, { faults = { { times = "1" } } },
          { faults = { { error = "x" } } } } do
        assert.has_error(function() box:control(wrong) end)
      end
      local _, status = box:get("/_sandbox/stats", { token = false })
      assert.equal(403, status)
    end)
  end)

  describe("statistics", function()
    before_each(function() box:reset() end)

    it("tell classes, statuses, ids, connections and the most at once", function()
      box:control { latency = 400 }
      box:flood("/v1/customers/" .. box.customer_id .. "?n=[1-12]", "-H 'MS-RequestId: r'")
      box:control { latency = 0 }
      get("/v1/customers?size=1", { headers = { ["MS-RequestId"] = "q", ["X-Locale"] = "ja-JP" } })
      local stats = box:stats()
      assert.equal(13, stats.total)
      assert.same({ customer = 12, customers = 1 }, stats.classes)
      assert.equal(2, stats.distinct_request_ids)
      assert.equal(0, stats.in_flight)
      assert.is_true(stats.max_concurrent > 6 and stats.max_concurrent <= 12)
      assert.is_true(stats.connections >= 2)
      local last = stats.requests[13]
      assert.equal("/v1/customers?size=1", last.uri)
      assert.equal("ja-JP", last.headers["X-Locale"])
      assert.equal(box.tenant, last.tenant)
      assert.equal(200, last.status)
    end)

    it("keep the last 200 requests", function()
      box:flood("/v1/x?n=[1-210]")
      local requests = box:stats().requests
      assert.equal(200, #requests)
      assert.equal("/v1/x", requests[1].uri:match("^[^?]*"))
    end)
  end)
end)

describe("sandbox's life", function()
  it("keeps certificates and secrets when it is started again after a crash", function()
    local box = sandbox.start { customers = 3 }
    local ca, token = read_file(box.ca_file), box.token
    box:kill()
    box:revive()
    local _, status = box:get("/v1/customers", { token = token })
    assert.equal(200, status)
    assert.equal(ca, read_file(box.ca_file))
    box:stop()
    assert.is_nil(io.open(box.dir))
  end)

  it("runs with several workers that agree on everything", function()
    local box = sandbox.start { customers = 30, workers = 2, plain = true }
    box:control { faults = { { times = 5, status = 503 } } }
    box:flood("/v1/customers?size=[1-40]", "--http1.1")
    local stats = box:stats()
    assert.same({ ["200"] = 35, ["503"] = 5 }, stats.statuses)
    local _, status = box:get(box.plain_url .. "/v1/customers?size=1")
    assert.equal(200, status)
    box:stop()
  end)

  -- Whatever is started inherits the lock, and has it until its end.
  local SIGNALLED = shell.CLEAN .. [[
    dir=$(mktemp -d)
    (flock 9; exec examples/sandbox/sandbox run $dir --customers=2) 9>$dir/lock >$dir/out 2>&1 &
    p=$!
    for i in $(seq 400); do %s && break; sleep 0.02; done
    kill -%s $p
    flock -w 20 $dir/lock echo gone
    wait $p
    echo $?
    cat $dir/out
    rm -rf $dir
  ]]
  for _, case in ipairs {
    { "while nginx starts", "TERM", "test -s $dir/files.conf" },
    { "while certificates are made", "HUP", "test -s $dir/tls/openssl.cnf" },
    { "when it has begun", "TERM", "grep -q pid= $dir/out" },
    { "when it has begun", "HUP", "grep -q pid= $dir/out" },
  } do
    it(("ends with all it has started, by %s %s"):format(case[2], case[1]), function()
      local seen = shell.run(SIGNALLED:format(case[3], case[2]))
      assert.truthy(seen:find("^gone\n0\n"), seen)
    end)
  end

  for _, case in ipairs {
    { { colour = "red" }, "unknown setting 'colour'" },
    { { customers = "many" }, "setting 'customers' must be a number" },
    { { bom = "maybe" }, "setting 'bom' must be one of all, none, v1" },
  } do
    it("does not begin with " .. next(case[1]) .. "=" .. select(2, next(case[1])), function()
      local fine, why = pcall(sandbox.start, case[1])
      assert.is_false(fine)
      assert.truthy(why:find(case[2], 1, true), why)
    end)
  end
end)
