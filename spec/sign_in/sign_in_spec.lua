-- Signing in, against the sandbox over TLS.
local cjson = require "spec.support.json"
local partnercenter = require "partnercenter"
local secrets_of = require "spec.support.secrets"
local signing = require "spec.support.signing"
local together = require "spec.support.together"

local credentials = partnercenter.credentials
local call, dump = signing.call, signing.dump

describe("signing in", function()
  local world = signing.world { customers = 500, products = 2 }

  setup(world.start)
  teardown(world.stop)
  before_each(world.reset)
  after_each(world.close)

  local new, known, refreshing = world.new, world.known, world.refreshing
  local token_requests = world.token_requests

  -- The code that the sign-in page sends a person back with.
  local function code_for(options)
    local _, status, headers = world.box:get(credentials.authorize_url(options), { token = false })
    assert.equal(302, status)
    return assert(headers.location:match("[?&]code=([^&]+)")), headers.location
  end

  describe("by credentials that clients share", function()
    -- Each redemption revokes the token that it was made with.
    before_each(function() world.box:control { rotate = "revoke" } end)

    it("works for each of them, again and again", function()
      local shared, clients = refreshing(), {}
      for i = 1, 3 do clients[i] = new(shared) end
      for _ = 1, 2 do
        for _, client in ipairs(clients) do assert(call(client)) end
        world.box:control { expire_tokens = true }
      end
      assert.is_nil(world.box:stats().token_errors.invalid_grant)
    end)

    it("works for two that sign in at the same time, in an event loop", function()
      local there, cqueues = pcall(require, "cqueues")
      if not there then return pending "needs cqueues" end
      world.box:control { token_latency = 100 }
      local shared, controller, results = refreshing(), cqueues.new(), {}
      for i = 1, 4 do
        local client = new(shared)
        controller:wrap(function() results[i] = { call(client) } end)
      end
      assert(controller:loop())
      for i = 1, 4 do assert(results[i][1], tostring(results[i][2])) end
      assert.is_nil(world.box:stats().token_errors.invalid_grant)
    end)
  end)

  describe("by every kind of credentials", function()
    local REDIRECT = "http://localhost:8080/back"
    local function authorized(more)
      local options = known { redirect_uri = REDIRECT, state = "s",
        authority = world.box.authority }
      for name, value in pairs(more or {}) do options[name] = value end
      return code_for(options)
    end

    for _, c in ipairs {
      { "refresh_token", function() return refreshing() end, "refresh_token" },
      { "refresh_token without a secret", function()
        return credentials.refresh_token(known { refresh_token = world.box.refresh_token })
      end, "refresh_token" },
      { "refresh_token with an assertion", function()
        return credentials.refresh_token(known { refresh_token = world.box.refresh_token,
          client_assertion = "a.b.c" })
      end, "refresh_token" },
      { "refresh_token, version 1", function() return refreshing { version = 1 } end,
        "refresh_token" },
      { "device_code", function()
        world.box:control { device_pending = 0 }
        return credentials.device_code(known { on_prompt = function() end })
      end, "device_code" },
      { "authorization_code", function()
        return credentials.authorization_code(known { code = authorized(),
          redirect_uri = REDIRECT, client_secret = world.box.client_secret })
      end, "authorization_code" },
      { "authorization_code with PKCE", function()
        local pkce = credentials.pkce()
        return credentials.authorization_code(known {
          code = authorized { code_challenge = pkce.code_challenge }, redirect_uri = REDIRECT,
          code_verifier = pkce.code_verifier })
      end, "authorization_code" },
      { "authorization_code, version 1", function()
        return credentials.authorization_code(known { code = authorized { version = 1 },
          redirect_uri = REDIRECT, version = 1 })
      end, "authorization_code" },
      { "token, a text", function() return credentials.token(world.box.token) end },
      { "token, a function", function()
        return credentials.token(function() return world.box.token end)
      end },
    } do
      it("reads what needs a user: " .. c[1], function()
        local client = new(c[2]())
        assert(call(client))
        assert(call(client))
        local stats = world.box:stats()
        assert.same(c[3] and { [c[3]] = 1 } or {}, stats.grants)
      end)
    end

    for _, c in ipairs {
      { "client_secret", { client_secret = true } },
      { "client_secret, version 1", { client_secret = true, version = 1 } },
      { "client_assertion", { assertion = function() return "a.b.c" end } },
    } do
      it("reads customers, and nothing that needs a user: " .. c[1], function()
        local options = known(c[2])
        if options.client_secret then options.client_secret = world.box.client_secret end
        local client = new(credentials[c[1]:match("[%a_]+")](options))
        local page, err = call(client)
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
        assert.equal(0, err.attempts)
        assert.is_truthy(err.message:find("analytics.licenses.deployment", 1, true))
        assert.is_truthy(err.message:find("credentials.refresh_token", 1, true))
        assert.equal(0, world.box:stats().total)
        assert(client.customers:get { size = 1 })
        assert.equal(1, token_requests())
      end)
    end

    it("checks the verifier of a code", function()
      local pkce = credentials.pkce()
      local client = new(credentials.authorization_code(known {
        code = authorized { code_challenge = pkce.code_challenge }, redirect_uri = REDIRECT,
        code_verifier = credentials.pkce().code_verifier }))
      local _, err = call(client)
      assert.equal("sign_in", err.kind)
      assert.equal("invalid_grant", err.error)
    end)

    it("polls until the person is done", function()
      world.box:control { device_pending = 1 }
      local message
      local client = new(credentials.device_code(known {
        on_prompt = function(text) message = text end }))
      assert(call(client))
      assert.is_truthy(message:find("/common/oauth2/deviceauth", 1, true))
      assert.equal(1, world.box:stats().token_errors.authorization_pending)
    end)
  end)

  describe("once", function()
    it("for 200 calls of a cold client", function()
      world.box:control { token_latency = 100 }
      local client, calls = new(refreshing()), {}
      for i = 1, 200 do calls[i] = function() return client.customers:get { size = 1 } end end
      for _, result in ipairs(together(client, calls)) do assert.is_table(result[2]) end
      local stats = world.box:stats()
      assert.equal(1, stats.token_requests)
      assert.equal(201, stats.total)
    end)

    it("for all who were refused the same token", function()
      local client, calls = new(refreshing()), {}
      assert(call(client))
      world.box:control { expire_tokens = true, token_latency = 50 }
      for i = 1, 50 do calls[i] = function() return client.customers:get { size = 1 } end end
      for _, result in ipairs(together(client, calls)) do assert.is_table(result[2]) end
      local stats = world.box:stats()
      assert.equal(2, stats.token_requests)
      assert.is_truthy(stats.statuses["401"] > 0)
    end)

    it("and fails once for all who wait, then is tried anew", function()
      world.box:control { token_latency = 100,
        faults = { { match = "/token", error = "invalid_grant" } } }
      local client, calls = new(refreshing()), {}
      for i = 1, 20 do calls[i] = function() return client.customers:get { size = 1 } end end
      local seen = {}
      for _, result in ipairs(together(client, calls)) do
        assert.is_nil(result[2])
        assert.equal("sign_in", result[3].kind)
        assert.is_nil(seen[result[3]])
        seen[result[3]] = true
      end
      assert.equal(1, token_requests())
      assert(call(client))
      assert.equal(2, token_requests())
    end)

    it("while one of those who wait has no more time", function()
      world.box:control { token_latency = 300 }
      local client = new(refreshing())
      local hasty = client:with { deadline = 0.05 }
      local results = together(client, {
        function() return call(client) end,
        function() return call(hasty) end,
        function() return call(client) end,
      })
      assert.is_table(results[1][2])
      assert.equal("timeout", results[2][3].kind)
      assert.is_table(results[3][2])
      assert.equal(1, token_requests())
    end)

    it("again when the one who asked has no more time", function()
      world.box:control { token_latency = 300 }
      local client = new(refreshing())
      local hasty = client:with { deadline = 0.05 }
      local results = together(client, {
        function() return call(hasty) end,
        function() return call(client) end,
        function() return call(client) end,
      })
      assert.equal("timeout", results[1][3].kind)
      assert.is_table(results[2][2])
      assert.is_table(results[3][2])
      assert.equal(2, token_requests())
    end)
  end)

  describe("again", function()
    for _, form in ipairs { 1, 2 } do
      it("five minutes before the token ends, version " .. form, function()
        local client = new(refreshing { version = form })
        assert(call(client))
        world.now = world.now + 3599 - 301
        assert(call(client))
        assert.equal(1, token_requests())
        world.now = world.now + 1
        assert(call(client))
        assert.equal(2, token_requests())
      end)
    end

    it("halfway through a short life", function()
      world.box:control { expires_in = 100 }
      local client = new(refreshing())
      assert(call(client))
      world.now = world.now + 49
      assert(call(client))
      assert.equal(1, token_requests())
      world.now = world.now + 1
      assert(call(client))
      assert.equal(2, token_requests())
    end)

    it("for each call when tokens have no life at all", function()
      world.box:control { faults = { { match = "/token", times = 2, status = 200,
        body = cjson.encode { access_token = world.box.token, expires_in = "0" } } } }
      local client = new(refreshing())
      assert(call(client))
      assert(call(client))
      assert.equal(2, token_requests())
    end)

    it("with the old token while the endpoint is down", function()
      local client = new(refreshing(), { retries = 0 })
      assert(call(client))
      world.now = world.now + 3400
      world.box:control { faults = { { match = "/token", error = "temporarily_unavailable",
        times = 2 } } }
      assert(call(client))
      assert(call(client))
      assert.equal(2, token_requests())
      world.now = world.now + 30
      assert(call(client))
      assert.equal(3, token_requests())
      world.now = world.now + 170
      assert(call(client))
      assert.equal(4, token_requests())
    end)

    it("once after a 401, and then no more", function()
      world.box:control { faults = { { match = "/v1/analytics", error = "unauthorized",
        times = 9 } } }
      local client = new(refreshing())
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("sign_in", err.kind)
      assert.equal(401, err.status)
      assert.equal(2, err.attempts)
      assert.equal(2, token_requests())
    end)

    it("not after a 401 when there is only one token", function()
      local client = new(credentials.token("not-a-token"))
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal(401, err.status)
      assert.equal(1, err.attempts)
    end)

    it("by the function that gave the rejected token", function()
      local told = {}
      local client = new(credentials.token(function(rejected)
        told[#told + 1] = rejected or "none"
        return rejected and world.box.token or "old-token"
      end))
      assert(call(client))
      assert(call(client))
      assert.same({ "none", "old-token" }, told)
    end)

    it("by the function, when the end it named comes near", function()
      local count = 0
      local client = new(credentials.token(function()
        count = count + 1
        return world.box.token, world.now + 1000
      end))
      assert(call(client))
      world.now = world.now + 699
      assert(call(client))
      assert.equal(1, count)
      world.now = world.now + 1
      assert(call(client))
      assert.equal(2, count)
    end)

    for _, c in ipairs {
      { "answered 401 in the middle", function() world.box:control { token_uses = 25 } end, 1 },
      { "near its end in the middle", function() end, 0, 25 },
    } do
      it("while 50 pages are read, with the token " .. c[1] .. ": no row lost or repeated",
        function()
          c[2]()
          local client = new(refreshing())
          local ids, count, pages = {}, 0, 0
          for page in client.customers:pages { size = 10 } do
            pages = pages + 1
            if pages == c[4] then world.now = world.now + 3400 end
            for _, row in ipairs(page.items) do
              assert.is_nil(ids[row.id])
              ids[row.id] = true
              count = count + 1
            end
          end
          assert.equal(50, pages)
          assert.equal(500, count)
          local stats = world.box:stats()
          assert.equal(2, stats.token_requests)
          assert.equal(c[3], stats.statuses["401"] or 0)
        end)
    end
  end)

  describe("with rotation", function()
    it("uses each new refresh token, revoked ones never again", function()
      world.box:control { rotate = "revoke" }
      local given = {}
      local client = new(refreshing { on_rotate = function(token) given[#given + 1] = token end })
      for _ = 1, 4 do
        assert(call(client))
        world.now = world.now + 3600
      end
      assert.equal(4, #given)
      assert.equal(4, token_requests())
    end)

    it("loses no token to an on_rotate that fails", function()
      world.box:control { rotate = "revoke" }
      local offered, working = {}, false
      local client = new(refreshing { on_rotate = function(token)
        offered[#offered + 1] = token
        if not working then error("cannot write: " .. token) end
      end })
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("sign_in", err.kind)
      assert.is_nil(dump(err):find(offered[1], 1, true))
      assert.is_nil(dump(world.events):find(offered[1], 1, true))
      working = true
      assert(call(client))
      assert.equal(offered[1], offered[2])
      assert.equal(1, token_requests())
      world.now = world.now + 3600
      assert(call(client))
      assert.equal(2, token_requests())
    end)
  end)

  describe("of two tenants", function()
    local A, B = "a.example.com", "b.example.com"
    local PAGES = 25

    -- Each call carries the name of its tenant, beside the token.
    local function tenant(name)
      return new(credentials.refresh_token {
        tenant = name, client_id = world.box.client_id, refresh_token = world.box.refresh_token,
      }, { application = name })
    end

    local function walk(client, ids)
      for page in client.customers:pages { size = 500 / PAGES } do
        for _, row in ipairs(page.items) do ids[#ids + 1] = row.id end
      end
    end

    -- Whose token each call came with; every token is good for seven calls.
    local function check_requests()
      local tokens, calls = { [A] = 0, [B] = 0 }, { [A] = 0, [B] = 0 }
      for _, request in ipairs(world.box:stats().requests) do
        local name = request.headers["MS-PartnerCenter-Application"]
        if request.class == "token" then
          local at = request.uri:match("^/([^/]+)/oauth2/")
          tokens[at] = tokens[at] + 1
        elseif request.status == 200 then
          assert.equal(name, request.tenant)
          calls[name] = calls[name] + 1
        end
      end
      assert.same({ [A] = 4, [B] = 4 }, tokens)
      assert.same({ [A] = PAGES, [B] = PAGES }, calls)
    end

    local function check_secrets(a, b)
      local seen = {}
      assert.is_true(#a > 0 and #b > 0)
      for _, secret in ipairs(a) do seen[secret] = true end
      for _, secret in ipairs(b) do
        assert.is_true(secret == world.box.refresh_token or not seen[secret])
      end
    end

    before_each(function() world.box:control { token_uses = 7 } end)

    it("never mixes when they take turns", function()
      local a, b = tenant(A), tenant(B)
      local secrets_a, secrets_b = secrets_of(a), secrets_of(b)
      local next_a = a.customers:pages { size = 500 / PAGES }
      local next_b = b.customers:pages { size = 500 / PAGES }
      local page_a, page_b = next_a(), next_b()
      while page_a do
        assert.same(page_a, page_b)
        page_a, page_b = next_a(), next_b()
      end
      check_requests()
      check_secrets(secrets_a, secrets_b)
    end)

    it("never mixes when they run side by side", function()
      local there, cqueues = pcall(require, "cqueues")
      if not there then return pending "needs cqueues" end
      local queue = cqueues.new()
      local a, b, ids = tenant(A), tenant(B), { {}, {} }
      local secrets_a, secrets_b = secrets_of(a), secrets_of(b)
      world.box:control { token_latency = 20, latency = 2 }
      queue:wrap(function() walk(a, ids[1]) end)
      queue:wrap(function() walk(b, ids[2]) end)
      assert(queue:loop())
      assert.equal(500, #ids[1])
      assert.same(ids[1], ids[2])
      check_requests()
      check_secrets(secrets_a, secrets_b)
    end)
  end)

  it("tells listeners, without secrets", function()
    local client = new(refreshing())
    local secrets = secrets_of(client)
    assert(call(client))
    local told
    for _, event in ipairs(world.events) do
      if event.name == "token" then told = event end
    end
    assert.equal("refresh_token", told.credentials)
    assert.equal(3599, told.expires_in)
    assert.is_number(told.time)
    signing.check_hidden(dump(world.events), { world.box.refresh_token, world.box.client_secret })
    assert.is_true(#secrets > 2)
    for _, secret in ipairs(secrets) do
      assert.is_nil(dump(world.events):find(secret, 1, true))
    end
  end)
end)
