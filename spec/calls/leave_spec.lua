-- Leaving the rows of `each` early: what is on its way is cancelled, as the
-- server sees it.
local block = require "partnercenter.loop.block"
local inside = require "spec.support.inside"
local leave_contract = require "spec.support.leave_contract"
local sandbox = require "spec.support.sandbox"
local together = require "spec.support.together"

-- Bytes per second: the whole page, some 150 kB, would take half a minute.
local RATE = 5000
-- What a server that was told at once can have sent.
local FEW = 60000
-- A bound for looking whether it knows; it takes some milliseconds.
local LOOKS = 200

describe("leaving each", function()
  local box, partner

  setup(function()
    box = sandbox.start { customers = 500 }
    partner = box:partner { retries = 0 }
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  before_each(function()
    box:reset()
    box:control { gzip = false, rate = RATE }
  end)

  -- The server's one request, when it has ended.
  local function ended_request()
    local stats
    for _ = 1, LOOKS do
      stats = box:stats()
      if stats.in_flight == 0 then return stats.requests[#stats.requests] end
    end
    error("the server is still sending")
  end

  local function read_some(each)
    for _ = 1, 3 do assert.is_table(each()) end
  end

  for _, c in ipairs {
    { "by close", function()
      local each, _, _, closer = partner.customers:each()
      read_some(each)
      closer:close()
    end },
    { "when nothing refers to it any more", function()
      read_some((partner.customers:each()))
      collectgarbage()
      collectgarbage()
    end },
    { "by an error in the loop", function()
      pcall(function()
        for _ in partner.customers:each() do error("enough") end
      end)
      collectgarbage()
      collectgarbage()
    end },
  } do
    it("cancels the transfer " .. c[1], function()
      c[2]()
      assert.is_true(ended_request().bytes < FEW)
    end)
  end

  if _VERSION >= "Lua 5.4" then
    it("cancels the transfer by break, without the garbage collector", function()
      collectgarbage("stop")
      local count = 0
      for _ in partner.customers:each() do
        count = count + 1
        if count == 3 then break end
      end
      local request = ended_request()
      collectgarbage("restart")
      assert.is_true(request.bytes < FEW)
    end)
  end

  for _, c in ipairs {
    { "request", "cancelled", 0, 1 },
    { "retry", "cancelled", 0, 1, faults = { { status = 503, retry_after = 60 } } },
    { "response", nil, 10, 1 },
    { "page", nil, 10, 1 },
  } do
    it("ends it by close in on_event at '" .. c[1] .. "'", function()
      box:control { rate = 0, faults = c.faults }
      local closer
      local client = box:partner { on_event = function(event)
        if event.name == c[1] then closer:close() end
      end }
      local each, _
      each, _, _, closer = client.customers:each { size = 10 }
      local count = 0
      local ok, err = pcall(function()
        while each() do count = count + 1 end
      end)
      assert.equal(c[2] == nil, ok)
      assert.equal(c[2], err and err.kind)
      assert.equal(c[3], count)
      assert.is_nil(each())
      assert.equal(0, inside(client).dispatcher.session:running())
      assert.is_true(box:stats().total <= c[4])
      client:close()
    end)
  end

  it("asks for no other page", function()
    box:control { rate = 0 }
    local each, _, _, closer = partner.customers:each { size = 100 }
    for _ = 1, 100 do assert.is_table(each()) end
    closer:close()
    assert.is_nil(each())
    assert.equal(1, box:stats().total)
  end)

  it("leaves the client usable, and other calls alone", function()
    local each, _, _, closer = partner.customers:each()
    read_some(each)
    local other = partner.customers:each { size = 20 }
    assert.is_table(other())
    closer:close()
    local count = 1
    box:control { rate = 0 }
    while other() do count = count + 1 end
    assert.equal(500, count)
    assert.equal(20, #assert(partner.customers:get { size = 20 }).items)
  end)
end)

describe("leaving an iterator in which a task waits", function()
  local client
  local env = {}

  setup(function() env.box = sandbox.start { customers = 40 } end)
  teardown(function() env.box:stop() end)
  before_each(function() env.box:restore() end)
  after_each(function() client:close() end)

  function env.new_client(options)
    local all = { random = function() return 0 end }
    for name, value in pairs(options or {}) do all[name] = value end
    client = env.box:partner(all)
    return client
  end

  function env.run(f) f() end

  function env.sleep(seconds) inside(client).dispatcher:sleep(seconds) end

  leave_contract(it, env)

  it("cancels the call while it gives others a turn", function()
    local loop = setmetatable({ slice = 1 }, { __index = block })
    env.new_client { loop = loop }
    local rows = ('{"note":"%s","items":[{"id":"x"}]}'):format(("x"):rep(100000))
    env.box:control { gzip = false, faults = { { status = 200, body = rows } } }
    local dispatcher = inside(client).dispatcher
    local pass, passing = dispatcher.pass, false
    function dispatcher:pass(...)
      passing = true
      return pass(self, ...)
    end
    local iterate, _, _, closer = client.customers:each()
    local results = together(client, {
      function() return iterate() end,
      function()
        repeat pass(dispatcher) until passing
        closer:close()
      end,
    })
    assert.is_false(results[1][1])
    assert.equal("cancelled", results[1][2].kind)
    assert.is_nil(iterate())
  end)

  it("gives no row when the page was opened but not yet taken", function()
    local sent
    env.new_client { on_event = function(event) sent = sent or event.name == "request" end }
    local dispatcher = inside(client).dispatcher
    local driver, step = dispatcher:blocking(), dispatcher.step
    local iterate, _, _, closer = client.customers:each { size = 2 }
    -- Its turn comes behind those that the network has woken.
    local token
    function dispatcher:step(seconds)
      local running = step(self, seconds)
      if token then driver:wake(token) end
      return running
    end
    local task = driver:spawn(function()
      repeat
        token = driver:task()
        driver:park(token)
      until sent and dispatcher.session:running() == 0
      closer:close()
    end, function() end)
    local ok, err = pcall(iterate)
    assert.is_false(ok)
    assert.equal("cancelled", err.kind)
    assert.is_true(task.dead)
    assert.is_nil(iterate())
  end)
end)
