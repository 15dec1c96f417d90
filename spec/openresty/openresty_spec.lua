-- A real nginx, with the sandbox behind it.
local nginx = require "spec.support.nginx"
local sandbox = require "spec.support.sandbox"

-- nginx's Lua is LuaJIT, whatever runs this.
if not io.open("build/5.1/partnercenter.so") then
  describe("partnercenter.loop.ngx", function()
    pending("needs the build for 5.1")
  end)
  return
end

-- What every nginx here begins with: a client named `partner`.
local function init_of(box, more)
  return ([[
    local partnercenter = require "partnercenter"
    partner = partnercenter.new {
      base_url = "%s", authority = "%s", ca_file = "%s",
      credentials = partnercenter.credentials.token "%s",
      concurrency = 100, %s
    }
    inside = require "spec.support.inside"
    function deployment(client)
      return (client or partner).customers:by_id("%s").analytics.licenses.deployment
    end
    function tell(page, err)
      if not page then ngx.status = 502 return ngx.say(tostring(err)) end
      ngx.say(#page.items)
    end
  ]]):format(box.base_url, box.authority, box.ca_file, box.token, more or "", box.customer_id)
end

local GET = "tell(deployment():get())"

describe("partnercenter.loop.ngx", function()
  local box, server

  local function start(options)
    options.init = (options.init or init_of(box))
    server = nginx.start(options)
    return server
  end

  setup(function() box = sandbox.start { customers = 520, workers = 1 } end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)
  after_each(function()
    if server then server:stop() end
    server = nil
    assert.equal("", nginx.run("ls -d /dev/shm/partnercenter-*[0-9] 2>/dev/null"))
  end)

  describe("phases", function()
    local COUNT = "ngx.ctx.n = #assert(deployment():get()).items"

    for _, c in ipairs {
      { "content", "location = /x { content_by_lua_block { " .. GET .. " } }" },
      { "access", "location = /x { access_by_lua_block { " .. COUNT .. " } "
        .. "content_by_lua_block { ngx.say(ngx.ctx.n) } }" },
      { "rewrite", "location = /x { rewrite_by_lua_block { " .. COUNT .. " } "
        .. "content_by_lua_block { ngx.say(ngx.ctx.n) } }" },
      { "server_rewrite", "server_rewrite_by_lua_block { " .. COUNT .. " } "
        .. "location = /x { content_by_lua_block { ngx.say(ngx.ctx.n) } }" },
      { "timer", [[location = /x { content_by_lua_block {
        local done = require("ngx.semaphore").new(0)
        local n
        ngx.timer.at(0, function() n = #assert(deployment():get()).items done:post(1) end)
        done:wait(10)
        ngx.say(n) } }]] },
    } do
      it("waits in " .. c[1], function()
        start { raw = c[2] }
        local body, status = server:get("/x")
        assert.equal("3\n", body)
        assert.equal(200, status)
        assert.equal("", server:errors())
      end)
    end

    it("waits while nginx looks for a certificate", function()
      local socket = os.tmpname()
      os.remove(socket)
      start { http = ([[server {
        listen unix:%s ssl;
        ssl_certificate %s/tls/server.pem;
        ssl_certificate_key %s/tls/server.key;
        ssl_certificate_by_lua_block { package.loaded.rows = #assert(deployment():get()).items }
        location / { content_by_lua_block { ngx.say(package.loaded.rows) } }
      }]]):format(socket, box.dir, box.dir) }
      assert.equal("3\n", nginx.run(("curl -s --cacert %s --unix-socket %s https://localhost/")
        :format(box.ca_file, socket)))
      assert.equal("", server:errors())
    end)

    local REFUSES = [[local ok, err = pcall(function() return deployment():get() end)
      ngx.log(ngx.NOTICE, "REFUSED: ", tostring(ok), " ", tostring(err))]]
    for _, c in ipairs {
      { "set", "set_by_lua_block $x { " .. REFUSES .. " return 1 } return 200 'x';" },
      { "header_filter", "header_filter_by_lua_block { " .. REFUSES .. " } return 200 'x';" },
      { "body_filter", "body_filter_by_lua_block { " .. REFUSES .. " } return 200 'x';" },
      { "log", "log_by_lua_block { " .. REFUSES .. " } return 200 'x';" },
    } do
      it("says that it cannot wait in " .. c[1], function()
        start { raw = "location = /x { " .. c[2] .. " }" }
        server:get("/x")
        assert(nginx.await("grep -q REFUSED " .. server.dir .. "/logs/error.log"))
        local words = "REFUSED: false partnercenter cannot wait in nginx's phase '" .. c[1] .. "'"
        assert.truthy(server:log():find(words, 1, true), server:log())
      end)
    end

    it("says that it cannot wait in init_worker, and waits in a timer from there", function()
      start {
        http = "init_worker_by_lua_block { " .. REFUSES .. [[
          ngx.timer.at(0, function()
            local page, err = deployment():get()
            ngx.log(ngx.NOTICE, "TIMER: ", page and #page.items or tostring(err))
          end) }]],
      }
      assert(nginx.await("grep -q TIMER: " .. server.dir .. "/logs/error.log"))
      assert.truthy(server:log():find("phase 'init_worker'", 1, true))
      assert.truthy(server:log():find("TIMER: 3", 1, true))
    end)

    it("says that it cannot wait in init", function()
      start {
        init = init_of(box) .. REFUSES,
        locations = { ["= /x"] = GET },
      }
      assert.truthy(server:log():find("phase 'init'", 1, true), server:log())
      assert.equal("3\n", (server:get("/x")))
    end)

    it("blocks before the fork if told so, and works after it", function()
      start {
        init = init_of(box, 'loop = "block",')
          .. "before = #assert(deployment():get()).items " .. init_of(box),
        locations = { ["= /x"] = "ngx.print(before, ' ') " .. GET },
        workers = 2,
      }
      assert.equal("3 3\n", server:get("/x"))
      assert.equal("3 3\n", server:get("/x"))
    end)
  end)

  describe("a worker", function()
    it("answers others while calls wait", function()
      box:control { latency = 400 }
      start { locations = { ["= /x"] = GET } }
      nginx.run(("( for i in 1 2 3 4 5 6 7 8; do curl -s %s/x & done; wait ) >%s/out 2>&1 &")
        :format(server.url, server.dir))
      assert(nginx.await("true"))
      local quick = 0
      for _ = 1, 10 do
        local time = nginx.run(("curl -s -o /dev/null -w '%%{time_total}' %s/unrelated")
          :format(server.url))
        if tonumber(time) < 0.2 then quick = quick + 1 end
      end
      assert(quick >= 9)
      assert(nginx.await("[ $(wc -l <" .. server.dir .. "/out) -eq 8 ]", 5))
      assert.equal(("3\n"):rep(8), nginx.run("cat " .. server.dir .. "/out"))
    end)

    it("runs any number of requests side by side over one thread", function()
      box:control { latency = 1000 }
      start { locations = { ["= /x"] = GET } }
      local answers = server:flood("/x", 60)
      assert.equal(("200\n"):rep(60), answers)
      assert(box:stats().max_concurrent >= 10)
      local worker = server:workers()[1]
      assert.equal(2, server:threads(worker))
      assert.equal("", server:errors())
    end)

    it("has no timer and no reader while it is idle", function()
      start { locations = {
        ["= /x"] = GET,
        ["= /timers"] = "ngx.say(ngx.timer.running_count(), ' ', ngx.timer.pending_count())",
      } }
      server:get("/x")
      assert(nginx.await("[ \"$(curl -s " .. server.url .. "/timers)\" = '0 0' ]", 3))
    end)

    it("lets others have their turn between slices of a large page", function()
      start {
        locations = { ["= /x"] = [[
          local pass = getmetatable(inside(partner).dispatcher).__index.pass
          local passes = 0
          getmetatable(inside(partner).dispatcher).__index.pass = function(...)
            passes = passes + 1
            return pass(...)
          end
          local page, err = partner.analytics.commercial.deployment.license:get { top = 10000 }
          getmetatable(inside(partner).dispatcher).__index.pass = pass
          if not page then return ngx.say(tostring(err)) end
          ngx.say(#page.items, " ", passes)]] },
      }
      local body = server:get("/x")
      local rows, passes = body:match("^(%d+) (%d+)\n$")
      assert.equal("10000", rows, body)
      assert(tonumber(passes) >= 20, passes)
      assert.equal("", server:errors())
    end)
  end)

  describe("light threads", function()
    it("run map, results as they come", function()
      start { locations = { ["= /x"] = [[
        local n, sum = 0, 0
        for customer, page, err in partner:map(partner.customers:all { size = 40 }, function(c)
          return partner.customers:by_id(c.id).analytics.licenses.deployment:get()
        end, { concurrency = 20 }) do
          n = n + 1
          sum = sum + #assert(page, tostring(err)).items
        end
        ngx.say(n, " ", sum > n)]] } }
      local body = server:get("/x")
      assert.truthy(body:find("^%d+ true\n$"), body)
      assert.equal("", server:errors())
    end)

    it("stop when map is left", function()
      box:control { latency = 100 }
      start { locations = { ["= /x"] = [[
        local ids = partner.customers:get().items
        for _ in partner:map(ids, function(c)
          return partner.customers:by_id(c.id).analytics.licenses.deployment:get()
        end, { concurrency = 10 }) do break end
        ngx.say("left")]] } }
      assert.equal("left\n", (server:get("/x")))
      assert(nginx.await("true"))
      local stats = box:stats()
      assert(stats.total < 60, stats.total)
    end)

    it("are cancelled when nginx drops them", function()
      box:control { latency = 5000 }
      start {
        http = "lua_check_client_abort on;",
        locations = {
          ["= /x"] = GET,
          ["= /live"] = "ngx.say(inside(partner).dispatcher.session:running())",
        },
      }
      nginx.run("curl -s --max-time 0.3 " .. server.url .. "/x")
      assert(nginx.await("[ \"$(curl -s " .. server.url .. "/live)\" = 0 ]", 3))
      assert.equal("", server:errors())
    end)

    it("are cancelled by ngx.exit", function()
      box:control { latency = 5000 }
      start { locations = {
        ["= /x"] = [[
          for i = 1, 5 do ngx.thread.spawn(function() return deployment():get() end) end
          ngx.say("gone") ngx.exit(200)]],
        ["= /live"] = "ngx.say(inside(partner).dispatcher.session:running())",
      } }
      assert.equal("gone\n", (server:get("/x")))
      assert(nginx.await("[ \"$(curl -s " .. server.url .. "/live)\" = 0 ]", 3))
    end)

    -- The collector would find it, too, but with a heap like this not for a long time.
    it("are cancelled by ngx.exit between two slices of a page", function()
      start { locations = {
        ["= /x"] = [[
          local class = getmetatable(inside(partner).dispatcher).__index
          local pass, passing = class.pass, false
          class.pass = function(...)
            passing = true
            pass(...)
            passing = false
          end
          local ballast = {}
          inside(partner).ballast = ballast
          for i = 1, 400000 do ballast[i] = { i } end
          ngx.thread.spawn(function()
            return partner.analytics.commercial.deployment.license:get { top = 10000 }
          end)
          while not passing do ngx.sleep(0.001) end
          class.pass = pass
          ngx.say("gone") ngx.exit(200)]],
        ["= /live"] = "ngx.say(inside(partner).dispatcher.session:running())",
      } }
      assert.equal("gone\n", (server:get("/x")))
      assert(nginx.await("[ \"$(curl -s " .. server.url .. "/live)\" = 0 ]", 2))
      assert.equal("", server:errors())
    end)
  end)

  describe("the end of a worker", function()
    it("comes within a second of quitting after calls in flight", function()
      box:control { latency = 600 }
      start { locations = { ["= /x"] = GET }, workers = 2 }
      nginx.run(("( for i in 1 2 3 4; do curl -s %s/x & done; wait ) >%s/out 2>&1 &")
        :format(server.url, server.dir))
      local workers = server:workers()
      repeat until box:stats().in_flight == 4
      server:signal("QUIT")
      for _, pid in ipairs(workers) do assert(nginx.await_end(pid, 10) < 1.6) end
      assert(nginx.await("[ $(wc -l <" .. server.dir .. "/out) -eq 4 ]", 5))
      assert.equal(("3\n"):rep(4), nginx.run("cat " .. server.dir .. "/out"))
      assert.equal("", server:errors())
    end)

    it("comes within a second of being idle", function()
      start { locations = { ["= /x"] = GET } }
      server:get("/x")
      local worker = server:workers()[1]
      server:signal("QUIT")
      assert(nginx.await_end(worker, 10) < 1)
    end)

    it("comes within a second of a quick shutdown with calls in flight", function()
      box:control { latency = 5000 }
      start { locations = { ["= /x"] = GET } }
      nginx.run("curl -s --max-time 6 " .. server.url .. "/x >/dev/null 2>&1 &")
      local worker = server:workers()[1]
      assert(nginx.await("[ $(ls /proc/" .. worker .. "/task | wc -l) -ge 2 ]"))
      server:signal("TERM")
      assert(nginx.await_end(worker, 10) < 1)
    end)

    it("is not held up by calls whose client went away", function()
      box:control { latency = 5000 }
      start { http = "lua_check_client_abort on;", locations = { ["= /x"] = GET } }
      nginx.run("curl -s --max-time 0.3 " .. server.url .. "/x")
      local worker = server:workers()[1]
      server:signal("QUIT")
      assert(nginx.await_end(worker, 10) < 1)
    end)
  end)

  it("survives 50 reloads under load without a failed request", function()
    start { locations = { ["= /x"] = GET }, workers = 2 }
    server:get("/x")
    nginx.run(([[for i in 1 2; do ( while [ ! -e %s/stop ]; do
      curl -s --max-time 20 -w ' %%{http_code}\n' %s/x %s/x >>%s/out$i 2>&1; echo >>%s/out$i
      done; touch %s/stopped$i ) >/dev/null 2>&1 & done]]):format(server.dir, server.url,
      server.url, server.dir, server.dir, server.dir))
    assert(nginx.await("[ -s " .. server.dir .. "/out2 ]"))
    local master_before = server:descriptors(server.pid)
    for _ = 1, 50 do server:reload() end
    local master_after = server:descriptors(server.pid)
    nginx.run("touch " .. server.dir .. "/stop")
    assert(nginx.await(("[ -e %s/stopped1 ] && [ -e %s/stopped2 ]"):format(server.dir, server.dir)))
    local out = nginx.run("cat " .. server.dir .. "/out*")
    local rest, good = out:gsub("3\n 200\n", "")
    assert(good > 100, good)
    assert.equal("", (rest:gsub("\n", "")))
    assert(master_after <= master_before + 1, master_before .. " -> " .. master_after)
    assert.equal("", server:errors())
  end)

  it("keeps the number of descriptors and threads", function()
    start { locations = { ["= /x"] = GET } }
    server:flood("/x", 20)
    local worker = server:workers()[1]
    local before = server:descriptors(worker)
    for _ = 1, 10 do server:flood("/x", 20) end
    assert(nginx.await(("[ $(ls /proc/%d/fd | wc -l) -le %d ]"):format(worker, before + 2), 3))
    assert.equal(2, server:threads(worker))
  end)

  it("works with lua_code_cache off", function()
    start {
      http = "lua_code_cache off;",
      init = "",
      locations = { ["= /x"] = init_of(box) .. GET },
    }
    for _ = 1, 5 do assert.equal("3\n", (server:get("/x"))) end
    local worker = server:workers()[1]
    assert(nginx.await("[ $(ls /proc/" .. worker .. "/task | wc -l) -eq 1 ]", 5))
    local before = server:descriptors(worker)
    for _ = 1, 5 do assert.equal("3\n", (server:get("/x"))) end
    assert(nginx.await(("[ $(ls /proc/%d/fd | wc -l) -le %d ]"):format(worker, before), 5))
  end)

  it("cancels the wait in an iterator that another light thread closes", function()
    box:control { latency = 60000 }
    start { locations = { ["= /x"] = [[
      local rows, _, _, closer = partner.customers:each()
      local reader = ngx.thread.spawn(function() return pcall(rows) end)
      for _ = 1, 5000 do
        if next(inside(partner).dispatcher.waiters) then break end
        ngx.sleep(0.001)
      end
      closer:close()
      local _, ok, err = ngx.thread.wait(reader)
      ngx.say(ok, " ", err.kind, " ", rows())
    ]] } }
    assert.equal("false cancelled nil\n", (server:get("/x")))
    assert.equal("", server:errors())
  end)

  it("closes while calls wait", function()
    box:control { latency = 1000 }
    start { locations = {
      ["= /x"] = "local page, err = deployment():get() ngx.say(page and 'page' or err.kind)",
      ["= /close"] = "partner:close() ngx.say('closed')",
    } }
    nginx.run(("curl -s %s/x >%s/out 2>&1 &"):format(server.url, server.dir))
    local worker = server:workers()[1]
    assert(nginx.await("[ $(ls /proc/" .. worker .. "/task | wc -l) -ge 2 ]"))
    assert.equal("closed\n", (server:get("/close")))
    assert(nginx.await("[ -s " .. server.dir .. "/out ]", 3))
    assert.equal("cancelled\n", nginx.run("cat " .. server.dir .. "/out"))
    assert.equal("", server:errors())
  end)
end)
