-- One sign-in for a fleet whose store lags, is full, stands still or tells nonsense, and
-- whose processes die at the worst of times: no refresh token is lost or redeemed twice.
local new_clients = require "spec.support.clients"
local partnercenter = require "partnercenter"
local core = require "partnercenter.core"
local leases = require "partnercenter.sign_in.shared.lease"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"

local store = partnercenter.store

describe("credentials.shared in trouble", function()
  local box, server, events

  local clients = new_clients(function()
    return { base_url = box.base_url, authority = box.authority, ca_file = box.ca_file,
      retries = 0, on_event = function(event) events[#events + 1] = event end }
  end)

  setup(function() box = sandbox.start { customers = 3, rotate = "revoke" } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    events = {}
  end)
  after_each(function()
    clients.close()
    if server then server:stop() end
    server = nil
  end)

  local function open(options)
    local all = { url = server.url, timeout = 5 }
    for name, value in pairs(options or {}) do all[name] = value end
    return store.redis(all)
  end

  -- A client as if in a process of its own.
  local function new(kept, more)
    local options = {
      store = kept, lease = 1,
      credentials = partnercenter.credentials.refresh_token {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
        refresh_token = box.refresh_token,
      },
    }
    for name, value in pairs(more or {}) do options[name] = value end
    return clients.new { credentials = partnercenter.credentials.shared(options), store = kept }
  end

  local function ask(client)
    local page, err = client.analytics.licenses.deployment:get()
    assert(page, tostring(err))
  end

  local function reasons(operation)
    local list = {}
    for _, event in ipairs(events) do
      if event.name == "store" and event.operation == operation then
        list[#list + 1] = event.reason
      end
    end
    return table.concat(list, "\n")
  end

  -- How often the refresh token was redeemed that was redeemed most.
  local function most_redeemed()
    local most = 0
    for _, times in pairs(box:stats().redemptions) do most = math.max(most, times) end
    return most
  end

  -- A process that does something at an event of its sign-in, and then asks twice.
  local function that_does(what, name)
    return ([[
      local partnercenter = require "partnercenter"
      local client = partnercenter.new {
        base_url = "%s", authority = "%s", ca_file = "%s",
        on_event = function(event)
          if event.name == "%s" and event.resource == "sign-in" then %s end
        end,
        credentials = partnercenter.credentials.shared {
          lease = 1, store = partnercenter.store.redis { url = "%s", timeout = 5 },
          credentials = partnercenter.credentials.refresh_token {
            tenant = "%s", client_id = "%s", client_secret = "%s", refresh_token = "%s",
          },
        },
      }
      for _ = 1, 2 do
        local page, err = client.analytics.licenses.deployment:get()
        print(page and "a page" or err)
      end]]):format(box.base_url, box.authority, box.ca_file, name, what, server.url,
      box.tenant, box.client_id, box.client_secret, box.refresh_token)
  end

  local function dies_at(name)
    assert.equal(7, (process.run_lua(that_does("os.exit(7)", name))))
    assert.matches(":lock", server:cli "--raw KEYS '*'")
  end

  it("has a lock that is prolonged, and never in the place of another one's", function()
    local kept = store.memory()
    local lease = leases.new(kept, "lock", 1)
    assert.is_true(lease:take())
    assert.is_false(leases.new(kept, "lock", 1):take())
    assert.is_true(lease:hold(0.1))
    assert.is_true(lease:hold(5)) -- more than is left: taken anew
    assert.is_true(kept:delete("lock", lease.owner))
    assert.is_true(kept:add("lock", "another one", 60))
    assert.is_false(lease:hold(0.1))
    assert.is_false(lease:hold(5))
    lease:release()
    assert.equal("another one", kept:get "lock")
  end)

  it("is taken over from one that died before it redeemed", function()
    server = redis.start()
    dies_at "request"
    ask(new(open()))
    assert.equal(1, most_redeemed())
  end)

  it("redeems once more what one redeemed that died before it wrote, where that is allowed",
    function()
      server = redis.start()
      box:control { rotate = "keep" } -- as Microsoft Entra does
      dies_at "response"
      local kept = open()
      ask(new(kept))
      ask(new(kept))
      assert.equal(2, box:stats().token_requests)
      -- And goes on from the newer one.
      box:control { expire_tokens = true, rotate = "revoke" }
      ask(new(kept))
      ask(new(kept))
      assert.equal(3, box:stats().token_requests)
    end)

  -- Runs one that is stopped at an event of its sign-in until its lease is over and
  -- `meanwhile` is done; gives what it says.
  local function stopped_at(name, meanwhile)
    local dir = nginx.run("mkdir -p build && mktemp -d $PWD/build/stopped.XXXXXX"):match "%S+"
    finally(function() nginx.run("rm -rf " .. dir) end)
    local file = assert(io.open(dir .. "/code.lua", "w"))
    file:write((that_does(([[if not stopped then
      stopped = true
      os.execute "echo $PPID >%s/pid; kill -STOP $PPID"
    end]]):format(dir), name)))
    file:close()
    nginx.run(("{ timeout 60 %s %s/code.lua >%s/out 2>&1; echo ended >>%s/out; } "
      .. ">/dev/null 2>&1 &"):format(process.interpreter(), dir, dir, dir))
    assert(nginx.await(("[ -s %s/pid ] && grep -q 'State:.T' /proc/$(cat %s/pid)/status"):format(
      dir, dir), 20), "it was not stopped")
    local pid = nginx.run("cat " .. dir .. "/pid"):match "%d+"
    os.execute "sleep 1.2" -- its lease is one second
    meanwhile()
    nginx.run("kill -CONT " .. pid)
    assert(nginx.await(("grep -q ended %s/out"):format(dir), 20), "it does not end")
    return nginx.run("cat " .. dir .. "/out")
  end

  it("is not redeemed by one that was stopped before it sent, and wakes up after its lease",
    function()
      server = redis.start()
      local one = new(open())
      local told = stopped_at("request", function() ask(one) end)
      assert.equal("a page", told:match "([^\n]*)\nended", told)
      assert.equal(1, most_redeemed())
      box:control { expire_tokens = true }
      ask(one)
      ask(new(open()))
      assert.equal(2, box:stats().token_requests)
    end)

  it("is not written by one that was stopped before it wrote, and wakes up after its lease",
    function()
      server = redis.start()
      box:control { rotate = "keep" } -- as Microsoft Entra does
      local one = new(open())
      local told = stopped_at("response", function() ask(one) end)
      assert.equal("a page", told:match "([^\n]*)\nended", told)
      assert.equal(2, most_redeemed()) -- nobody knew
      -- And goes on from what the other one has.
      box:control { expire_tokens = true, rotate = "revoke" }
      ask(one)
      ask(new(open()))
      assert.equal(3, box:stats().token_requests)
    end)

  describe("with a replica", function()
    local primary, replica, place

    -- Where the clients find Redis: as a name that leads to another host.
    local function lead_to(which)
      nginx.run(("ln -sfn %s %s"):format(which.socket, place))
    end

    before_each(function()
      primary = redis.start()
      replica = redis.start { replica_of = primary }
      place = nginx.run("mktemp -u /tmp/partnercenter.XXXXXX"):match("%S+")
      lead_to(primary)
      assert(nginx.await("[ $(" .. primary:command "INFO replication"
        .. " | grep -c state=online) = 1 ]", 10), "the replica does not come")
      server = primary
    end)
    after_each(function()
      os.remove(place)
      replica:stop()
    end)

    local function fail_over()
      primary:kill()
      replica:signal "CONT"
      replica:cli "REPLICAOF NO ONE"
      lead_to(replica)
      os.execute "sleep 1.1" -- for so long a lost server is left alone
    end

    it("has the replaced refresh token there before it is used", function()
      local options = { unix_socket = place }
      local first = new(open(options))
      ask(first)
      box:control { expire_tokens = true }
      ask(first)
      assert.equal("", reasons "sign_in")
      fail_over()
      -- One that has never been there, with the token of the beginning.
      local second = new(open(options))
      ask(second)
      assert.equal(2, box:stats().token_requests)
      box:control { expire_tokens = true }
      ask(second)
      ask(first)
      assert.equal(3, box:stats().token_requests)
      assert.equal(1, most_redeemed())
    end)

    it("says that it lags, and gives back what it lacks when it takes over", function()
      local options = { unix_socket = place, timeout = 0.5 }
      local one, two = new(open(options)), new(open(options))
      ask(one)
      ask(two)
      replica:signal "STOP"
      box:control { expire_tokens = true }
      ask(one) -- a sign-in that the replica has not seen
      assert.matches("no replica has what was written", reasons "sign_in")
      ask(two)
      assert.equal(2, box:stats().token_requests)
      fail_over()
      box:control { expire_tokens = true }
      ask(one)
      ask(two)
      ask(new(open(options)))
      assert.equal(3, box:stats().token_requests)
      assert.equal(1, most_redeemed())
    end)
  end)

  local function fill()
    local filler = open { prefix = "other:" }
    for i = 1, 400 do
      if not filler:set("large" .. i, ("x"):rep(15000)) then break end
    end
    for size = 4000, 1, -500 do
      for i = 1, 50 do filler:set(("small%d-%d"):format(size, i), ("x"):rep(size)) end
    end
    return filler
  end

  it("signs in alone with app-only credentials while the store takes nothing", function()
    local app_only = { credentials = partnercenter.credentials.client_secret {
      tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret } }
    server = redis.start { maxmemory = "3mb" }
    fill()
    local began = core.now()
    local page, err = new(open(), app_only).customers:get { size = 1 }
    assert(page, tostring(err))
    assert(core.now() - began < 4)
    assert.matches("OOM", reasons "sign_in")
    assert.equal(1, box:stats().token_requests)
  end)

  it("goes on while the store is full, says so, and writes when there is room", function()
    server = redis.start { maxmemory = "3mb" }
    local kept = open()
    local one = new(kept)
    ask(one)
    local filler = fill()
    for _ = 1, 5 do ask(one) end
    assert.matches("OOM", reasons "quota")
    assert.equal(1, box:stats().token_requests)
    for i = 1, 400 do filler:delete("large" .. i) end
    box:control { expire_tokens = true }
    ask(one)
    ask(new(kept))
    assert.equal(2, box:stats().token_requests)
    assert.equal(1, most_redeemed())
  end)

  it("waits no longer for one that stands still than for one time-out at a time", function()
    server = redis.start()
    local kept = open { timeout = 0.2 }
    local one = new(kept)
    ask(one)
    server:signal "STOP"
    local longest = 0
    for _ = 1, 20 do
      local began = core.now()
      ask(one)
      longest = math.max(longest, core.now() - began)
    end
    server:signal "CONT"
    assert(longest < 2, longest)
    assert.matches("timeout", reasons "quota")
    assert.equal(1, box:stats().token_requests)
  end)

  it("costs no call where the store is away for a moment when the token has ended", function()
    server = redis.start { save = true }
    local one = new(open { timeout = 0.5 })
    ask(one)
    box:control { expire_tokens = true }
    server:kill()
    nginx.run(("(sleep 1; cd %s; %s) >/dev/null 2>&1 &"):format(server.dir,
      server:start_command()))
    ask(one)
    server.pid = tonumber((nginx.run("cat " .. server.dir .. "/pid"):match "%d+"))
    assert.equal(2, box:stats().token_requests)
    assert.equal(1, most_redeemed())
  end)

  it("does not believe what it cannot read, and says so", function()
    server = redis.start()
    local kept = open()
    ask(new(kept))
    local name
    for key in server:cli("--raw KEYS '*:record'"):gmatch("[^\n]+") do
      name = key:match "^partnercenter:(sign.in.*)$" or name
    end
    local good = kept:get(name)
    for _, text in ipairs { "", "some other version's", "1 2 3\n", "a b c d\ne" } do
      kept:set(name, text)
      local page, err = new(kept).analytics.licenses.deployment:get()
      assert.is_nil(page, text)
      assert.equal("config", err.kind)
      assert.matches("encrypted, or another version's", err.message, 1, true)
    end
    kept:set(name, good)
    assert(new(kept).analytics.licenses.deployment:get())
    assert.equal(1, box:stats().token_requests)
  end)

  it("says that the password is wrong, and not which", function()
    server = redis.start { password = "S3cretPass" }
    local page, err = new(open { password = "Wr0ngPass" }).analytics.licenses.deployment:get()
    assert.is_nil(page)
    assert.matches("WRONGPASS", err.message)
    assert.is_nil((tostring(err) .. reasons "sign_in"):find("Wr0ngPass", 1, true))
    assert.equal(0, box:stats().token_requests)
  end)

  it("has nothing to do with another prefix", function()
    server = redis.start()
    ask(new(open { prefix = "a:" }))
    assert.is_nil(new(open { prefix = "b:" }).analytics.licenses.deployment:get())
    assert.equal("", server:cli "--raw KEYS 'partnercenter:*'")
  end)
end)
