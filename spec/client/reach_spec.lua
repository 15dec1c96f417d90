-- Nothing that a caller can walk to holds a secret: not from a client, a resource,
-- an iterator, credentials, an event or an error, whatever is under way.
local block = require "partnercenter.loop.block"
local cjson = require "spec.support.json"
local partnercenter = require "partnercenter"
local reach = require "spec.support.reach"
local sandbox = require "spec.support.sandbox"
local together = require "spec.support.together"

-- A part of every secret below.
local MARK = "Q7xSecretMark"

local function secret(name) return MARK .. "-" .. name .. "-0123456789" end

local ID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

describe("what can be reached", function()
  local box, client, dispatcher, events

  setup(function() box = sandbox.start { customers = 40, page_size = 10 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    events = {}
  end)
  after_each(function()
    if client then client:close() end
    client = nil
  end)

  -- A loop of the caller's own is handed the dispatcher.
  local loop = setmetatable({
    attach = function(given)
      dispatcher = given
      return block.attach(given)
    end,
  }, { __index = block })

  local function app(more)
    local options = { tenant = "contoso.onmicrosoft.com", client_id = ID }
    for name, value in pairs(more) do options[name] = value end
    return options
  end

  local credentials = partnercenter.credentials
  local KINDS = {
    refresh_token = function()
      return credentials.refresh_token(app {
        client_secret = secret "client", refresh_token = secret "refresh",
      })
    end,
    authorization_code = function()
      return credentials.authorization_code(app {
        client_secret = secret "client", code = secret "code", code_verifier = secret "verifier",
        redirect_uri = "http://localhost/back",
      })
    end,
    client_secret = function()
      return credentials.client_secret(app { client_secret = secret "client" })
    end,
    client_assertion = function()
      return credentials.client_assertion(app { assertion = secret "assertion" })
    end,
    device_code = function()
      return credentials.device_code(app { on_prompt = function() end })
    end,
    token = function() return credentials.token(secret "access") end,
    file = function()
      local path = os.tmpname()
      os.remove(path)
      finally(function()
        os.remove(path)
        os.remove(path .. ".lock")
      end)
      return credentials.file(path, credentials.refresh_token(app {
        client_secret = secret "client", refresh_token = secret "refresh",
      }))
    end,
  }

  local tokens = partnercenter.store.memory()
  -- A store that has a password, and is away: what it knows is reached from nowhere.
  KINDS.shared = pcall(require, "openssl.cipher") and function()
    return credentials.shared {
      store = tokens, key = (MARK .. ("k"):rep(32)):sub(1, 32),
      credentials = KINDS.refresh_token(),
    }
  end or nil     -- its key needs luaossl
  local quota = partnercenter.store.redis {
    url = "redis://127.0.0.1:1", password = secret "store", timeout = 0.1,
  }

  local function new(kind)
    client = assert(partnercenter.new {
      credentials = KINDS[kind](), base_url = box.base_url, authority = box.authority,
      ca_file = box.ca_file, loop = loop, store = quota, random = function() return 0 end,
      no_proxy = "127.0.0.1", proxy = "http://someone:" .. secret "proxy" .. "@127.0.0.1:1",
      on_event = function(event) events[#events + 1] = event end,
    })
    return client
  end

  local GRANT = cjson.encode {
    token_type = "Bearer", expires_in = 3599,
    access_token = secret "access", refresh_token = secret "next-refresh",
  }
  local DEVICE = cjson.encode {
    device_code = secret "device", user_code = "ABCD", interval = 1, expires_in = 900,
    verification_uri = "https://example.com/device",
  }
  local ROWS = cjson.encode { totalCount = 1, items = { { id = ID } } }

  -- What the service answers, secrets in it included; `more` comes first.
  local function answer(more)
    local faults = more or {}
    faults[#faults + 1] = { match = "/devicecode", status = 200, body = DEVICE, times = 9 }
    faults[#faults + 1] = { match = "/token", status = 200, body = GRANT, times = 9 }
    faults[#faults + 1] = { match = "/v1/", status = 200, body = ROWS, times = 9,
      headers = { ["Content-Type"] = "application/json" } }
    box:control { clear_faults = true, faults = faults }
  end

  local function check(roots)
    local seen, strings = 0, 0
    for name, root in pairs(roots) do
      reach(root, name, function(text, path)
        strings = strings + 1
        assert(not text:find(MARK, 1, true), path)
      end)
      seen = seen + 1
    end
    assert.is_true(seen > 3 and strings > 50, strings)
  end

  local function roots(more)
    local all = {
      client = client, view = client:with { timeout = 5 }, module = partnercenter,
      customers = client.customers, customer = client.customers:by_id(ID),
      usage = client.customers:by_id(ID).analytics.licenses.usage,
      request = client:request { path = "/v1/invoices" },
      reports = client.reports, report = client.reports:open(ID),
      events = events, dispatcher = dispatcher, loop = loop, store = quota, tokens = tokens,
    }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function finds(root)
    local found = false
    reach(root, "", function(text) found = found or text:find(MARK, 1, true) ~= nil end)
    return found
  end

  it("is walked to its end: a mark is found wherever it lies", function()
    local ring = {}
    ring.ring, ring.deep = ring, { { MARK } }
    for name, root in pairs {
      value = { { x = MARK } }, key = { [MARK] = 1 }, ["key of a table"] = { [{ MARK }] = 1 },
      ring = ring, metatable = setmetatable({}, { x = MARK }),
      index = setmetatable({}, { __index = { x = MARK } }),
      ["the metatable's own"] = setmetatable({}, setmetatable({}, { x = MARK })),
      shown = setmetatable({}, { __tostring = function() return MARK end }),
    } do
      assert.is_true(finds(root), name)
    end
    answer { { match = "/v1/", status = 400, body = "{}" } }
    new "refresh_token"
    local _, err = client.customers:get()
    for name, root in pairs(roots { credentials = KINDS.refresh_token(), error = err,
      closer = select(4, client.customers:each()) }) do
      rawset(root, "planted", secret "planted")
      local found = finds(root)
      rawset(root, "planted", nil)
      assert.is_true(found, name)
    end
  end)

  for kind, make in pairs(KINDS) do
    it("holds no secret before and after a call with credentials." .. kind, function()
      answer()
      new(kind)
      check(roots { credentials = make() })
      local page, facts = client.customers:get()
      assert(page, facts)
      local iterate, state, control, closer = client.customers:each()
      assert(iterate())
      local mapper, _, _, mapped = client:map({ 1 }, function() return client.customers:get() end)
      assert(mapper())
      check(roots { facts = facts, page = page, iterate = iterate, state = state or {},
        control = control or {}, closer = closer, mapped = mapped })
    end)
  end

  for _, c in ipairs {
    { "signs in", { { match = "/token", delay = 60 } } },
    { "waits before it tries again to sign in",
      { { match = "/token", status = 503, headers = { ["Retry-After"] = "60" } } } },
    { "waits for an answer", { { match = "/v1/", delay = 60 } } },
    { "waits before it asks again",
      { { match = "/v1/", status = 503, headers = { ["Retry-After"] = "60" } } } },
  } do
    it("holds no secret while a call " .. c[1], function()
      answer(c[2])
      new "refresh_token"
      local results = together(client, {
        function() return client.customers:get() end,
        function() return client.customers:get() end,
        function()
          for _ = 1, 200 do
            dispatcher:sleep(0.001)
            check(roots())
          end
          assert.is_true(next(dispatcher.waiters) ~= nil or next(dispatcher.sleepers) ~= nil)
          client:close()
        end,
      })
      assert.is_true(results[3][1], tostring(results[3][2]))
      check(roots { results = results })
    end)
  end

  it("holds no secret in errors, with all that an answer can echo", function()
    local echo = cjson.encode { code = 2000, description = "no: " .. secret "client",
      data = { secret "access", { [secret "refresh"] = secret "next-refresh" } } }
    answer {
      { match = "/v1/", status = 400, body = echo, headers = { ["MS-CV"] = secret "access" } },
    }
    new "refresh_token"
    local page, err = client.customers:get()
    assert.is_nil(page)
    check(roots { err = err, more = {} })
    answer { { match = "/v1/", status = 400, body = echo } }
    local ok, raised = pcall(client.customers:pages())
    assert.is_false(ok)
    check(roots { raised = raised })
  end)
end)
