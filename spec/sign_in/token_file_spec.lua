-- The file that keeps a refresh token: who may read it, how it is replaced, and
-- how processes take turns.
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local credentials = partnercenter.credentials

local function sh(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local output = pipe:read("*a")
  pipe:close()
  return (output:gsub("\n$", ""))
end

local function write(path, text, mode)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  sh(("chmod %s '%s'"):format(mode or "600", path))
end

local function read(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

describe("a token file", function()
  local dir, path

  before_each(function()
    dir = sh "mktemp -d"
    path = dir .. "/token"
  end)

  after_each(function() sh("rm -rf '" .. dir .. "'") end)

  describe("read", function()
    it("gives its bytes", function()
      for _, bytes in ipairs { "", "a", "a\0b\r\n", ("x"):rep(1048576) } do
        assert.is_true((core.file_write(path, bytes)))
        assert.equal(bytes, (core.file_read(path)))
      end
    end)

    it("tells that there is none", function()
      local bytes, why, missing = core.file_read(path)
      assert.is_nil(bytes)
      assert.equal("No such file or directory", why)
      assert.is_true(missing)
    end)

    for _, mode in ipairs { "640", "604", "660", "610", "601", "620", "602", "644", "777" } do
      it("refuses mode " .. mode, function()
        write(path, "secret", mode)
        local bytes, why, missing = core.file_read(path)
        assert.is_nil(bytes)
        assert.is_truthy(why:find("others have access", 1, true))
        assert.is_false(missing)
      end)
    end

    for _, c in ipairs {
      { "a symbolic link", "ln -s /etc/hostname %s", "symbolic link" },
      { "a symbolic link to nothing", "ln -s /nowhere %s", "symbolic link" },
      { "a directory", "mkdir -m 700 %s", "not a regular file" },
      { "a FIFO, without waiting", "mkfifo -m 600 %s", "not a regular file" },
      { "a file that is too large", "head -c 1048577 /dev/zero > %s; chmod 600 %s", "too large" },
    } do
      it("refuses " .. c[1], function()
        sh((c[2]:gsub("%%s", path)))
        local bytes, why, missing = core.file_read(path)
        assert.is_nil(bytes)
        assert.is_truthy(why:find(c[3], 1, true), why)
        assert.is_false(missing)
      end)
    end

    if sh "id -u" == "0" then
      it("refuses a file of another user", function()
        write(path, "secret")
        sh("chown nobody '" .. path .. "'")
        local bytes, why = core.file_read(path)
        assert.is_nil(bytes)
        assert.equal("it belongs to another user", why)
      end)
    end

    for _, c in ipairs {
      { "nothing", "" }, { "a path with a zero byte", "/tmp/x\0y" },
      { "a path that is too long", ("x"):rep(4096) },
    } do
      it("raises for " .. c[1], function()
        for _, name in ipairs { "file_read", "file_write", "file_lock" } do
          assert.has_error(function() core[name](c[2], "") end)
        end
      end)
    end
  end)

  describe("written", function()
    for _, mask in ipairs { "000", "022", "077", "777" } do
      it("has mode 0600 under the umask " .. mask, function()
        sh(("umask %s; LUA_PATH='%s' LUA_CPATH='%s' %s -e \"assert(require'partnercenter.core'"
          .. ".file_write('%s', 'secret'))\""):format(mask, package.path, package.cpath,
          process.interpreter(), path))
        assert.equal("600", sh("stat -c %a '" .. path .. "'"))
        assert.equal("secret", (core.file_read(path)))
      end)
    end

    it("is a new file, and nothing else is left", function()
      write(path, "old", "644")
      local keeper = assert(io.open(path))
      assert.is_true((core.file_write(path, "new")))
      assert.equal("old", keeper:read("*a"))
      keeper:close()
      assert.equal("new", (core.file_read(path)))
      assert.equal("token", sh("ls -A '" .. dir .. "'"))
    end)

    it("takes the place of a symbolic link, not of what it points to", function()
      write(dir .. "/victim", "mine")
      sh(("ln -s '%s/victim' '%s'"):format(dir, path))
      assert.is_true((core.file_write(path, "new")))
      assert.equal("mine", read(dir .. "/victim"))
      assert.equal("new", (core.file_read(path)))
    end)

    it("does not follow a link planted in place of the temporary file", function()
      write(dir .. "/victim", "mine")
      sh(("ln -s '%s/victim' '%s.new'"):format(dir, path))
      assert.is_true((core.file_write(path, "new")))
      assert.equal("mine", read(dir .. "/victim"))
    end)

    it("is written over what a crash has left", function()
      write(path .. ".new", "half")
      assert.is_true((core.file_write(path, "new")))
      assert.equal("token", sh("ls -A '" .. dir .. "'"))
    end)

    it("stays as it was when it cannot be replaced", function()
      sh("mkdir '" .. path .. "'")
      local ok, why = core.file_write(path, "new")
      assert.is_nil(ok)
      assert.is_string(why)
      assert.equal("token", sh("ls -A '" .. dir .. "'"))
    end)

    it("does not take the place of what is no file", function()
      for _, command in ipairs { "mkfifo", "mkdir" } do
        sh(("rm -rf '%s'; %s '%s'"):format(path, command, path))
        local ok, why = core.file_write(path, "new")
        assert.is_nil(ok)
        assert.equal("it is not a regular file", why)
        assert.equal("token", sh("ls -A '" .. dir .. "'"))
      end
    end)

    it("needs its directory", function()
      local ok, why = core.file_write(dir .. "/no/token", "new")
      assert.is_nil(ok)
      assert.equal("No such file or directory", why)
    end)

    it("raises for more than can be read again", function()
      assert.has_error(function() core.file_write(path, ("x"):rep(1048577)) end)
    end)
  end)

  describe("lock", function()
    it("is one at a time, and ends when closed", function()
      local lock = assert(core.file_lock(path))
      assert.is_false((core.file_lock(path)))
      lock:close()
      lock:close()
      local again = assert(core.file_lock(path))
      again:close()
      assert.equal("600", sh("stat -c %a '" .. path .. "'"))
    end)

    it("ends when collected", function()
      local lock = assert(core.file_lock(path))
      assert.is_userdata(lock)
      lock = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      assert(core.file_lock(path)):close()
    end)

    it("stays with who has it when its file is taken away", function()
      local roundabout = dir .. "/../" .. path:match "[^/]+/[^/]+$"
      for _, other in ipairs { path, dir .. "/./token", roundabout } do
        local lock = assert(core.file_lock(path))
        os.remove(path)
        assert.is_false((core.file_lock(other)))
        assert.is_false((core.file_lock(path)))
        assert(core.file_lock(path .. "2")):close()
        lock:close()
        assert(core.file_lock(other)):close()
      end
    end)

    it("ends with its owner, whatever children that has left", function()
      for _, fork in ipairs { "fork", "raw_fork" } do
        local owner = process[fork]()
        if owner == 0 then
          local lock = core.file_lock(path)
          local child = process.fork()
          if child == 0 then
            process.alarm(60)
            while lock do os.execute "sleep 1" end
          end
          write(dir .. "/child", tostring(child))
          process.kill(process.pid(), 9)
        end
        process.wait(owner)
        local child = tonumber(read(dir .. "/child"))
        local lock = core.file_lock(path)
        local alive = process.kill(child, 9)
        assert.is_true(alive)
        assert.truthy(lock)
        lock:close()
      end
    end)

    it("is not released by a child that ends", function()
      local lock = assert(core.file_lock(path))
      local child = process.fork()
      if child == 0 then
        lock:close()
        process.kill(process.pid(), 9)
      end
      process.wait(child)
      assert.is_false((core.file_lock(path)))
      lock:close()
    end)

    it("says why it cannot be had", function()
      local lock, why = core.file_lock(dir .. "/no/lock")
      assert.is_nil(lock)
      assert.equal("No such file or directory", why)
      sh(("ln -s /etc/passwd '%s'"):format(path))
      assert.is_nil((core.file_lock(path)))
    end)
  end)

  describe("of a client", function()
    local box, now
    local clients = clients_of(function()
      return box:client_options { time = function() return now end }
    end)

    setup(function() box = sandbox.start { customers = 5 } end)
    teardown(function() box:stop() end)

    before_each(function()
      box:reset()
      box:control { rotate = "revoke" }
      now = os.time()
    end)

    after_each(clients.close)

    local function known(more)
      local all = { tenant = box.tenant, client_id = box.client_id,
        refresh_token = box.refresh_token }
      for name, value in pairs(more or {}) do all[name] = value end
      return all
    end

    local function new(provider, more)
      local options = { credentials = credentials.file(path, provider) }
      for name, value in pairs(more or {}) do options[name] = value end
      return clients.new(options)
    end

    local function call(client) return client.customers:get { size = 1 } end

    local function token_in_file()
      return (core.file_read(path) or ""):match("\nrefresh_token=(%S+)\n$")
    end

    it("is refused for what has no refresh token, and for no path", function()
      for _, wrong in ipairs { credentials.token("x"), {}, 5,
        credentials.file(path, credentials.refresh_token(known())) } do
        assert.has_error(function() credentials.file(path, wrong) end)
      end
      for _, wrong in ipairs { "", 5, "a\nb" } do
        assert.has_error(function()
          credentials.file(wrong, credentials.refresh_token(known()))
        end)
      end
    end)

    it("keeps each new refresh token, for the next client too", function()
      local given = {}
      local client = new(credentials.refresh_token(known {
        on_rotate = function(token) given[#given + 1] = token end }))
      assert(call(client))
      assert.equal(given[1], token_in_file())
      now = now + 3600
      assert(call(client))
      assert.equal(2, #given)
      assert.equal(given[2], token_in_file())
      assert(call(new(credentials.refresh_token(known {
        refresh_token = function() error("asked for") end }))))
      assert.not_equal(given[2], token_in_file())
      assert.equal("600", sh("stat -c %a '" .. path .. "'"))
      assert.equal("token\ntoken.lock", sh("ls -A '" .. dir .. "'"))
    end)

    it("keeps the sign-in of a person", function()
      box:control { device_pending = 0 }
      local prompts = 0
      local function provider()
        return credentials.device_code { tenant = box.tenant, client_id = box.client_id,
          on_prompt = function() prompts = prompts + 1 end }
      end
      assert(call(new(provider())))
      assert(call(new(provider())))
      assert.equal(1, prompts)
    end)

    it("may hold nothing but a token", function()
      write(path, box.refresh_token .. "\n")
      assert(call(new(credentials.refresh_token(known { refresh_token = "not-this-one" }))))
      assert.is_string(token_in_file())
    end)

    it("gives way to the caller's token when its own is refused", function()
      write(path, "an-old-token\n")
      local client = new(credentials.refresh_token(known()))
      assert(call(client))
      assert.equal(2, box:stats().token_requests)
      assert.not_equal("an-old-token", token_in_file())
    end)

    for _, c in ipairs {
      { "that others can read", function() write(path, "token", "644") end, "others have access" },
      { "of another tenant", function()
        write(path, "tenant=other.example\nclient_id=" .. box.client_id .. "\nrefresh_token=x\n")
      end, "belongs to tenant other.example" },
      { "of another application", function()
        write(path, "tenant=" .. box.tenant .. "\nclient_id=x\nrefresh_token=x\n")
      end, "client x" },
      { "with nothing in it", function() write(path, "") end, "has no refresh token in it" },
      { "with words in it", function() write(path, "my token\n") end, "has no refresh token" },
      { "that is a directory", function() sh("mkdir -m 700 '" .. path .. "'") end,
        "not a regular file" },
      { "in no directory", function() sh("rm -rf '" .. dir .. "'") end, "cannot be locked" },
    } do
      it("is refused: one " .. c[1], function()
        c[2]()
        local page, err = call(new(credentials.refresh_token(known())))
        assert.is_nil(page)
        assert.equal("config", err.kind)
        assert.is_truthy(err.message:find(path, 1, true))
        assert.is_truthy(err.message:find(c[3], 1, true), err.message)
        assert.equal(0, box:stats().total)
      end)
    end

    it("that cannot be written fails the call; the token is offered again", function()
      local client = new(credentials.refresh_token(known()))
      sh("mkdir -m 700 -p '" .. path .. ".new/x'")
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("sign_in", err.kind)
      assert.is_truthy(err.message:find("the token file could not keep", 1, true), err.message)
      sh("rm -r '" .. path .. ".new'")
      assert(call(client))
      assert.equal(1, box:stats().token_requests)
      assert.is_string(token_in_file())
    end)

    it("is shared by clients that take turns", function()
      local list = {}
      for i = 1, 4 do list[i] = new(credentials.refresh_token(known())) end
      for _ = 1, 3 do
        for _, client in ipairs(list) do assert(call(client)) end
        now = now + 3600
      end
      assert.equal(12, box:stats().token_requests)
      assert.is_nil(box:stats().token_errors.invalid_grant)
    end)

    it("is waited for no longer than the deadline", function()
      local lock = assert(core.file_lock(path .. ".lock"))
      local client = new(credentials.refresh_token(known()), { deadline = 0.1 })
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("timeout", err.kind)
      lock:close()
      assert(call(new(credentials.refresh_token(known()))))
    end)

    it("is unlocked when a function of the caller's raises", function()
      local client = new(credentials.refresh_token(known {
        refresh_token = function() error("mine", 0) end }))
      local ok, err = pcall(call, client)
      assert.is_false(ok)
      assert.equal("mine", err)
      -- Where errors pass unseen, the collector has to.
      collectgarbage()
      collectgarbage()
      assert(core.file_lock(path .. ".lock")):close()
    end)

    it("is shared by processes, each of whose tokens is revoked by the next", function()
      local script = dir .. "/script.lua"
      write(script, ([[
        local partnercenter = require "partnercenter"
        local now = os.time()
        local client = partnercenter.new {
          credentials = partnercenter.credentials.file(%q, partnercenter.credentials.refresh_token {
            tenant = %q, client_id = %q, refresh_token = %q }),
          base_url = %q, authority = %q, ca_file = %q, time = function() return now end }
        for _ = 1, 5 do
          assert(client.customers:get { size = 1 })
          now = now + 3600
        end
        print "done"
      ]]):format(path, box.tenant, box.client_id, box.refresh_token, box.base_url, box.authority,
        box.ca_file))
      local command = ("LUA_PATH='%s' LUA_CPATH='%s' timeout 60 %s '%s'")
        :format(package.path, package.cpath, process.interpreter(), script)
      local output = sh(("for i in 1 2 3 4; do %s & done; wait"):format(command))
      assert.equal("done\ndone\ndone\ndone", output)
      assert.equal(20, box:stats().token_requests)
    end)
  end)
end)
