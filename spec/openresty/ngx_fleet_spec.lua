-- What several nginx share in Redis: insights, the sign-in, and what happens when Redis
-- is away.
local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"

if not io.open "build/5.1/partnercenter.so" then
  describe("a fleet of nginx", function() pending "needs the build for 5.1" end)
  return
end

local INIT = [[
  local partnercenter = require "partnercenter"
  local insights_cache = require "partnercenter.ngx.insights_cache"
  store = partnercenter.store.redis { url = "%s", timeout = %s }
  events = {}
  partner = partnercenter.new {
    base_url = "%s", authority = "%s", ca_file = "%s", store = store,
    on_event = function(event) events[#events + 1] = event.name end,
    credentials = partnercenter.credentials.shared {
      store = store,
      credentials = partnercenter.credentials.refresh_token {
        tenant = "%s", client_id = "%s", client_secret = "%s", refresh_token = "%s",
      },
    },
  }
  cache = insights_cache.new { %s store = store, on_event = function(what)
    events[#events + 1] = what
  end }
]]

local LOCATIONS = {
  ["= /page"] = [[
    local page, info = cache:page(partner.customers)
    if not page then ngx.status = 502 return ngx.say(tostring(info)) end
    ngx.print(#page.items, " ", info.state)]],
  ["= /missing"] = [[
    local page, err = cache:page(partner.customers:by_id("4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f01"))
    ngx.print(tostring(page), " ", err.kind)]],
  ["= /large"] = [[
    local text = cache:text("large", function() return ("row "):rep(5000) end)
    ngx.print(#text)]],
  ["= /events"] = [[ngx.print(table.concat(events, " "))]],
}

describe("a fleet of nginx", function()
  local box, server, fleet

  setup(function()
    box = sandbox.start { customers = 8, rotate = "revoke" }
    server = redis.start()
  end)
  teardown(function()
    server:stop()
    box:stop()
  end)
  before_each(function()
    box:reset()
    server:cli "FLUSHALL"
    fleet = {}
  end)
  after_each(function()
    server:signal "CONT"
    for _, one in ipairs(fleet) do one:stop() end
  end)

  local function start(count, dict, timeout)
    for i = 1, count do
      fleet[i] = nginx.start {
        workers = 2, http = "lua_shared_dict insights 8m;", locations = LOCATIONS,
        init = INIT:format(server.url, timeout or "5", box.base_url, box.authority, box.ca_file,
          box.tenant, box.client_id, box.client_secret, box.refresh_token,
          dict and 'dict = "insights",' or ""),
      }
    end
  end

  for _, c in ipairs { { "in two levels", true }, { "in Redis alone", false } } do
    it("fetches a page once, signed in once, and remembers failures: " .. c[1], function()
      start(2, c[2])
      for _, one in ipairs(fleet) do
        assert.equal(("200\n"):rep(10), one:flood("/page", 10))
        assert.equal("8 hit", (one:get "/page"))
        assert.equal("nil not_found", (one:get "/missing"))
        assert.equal("20000", (one:get "/large"))
        assert.equal("", one:errors())
      end
      local stats = box:stats()
      assert.equal(1, stats.token_requests)
      assert.equal(3, stats.total) -- with the sign-in
      -- What is large is kept compressed.
      local size = tonumber(server:cli "--raw STRLEN partnercenter:partnercenter::large")
      assert(size > 50 and size < 5000, size)
    end)
  end

  it("goes on when Redis stands still, and has what it had when it comes back", function()
    start(2, true, "0.2")
    assert.equal("8 miss", (fleet[1]:get "/page"))
    assert.equal("8 hit", (fleet[2]:get "/page"))
    server:signal "STOP"
    -- Near enough for the one, and the other worker has a token.
    assert.equal("8 hit", (fleet[1]:get "/page"))
    assert.equal("20000", (fleet[1]:get "/large"))
    assert.equal(1, box:stats().token_requests)
    server:signal "CONT"
    assert(nginx.await("curl -s " .. fleet[1].url .. "/events | grep -q store", 5))
    assert.equal("8 hit", (fleet[2]:get "/page"))
  end)
end)
