-- Every store does the same, each against what it really stands on.
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local reach = require "spec.support.reach"
local redis = require "spec.support.redis"
local contract = require "spec.support.store_contract"

local core = require "partnercenter.core"
local store = require "partnercenter.store"

local function pause(seconds) os.execute("sleep " .. seconds) end

-- A value, once its server answers again; nil after ten seconds.
local function await(ours, key)
  for _ = 1, 500 do
    local value = ours:get(key)
    if value then return value end
    pause(0.02)
  end
  return nil
end

local function new_directory()
  local dir = nginx.run("mkdir -p build && mktemp -d build/store.XXXXXX"):match("%S+")
  finally(function() nginx.run("rm -rf " .. dir) end)
  return dir
end

describe("the store", function()
  it("in memory keeps the contract", function() contract(store.memory, pause) end)

  it("in memory has a bound, and drops what ends first", function()
    local small = store.memory { max_entries = 2 }
    small:set("a", "1", 50)
    small:set("b", "2", 5)
    small:set("c", "3", 50)
    assert.equal("1", small:get "a")
    assert.is_nil(small:get "b")
    assert.equal("3", small:get "c")
  end)

  it("in files keeps the contract, in another object too", function()
    local dir = new_directory()
    contract(function() return store.file(dir) end, pause, 1)
    store.file(dir):set("k", "v")
    assert.equal("v", store.file(dir):get "k")
    assert.equal("", nginx.run("find " .. dir .. " -type f ! -perm 600"))
  end)

  it("in files forgets what has ended, with its first write, and nothing else", function()
    local dir = new_directory()
    local before = store.file(dir)
    before:set("ended", "v", 1)
    before:set("good", "v", 600)
    for _, other in ipairs { "notes", ("f"):rep(64) } do
      local file = io.open(dir .. "/" .. other, "w")
      file:write "1 apple\n"
      file:close()
    end
    local function count() return tonumber(nginx.run("ls " .. dir .. " | wc -l")) end
    assert.equal(5, count())
    pause(3)
    assert.equal("v", before:get "good")
    before:set("good", "w", 600)
    assert.equal(5, count())
    assert.is_true(store.file(dir):add("new", "v", 600))
    assert.equal(5, count())
    assert.is_nil(before:get "ended")
    assert.equal("w", before:get "good")
    before:delete "new"
    assert.equal(4, count())
  end)

  it("in files says what it cannot do", function()
    local value, why = store.file("build/nowhere"):set("k", "v")
    assert.is_nil(value)
    assert.equal("string", type(why))
    value, why = store.file(new_directory()):set("k", ("x"):rep(16000))
    assert.is_nil(value)
    assert.matches("too large", why)
  end)

  it("in files counts for many processes at once", function()
    local dir = new_directory()
    nginx.run(([[for i in 1 2 3 4; do %s -e 'local s = require("partnercenter.store").file("%s")
      for _ = 1, 20 do assert(s:incr("n", 1)) end' & done; wait]])
      :format(process.interpreter(), dir))
    assert.equal("80", store.file(dir):get "n")
  end)
end)

describe("the store in a dictionary", function()
  if not io.open "build/5.1/partnercenter.so" then return pending "needs the build for 5.1" end

  it("keeps the contract, and counts for all workers", function()
    local server = nginx.start {
      workers = 2, http = "lua_shared_dict values 1m;",
      locations = {
        ["= /x"] = [[
          local store = require "partnercenter.store"
          local ok, why = pcall(require "spec.support.store_contract",
            function() return store.dictionary "values" end, ngx.sleep)
          ngx.say(ok and "fine" or why)]],
        ["= /lock"] = [[
          local store = require("partnercenter.store").dictionary "values"
          local owner = ngx.var.request_id
          if store:add("l", owner, 1) then
            if store:incr "holders" ~= 1 then error "two hold the lock" end
            store:incr("holders", -1)
            if not store:delete("l", owner) then error "the lock went away" end
          end]],
      },
    }
    finally(function() server:stop() end)
    assert.equal("fine\n", (server:get "/x"))
    assert.equal(("200\n"):rep(40), server:flood("/lock", 40))
    assert.equal("", server:errors())
  end)
end)

describe("the store in Redis", function()
  local server

  local function start(options)
    server = redis.start(options)
    return server
  end
  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  it("keeps the contract, by TCP and by a socket, with database and prefix", function()
    start { password = "S3cretPass" }
    contract(function() return store.redis(server.url) end, pause)
    contract(function()
      return store.redis { url = server.url .. "/3", unix_socket = server.socket, prefix = "p:" }
    end, pause)
    assert.matches("^p:", server:cli "-n 3 RANDOMKEY")
    assert.equal("0", server:cli "-n 3 EXISTS n")
  end)

  it("keeps the contract in nginx, whose connections are pooled", function()
    start { password = "S3cretPass" }
    local web = nginx.start { locations = { ["= /x"] = ([[
      local store = require "partnercenter.store"
      local ok, why = pcall(require "spec.support.store_contract",
        function() return store.redis { url = "%s/2", timeout = 5 } end, ngx.sleep)
      ngx.say(ok and "fine" or why)]]):format(server.url) } }
    finally(function() web:stop() end)
    assert.equal("fine\n", (web:get "/x"))
    server:cli "-n 2 FLUSHDB"
    assert.equal("fine\n", (web:get "/x"))
    local met = tonumber(server:cli("INFO stats"):match("total_connections_received:(%d+)"))
    assert(met < 20, met)
  end)

  it("keeps the contract over TLS, and trusts no other authority or name", function()
    start { tls = true }
    local options = { url = server.url, ca_file = server.ca_file, timeout = 5 }
    contract(function() return store.redis(options) end, pause)
    local value, why = store.redis { url = server.url, timeout = 5 }:get "k"
    assert.is_nil(value)
    assert.matches("certificate", why)
    options.url = server.url:gsub("127.0.0.1", "127.0.0.2")
    value, why = store.redis(options):get "k"
    assert.is_nil(value)
    assert.matches("names another host", why)
    local web = nginx.start {
      http = "lua_ssl_trusted_certificate " .. server.ca_file .. ";",
      locations = { ["= /x"] = ([[
        local store = require("partnercenter.store").redis { url = "%s", timeout = 5 }
        ngx.print(tostring(store:set("web", "1")), " ", tostring(store:get "web"))]])
        :format(server.url) } }
    finally(function() web:stop() end)
    assert.equal("true 1", (web:get "/x"))
  end)

  it("shows no password, and tells it to a register alone", function()
    start { password = "S3cretPass" }
    local ours, noted = store.redis(server.url), {}
    assert.is_true(ours:set("k", "v"))
    local wrong = store.redis { url = server.url, password = "another-S3cretPass" }
    local _, why = wrong:get "k"
    assert.matches("password", why)
    reach({ ours, wrong, why, tostring(ours) }, "store", function(text, path)
      assert(not text:find("S3cretPass", 1, true), path)
    end)
    store.note(ours, function(secret) noted[#noted + 1] = secret end)
    assert.same({ "S3cretPass" }, noted)
  end)

  for _, bad in ipairs {
    "http://x", "redis://", "redis://h:0", "redis://h:99999", "redis://h/x",
    "redis://S3cretPass@h", "redis://h?x=1", "redis://h i",
  } do
    it("is not made of " .. bad, function()
      local ok, why = pcall(store.redis, bad)
      assert.is_false(ok)
      assert.matches("option 'url' of store.redis", why)
    end)
  end

  local function took(fn)
    local began = core.now()
    local value, why = fn()
    return core.now() - began, value, why
  end

  it("waits no longer than its time-out when the server stands still, and goes on", function()
    start()
    local ours = store.redis { url = server.url, timeout = 0.2 }
    ours:set("k", "v")
    server:signal "STOP"
    local seconds, value, why = took(function() return ours:get "k" end)
    assert.is_nil(value)
    assert.matches("timeout", why)
    assert(seconds < 2, seconds)
    -- Left alone for a moment.
    seconds, value = took(function() return ours:get "k" end)
    assert.is_nil(value)
    assert(seconds < 0.1, seconds)
    server:signal "CONT"
    assert.equal("v", await(ours, "k"))
  end)

  it("has what was written when the server was killed and came back", function()
    start { save = true }
    local ours = store.redis(server.url)
    ours:set("k", "v")
    server:kill()
    local value, why = ours:get "k"
    assert.is_nil(value)
    assert.equal("string", type(why))
    server:revive()
    assert.equal("v", await(ours, "k"))
  end)

  it("reads over a new connection where the server has ended the idle one", function()
    start()
    local ours = store.redis { url = server.url, timeout = 5 }
    ours:set("k", "v")
    server:cli "CLIENT KILL TYPE normal"
    assert.equal("v", ours:get "k")
    -- Whether a count was done nobody knows.
    server:cli "CLIENT KILL TYPE normal"
    local value, why = ours:incr "n"
    assert.is_nil(value)
    assert.equal("string", type(why))
  end)

  it("says that it is full, and still reads", function()
    start { maxmemory = "3mb" }
    local ours, why = store.redis { url = server.url, timeout = 5 }, nil
    ours:set("k", "v")
    for i = 1, 400 do
      local ok
      ok, why = ours:set("large" .. i, ("x"):rep(15000))
      if not ok then break end
    end
    assert.matches("OOM", why)
    assert.equal("v", ours:get "k")
  end)

  it("does what nginx asks of it no longer than its time-out", function()
    start()
    local web = nginx.start { init = ([[
      ours = require("partnercenter.store").redis { url = "%s", timeout = 0.2 }]])
      :format(server.url), locations = { ["= /x"] = [[
        ngx.update_time()
        local began = ngx.now()
        local ok, why = ours:set("k", "v")
        ngx.update_time()
        ngx.print(tostring(ok), " ", tostring(why), " ", ngx.now() - began < 2)]] } }
    finally(function() web:stop() end)
    assert.equal("true nil true", (web:get "/x"))
    server:signal "STOP"
    assert.matches("^nil .*timeout true$", (web:get "/x"))
  end)
end)
