-- How clients, sessions, iterators and coroutines end: in every order, twice,
-- by an error, by nobody wanting them any more, by the end of the process, and
-- many of them in one process.
local core = require "partnercenter.core"
local faultserver = require "spec.support.faultserver"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local together = require "spec.support.together"

local UNDER = os.getenv "PC_UNDER" or ""
-- Instrumented runs take their time; the bounds they are held to are wider.
local PATIENCE = require "spec.support.patience"(10)

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

-- A client that waits as short as it may before it tries again.
local function client_of(box, options)
  local all = { random = function() return 0 end }
  for name, value in pairs(options or {}) do all[name] = value end
  return box:partner(all)
end

describe("the life of", function()
  local box, open

  setup(function() box = sandbox.start { customers = 200 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:restore()
    open = {}
  end)
  after_each(function()
    for _, client in ipairs(open) do client:close() end
  end)

  local function new_client(options)
    return client_of(box, options)
  end

  local function kept_client(options)
    local client = new_client(options)
    open[#open + 1] = client
    return client
  end

  local function count(client)
    return #assert(client.customers:get { size = 10 }).items
  end

  describe("an error thrown", function()
    it("inside the loop over each leaves the client good and nothing running", function()
      local client = kept_client()
      for i = 1, 10 do
        local ok, why = pcall(function()
          for _ in client.customers:each { size = 10 } do error("mine", 0) end
        end)
        assert.same({ false, "mine" }, { ok, why }, i)
      end
      collect()
      assert.equal(0, inside(client).dispatcher.session:running())
      assert.equal(10, count(client))
    end)

    for _, name in ipairs { "request", "response", "page", "retry" } do
      it("by on_event at '" .. name .. "' reaches the caller, and nothing is lost by it", function()
        local armed = true
        local client = kept_client { on_event = function(event)
          if armed and event.name == name then error("mine", 0) end
        end }
        if name == "retry" then box:control { faults = { { status = 503, times = 1 } } } end
        local ok, why = pcall(function() return client.customers:all { size = 100 } end)
        assert.same({ false, "mine" }, { ok, why })
        armed = false
        collect()
        assert.equal(0, inside(client).dispatcher.session:running())
        assert.equal(10, count(client))
      end)
    end

    it("by a token function reaches the caller, and the next call asks again", function()
      local broken = true
      local client = kept_client { credentials = partnercenter.credentials.token(function()
        if broken then error("mine", 0) end
        return box.token
      end) }
      local ok, page, err = pcall(function() return client.customers:get() end)
      assert.truthy(tostring(ok and err or page):find("mine", 1, true))
      broken = false
      assert.equal(10, count(client))
    end)
  end)

  describe("an iterator", function()
    it("may be left, closed twice, and closed after its client", function()
      local client = kept_client()
      local iterate, _, _, closer = client.customers:each { size = 10 }
      assert.truthy(iterate())
      closer.close()
      closer.close()
      assert.is_nil(iterate())
      iterate, _, _, closer = client.customers:each { size = 10 }
      assert.truthy(iterate())
      client:close()
      closer.close()
      assert.is_nil(iterate())
    end)

    it("fails as cancelled when its client is closed under it", function()
      local client = kept_client()
      local iterate = client.customers:each { size = 10 }
      assert.truthy(iterate())
      client:close()
      local ok, err = true, nil
      for _ = 1, 1000 do
        ok, err = pcall(iterate)
        if not ok or err == nil then break end
      end
      assert.is_false(ok)
      assert.equal("cancelled", err.kind)
      assert.truthy(err.message:find("the client was closed", 1, true))
    end)

    it("keeps its client alive, and lets go of it", function()
      collect()
      local threads = #process.threads()
      local iterate = new_client().customers:each { size = 10 }
      collect()
      for _ = 1, 15 do assert.truthy(iterate()) end
      iterate = nil -- luacheck: ignore
      collect()
      assert.equal(threads, #process.threads())
    end)
  end)

  describe("a coroutine", function()
    it("that is abandoned half-way takes its transfer along", function()
      local client = kept_client()
      for _ = 1, 20 do
        local co = coroutine.wrap(function()
          for customer in client.customers:each { size = 50 } do coroutine.yield(customer) end
        end)
        assert.truthy(co().id)
        assert.truthy(co().id)
      end
      collect()
      assert.equal(0, inside(client).dispatcher.session:running())
      assert.equal(10, count(client))
    end)

    it("may make the calls of a client that another one made", function()
      local client
      coroutine.wrap(function() client = kept_client() end)()
      collect()
      assert.equal(10, coroutine.wrap(function() return count(client) end)())
    end)
  end)

  describe("cycles", function()
    it("through the listener, the client and what runs are collected with the thread", function()
      collect()
      local threads, descriptors = #process.threads(), process.descriptors()
      for _ = 1, 5 do
        local cycle = {}
        cycle.client = new_client { on_event = function() cycle.seen = cycle.client end }
        assert.equal(10, count(cycle.client))
        local _
        cycle.iterate, _, _, cycle.closer = cycle.client.customers:each { size = 10 }
        assert.truthy(cycle.iterate())
        cycle.view = cycle.client:with { timeout = 5 }
        cycle = nil -- luacheck: ignore
      end
      collect()
      assert.equal(threads, #process.threads())
      assert.equal(descriptors, process.descriptors())
    end)

    it("through a session and its transfers go in every order", function()
      collect()
      local threads = #process.threads()
      local orders = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 }, { 3, 1, 2 },
        { 3, 2, 1 } }
      for _, order in ipairs(orders) do
        local session = core.session { ca_file = box.ca_file }
        local request = { url = box.base_url .. "/v1/customers" }
        local things = { session, session:send(request), session:send(request) }
        session:step(0.05)
        for _, i in ipairs(order) do
          things[i]:close()
          things[i]:close()
          things[i] = nil
          collectgarbage()
        end
      end
      assert.equal(threads, #process.threads())
    end)
  end)

  describe("a process", function()
    local program = [[
      local partnercenter = require "partnercenter"
      local client = partnercenter.new {
        base_url = %q, ca_file = %q, credentials = partnercenter.credentials.token(%q),
      }
      local iterate = client.customers:each { size = 10 }
      iterate()
      local co = coroutine.create(function()
        for _ in client.customers:each() do coroutine.yield() end
      end)
      coroutine.resume(co)
      require "spec.support.inside"(client).dispatcher.session:send { url = %q .. "/v1/customers" }
      %s
    ]]
    for _, c in ipairs {
      { "os.exit", "os.exit(3)", 3 },
      { "os.exit that closes the state", "os.exit(4, true)", 4 },
      { "an error in a coroutine", "coroutine.wrap(function() error 'x' end)()", 1 },
      { "its end", "", 0 },
    } do
      it("ends with calls in flight by " .. c[1], function()
        box:control { latency = 50 }
        local code = program:format(box.base_url, box.ca_file, box.token, box.base_url, c[2])
        local status, output, seconds = process.run_lua(code)
        assert.equal(c[3], status, output)
        assert.is_true(seconds < 3 * PATIENCE, seconds .. " s")
      end)
    end

    it("may fork: the child uses the client, and so does the parent", function()
      local client = kept_client()
      assert.equal(10, count(client))
      local pid = process.fork()
      if pid == 0 then
        local ok, rows = pcall(count, client)
        process.kill(process.pid(), ok and rows == 10 and 9 or 6)
      end
      assert.equal(128 + 9, process.wait(pid))
      assert.equal(10, count(client))
    end)
  end)
end)

describe("a client that is closed", function()
  local box, open

  setup(function() box = sandbox.start { customers = 40, page_size = 15 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    open = {}
  end)
  after_each(function()
    for _, client in ipairs(open) do client:close() end
  end)

  local function new_client(options)
    local client = client_of(box, options)
    open[#open + 1] = client
    return client
  end

  local function get(client)
    return client.customers:get { size = 10 }
  end

  local function each(client)
    local iterate = client.customers:each { size = 10 }
    while iterate() do end
  end

  -- Names an app and what it signs in with.
  local function app(more)
    local options = { tenant = box.tenant, client_id = box.client_id }
    for name, value in pairs(more) do options[name] = value end
    return options
  end

  local function refreshing()
    return partnercenter.credentials.refresh_token(app {
      client_secret = box.client_secret, refresh_token = box.refresh_token,
    })
  end

  local function waits(client) return next(inside(client).dispatcher.waiters) ~= nil end
  local function sleeps(client) return next(inside(client).dispatcher.sleepers) ~= nil end

  for _, c in ipairs {
    { "in flight", get, waits, control = { latency = 60000 } },
    { "waiting for a place", get, function(client)
      return waits(client) and inside(client).limiter.last == 1
    end, calls = 2, options = { concurrency = 1 }, control = { latency = 60000 } },
    { "sleeping before a retry", get, sleeps,
      control = { faults = { { status = 503, retry_after = 60, times = 9 } } } },
    { "signing in", get, waits, credentials = refreshing,
      control = { token_latency = 60000 } },
    { "waiting while another call signs in", get, sleeps, calls = 2,
      credentials = refreshing, control = { token_latency = 60000 } },
    { "waiting for a person to sign in", get, sleeps,
      credentials = function()
        return partnercenter.credentials.device_code(app { on_prompt = function() end })
      end, control = { device_interval = 60 } },
    { "reading rows", each, waits, control = { gzip = false, rate = 500 } },
    { "between two pages of each", each, waits,
      control = { faults = { { match = "/v1/customers", skip = 1, delay = 60 } } } },
    { "between two pages of all", function(client) return client.customers:all() end, waits,
      control = { faults = { { match = "/v1/customers", skip = 1, delay = 60 } } } },
  } do
    it("cancels a call that is " .. c[1], function()
      local options = { credentials = c.credentials and c.credentials() }
      for name, value in pairs(c.options or {}) do options[name] = value end
      local client = new_client(options)
      box:control(c.control)
      local calls = {}
      for i = 1, c.calls or 1 do calls[i] = function() return c[2](client) end end
      calls[#calls + 1] = function()
        local last = core.now() + 20 * PATIENCE
        repeat
          assert(core.now() < last, "nobody waits")
          inside(client).dispatcher:sleep(0.001)
        until c[3](client)
        client:close()
      end
      local started = core.now()
      local results = together(client, calls)
      assert.is_true(core.now() - started < 30 * PATIENCE)
      assert.is_true(results[#calls][1], results[#calls][2])
      for i = 1, c.calls or 1 do
        -- Returned after nil, or raised.
        local err = results[i][1] and results[i][3] or results[i][2]
        assert.equal("cancelled", err and err.kind)
        assert.truthy(err.message:find("the client was closed", 1, true), err.message)
        assert.is_false(err.retryable)
      end
      local sent = box:stats().total
      local page, err = get(client)
      assert.is_nil(page)
      assert.equal("closed", err.kind)
      assert.equal(sent, box:stats().total)
    end)
  end

  for _, name in ipairs { "request", "retry", "token" } do
    it("by on_event at '" .. name .. "' cancels the call, which sends nothing more", function()
      local client
      client = new_client {
        credentials = refreshing(),
        on_event = function(event)
          if event.name == name then client:close() end
        end,
      }
      box:control { faults = { { match = "/v1/customers", status = 503, retry_after = 60 } } }
      local page, err = get(client)
      assert.is_nil(page)
      assert.equal("cancelled", err.kind)
      assert.truthy(err.message:find("the client was closed", 1, true), err.message)
      local stats = box:stats()
      assert.equal(name == "request" and 0 or 1, stats.token_requests)
      assert.equal(stats.token_requests + (name == "retry" and 1 or 0), stats.total)
    end)
  end

  it("cancels a wait for the lock of a token file", function()
    local path = os.tmpname()
    local lock = assert(core.file_lock(path .. ".lock"))
    local client = new_client { credentials = partnercenter.credentials.file(path, refreshing()) }
    local results = together(client, {
      function() return get(client) end,
      function() client:close() end,
    })
    assert.equal("cancelled", results[1][3].kind)
    lock:close()
    os.remove(path .. ".lock")
    os.remove(path)
  end)

  it("cancels loops over pages that had begun, and no others", function()
    local client = new_client()
    local begun, fresh = client.customers:pages(), client.customers:pages()
    assert.truthy(begun())
    client:close()
    local _, err = pcall(begun)
    assert.equal("cancelled", err.kind)
    _, err = pcall(fresh)
    assert.equal("closed", err.kind)
    assert.equal(1, box:stats().total)
  end)
end)

describe("many Lua states in several threads", function()
  local server

  local FLAGS = { tsan = "-fsanitize=thread", asan = "-fsanitize=address" }
  local BUILD = os.getenv "PC_BUILD" or "build/" .. _VERSION:match("%d%.%d")
  local PROGRAM = BUILD .. "/states"

  local function shell(command)
    local pipe = io.popen("unset LD_PRELOAD; " .. command)
    local output = pipe:read("*a")
    pipe:close()
    return output
  end

  setup(function()
    server = faultserver.start()
    local output = shell(("gcc -std=gnu99 -g -O1 %s '-DPC_VERSION=\"0\"' -Isrc -pthread -o %s"
      .. " src/*/*.c spec/states.c $(pkg-config --cflags --libs lua%s libcurl) -lm 2>&1")
      :format(FLAGS[UNDER] or "", PROGRAM, _VERSION:match("%d%.%d")))
    assert.equal("", output)
  end)
  teardown(function() server:stop() end)

  -- Under valgrind the program runs as it is: that is preloaded into Lua only.
  -- `ends`: ms after which the process ends, once for each.
  local function run(threads, rounds, ends)
    -- The threads that are left at such an end are no leak.
    local command = ("TSAN_OPTIONS=suppressions=$PWD/tools/tsan.supp:exitcode=66:%s"
      .. " ASAN_OPTIONS=detect_leaks=0 %s %s %s %s %s %s $ms 2>&1"):format(
        ends and "report_thread_leaks=0" or "", UNDER == "tsan" and "setarch -R" or "", PROGRAM,
        threads, rounds, server:url "well" .. "/x", server.ca_file)
    return shell(("for ms in %s; do %s; echo \"exit $?\"; done")
      :format(ends and table.concat(ends, " ") or "''", command))
  end

  it("each have a session of their own", function()
    local output = run(8, 6)
    assert.truthy(output:find("144 answers", 1, true), output)
    assert.truthy(output:find("exit 0", 1, true), output)
  end)

  for _, c in ipairs {
    { "in the midst of it", { 120, 120, 120, 120, 120 } },
    { "at their first call", { 0, 1, 2, 3, 4, 6, 8, 11, 14, 18, 23, 30 } },
  } do
    local ends = c[2]
    it("may be " .. c[1] .. " when the process ends", function()
      for i = 1, #ends do ends[i] = ends[i] * PATIENCE end
      local output = run(6, 1000, ends)
      -- What those say that are told so.
      output = output:gsub("[^\n]*the client was closed\n", "")
      assert.equal(("exit 0\n"):rep(#ends), output)
    end)
  end
end)
