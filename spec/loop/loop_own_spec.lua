-- Waiting in a loop that is not one of ours.
local clients_of = require "spec.support.clients"
local sandbox = require "spec.support.sandbox"
local select_loop = require "spec.support.select_loop"

-- Its tasks are run under pcall, across which PUC 5.1 cannot yield.
local YIELDS = coroutine.resume(coroutine.create(function() pcall(coroutine.yield) end))
  and (_VERSION ~= "Lua 5.1" or rawget(_G, "jit"))

describe("a loop of one's own", function()
  if not YIELDS then
    pending("needs a Lua that yields across pcall")
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
    return box:client_options { random = function() return 0 end, loop = select_loop }
  end)
  env.new_client = clients.new

  before_each(function() box:restore() end)
  after_each(clients.close)

  function env.sleep(seconds)
    local co = coroutine.running()
    select_loop.after(seconds, function() assert(coroutine.resume(co)) end)
    coroutine.yield()
  end

  function env.spawn(f)
    local co = coroutine.create(f)
    select_loop.soon(function() assert(coroutine.resume(co)) end)
  end

  function env.run(f)
    env.spawn(f)
    select_loop.run()
  end

  require "spec.support.loop_contract"(it, env)

  -- A generator whose coroutine waits gives its reader what is no row.
  local function ids(client, verb)
    return coroutine.wrap(function()
      local step = client.customers[verb](client.customers)
      local value = step()
      while value do
        coroutine.yield(value)
        value = step()
      end
    end)
  end

  for _, verb in ipairs { "each", "pages" } do
    it("never lets the values of a generator vanish: " .. verb, function()
      local client, said, seen = env.new_client(), nil, 0
      env.run(function()
        local ok, err = pcall(function()
          for value in ids(client, verb) do seen = seen + (value.id and 1 or 0) end
        end)
        said = not ok and err
      end)
      assert.equal(0, seen)
      assert.matches("this is no row", said, 1, true)
    end)
  end

  it("waits no longer than it was told when a stranger resumes who waits", function()
    box:control { latency = 300 }
    local client, strays, page, err = env.new_client(), 0, nil, nil
    local co
    env.run(function()
      co = coroutine.create(function() page, err = client.customers:get { size = 3 } end)
      while coroutine.status(co) ~= "dead" do
        assert(coroutine.resume(co))
        strays = strays + 1
        env.sleep(0.05)
      end
    end)
    assert(page, tostring(err))
    assert.equal(3, #page.items)
    assert.is_true(strays >= 2)
  end)
end)
