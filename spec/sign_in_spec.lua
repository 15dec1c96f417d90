-- Signing in, against the sandbox over TLS.
local cjson = require "cjson"
local errors = require "partnercenter.error"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"
local together = require "spec.support.together"

local credentials = partnercenter.credentials

-- The text of everything that can be reached from a value, by pairs and by
-- tostring.
local function dump(value, seen)
  if type(value) ~= "table" then return tostring(value) end
  seen = seen or {}
  if seen[value] then return "" end
  seen[value] = true
  local parts = { tostring(value) }
  for key, member in pairs(value) do
    parts[#parts + 1] = dump(key, seen)
    parts[#parts + 1] = dump(member, seen)
  end
  return table.concat(parts, "\n")
end

describe("signing in", function()
  local box, events, now, clients

  setup(function() box = sandbox.start { customers = 500, products = 2 } end)
  teardown(function() box:stop() end)

  before_each(function()
    box:reset()
    events, now, clients = {}, os.time(), {}
  end)

  after_each(function()
    for _, client in ipairs(clients) do client:close() end
  end)

  local function new(provider, more)
    local options = {
      credentials = provider, base_url = box.base_url, authority = box.authority,
      ca_file = box.ca_file, time = function() return now end, random = function() return 0 end,
      concurrency = 64, on_event = function(event) events[#events + 1] = event end,
    }
    for name, value in pairs(more or {}) do options[name] = value end
    local client = assert(partnercenter.new(options))
    clients[#clients + 1] = client
    return client
  end

  local function known(more)
    local all = { tenant = box.tenant, client_id = box.client_id }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function refreshing(more)
    local all = { client_secret = box.client_secret, refresh_token = box.refresh_token }
    for name, value in pairs(more or {}) do all[name] = value end
    return credentials.refresh_token(known(all))
  end

  -- One call that needs a signed-in user.
  local function call(client)
    return client.analytics.licenses.deployment:get()
  end

  local function token_requests() return box:stats().token_requests end

  -- The code that the sign-in page sends a person back with.
  local function code_for(options)
    local _, status, headers = box:get(credentials.authorize_url(options), { token = false })
    assert.equal(302, status)
    return assert(headers.location:match("[?&]code=([^&]+)")), headers.location
  end

  describe("by every kind of credentials", function()
    local REDIRECT = "http://localhost:8080/back"
    local function authorized(more)
      local options = known { redirect_uri = REDIRECT, state = "s", authority = box.authority }
      for name, value in pairs(more or {}) do options[name] = value end
      return code_for(options)
    end

    for _, c in ipairs {
      { "refresh_token", function() return refreshing() end, "refresh_token" },
      { "refresh_token without a secret", function()
        return credentials.refresh_token(known { refresh_token = box.refresh_token })
      end, "refresh_token" },
      { "refresh_token with an assertion", function()
        return credentials.refresh_token(known { refresh_token = box.refresh_token,
          client_assertion = "a.b.c" })
      end, "refresh_token" },
      { "refresh_token, version 1", function() return refreshing { version = 1 } end,
        "refresh_token" },
      { "device_code", function()
        box:control { device_pending = 0 }
        return credentials.device_code(known { on_prompt = function() end })
      end, "device_code" },
      { "authorization_code", function()
        return credentials.authorization_code(known { code = authorized(),
          redirect_uri = REDIRECT, client_secret = box.client_secret })
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
      { "token, a text", function() return credentials.token(box.token) end },
      { "token, a function", function()
        return credentials.token(function() return box.token end)
      end },
    } do
      it("reads what needs a user: " .. c[1], function()
        local client = new(c[2]())
        assert(call(client))
        assert(call(client))
        local stats = box:stats()
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
        if options.client_secret then options.client_secret = box.client_secret end
        local client = new(credentials[c[1]:match("[%a_]+")](options))
        local page, err = call(client)
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
        assert.equal(0, err.attempts)
        assert.is_truthy(err.message:find("analytics.licenses.deployment", 1, true))
        assert.is_truthy(err.message:find("credentials.refresh_token", 1, true))
        assert.equal(0, box:stats().total)
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
      box:control { device_pending = 1 }
      local message
      local client = new(credentials.device_code(known {
        on_prompt = function(text) message = text end }))
      assert(call(client))
      assert.is_truthy(message:find("/common/oauth2/deviceauth", 1, true))
      assert.equal(1, box:stats().token_errors.authorization_pending)
    end)
  end)

  describe("once", function()
    it("for 200 calls of a cold client", function()
      box:control { token_latency = 100 }
      local client, calls = new(refreshing()), {}
      for i = 1, 200 do calls[i] = function() return client.customers:get { size = 1 } end end
      for _, result in ipairs(together(client, calls)) do assert.is_table(result[2]) end
      local stats = box:stats()
      assert.equal(1, stats.token_requests)
      assert.equal(201, stats.total)
    end)

    it("for all who were refused the same token", function()
      local client, calls = new(refreshing()), {}
      assert(call(client))
      box:control { expire_tokens = true, token_latency = 50 }
      for i = 1, 50 do calls[i] = function() return client.customers:get { size = 1 } end end
      for _, result in ipairs(together(client, calls)) do assert.is_table(result[2]) end
      local stats = box:stats()
      assert.equal(2, stats.token_requests)
      assert.is_truthy(stats.statuses["401"] > 0)
    end)

    it("and fails once for all who wait, then is tried anew", function()
      box:control { token_latency = 100,
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
      box:control { token_latency = 300 }
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
      box:control { token_latency = 300 }
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
        now = now + 3599 - 301
        assert(call(client))
        assert.equal(1, token_requests())
        now = now + 1
        assert(call(client))
        assert.equal(2, token_requests())
      end)
    end

    it("halfway through a short life", function()
      box:control { expires_in = 100 }
      local client = new(refreshing())
      assert(call(client))
      now = now + 49
      assert(call(client))
      assert.equal(1, token_requests())
      now = now + 1
      assert(call(client))
      assert.equal(2, token_requests())
    end)

    it("for each call when tokens have no life at all", function()
      box:control { faults = { { match = "/token", times = 2, status = 200,
        body = cjson.encode { access_token = box.token, expires_in = "0" } } } }
      local client = new(refreshing())
      assert(call(client))
      assert(call(client))
      assert.equal(2, token_requests())
    end)

    it("with the old token while the endpoint is down", function()
      local client = new(refreshing(), { retries = 0 })
      assert(call(client))
      now = now + 3400
      box:control { faults = { { match = "/token", error = "temporarily_unavailable",
        times = 2 } } }
      assert(call(client))
      assert(call(client))
      assert.equal(2, token_requests())
      now = now + 30
      assert(call(client))
      assert.equal(3, token_requests())
      now = now + 170
      assert(call(client))
      assert.equal(4, token_requests())
    end)

    it("once after a 401, and then no more", function()
      box:control { faults = { { match = "/v1/analytics", error = "unauthorized", times = 9 } } }
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
        return rejected and box.token or "old-token"
      end))
      assert(call(client))
      assert(call(client))
      assert.same({ "none", "old-token" }, told)
    end)

    it("by the function, when the end it named comes near", function()
      local count = 0
      local client = new(credentials.token(function()
        count = count + 1
        return box.token, now + 1000
      end))
      assert(call(client))
      now = now + 699
      assert(call(client))
      assert.equal(1, count)
      now = now + 1
      assert(call(client))
      assert.equal(2, count)
    end)

    for _, c in ipairs {
      { "answered 401 in the middle", function() box:control { token_uses = 25 } end, 1 },
      { "near its end in the middle", function() end, 0, 25 },
    } do
      it("while 50 pages are read, with the token " .. c[1] .. ": no row lost or repeated",
        function()
          c[2]()
          local client = new(refreshing())
          local ids, count, pages = {}, 0, 0
          for page in client.customers:pages { size = 10 } do
            pages = pages + 1
            if pages == c[4] then now = now + 3400 end
            for _, row in ipairs(page.items) do
              assert.is_nil(ids[row.id])
              ids[row.id] = true
              count = count + 1
            end
          end
          assert.equal(50, pages)
          assert.equal(500, count)
          local stats = box:stats()
          assert.equal(2, stats.token_requests)
          assert.equal(c[3], stats.statuses["401"] or 0)
        end)
    end
  end)

  describe("with rotation", function()
    it("uses each new refresh token, revoked ones never again", function()
      box:control { rotate = "revoke" }
      local given = {}
      local client = new(refreshing { on_rotate = function(token) given[#given + 1] = token end })
      for _ = 1, 4 do
        assert(call(client))
        now = now + 3600
      end
      assert.equal(4, #given)
      assert.equal(4, token_requests())
    end)

    it("loses no token to an on_rotate that fails", function()
      box:control { rotate = "revoke" }
      local offered, working = {}, false
      local client = new(refreshing { on_rotate = function(token)
        offered[#offered + 1] = token
        if not working then error("cannot write: " .. token) end
      end })
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("sign_in", err.kind)
      assert.is_nil(dump(err):find(offered[1], 1, true))
      assert.is_nil(dump(events):find(offered[1], 1, true))
      working = true
      assert(call(client))
      assert.equal(offered[1], offered[2])
      assert.equal(1, token_requests())
      now = now + 3600
      assert(call(client))
      assert.equal(2, token_requests())
    end)
  end)

  describe("errors", function()
    for _, c in ipairs {
      { "invalid_grant", "a person has to sign in again" },
      { "revoked", "a person has to sign in again" },
      { "interaction_required", "a person has to sign in again" },
      { "mfa_required", "multi-factor authentication" },
      { "consent_required", "consent" },
      { "conditional_access", "conditional access policy" },
      { "invalid_client", "client" },
      { "unauthorized_client", nil },
      { "invalid_scope", "scope" },
      { "invalid_resource", "resource" },
    } do
      it("say what to do, and are not retried: " .. c[1], function()
        box:control { faults = { { match = "/token", error = c[1], times = 9 } } }
        local client = new(refreshing())
        local page, err = call(client)
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
        assert.is_false(err.retryable)
        assert.equal(1, token_requests())
        assert.is_nil(tostring(err):find("\n", 1, true))
        if c[2] then assert.is_truthy(tostring(err):find(c[2], 1, true), tostring(err)) end
      end)
    end

    for _, c in ipairs {
      { "bad_audience", 900420, "https://api.partnercenter.microsoft.com" },
      { "mfa_required", 900421, "multi-factor authentication" },
    } do
      it("of the service's own say what to do, and cost no new token: " .. c[1], function()
        box:control { faults = { { match = "/v1/analytics", error = c[1], times = 9 } } }
        local client = new(refreshing())
        local page, err = call(client)
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
        assert.equal(c[2], err.code)
        assert.is_truthy(tostring(err):find(c[3], 1, true))
        assert.equal(1, token_requests())
      end)
    end

    for _, c in ipairs {
      { "temporarily_unavailable", { error = "temporarily_unavailable" } },
      { "server_error", { error = "server_error" } },
      { "a bare 503", { status = 503 } },
      { "a cut connection", { close = -1 } },
    } do
      it("that pass are waited out: " .. c[1], function()
        c[2].match, c[2].times = "/token", 2
        box:control { faults = { c[2] } }
        assert(call(new(refreshing())))
        assert.equal(3, token_requests())
      end)
    end

    it("of the certificate are of kind tls", function()
      local client = new(refreshing(), { ca_file = "/etc/ssl/certs/ca-certificates.crt" })
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("tls", err.kind)
      assert.equal(0, token_requests())
    end)

    it("raised by a function reach every caller, and the next call goes on", function()
      local fail = true
      local client = new(credentials.token(function()
        if fail then error({ mine = true }) end
        return box.token
      end))
      local ok, err = pcall(call, client)
      assert.is_false(ok)
      assert.same({ mine = true }, err)
      for _, result in ipairs(together(client, {
        function() return call(client) end, function() return call(client) end,
      })) do
        assert.is_false(result[1])
        assert.same({ mine = true }, result[2])
      end
      fail = false
      assert(call(client))
    end)

    it("raised by on_event reach the caller, and the token is kept", function()
      local fail = true
      local client = new(refreshing(), { on_event = function(event)
        if fail and event.name == "token" then error("mine", 0) end
      end })
      local ok, err = pcall(call, client)
      assert.is_false(ok)
      assert.equal("mine", err)
      fail = false
      assert(call(client))
      assert.equal(1, token_requests())
    end)

    it("tell of credentials that use the client they sign in", function()
      local client
      local inner
      client = new(credentials.token(function()
        local page
        page, inner = call(client)
        return page and "x"
      end))
      local task = function() return call(client) end
      if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then task = nil end
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("sign_in", err.kind)
      assert.is_truthy(inner.message:find("waits for itself", 1, true))
      if task then
        assert.equal("sign_in", together(client, { task })[1][3].kind)
      end
    end)

    it("of a closed client are of kind closed", function()
      local client = new(refreshing())
      client:close()
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("closed", err.kind)
    end)
  end)

  describe("a function among the options", function()
    it("may wait for another client", function()
      local other = new(refreshing())
      local calls = 0
      local client = new(credentials.token(function()
        calls = calls + 1
        assert(call(other))
        return box.token
      end))
      for _, result in ipairs(together(client, {
        function() return call(client) end, function() return call(client) end,
        function() return call(client) end,
      })) do assert.is_table(result[2]) end
      assert.equal(1, calls)
    end)

    it("may wait in the iterator of a for", function()
      local client = new(credentials.token(function()
        assert(call(new(refreshing())))
        return box.token
      end))
      local results = together(client, { function()
        local count = 0
        for _ in client.customers:each { size = 100 } do count = count + 1 end
        return count
      end })
      assert.same({ true, 500 }, results[1])
    end)
  end)

  describe("of two tenants", function()
    -- What an access token of the sandbox says of itself is in its second part.
    it("never mixes, however they take turns", function()
      local shared = {}
      local function tenant(name)
        return new(credentials.refresh_token {
          tenant = name, client_id = box.client_id, refresh_token = box.refresh_token,
          on_rotate = function(token) shared[token] = (shared[token] or "") .. name end,
        })
      end
      box:control { token_uses = 7 }
      local a, b = tenant("a.example.com"), tenant("b.example.com")
      local next_a = a.customers:pages { size = 20 }
      local next_b = b.customers:pages { size = 20 }
      local pages = 0
      while true do
        local page_a, page_b = next_a(), next_b()
        if not page_a then break end
        assert.equal(page_a.items[1].id, page_b.items[1].id)
        pages = pages + 1
      end
      assert.equal(25, pages)
      local used = { a = 0, b = 0 }
      for _, request in ipairs(box:stats().requests) do
        local name = request.uri:match("^/(%a)%.example%.com/")
        if name then used[name] = used[name] + 1 end
      end
      assert.same({ a = 4, b = 4 }, used)
      for _, names in pairs(shared) do assert.is_truthy(names == "a.example.com"
        or names == "b.example.com") end
      local seen = {}
      for _, client in ipairs { a, b } do
        for _, secret in ipairs(client.sign_in:secrets()) do
          if secret ~= box.refresh_token then assert.is_nil(seen[secret]) end
          seen[secret] = client
        end
      end
    end)
  end)

  describe("secrets", function()
    -- The body of a refusal that repeats all that was sent.
    local function echo(secrets)
      return cjson.encode { error = "invalid_client", error_description =
        "AADSTS7000215: refused: " .. table.concat(secrets, " and "), error_codes = { 7000215 } }
    end

    local CODE, VERIFIER, ASSERTION, TOKEN = "0.AX.code-of-the-person", "verifier/of+the=code",
      "header.claims.signature", "an-access-token-of-mine"
    local REDIRECT = "http://localhost:8080/back"

    -- Each with what it must never show.
    local function providers()
      local secret, refresh = box.client_secret, box.refresh_token
      return {
        { refreshing(), secret, refresh },
        { refreshing { version = 1 }, secret, refresh },
        { credentials.refresh_token(known { refresh_token = function() return refresh end,
          client_assertion = function() return ASSERTION end }), refresh, ASSERTION },
        { credentials.authorization_code(known { code = CODE, code_verifier = VERIFIER,
          redirect_uri = REDIRECT }), CODE, VERIFIER },
        { credentials.client_secret(known { client_secret = secret }), secret },
        { credentials.client_assertion(known { assertion = ASSERTION }), ASSERTION },
        { credentials.token(TOKEN), TOKEN },
        { credentials.token(function() return TOKEN end), TOKEN },
        { refreshing { on_rotate = function(token) return nil, "cannot keep " .. token end },
          secret, refresh },
        { refreshing { on_rotate = function(token) error("cannot keep " .. token) end },
          secret, refresh },
        { credentials.device_code(known { on_prompt = function() return false end }) },
      }
    end

    -- Answers that repeat all the secrets that were sent, and some more.
    local function faults(secrets)
      local plain = table.concat(secrets, " and ")
      local all = echo(secrets)
      return {
        { match = "/token", error = "invalid_grant" },
        { match = "/token", status = 400, body = all },
        { match = "/token", status = 500, body = all },
        { match = "/token", status = 200, body = all },
        { match = "/token", status = 200, body = "<html>" .. plain },
        { match = "/token", close = 5 },
        { match = "/v1/customers", error = "unauthorized" },
        { match = "/v1/customers", status = 401, body = all },
        { match = "/v1/customers", status = 400, body = all },
        { match = "/v1/customers", status = 400, body = plain },
        { match = "/v1/customers", status = 200, body = "[" .. all },
        { match = "/v1/customers", status = 400, headers = { ["MS-CV"] = plain } },
      }
    end

    local function check_hidden(client, secrets, ...)
      local text = dump { ... }
      for _, list in ipairs { secrets, client.sign_in:secrets() } do
        for _, secret in ipairs(list) do
          assert.is_nil(text:find(secret, 1, true), "shown: " .. secret)
        end
      end
    end

    it("are nowhere: in no error, event or string of any failing case", function()
      local failures = 0
      for _, case in ipairs(providers()) do
        local provider, secrets = case[1], { (table.unpack or unpack)(case, 2) }
        for _, fault in ipairs(faults(secrets)) do
          fault.times = 9
          box:control { clear_faults = true, faults = { fault }, device_pending = 0 }
          events = {}
          local client = new(provider, { retries = 1 })
          local page, err = client.customers:get { size = 1 }
          check_hidden(client, secrets, events, err, tostring(err), provider, tostring(provider),
            client, client.settings)
          if not page then
            failures = failures + 1
            assert.is_true(errors.is(err))
          end
          client:close()
        end
      end
      assert.is_true(failures > 100, failures)
    end)

    it("of the recent sign-ins only are remembered", function()
      local client = new(refreshing())
      for _ = 1, 20 do
        assert(call(client))
        now = now + 3600
      end
      assert.is_true(#client.sign_in:secrets() <= 32)
    end)
  end)

  it("tells listeners, without secrets", function()
    local client = new(refreshing())
    assert(call(client))
    local told
    for _, event in ipairs(events) do
      if event.name == "token" then told = event end
    end
    assert.equal("refresh_token", told.credentials)
    assert.equal(3599, told.expires_in)
    assert.is_number(told.time)
    for _, secret in ipairs(client.sign_in:secrets()) do
      assert.is_nil(dump(events):find(secret, 1, true))
    end
  end)
end)
