-- Two of the example gateways with one Redis, which dies and comes back.
local gateways = require "spec.support.gateway"
local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"

if not gateways.available() then
  describe("gateways with Redis", function() pending("needs the build for 5.1") end)
  return
end

describe("gateways with Redis", function()
  local box, server, one, two, ids

  setup(function()
    box = sandbox.start { customers = 40, rotate = "revoke" }
    server = redis.start { password = "S3cretPass", save = true }
    local settings = ("PARTNERCENTER_REDIS_URL='%s' PARTNERCENTER_STORE_KEY=%s"):format(
      server.url, ("6b"):rep(32))
    -- One worker: what it has is what the whole gateway has.
    one = gateways.start(box, "--trust-proxy=127.0.0.1 --workers=1", settings)
    two = gateways.start(box, nil, settings)
    ids = {}
    for row in box:partner().customers:each() do ids[#ids + 1] = row.id end
  end)
  teardown(function()
    one:stop()
    two:stop()
    server:stop()
    box:stop()
  end)

  local function licences(gateway, id)
    local body, status, headers = gateway:get("/customers/" .. id .. "/deployment")
    return status, headers["x-cache"], body
  end

  -- A part of the numbers on /metrics.
  local function metric(gateway, name)
    return tonumber((gateway:get "/metrics"):match("\n" .. name .. " (%d+)")) or 0
  end

  it("sign in once and fetch a page once for both", function()
    for i = 1, 10 do assert.equal(200, (licences(one, ids[i]))) end
    local asked = box:stats().total
    for i = 1, 10 do
      local status, cache = licences(two, ids[i])
      assert.equal(200, status)
      assert.equal("hit", cache)
    end
    assert.equal(asked, box:stats().total)
    assert.equal(1, box:stats().token_requests)
    assert.equal(0, metric(one, "partnercenter_store_failures_total"))
    -- Nothing in Redis tells who may sign in.
    assert.equal("", nginx.run("grep -a -l -e eyJ0 -e 0.AQ. -r " .. server.dir .. " || :"))
  end)

  it("go on while Redis is away, say so, and share again when it is back", function()
    server:kill()
    -- What is near, and what is not, with the token at hand.
    assert.equal(200, (licences(one, ids[1])))
    local status, _, body = licences(one, ids[31])
    assert.equal(200, status, body)
    assert.equal(1, box:stats().token_requests)
    assert(metric(one, "partnercenter_store_failures_total") > 0)
    assert.is_nil((nginx.run("cat " .. one.dir .. "/logs/*.log")):find("S3cretPass", 1, true))
    server:revive()
    os.execute "sleep 1.2" -- for so long it is left alone
    assert.equal(200, (licences(one, ids[32])))
    local told = metric(one, "partnercenter_store_failures_total")
    status, _, body = licences(two, ids[32])
    assert.equal(200, status, body)
    assert.equal("hit", select(2, licences(two, ids[32])))
    assert.equal(told, metric(one, "partnercenter_store_failures_total"))
    -- One that comes later has the sign-in of the others.
    local three = gateways.start(box, nil, ("PARTNERCENTER_REDIS_URL='%s' "
      .. "PARTNERCENTER_STORE_KEY=%s"):format(server.url, ("6b"):rep(32)))
    finally(function() three:stop() end)
    assert.equal(200, (licences(three, ids[33])))
    assert.equal(1, box:stats().token_requests)
  end)
end)
