-- Waiting in cqueues, and the session as a thing that cqueues can poll.
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local there, cqueues = pcall(require, "cqueues")

describe("partnercenter.loop.cqueues", function()
  if not there then
    pending("needs cqueues")
    return
  end

  local box
  local env = { sleep = cqueues.sleep }

  setup(function()
    box = sandbox.start { customers = 40, page_size = 15 }
    env.box = box
  end)
  teardown(function() box:stop() end)
  local clients = clients_of(function()
    return box:client_options { random = function() return 0 end }
  end)
  env.new_client = clients.new

  before_each(function() box:restore() end)
  after_each(clients.close)

  function env.spawn(f) cqueues.running():wrap(f) end

  function env.run(f)
    local controller = cqueues.new()
    controller:wrap(f)
    assert(controller:loop())
  end

  require "spec.support.loop_contract"(it, env)

  it("is found by itself in a running controller only", function()
    local loop = require "partnercenter.loop.cqueues"
    local client = env.new_client()
    assert.is_false(loop.usable())
    local dispatcher = inside(client).dispatcher
    assert.equal("block", dispatcher:driver() == dispatcher:blocking() and "block")
    env.run(function()
      assert.is_true(loop.usable())
      assert.not_equal(dispatcher:blocking(), dispatcher:driver())
      -- What a coroutine of one's own would be resumed with is not cqueues'.
      coroutine.wrap(function() assert.is_false(loop.usable()) end)()
    end)
  end)

  it("passes errors of a coroutine on to the controller", function()
    local client = env.new_client()
    local controller = cqueues.new()
    controller:wrap(function()
      assert(client.customers:get { size = 1 })
      error("mine", 0)
    end)
    local ok, why = controller:loop()
    assert.is_nil(ok or nil)
    assert.truthy(tostring(why):find("mine", 1, true))
  end)

  -- In PUC 5.1 a for loop holds up the others, for it cannot yield in its iterator.
  if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
    it("says so when a for loop holds up who has all places", function()
      local large = sandbox.start { customers = 500, page_size = 500 }
      finally(function() large:stop() end)
      local new_session = core.session
      core.session = function(options)
        options.window = 1 -- what is behind by a byte is paused
        return new_session(options)
      end
      local client = env.new_client {
        credentials = partnercenter.credentials.token(large.token),
        base_url = large.base_url, ca_file = large.ca_file, concurrency = 1,
      }
      core.session = new_session
      local why, rows
      env.run(function()
        cqueues.running():wrap(function() rows = client.customers:all() end)
        while inside(client).dispatcher.session:running() == 0 do cqueues.sleep(0) end
        local ok
        ok, why = pcall(function()
          for _ in client.customers:each() do end -- luacheck: ignore 542
        end)
        assert.is_false(ok)
      end)
      assert.truthy(tostring(why):find("holds up that loop", 1, true), tostring(why))
      assert.equal(500, #rows)
    end)
  end

  it("can poll a session of the core as it is", function()
    local session = assert(core.session { ca_file = box.ca_file })
    local transfer = session:send {
      url = box.base_url .. "/v1/customers?size=1",
      headers = { { "Authorization", "Bearer " .. box.token } },
    }
    local ticks, document = 0, nil
    local controller = cqueues.new()
    controller:wrap(function()
      repeat
        assert.equal(session, (cqueues.poll(session)))
        session:step()
        local ok, value = transfer:value()
        if ok then document = value end
      until document
      controller:cancel(session:pollfd())
    end)
    controller:wrap(function()
      while not document do
        cqueues.sleep(0.001)
        ticks = ticks + 1
      end
    end)
    assert(controller:loop())
    assert.equal(1, #document.items)
    assert.is_true(ticks > 0)
    session:close()
  end)
end)
