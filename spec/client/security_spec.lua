-- The rules of SECURITY.md, each with an attempt to break it. What a server can
-- try is in spec/calls/faults_spec.lua, how the token store works in the credentials' own specs.
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local TOKEN = "t0ken-of-the-spec.abcdef"

-- What would write a second header, end a text in C, or fool a terminal.
local INJECTIONS = { "\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\0", "\27[2J", "\127" }

local function load_all()
  local pipe = assert(io.popen "cd lua && find partnercenter -name '*.lua'")
  for path in pipe:lines() do
    local name = path:gsub("%.lua$", ""):gsub("/", "."):gsub("%.init$", "")
    if not name:find("loop%.") and not name:find("%.cli") and not name:find("%.ngx") then
      require(name)
    end
  end
  pipe:close()
end

-- A text of everything that can be reached from a value, metatables left out.
local function dump(value, list, seen, depth)
  if type(value) == "table" and not seen[value] and depth < 12 then
    seen[value] = true
    for key, member in next, value do
      dump(key, list, seen, depth + 1)
      dump(member, list, seen, depth + 1)
    end
  elseif type(value) ~= "table" then
    list[#list + 1] = tostring(value)
  end
  return list
end

local function text_of(...)
  return table.concat(dump({ ... }, {}, {}, 0), "\n")
end

-- The content of the library's own module tables.
local function snapshot()
  local list = {}
  for name, module in pairs(package.loaded) do
    if name:find("^partnercenter") and type(module) == "table" then
      local lines = dump(module, {}, {}, 0)
      table.sort(lines)
      list[#list + 1] = name .. "\n" .. table.concat(lines, "\n")
    end
  end
  table.sort(list)
  return table.concat(list, "\n--\n")
end

describe("security", function()
  local box

  setup(function() box = sandbox.start { customers = 20 } end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)

  local function options_of(more)
    local all = box:client_options {
      credentials = partnercenter.credentials.token(TOKEN), retries = 0,
      random = function() return 0 end,
    }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local clients = clients_of(options_of)
  local new_client = clients.new
  after_each(clients.close)

  local function good_client(more)
    local all = { credentials = partnercenter.credentials.token(box.token) }
    for name, value in pairs(more or {}) do all[name] = value end
    return new_client(all)
  end

  local function refuses(f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok, "it was taken")
    assert.is_nil(tostring(message):find("[%z\1-\31\127]"), ("%q"):format(tostring(message)))
  end

  describe("a text that would write more than its own header", function()
    local TEXTS = {
      locale = "en-US", application = "App", correlation_id = CUSTOMER, base_url = "https://a",
      authority = "https://a", ca_file = "/a.pem", proxy = "http://a", no_proxy = "a",
      unix_socket = "/a", http_version = "2", cloud = "global", loop = "block",
      commercial_prefix = "/v1",
    }
    for name, text in pairs(TEXTS) do
      it("is refused as the option " .. name, function()
        for _, injection in ipairs(INJECTIONS) do
          refuses(partnercenter.new, options_of { [name] = text .. injection })
          refuses(partnercenter.new, options_of { [name] = text:sub(1, 1) .. injection
            .. text:sub(2) })
        end
      end)
    end

    it("is refused by a view", function()
      local client = new_client()
      for _, injection in ipairs(INJECTIONS) do
        for _, name in ipairs { "locale", "application", "correlation_id" } do
          refuses(client.with, client, { [name] = TEXTS[name] .. injection })
        end
      end
    end)

    it("is refused as an id, a path, a query or a header of a request", function()
      local client = new_client()
      for _, injection in ipairs(INJECTIONS) do
        refuses(client.customers.by_id, client.customers, CUSTOMER .. injection)
        refuses(client.request, client, { path = "/v1/x" .. injection })
        refuses(client.request, client, { path = "/v1/x", query = { a = "b" .. injection } })
        refuses(client.request, client, { path = "/v1/x", query = { ["a" .. injection] = "b" } })
        refuses(client.request, client, { path = "/v1/x", headers = { A = "b" .. injection } })
        refuses(client.request, client, { path = "/v1/x", headers = { ["A" .. injection] = "b" } })
      end
      assert.equal(0, box:stats().total)
    end)

    it("is refused in credentials", function()
      local c = partnercenter.credentials
      for _, injection in ipairs(INJECTIONS) do
        refuses(c.token, TOKEN .. injection)
        for kind, more in pairs {
          refresh_token = { refresh_token = "r", client_secret = "s", scope = "s" },
          client_secret = { client_secret = "s", scope = "s" },
          client_assertion = { assertion = "a.b.c" },
          authorization_code = { code = "c", redirect_uri = "https://a", code_verifier = "v",
            client_secret = "s" },
          device_code = { on_prompt = print, scope = "s" },
          authorize_url = { redirect_uri = "https://a", state = "s", scope = "s", prompt = "login",
            login_hint = "a@b", code_challenge = "c" },
        } do
          local good = { tenant = "contoso.com", client_id = CUSTOMER }
          for name, value in pairs(more) do good[name] = value end
          c[kind](good)
          for name, value in pairs(good) do
            local fields = {}
            for other, kept in pairs(good) do fields[other] = kept end
            if type(value) == "string" then
              fields[name] = value .. injection
              refuses(c[kind], fields)
            end
          end
        end
      end
    end)

    it("is encoded in a filter, and reaches the server as one value", function()
      local client = good_client()
      local f = partnercenter.filter
      client.analytics.commercial.deployment.license:get {
        filter = f.eq("productName", "a' or 'a' eq 'a&top=1#\"%00 b"),
      }
      local sent = box:stats().requests[1]
      assert.truthy(sent.uri:find("%27a%27%27%20or%20%27%27a%27%27%20eq%20%27%27a%26top%3D1%23", 1,
        true), sent.uri)
      assert.is_nil(sent.uri:find("&top", 1, true))
    end)

    it("as a token from a function is an error, and nothing is sent", function()
      for _, injection in ipairs(INJECTIONS) do
        local client = new_client {
          credentials = partnercenter.credentials.token(function() return TOKEN .. injection end),
        }
        local page, err = client.customers:get()
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
        assert.is_nil(tostring(err):find(TOKEN, 1, true))
      end
      assert.equal(0, box:stats().total)
    end)
  end)

  describe("a path", function()
    for _, id in ipairs { "..", "../" .. CUSTOMER, CUSTOMER .. "/..", "%2e%2e", CUSTOMER .. "?a=b",
      CUSTOMER .. "#x", CUSTOMER .. "%00", "", " " .. CUSTOMER, (CUSTOMER:gsub("-", "")), "*",
      "me" } do
      it("takes no id like '" .. id .. "'", function()
        refuses(function() return new_client().customers:by_id(id) end)
      end)
    end
    for _, path in ipairs { "v1/x", "//evil.example/x", "https://evil.example/", "/v1/../x",
      "/v1/./x", "/v1/%2e%2e/x", "/v1/%2E./x", "/\\evil.example", "/v1/x?a=b", "/v1/x#y", "" } do
      it("of a request is not '" .. path .. "'", function()
        refuses(function() return new_client():request { path = path } end)
      end)
    end
  end)

  describe("the client's own headers", function()
    for _, name in ipairs { "Authorization", "authorization", "Host", "Content-Length",
      "Transfer-Encoding", "Connection", "MS-RequestId", "Proxy-Authorization", "Cookie",
      "Accept-Encoding" } do
      it("are not the caller's to set: " .. name, function()
        refuses(function()
          return new_client():request { path = "/v1/x", headers = { [name] = "x" } }
        end)
      end)
    end
  end)

  describe("TLS", function()
    for _, name in ipairs { "insecure", "verify", "ssl_verify", "verify_peer" } do
      it("has no switch called " .. name, function()
        refuses(partnercenter.new, options_of { [name] = false })
      end)
    end
    for _, address in ipairs { "http://api.partnercenter.microsoft.com", "http://10.0.0.1",
      "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://user@127.0.0.1",
      "http://127.1", "http://127.010.0.1", "http://127.0.0.1.", "http://127.0.0.256",
      "http://127.0.0.1.2", "http://127.0.0.99999999999999999999", "http://localhost.",
      "ftp://127.0.0.1", "https://user:pass@127.0.0.1", "HTTP://example.com" } do
      it("is not left out for " .. address, function()
        refuses(partnercenter.new, options_of { base_url = address })
        refuses(partnercenter.new, options_of { authority = address })
      end)
    end
    for _, address in ipairs { "http://localhost:1", "http://127.0.0.1:1", "http://127.255.0.9:1",
      "http://[::1]:1" } do
      it("may be left out for " .. address, function()
        assert(partnercenter.new(options_of { base_url = address })):close()
      end)
    end
    it("trusts nobody when the CA file is missing or holds no certificate", function()
      for _, file in ipairs { "/nonexistent.pem", "README.md" } do
        local page, err = new_client { ca_file = file }.customers:get()
        assert.is_nil(page)
        assert.truthy(err.kind == "config" or err.kind == "tls", err.kind)
      end
      assert.equal(0, box:stats().total)
    end)
  end)

  describe("secrets", function()
    it("are nowhere in what can be reached from a client, its errors and its events", function()
      local events = {}
      local client = new_client { on_event = function(event) events[#events + 1] = event end }
      local _, err = client.customers:get()
      assert.equal("sign_in", err.kind)
      local _, raised = pcall(function() for _ in client.customers:each() do error "no" end end)
      local text = text_of(client, err, events, raised, tostring(client), tostring(err),
        tostring(raised), client.customers, tostring(client.customers), err.cause or 0)
      assert.is_nil(text:find(TOKEN, 1, true))
    end)

    it("are not in the process's title, its environment, or its open files' names", function()
      local client = new_client()
      client.customers:get()
      for _, name in ipairs { "cmdline", "environ", "maps" } do
        local file = assert(io.open(("/proc/%d/%s"):format(process.pid(), name), "rb"))
        assert.is_nil(file:read("*a"):find(TOKEN, 1, true))
        file:close()
      end
    end)

    for _, password in ipairs { "pr0xy-p4ss", "pr0xy%2Fp%40ss" } do
      it("of a proxy are not shown: " .. password, function()
        local events = {}
        local client = new_client {
          proxy = "http://user:" .. password .. "@127.0.0.1:1", no_proxy = "nobody.invalid",
          on_event = function(event) events[#events + 1] = event end,
        }
        local page, err = client.customers:get()
        assert.is_nil(page)
        assert.equal("network", err.kind)
        local text = text_of(client, err, events, tostring(err), tostring(client))
        assert.is_nil(text:find("pr0xy", 1, true), text)
      end)
    end

    it("stay with the client they belong to, side by side", function()
      local a, b = good_client(), new_client()
      assert.truthy(a.customers:get())
      local _, err = b.customers:get()
      assert.equal("sign_in", err.kind)
      assert.truthy(a.customers:get())
    end)
  end)

  describe("a file that holds a token", function()
    local dir, path

    local function run(command)
      assert.truthy(os.execute("unset LD_PRELOAD; cd " .. dir .. " && " .. command))
    end

    before_each(function()
      local pipe = io.popen "unset LD_PRELOAD; mktemp -d"
      dir = pipe:read "*l"
      pipe:close()
      path = dir .. "/token"
    end)
    after_each(function() os.execute("unset LD_PRELOAD; rm -rf " .. dir) end)

    for _, mode in ipairs { "644", "640", "602", "620", "677" } do
      it("is not read when others have access to it: mode " .. mode, function()
        run("echo x >token && chmod " .. mode .. " token")
        local bytes, why = core.file_read(path)
        assert.is_nil(bytes)
        assert.truthy(why:find("others have access", 1, true))
      end)
    end

    for what, command in pairs {
      ["a symbolic link"] = "echo x >real && chmod 600 real && ln -s real token",
      ["a FIFO"] = "mkfifo -m 600 token", ["a directory"] = "mkdir -m 700 token",
      ["a device"] = "ln -s /dev/zero token",
      ["too large"] = "head -c 1050000 /dev/zero >token && chmod 600 token",
    } do
      it("is not read when it is " .. what .. ", nor waited for", function()
        run(command)
        local started = core.now()
        assert.is_nil((core.file_read(path)))
        assert.is_true(core.now() - started < 1)
      end)
    end

    it("is written for its owner alone, whatever the umask, and never through a link", function()
      run("echo precious >victim && ln -s victim token.new && ln -s victim token")
      assert.is_true(core.file_write(path, "secret"))
      assert.equal("secret", core.file_read(path))
      run("grep -q precious victim && test ! -L token && test ! -e token.new"
        .. " && test $(stat -c %a token) = 600")
    end)

    it("is one writer's at a time, and free again when that process dies", function()
      local pid = process.fork()
      if pid == 0 then
        local lock = core.file_lock(path .. ".lock")
        process.kill(process.pid(), lock and 9 or 6)
      end
      assert.equal(128 + 9, process.wait(pid))
      local lock = assert(core.file_lock(path .. ".lock"))
      assert.is_false((core.file_lock(path .. ".lock")))
      lock:close()
      lock:close()
      core.file_lock(path .. ".lock"):close()
    end)

    it("is whole at every moment while another process writes it", function()
      assert.is_true(core.file_write(path, ("a"):rep(9000)))
      local pid = process.fork()
      if pid == 0 then
        for i = 1, 200 do core.file_write(path, (i % 2 == 0 and "a" or "b"):rep(9000)) end
        process.kill(process.pid(), 9)
      end
      for _ = 1, 500 do
        local bytes = assert(core.file_read(path))
        assert.equal(9000, #bytes)
        assert.truthy(bytes:find("^a+$") or bytes:find("^b+$"))
      end
      process.wait(pid)
    end)
  end)

  describe("sizes", function()
    local HUGE = ("x"):rep(300000)

    it("of what is sent are bounded: a token", function()
      local ok, page, err = pcall(function()
        return new_client { credentials = partnercenter.credentials.token(HUGE) }.customers:get()
      end)
      assert.is_true(not ok or page == nil and err.kind ~= nil)
      assert.is_true(#tostring(err or page) < 2000)
      assert.equal(0, box:stats().total)
    end)

    it("of what is sent are bounded: a query", function()
      local ok, page, err = pcall(function()
        return new_client():request { path = "/v1/x", query = { a = HUGE } }:get()
      end)
      assert.is_true(not ok or page == nil and err.kind ~= nil)
      assert.is_true(#tostring(err or page) < 3000, #tostring(err or page))
      assert.equal(0, box:stats().total)
    end)

    it("of what is kept of an error are bounded", function()
      box:control { faults = { { status = 400, body = ("<b>"):rep(30000) } } }
      local _, err = good_client().customers:get()
      assert.is_true(#err.body <= 65536)
      assert.is_true(#tostring(err) < 2000)
    end)

    it("of what a decoder takes are bounded in depth", function()
      local value, message = core.decode(("["):rep(1000))
      assert.is_nil(value)
      assert.truthy(message:find("deep", 1, true))
    end)
  end)

  describe("state", function()
    it("is kept in no module table and no global", function()
      load_all()
      local client = good_client()
      assert.truthy(client.customers:get())
      local before, globals = snapshot(), {}
      for name in pairs(_G) do globals[name] = true end
      local other = new_client { credentials = partnercenter.credentials.refresh_token {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
        refresh_token = box.refresh_token,
      } }
      assert.truthy(other.customers:by_id(CUSTOMER).analytics.licenses.deployment:get())
      assert.truthy(other.customers:each { size = 5 }())
      new_client().customers:get()
      assert.is_true(before == snapshot(), "a module table has changed")
      for name in pairs(_G) do assert.is_true(globals[name], "a new global: " .. tostring(name)) end
      assert.is_nil(before:find(TOKEN, 1, true))
    end)
  end)
end)
