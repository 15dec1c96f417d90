-- Waiting in libuv's loop by luv.
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local there, uv = pcall(require, "luv")

describe("partnercenter.loop.luv", function()
  if not there then
    pending("needs luv")
    return
  end

  local box
  local env = {}

  setup(function()
    box = sandbox.start { customers = 40, page_size = 15 }
    env.box = box
  end)
  teardown(function() box:stop() end)
  local clients = clients_of(function()
    return box:client_options { random = function() return 0 end, loop = "luv" }
  end)
  env.new_client = clients.new

  before_each(function() box:restore() end)
  after_each(function()
    clients.close()
    uv.run() -- the handles of the last one
  end)

  -- As people write it: a callback that resumes the coroutine.
  function env.sleep(seconds)
    local co = coroutine.running()
    local timer = uv.new_timer()
    timer:start(math.ceil(seconds * 1000), 0, function()
      timer:close()
      assert(coroutine.resume(co))
    end)
    coroutine.yield()
  end

  function env.spawn(f) assert(coroutine.resume(coroutine.create(f))) end

  function env.run(f)
    env.spawn(f)
    uv.run()
  end

  require "spec.support.loop_contract"(it, env)

  it("leaves no handle behind when nothing is under way", function()
    local client = env.new_client()
    env.run(function() assert(client.customers:get { size = 1 }) end)
    local handles = 0
    uv.walk(function() handles = handles + 1 end)
    assert.equal(0, handles)
  end)

  it("lets a client be collected", function()
    local probe = setmetatable({}, { __mode = "k" })
    env.run(function()
      local client = assert(partnercenter.new {
        credentials = partnercenter.credentials.token(box.token), loop = "luv",
        base_url = box.base_url, ca_file = box.ca_file,
      })
      assert(client.customers:get { size = 1 })
      probe[inside(client).dispatcher] = true
    end)
    for _ = 1, 4 do collectgarbage() end
    assert.is_nil(next(probe))
  end)

  it("lets an error in a coroutine reach uv, which ends the program and says where", function()
    local status, said = process.run_lua(([[
      local partnercenter, uv = require "partnercenter", require "luv"
      local client = partnercenter.new {
        base_url = %q, ca_file = %q, credentials = partnercenter.credentials.token(%q),
        loop = "luv",
      }
      local function fail() error "mine" end
      coroutine.wrap(function()
        assert(client.customers:get { size = 1 })
        fail()
      end)()
      uv.run()
      print "it went on"
    ]]):format(box.base_url, box.ca_file, box.token))
    assert.not_equal(0, status)
    assert.truthy(said:find("mine.*in .*fail"), said)
    assert.is_nil(said:find("it went on", 1, true))
  end)

  describe("a coroutine that waits and is resumed by somebody else", function()
    it("goes on only with what it waits for", function()
      env.box:control { latency = 300 }
      local client, page, err = env.new_client(), nil, nil
      local co = coroutine.create(function() page, err = client.customers:get { size = 3 } end)
      assert(coroutine.resume(co))
      assert(coroutine.resume(co))
      assert.equal("dead", coroutine.status(co))
      assert(page, tostring(err))
      assert.equal(3, #page.items)
      uv.run()
    end)

    it("keeps to its time", function()
      local client, rested = env.new_client(), nil
      local co = coroutine.create(function()
        local started = core.now()
        inside(client).dispatcher:sleep(0.2)
        rested = core.now() - started
      end)
      assert(coroutine.resume(co))
      assert(coroutine.resume(co))
      assert.is_true(rested >= 0.2)
      uv.run()
    end)

    it("never lets the rows of a generator vanish", function()
      local client, told, rows = env.new_client(), nil, 0
      env.run(function()
        local generator = coroutine.wrap(function()
          local step = client.customers:each()
          local row = step()
          while row do
            coroutine.yield(row)
            row = step()
          end
        end)
        local ok, err = pcall(function()
          for row in generator do
            local id = row.id
            rows = rows + (id and 1 or 0)
          end
        end)
        told = not ok and err
      end)
      assert.equal(0, rows)
      assert.matches("this is no row", told, 1, true)
      assert.matches("loop = \"block\"", told, 1, true)
    end)

    it("gives all of them to a reader who goes on", function()
      local client, rows = env.new_client(), {}
      env.run(function()
        local generator = coroutine.wrap(function()
          local step = client.customers:each()
          local row = step()
          while row do
            coroutine.yield(row)
            row = step()
          end
        end)
        for row in generator do
          if rawget(row, "id") then rows[#rows + 1] = row end
        end
      end)
      assert.equal(40, #rows)
    end)
  end)

  it("can poll a session of the core as it is", function()
    local session = assert(core.session { ca_file = box.ca_file })
    local transfer = session:send {
      url = box.base_url .. "/v1/customers?size=1",
      headers = { { "Authorization", "Bearer " .. box.token } },
    }
    local document
    local poll = uv.new_poll(session:pollfd())
    poll:start(session:events(), function()
      session:step()
      local ok, value = transfer:value()
      if not ok then return end
      document = value
      poll:close()
    end)
    uv.run()
    assert.equal(1, #document.items)
    session:close()
  end)
end)
