-- What the workers of a real nginx share.
local nginx = require "spec.support.nginx"
local sandbox = require "spec.support.sandbox"

if not io.open("build/5.1/partnercenter.so") then
  describe("partnercenter.ngx", function() pending("needs the build for 5.1") end)
  return
end

local CACHE = [[
  local insights_cache = require "partnercenter.ngx.insights_cache"
  now = 1000000
  events = {}
  function new_cache(options)
    local all = { dict = "insights", fresh = 10, stale = 100, time = function() return now end,
      on_event = function(what) events[#events + 1] = what end }
    for name, value in pairs(options or {}) do all[name] = value end
    return insights_cache.new(all)
  end
  cache = new_cache()
  produced = 0
  function produce()
    produced = produced + 1
    return "text " .. produced
  end
  function settle() -- what runs behind the scenes
    repeat ngx.sleep(0.001) until not next(cache.flights)
  end
]]

describe("partnercenter.ngx", function()
  local box, server

  setup(function() box = sandbox.start { customers = 5, rotate = "revoke" } end)
  teardown(function() box:stop() end)
  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  describe("token_cache", function()
    before_each(function() box:reset() end)

    local function start(workers, more)
      server = nginx.start {
        workers = workers,
        http = "lua_shared_dict tokens 1m;",
        init = ([[
          local partnercenter = require "partnercenter"
          local token_cache = require "partnercenter.ngx.token_cache"
          partner = partnercenter.new {
            base_url = "%s", authority = "%s", ca_file = "%s", retries = 0,
            credentials = token_cache.wrap {
              dict = "tokens", key = "spec",
              credentials = partnercenter.credentials.refresh_token {
                tenant = "%s", client_id = "%s", client_secret = "%s", refresh_token = "%s",
              },
            },
          }]]):format(box.base_url, box.authority, box.ca_file, box.tenant, box.client_id,
          box.client_secret, box.refresh_token) .. (more or ""),
        locations = {
          ["= /x"] = [[local page, err = partner.customers:get()
            if not page then ngx.status = 502 end
            ngx.say(page and #page.items or tostring(err))]],
          ["= /get"] = "local v = ngx.shared.tokens:get(ngx.var.arg_k) ngx.say(v)",
          ["= /keys"] = "ngx.say(table.concat(ngx.shared.tokens:get_keys(), '\\n'))",
          ["= /lock"] = [[local key
            for _, k in ipairs(ngx.shared.tokens:get_keys()) do
              key = k:match("^(.*):head$") or key
            end
            ngx.shared.tokens:set(key .. ":lock", "somebody", tonumber(ngx.var.arg_s))
            ngx.say(key)]],
        },
      }
    end

    it("lets a fleet sign in once", function()
      box:control { token_latency = 100 }
      start(4)
      assert.equal(("200\n"):rep(60), server:flood("/x", 60))
      assert.equal(1, box:stats().token_requests)
      assert.equal("", server:errors())
    end)

    it("renews once when the service refuses the token, and shares the rotated one", function()
      start(4)
      server:flood("/x", 20)
      box:control { expire_tokens = true }
      assert.equal(("200\n"):rep(40), server:flood("/x", 40))
      assert.equal(2, box:stats().token_requests)
      assert.equal("", server:errors())
    end)

    it("renews early, once", function()
      box:control { expires_in = 2 } -- so it is renewed each second
      start(4)
      local begun = os.time()
      server:flood("/x", 20)
      assert(nginx.await("[ $(date +%s) -gt " .. begun + 2 .. " ]", 10))
      assert.equal(("200\n"):rep(20), server:flood("/x", 20))
      local count = box:stats().token_requests
      assert(count >= 2 and count <= 2 + os.time() - begun, count)
    end)

    it("keeps no lock, and waits for that of another worker", function()
      start(2)
      server:flood("/x", 5)
      assert.falsy(server:get("/keys"):find(":lock", 1, true))
      server:get("/lock?s=0.5")
      box:control { expire_tokens = true }
      assert.equal(("200\n"):rep(5), server:flood("/x", 5))
      assert.falsy(server:get("/keys"):find(":lock", 1, true))
    end)

    it("names what is missing", function()
      start(1, [[
        local function fails(options)
          return tostring(select(2, pcall(token_cache.wrap, options)))
        end
        told = fails { dict = "tokens", key = "k" } .. "|"
          .. fails { dict = "nothing", key = "k",
            credentials = partnercenter.credentials.token "x" }
          .. "|" .. fails { dict = "tokens", kee = "k" } ]])
      server:write { locations = { ["= /x"] = "ngx.say(told)" } }
      server:reload()
      local told = server:get("/x")
      assert.truthy(told:find("needs the option 'credentials'", 1, true), told)
      assert.truthy(told:find("lua_shared_dict nothing", 1, true), told)
      assert.truthy(told:find("unknown option 'kee' in token_cache.wrap (did you mean 'key'?)", 1,
        true), told)
    end)
  end)

  describe("insights_cache", function()
    local function start(locations, workers)
      server = nginx.start {
        workers = workers,
        http = "lua_shared_dict insights 1m;",
        init = CACHE,
        locations = locations,
      }
    end

    local function check(code, expected)
      start { ["= /x"] = code }
      local body = server:get("/x")
      assert.equal(expected, body)
      assert.equal("", server:errors())
    end

    it("makes a text once while it is fresh", function()
      check([[
        for i = 1, 3 do
          local text, info = cache:text("k", produce)
          ngx.print(text, " ", info.state, ";")
          now = now + 4
        end]], "text 1 miss;text 1 hit;text 1 hit;")
    end)

    it("gives the old one while it makes a new one", function()
      check([[
        cache:text("k", produce)
        now = now + 11
        local text, info = cache:text("k", produce)
        ngx.print(text, " ", info.state, ";")
        settle()
        text, info = cache:text("k", produce)
        ngx.print(text, " ", info.state, ";", table.concat(events, " "))]],
        "text 1 stale;text 2 hit;miss stale hit")
    end)

    it("gives the old one when a new one cannot be made", function()
      check([[
        cache:text("k", produce)
        now = now + 11
        for i = 1, 2 do
          local text, info = cache:text("k", function() error("no luck") end)
          ngx.print(text, " ", info.state, ";")
          settle()
        end
        ngx.print(table.concat(events, " "))]],
        "text 1 stale;text 1 stale;miss stale failure stale")
    end)

    it("gives the error where there is no old one, remembers it, and makes it anew then", function()
      check([[
        local made = 0
        for i = 1, 3 do
          local text, err = cache:text("k", function()
            made = made + 1
            return nil, "no luck"
          end)
          ngx.print(tostring(text), " ", err, ";")
        end
        ngx.shared.insights:flush_all() -- as if its time was over
        ngx.print((cache:text("k", produce)), " ", made)]],
        "nil no luck;nil no luck;nil no luck;text 1 1")
    end)

    for _, c in ipairs {
      { "until the data of the next day may be there", "-1000", "now - 85400", 1000 },
      { "for a while when that is late", "-100000", "now - 100000", 10 },
      { "no longer than allowed", "5", "now", 21600 },
    } do
      it("is fresh " .. c[1], function()
        check([[
          local _, info = cache:text("k", function() return "x", ]] .. c[3] .. [[ end)
          ngx.print(info.fresh_until - now)]], tostring(c[4]))
      end)
    end

    it("does not keep what is too large", function()
      check([[
        local small = new_cache { max_bytes = 5 }
        ngx.print((small:text("k", produce)), ";", (small:text("k", produce)), ";",
          table.concat(events, " "))]], "text 1;text 2;miss too_large miss too_large")
    end)

    it("takes no more room than the dictionary, and drops what was not used longest", function()
      check([[
        local long = ("x"):rep(50000)
        for i = 1, 100 do cache:text("k" .. i, function() return i .. long end) end
        local _, newest = cache:text("k100", produce)
        local _, oldest = cache:text("k1", produce)
        ngx.print(newest.state, " ", oldest.state)]], "hit miss")
    end)

    it("keeps caches with different keys apart", function()
      check([[
        local a, b = new_cache { key = "a" }, new_cache { key = "b" }
        ngx.print((a:text("k", produce)), ";", (b:text("k", produce)), ";",
          (a:text("k", produce)))]], "text 1;text 2;text 1")
    end)

    it("makes a text once for all workers", function()
      start({
        ["= /x"] = [[
          ngx.print((cache:text("k", function()
            ngx.shared.insights:incr("made", 1, 0)
            ngx.sleep(0.3)
            return "made"
          end)))]],
        ["= /made"] = "ngx.print(ngx.shared.insights:get('made'))",
      }, 4)
      assert.equal(("200\n"):rep(50), server:flood("/x", 50))
      assert.equal("1", (server:get("/made")))
      assert.equal("", server:errors())
    end)

    it("finishes what a client that went away has begun", function()
      start {
        ["= /x"] = "ngx.print((cache:text('k', function() ngx.sleep(0.3) return 'made' end)))",
        ["= /y"] = "ngx.print((cache:text('k', function() return 'again' end)))",
      }
      nginx.run("curl -s --max-time 0.1 " .. server.url .. "/x")
      assert.equal("made", (server:get("/y")))
    end)

    local function start_with_client(options, locations, workers)
      server = nginx.start {
        workers = workers,
        http = "lua_shared_dict insights 1m;",
        init = CACHE .. ([[
          partnercenter = require "partnercenter"
          function new_client(more)
            local all = { base_url = "%s", authority = "%s", ca_file = "%s", retries = 0,
              credentials = partnercenter.credentials.token "%s" }
            for name, value in pairs(more or {}) do all[name] = value end
            return partnercenter.new(all)
          end
          partner = new_client(%s)]]):format(box.base_url, box.authority, box.ca_file, box.token,
          options or ""),
        locations = locations,
      }
    end

    it("remembers a failure for all workers, and tells it as the service did", function()
      box:reset()
      start_with_client(nil, { ["= /x"] = [[
        local page, err = cache:page(partner.customers:by_id(ngx.var.arg_id))
        ngx.print(page and "page" or err.kind .. " " .. err.status .. " " .. err.code)]] }, 4)
      for i = 1, 3 do
        local path = ("/x?id=4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f0%d"):format(i)
        assert.equal(("200\n"):rep(20), server:flood(path, 20))
        assert.matches("^not_found 404 %d+$", (server:get(path)))
      end
      assert.equal(3, box:stats().total)
      box:control { faults = { { match = "customers", status = 503, times = 99 } } }
      server:flood("/x?id=" .. box.customer_id, 30)
      assert.equal(4, box:stats().total)
    end)

    it("keeps apart what is asked in another way, or by somebody else", function()
      box:reset()
      start_with_client(nil, { ["= /x"] = [[
        local function state(resource, params)
          local page, info = cache:page(resource, params)
          ngx.print(page and info.state or tostring(info), ";")
        end
        local path = "/v1/customers"
        state(partner:request { path = path, query = { size = 1 } })
        state(partner:request { path = path, query = { size = 2 } })
        state(partner:request { path = path, query = { size = 1 }, headers = { ["X-A"] = "b" } })
        state(partner:with { locale = "de-DE" }:request { path = path, query = { size = 1 } })
        state(new_client { credentials = partnercenter.credentials.token "other" }
          :request { path = "/v1/nothing" })
        state(partner:request { path = path, query = { size = 1 } })]] })
      local told = server:get "/x"
      assert.matches("^miss;miss;miss;miss;.*;hit;$", told)
      assert.is_nil(told:match("^[^.]*;hit;.*hit"))
    end)

    it("needs a key of one's own where nobody knows who asks", function()
      start_with_client("{ credentials = partnercenter.credentials.token(function() end) }", {
        ["= /x"] = "ngx.print(tostring(select(2, pcall(cache.page, cache, partner.customers))))" })
      assert.matches("needs the option 'key'", (server:get "/x"), 1, true)
    end)

    it("keeps numbers to the last digit", function()
      start_with_client(nil, { ["= /x"] = [[
        local page = { items = { { share = 0.12345678901234567, count = 9007199254740991 } } }
        local json = require "partnercenter.util.json"
        local again = require("partnercenter").decode(json.encode(page))
        ngx.print(tostring(again.items[1].share == page.items[1].share), " ",
          tostring(again.items[1].count == page.items[1].count))]] })
      assert.equal("true true", (server:get "/x"))
    end)

    it("gives pages back with their arrays marked and their nulls kept", function()
      box:reset()
      box:control { faults = { { match = "/deployment", status = 200,
        body = '{"totalCount":1,"items":[{"a":[],"b":null,"c":[{"d":[]}]}]}' } } }
      server = nginx.start {
        http = "lua_shared_dict insights 1m;",
        init = CACHE .. ([[
          local partnercenter = require "partnercenter"
          mt = {}
          partner = partnercenter.new { base_url = "%s", authority = "%s", ca_file = "%s",
            array_mt = mt, nulls = true, credentials = partnercenter.credentials.token "%s" }]]
          ):format(box.base_url, box.authority, box.ca_file, box.token),
        locations = { ["= /x"] = ([[
          local resource = partner.customers:by_id("%s").analytics.licenses.deployment
          for i = 1, 2 do
            local page, info = cache:page(resource)
            local row = page.items[1]
            for _, list in ipairs { page.items, row.a, row.c, row.c[1].d } do
              ngx.print(tostring(getmetatable(list) == mt), " ")
            end
            ngx.print(tostring(row.b == ngx.null), " ", info.state, ";")
          end
        ]]):format(box.customer_id) },
      }
      assert.equal("true true true true true miss;true true true true true hit;",
        (server:get("/x")))
    end)

    it("takes what it cannot read for nothing, and fetches anew", function()
      box:reset()
      start_with_client(nil, { ["= /x"] = ([[
        local resource = partner.customers:by_id("%s").analytics.licenses.deployment
        local dict = ngx.shared.insights
        local cache = new_cache { key = "spec" }
        cache:page(resource)
        local key = dict:get_keys()[1]
        local good = dict:get(key)
        local head, body = good:match("^([^\n]*)\n(.*)$")
        for _, bad in ipairs { "", "x", "w2 1 2", "- - - -\n" .. body, "1 x - e\n" .. body,
          head .. "\n", head .. "\n{", head .. "\n7", good:sub(1, -9),
          ("9"):rep(400) .. " " .. ("9"):rep(400) .. " - e\n{}", "\0", } do
          dict:set(key, bad)
          local page, info = cache:page(resource)
          if not page then ngx.say("no page of ", bad:sub(1, 60), ": ", tostring(info)) end
          if page and (#page.items ~= 3 or info.state ~= "miss") then ngx.say("used ", bad) end
        end
        dict:delete(key)
        for _, bad in ipairs { "5", '"x"', "[1]", "{", '{"kind":5}', '{"kind":"x","message":7}',
          '{"kind":"not_found"}', "null" } do
          dict:set(key .. ":failure", bad, 60)
          local page, err = cache:page(resource)
          if not page then ngx.say("believed ", bad, ": ", tostring(err)) end
          dict:delete(key)
        end
        ngx.say "done"
      ]]):format(box.customer_id) })
      assert.equal("done\n", (server:get "/x"))
      assert.equal("", server:errors())
    end)

    it("keeps pages of resources by their parameters", function()
      box:reset()
      server = nginx.start {
        http = "lua_shared_dict insights 1m;",
        init = CACHE .. ([[
          local partnercenter = require "partnercenter"
          partner = partnercenter.new { base_url = "%s", authority = "%s", ca_file = "%s",
            credentials = partnercenter.credentials.token "%s" }]]):format(box.base_url,
          box.authority, box.ca_file, box.token),
        locations = { ["= /x"] = ([[
          local resource = partner.customers:by_id("%s").analytics.licenses.deployment
          for i = 1, 2 do
            local page, info = cache:page(resource)
            ngx.print(#page.items, " ", page.items[1].productName, " ", info.state, ";")
          end
          local page, info = cache:page(partner.customers, { size = 2 })
          ngx.print(#page.items, " ", info.state, ";")
          page, info = cache:page(partner.customers, { size = 3 })
          ngx.print(#page.items, " ", info.state)
        ]]):format(box.customer_id) },
      }
      local name = "OFFICE 365 BUSINESS ESSENTIALS"
      assert.equal(("3 %s miss;3 %s hit;2 miss;3 miss"):format(name, name), (server:get("/x")))
      assert.equal(3, box:stats().total)
    end)
  end)
end)
