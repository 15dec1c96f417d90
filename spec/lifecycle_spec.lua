-- How clients, sessions, iterators and coroutines end: in every order, twice,
-- by an error, by nobody wanting them any more, by the end of the process, and
-- many of them in one process.
local core = require "partnercenter.core"
local faultserver = require "spec.support.faultserver"
local partnercenter = require "partnercenter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local UNDER = os.getenv "PC_UNDER" or ""
-- Instrumented runs take their time; the bounds they are held to are wider.
local PATIENCE = require "spec.support.patience"(10)

local function collect()
  for _ = 1, 3 do collectgarbage() end
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
    local all = { random = function() return 0 end }
    for name, value in pairs(options or {}) do all[name] = value end
    return box:partner(all)
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
      assert.equal(0, client.hub.session:running())
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
        assert.equal(0, client.hub.session:running())
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

    it("fails as closed when its client is closed under it", function()
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
      assert.equal("closed", err.kind)
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
      assert.equal(0, client.hub.session:running())
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
      client.hub.session:send { url = %q .. "/v1/customers" }
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

describe("many Lua states in several threads", function()
  local server

  setup(function() server = faultserver.start() end)
  teardown(function() server:stop() end)

  -- Under valgrind and ASan the program runs as it is: they are preloaded into
  -- Lua only.
  it("each have a session of their own", function()
    local build = os.getenv "PC_BUILD" or "build/" .. _VERSION:match("%d%.%d")
    local lua = "lua" .. _VERSION:match("%d%.%d")
    local flags = UNDER == "tsan" and "-fsanitize=thread" or ""
    local program = build .. "/states"
    local built = ("gcc -std=gnu99 -g -O1 %s '-DPC_VERSION=\"0\"' -Isrc -pthread -o %s"
      .. " src/*.c spec/states.c $(pkg-config --cflags --libs %s libcurl) -lm 2>&1")
      :format(flags, program, lua)
    local run = ("TSAN_OPTIONS=exitcode=66 %s %s 8 6 %s %s 2>&1"):format(
      UNDER == "tsan" and "setarch -R" or "", program, server:url "well" .. "/x", server.ca_file)
    local pipe = io.popen("unset LD_PRELOAD; " .. built .. " && " .. run .. "; echo \"exit $?\"")
    local output = pipe:read("*a")
    pipe:close()
    assert.truthy(output:find("144 answers", 1, true), output)
    assert.truthy(output:find("exit 0", 1, true), output)
  end)
end)
