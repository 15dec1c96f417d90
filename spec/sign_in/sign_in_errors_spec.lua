-- When signing in fails, against the sandbox over TLS: what each error says, and
-- what it never shows.
local cjson = require "spec.support.json"
local errors = require "partnercenter.errors"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
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
        world.box:control { faults = { { match = "/token", error = c[1], times = 9 } } }
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
      { "mfa_required_older", 10001, "multi-factor authentication" },
    } do
      it("of the service's own say what to do, and cost no new token: " .. c[1], function()
        world.box:control { faults = { { match = "/v1/analytics", error = c[1], times = 9 } } }
        local client = new(refreshing())
        local page, err = call(client)
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
        assert.equal(c[2], err.code)
        assert.is_truthy(tostring(err):find(c[3], 1, true))
        assert.equal(1, token_requests())
      end)
    end

    local CLAIMS = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    for _, c in ipairs {
      { "", CLAIMS },
      { ", on a line behind others' challenges", { "Negotiate", 'Basic realm="x"', CLAIMS } },
    } do
      it("of claims that are missing cost no new token, and hand them over" .. c[1], function()
        world.box:control { faults = { { match = "/v1/analytics", status = 401, body = "",
          times = 9, headers = { ["WWW-Authenticate"] = c[2] } } } }
        local page, err = call(new(refreshing()))
        assert.is_nil(page)
        assert.equal("sign_in", err.kind)
        assert.equal('{"access_token":{}}', err.claims)
        assert.truthy(tostring(err):find("a person has to sign in again", 1, true))
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
        world.box:control { faults = { c[2] } }
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
        return world.box.token
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
      local page, err = call(client)
      assert.is_nil(page)
      assert.equal("sign_in", err.kind)
      assert.is_truthy(inner.message:find("waits for itself", 1, true))
      local result = together(client, { function() return call(client) end })[1]
      assert.equal("sign_in", result[3].kind)
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
        return world.box.token
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
        return world.box.token
      end))
      local results = together(client, { function()
        local count = 0
        for _ in client.customers:each { size = 100 } do count = count + 1 end
        return count
      end })
      assert.same({ true, 500 }, results[1])
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
      local secret, refresh = world.box.client_secret, world.box.refresh_token
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
      signing.check_hidden(dump { client, ... }, secrets)
    end

    it("are nowhere: in no error, event or string of any failing case", function()
      local failures = 0
      for _, case in ipairs(providers()) do
        local provider, secrets = case[1], { (table.unpack or unpack)(case, 2) }
        for _, fault in ipairs(faults(secrets)) do
          fault.times = 9
          world.box:control { clear_faults = true, faults = { fault }, device_pending = 0 }
          world.events = {}
          local client = new(provider, { retries = 1 })
          local page, err = client.customers:get { size = 1 }
          check_hidden(client, secrets, world.events, err, tostring(err), provider,
            tostring(provider), client, inside(client).settings)
          if not page then
            failures = failures + 1
            assert.is_true(errors.is(err))
          end
          client:close()
        end
      end
      assert.is_true(failures > 100, failures)
    end)
  end)
end)
