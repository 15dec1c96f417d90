-- One sign-in for a fleet, over stores that are slow, away, or have lost something.
local new_clients = require "spec.support.clients"
local partnercenter = require "partnercenter"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"
local util = require "partnercenter.util"

local store = partnercenter.store

describe("credentials.shared", function()
  local box, server, events

  local clients = new_clients(function()
    return { base_url = box.base_url, authority = box.authority, ca_file = box.ca_file,
      retries = 0, on_event = function(event) events[#events + 1] = event end }
  end)

  setup(function()
    box = sandbox.start { customers = 3, rotate = "revoke" }
    server = redis.start { password = "S3cretPass" }
  end)
  teardown(function()
    box:stop()
    server:stop()
  end)
  before_each(function()
    box:reset()
    server:cli "FLUSHALL"
    events = {}
  end)
  after_each(function()
    server:signal "CONT"
    clients.close()
  end)

  local function given()
    return partnercenter.credentials.refresh_token {
      tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
      refresh_token = box.refresh_token,
    }
  end

  -- A client as if in a process of its own: none shares more than the store.
  local function new(kept, more)
    local options = { store = kept, credentials = given() }
    for name, value in pairs(more or {}) do options[name] = value end
    return clients.new { credentials = partnercenter.credentials.shared(options) }
  end

  local function ask(client)
    local page, err = client.analytics.licenses.deployment:get()
    assert(page, tostring(err))
  end

  local function told(name)
    for _, event in ipairs(events) do
      if event.name == name then return event end
    end
  end

  local function open(options)
    local all = { url = server.url, timeout = 5 }
    for name, value in pairs(options or {}) do all[name] = value end
    return store.redis(all)
  end

  for _, c in ipairs {
    { "memory", function() return store.memory() end },
    { "redis", function() return open() end },
    { "file", function()
      local dir = nginx.run("mkdir -p build && mktemp -d build/store.XXXXXX"):match("%S+")
      finally(function() nginx.run("rm -rf " .. dir) end)
      return store.file(dir)
    end },
  } do
    it("signs in once for all, and hands a replaced refresh token on: " .. c[1], function()
      local kept = c[2]()
      local one, two = new(kept), new(kept)
      ask(one)
      ask(two)
      assert.equal(1, box:stats().token_requests)
      -- Each in turn: a replaced token is refused by the sandbox.
      for i = 2, 5 do
        box:control { expire_tokens = true }
        ask(i % 2 == 0 and two or one)
        ask(one)
        ask(two)
        assert.equal(i, box:stats().token_requests)
      end
      -- One that comes later has the first refresh token alone, which is worth nothing.
      ask(new(kept))
      assert.equal(5, box:stats().token_requests)
    end)
  end

  it("keeps sign-ins of different names apart", function()
    local kept = store.memory()
    ask(new(kept, { name = "a" }))
    local page = new(kept, { name = "b" }).analytics.licenses.deployment:get()
    assert.is_nil(page) -- the first one has used the token up
    assert.equal(2, box:stats().token_requests)
  end)

  it("encrypts what is kept, and reads it with the same key alone", function()
    if not pcall(require, "openssl.cipher") then return pending "this Lua has no luaossl" end
    local kept = open()
    ask(new(kept, { key = ("k"):rep(32) }))
    local found = 0
    for key in server:cli("--raw KEYS '*'"):gmatch("[^\n]+") do
      local text = kept:get(key:gsub("^partnercenter:", ""), nil)
      found = found + (text:find("^gcm1:") and 1 or 0)
      assert.is_nil(text:find("eyJ", 1, true), key)
      assert.is_nil(text:find("0.A", 1, true), key)
    end
    assert.equal(1, found)
    ask(new(kept, { key = ("6b"):rep(32) }))
    assert.equal(1, box:stats().token_requests)
    local page, err = new(kept, { key = ("x"):rep(32) }).analytics.licenses.deployment:get()
    assert.is_nil(page)
    assert.equal("config", err.kind)
    assert.matches("cannot be read with this key", err.message)
    assert.equal(1, box:stats().token_requests)
  end)

  it("refuses what it does not take, and a key without luaossl", function()
    for _, c in ipairs {
      { {}, "needs the option 'store'" },
      { { store = store.memory() }, "needs the option 'credentials'" },
      { { store = {} }, "option 'store'" },
      { { store = store.memory(), credentials = given(), key = "short" }, "must be 32 bytes" },
      { { store = store.memory(), credentials = given(), lease = 0 }, "at least 1" },
      { { stor = 1 }, "did you mean 'store'" },
    } do
      local ok, why = pcall(function() partnercenter.credentials.shared(c[1]) end)
      assert.is_false(ok)
      assert.matches(c[2], why, 1, true)
      assert.matches("shared_spec", why)
    end
    local code = ([[package.preload["openssl.cipher"] = function() error "no" end
      local pc = require "partnercenter"
      print(pcall(pc.credentials.shared, { store = pc.store.memory(), key = ("k"):rep(32),
        credentials = pc.credentials.token "x" }))]])
    local _, output = process.run_lua(code)
    assert.matches("needs luaossl", output)
  end)

  it("takes over from one that died with the lock, in bounded time", function()
    -- It dies when it is asked for the refresh token, which is under the lock.
    local code = ([[
      local partnercenter = require "partnercenter"
      local client = partnercenter.new {
        base_url = "%s", authority = "%s", ca_file = "%s",
        credentials = partnercenter.credentials.shared {
          lease = 1, store = partnercenter.store.redis { url = "%s", timeout = 5 },
          credentials = partnercenter.credentials.refresh_token {
            tenant = "%s", client_id = "%s", client_secret = "%s",
            refresh_token = function() os.exit(7) end,
          },
        },
      }
      client.analytics.licenses.deployment:get()]]):format(box.base_url, box.authority,
      box.ca_file, server.url, box.tenant, box.client_id, box.client_secret)
    assert.equal(7, (process.run_lua(code)))
    assert.matches(":lock", server:cli "--raw KEYS '*'")
    ask(new(open(), { lease = 1 }))
    assert.equal(1, box:stats().token_requests)
    assert.is_nil(server:cli("--raw KEYS '*'"):match(":lock"))
  end)

  it("goes on with its token while the store is away, and redeems nothing", function()
    local client = new(open { timeout = 0.2 })
    ask(client)
    server:signal "STOP"
    ask(client)
    -- Another one has nothing, and must not use up the token of the others.
    local page, err = new(open { timeout = 0.2 }).analytics.licenses.deployment:get()
    assert.is_nil(page)
    assert.equal("network", err.kind)
    assert.is_true(err.retryable)
    assert.matches("the store of the shared sign-in", err.message, 1, true)
    assert.is_nil(tostring(err):find("S3cretPass", 1, true))
    assert.equal("sign_in", told("store").operation)
    assert.equal(1, box:stats().token_requests)
    server:signal "CONT"
  end)

  it("keeps a refresh token that could not be written, and offers it again", function()
    -- The store goes away between the lock and the answer.
    box:control { token_latency = 300 }
    local kept = open { timeout = 0.2 }
    local client = new(kept)
    nginx.run(("(sleep 0.15; kill -STOP %d) >/dev/null 2>&1 &"):format(server.pid))
    ask(client)
    assert.equal("sign_in", told("store").operation)
    server:signal "CONT"
    -- As of now the client offers it with its next calls.
    local other = false
    for _ = 1, 200 do
      ask(client)
      local text = kept:get(util.key("sign-in", { "refresh_token", box.tenant, box.client_id },
        box.authority, "") .. ":record")
      other = text ~= nil and text:find("eyJ", 1, true) ~= nil
      if other then break end
      os.execute "sleep 0.05"
    end
    assert.is_true(other)
    ask(new(open()))
    assert.equal(1, box:stats().token_requests)
  end)

  it("gives back what a store has lost", function()
    local kept = open()
    local one, two = new(kept), new(kept)
    ask(one)
    ask(two)
    server:cli "FLUSHALL" -- as after a restart without a disk
    box:control { expire_tokens = true }
    ask(two)
    ask(one)
    ask(new(kept))
    assert.equal(2, box:stats().token_requests)
  end)

  it("signs in alone with app-only credentials while the store is away", function()
    server:signal "STOP"
    local client = new(open { timeout = 0.2 }, {
      credentials = partnercenter.credentials.client_secret {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
      },
    })
    local page, err = client.customers:get()
    server:signal "CONT"
    assert(page, tostring(err))
  end)
end)
