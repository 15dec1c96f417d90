-- What each kind of credentials takes, what it sends, and what it makes of the
-- answer. The context is the client's side of the conversation, played here; the
-- sandbox plays the other one in sign_in_spec.
local clouds = require "partnercenter.sign_in.clouds"
local conversation = require "spec.support.conversation"
local core = require "partnercenter.core"
local credentials = require "partnercenter.sign_in.credentials"

local TENANT, CLIENT = conversation.TENANT, conversation.CLIENT
local V1, V2 = conversation.V1, conversation.V2
local RESOURCE, SCOPE, NOW = conversation.RESOURCE, conversation.SCOPE, conversation.NOW
local options = conversation.options
local context = conversation.context
local granted = conversation.granted

local function raised(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  local text = tostring(message):match("^[^:]*credentials_spec%.lua:%d+: (.*)$")
  assert.is_truthy(text, "does not point at this file: " .. tostring(message))
  return text
end

describe("partnercenter.credentials", function()
  describe("options", function()
    local refresh = { refresh_token = "r" }
    for _, c in ipairs {
      { "no table", "refresh_token", "x",
        "credentials.refresh_token takes a table of options, not a string" },
      { "no tenant", "refresh_token", { client_id = CLIENT, refresh_token = "r" },
        "credentials.refresh_token needs the option 'tenant'" },
      { "no client id", "refresh_token", { tenant = TENANT, refresh_token = "r" },
        "credentials.refresh_token needs the option 'client_id'" },
      { "no refresh token", "refresh_token", options(),
        "credentials.refresh_token needs the option 'refresh_token'" },
      { "an unknown option", "refresh_token", options { refresh_tokn = "r" },
        "unknown option 'refresh_tokn' in credentials.refresh_token "
          .. "(did you mean 'refresh_token'?)" },
      { "a tenant without a dot", "refresh_token",
        { tenant = "contoso", client_id = CLIENT, refresh_token = "r" }, "'tenant'" },
      { "a tenant with a slash", "refresh_token",
        { tenant = "a.com/b", client_id = CLIENT, refresh_token = "r" }, "'tenant'" },
      { "a tenant with a line break", "refresh_token",
        { tenant = "a.com\n", client_id = CLIENT, refresh_token = "r" }, "'tenant'" },
      { "a tenant that begins with a hyphen", "refresh_token",
        { tenant = "-a.com", client_id = CLIENT, refresh_token = "r" }, "'tenant'" },
      { "a tenant that ends in a dot", "refresh_token",
        { tenant = "a.com.", client_id = CLIENT, refresh_token = "r" }, "'tenant'" },
      { "a tenant that is too long", "refresh_token",
        { tenant = ("a."):rep(130) .. "com", client_id = CLIENT, refresh_token = "r" },
        "'tenant'" },
      { "a label that is too long", "refresh_token",
        { tenant = ("a"):rep(64) .. ".com", client_id = CLIENT, refresh_token = "r" }, "'tenant'" },
      { "a tenant that is no string", "refresh_token",
        { tenant = 1, client_id = CLIENT, refresh_token = "r" }, "'tenant'" },
      { "a client id that is no GUID", "refresh_token",
        { tenant = TENANT, client_id = "x", refresh_token = "r" },
        "option 'client_id' of credentials.refresh_token must be a GUID" },
      { "a refresh token of a wrong type", "refresh_token", options { refresh_token = 1 },
        "option 'refresh_token' of credentials.refresh_token must be a text or a function" },
      { "an empty refresh token", "refresh_token", options { refresh_token = "" },
        "'refresh_token'" },
      { "a secret with a line break at its end", "client_secret",
        options { client_secret = "s\n" }, "must not end in a line break" },
      { "a secret with a zero byte", "client_secret", options { client_secret = "s\0s" },
        "control characters" },
      { "a secret and an assertion", "refresh_token",
        options { refresh_token = "r", client_secret = "s", client_assertion = "a.b.c" },
        "credentials.refresh_token takes client_secret or client_assertion, not both" },
      { "an unknown version", "refresh_token", options { refresh_token = "r", version = 3 },
        "must be 1 or 2" },
      { "a scope for version 1", "refresh_token",
        options { refresh_token = "r", version = 1, scope = "x" },
        "option 'scope' of credentials.refresh_token goes with version 2 of the token endpoint" },
      { "a resource for version 2", "refresh_token",
        options { refresh_token = "r", resource = "x" },
        "option 'resource' of credentials.refresh_token goes with version 1" },
      { "on_rotate that is no function", "refresh_token",
        options { refresh_token = "r", on_rotate = "x" }, "'on_rotate'" },
      { "no on_prompt", "device_code", options(),
        "credentials.device_code needs the option 'on_prompt'" },
      { "a version for the device code", "device_code",
        options { on_prompt = print, version = 1 }, "unknown option 'version'" },
      { "no code", "authorization_code", options { redirect_uri = "x" },
        "credentials.authorization_code needs the option 'code'" },
      { "no redirect_uri", "authorization_code", options { code = "x" },
        "credentials.authorization_code needs the option 'redirect_uri'" },
      { "no client secret", "client_secret", options(),
        "credentials.client_secret needs the option 'client_secret'" },
      { "no assertion", "client_assertion", options(),
        "credentials.client_assertion needs the option 'assertion'" },
      { "no token", "token", nil, "credentials.token takes an access token" },
      { "a token with a space", "token", "a b", "credentials.token takes an access token" },
      { "a token with a line break", "token", "a\r\nX: y", "credentials.token takes" },
      { "a number as a token", "token", 7, "credentials.token takes an access token" },
      { "no state", "authorize_url", options { redirect_uri = "x" },
        "credentials.authorize_url needs the option 'state'" },
      { "an unknown cloud", "authorize_url",
        options { redirect_uri = "x", state = "s", cloud = "chian" }, "did you mean 'china'" },
      { "an unknown challenge method", "authorize_url",
        options { redirect_uri = "x", state = "s", code_challenge_method = "S512" },
        "'code_challenge_method'" },
    } do
      it("refuse " .. c[1], function()
        local text = raised(function()
          local made = credentials[c[2]](c[3])
          return made
        end)
        assert.is_truthy(text:find(c[4], 1, true), text)
      end)
    end

    for _, tenant in ipairs { TENANT, "a.b", "x-y.example.com", CLIENT, CLIENT:upper() } do
      it("take the tenant " .. tenant, function()
        assert.is_table(credentials.refresh_token {
          tenant = tenant, client_id = CLIENT, refresh_token = "r" })
      end)
    end

    it("are copied", function()
      local given = options(refresh)
      local provider = credentials.refresh_token(given)
      given.refresh_token, given.tenant = "other", "other.example"
      local c = context { granted "t" }
      assert(provider:acquire(c))
      assert.equal("r", c.sent[1][2].refresh_token)
      assert.equal(V2 .. "token", c.sent[1][1])
    end)
  end)

  describe("a provider", function()
    local providers = {
      refresh_token = credentials.refresh_token(options {
        client_secret = "SECRET", refresh_token = "SECRET" }),
      device_code = credentials.device_code(options { on_prompt = print }),
      authorization_code = credentials.authorization_code(options {
        code = "SECRET", redirect_uri = "x", code_verifier = "SECRET", client_secret = "SECRET" }),
      client_secret = credentials.client_secret(options { client_secret = "SECRET" }),
      client_assertion = credentials.client_assertion(options { assertion = "SECRET" }),
      token = credentials.token("SECRET"),
    }
    providers.file = credentials.file("/nowhere/token", providers.refresh_token)

    local app_only = { client_secret = true, client_assertion = true }
    for name, provider in pairs(providers) do
      it("shows no secret: " .. name, function()
        assert.is_nil(tostring(provider):find("SECRET", 1, true))
        for key, value in pairs(provider) do
          assert.is_nil(tostring(key):find("SECRET", 1, true))
          assert.is_nil(tostring(value):find("SECRET", 1, true))
        end
      end)

      it("knows whether its tokens name a user: " .. name, function()
        local expected = app_only[name] or false
        if name == "token" then expected = nil end
        assert.equal(expected, provider.app_only)
      end)
    end

    it("says what it is", function()
      assert.equal("credentials.token", tostring(providers.token))
      assert.equal("credentials.client_secret of tenant " .. TENANT .. ", client " .. CLIENT,
        tostring(providers.client_secret))
    end)
  end)

  -- Every field of the form, and nothing else.

  describe("sends", function()
    for _, c in ipairs {
      { "a refresh token", "refresh_token", { refresh_token = "r" }, V2, {
        grant_type = "refresh_token", refresh_token = "r", client_id = CLIENT, scope = SCOPE } },
      { "a refresh token with a secret", "refresh_token",
        { refresh_token = "r", client_secret = "a+b/c=~&%" }, V2, {
        grant_type = "refresh_token", refresh_token = "r", client_id = CLIENT, scope = SCOPE,
        client_secret = "a+b/c=~&%" } },
      { "a refresh token with an assertion", "refresh_token",
        { refresh_token = "r", client_assertion = "a.b.c" }, V2, {
        grant_type = "refresh_token", refresh_token = "r", client_id = CLIENT, scope = SCOPE,
        client_assertion = "a.b.c",
        client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" } },
      { "a refresh token to version 1", "refresh_token", { refresh_token = "r", version = 1 }, V1, {
        grant_type = "refresh_token", refresh_token = "r", client_id = CLIENT,
        resource = RESOURCE } },
      { "a scope of the caller's", "refresh_token", { refresh_token = "r", scope = "x" }, V2, {
        grant_type = "refresh_token", refresh_token = "r", client_id = CLIENT, scope = "x" } },
      { "a resource of the caller's", "refresh_token",
        { refresh_token = "r", version = 1, resource = "x" }, V1, {
        grant_type = "refresh_token", refresh_token = "r", client_id = CLIENT, resource = "x" } },
      { "a refresh token that a function gives", "refresh_token",
        { refresh_token = function() return "f" end }, V2, {
        grant_type = "refresh_token", refresh_token = "f", client_id = CLIENT, scope = SCOPE } },
      { "a code", "authorization_code", { code = "c", redirect_uri = "https://x/" }, V2, {
        grant_type = "authorization_code", code = "c", redirect_uri = "https://x/",
        client_id = CLIENT, scope = SCOPE } },
      { "a code with its verifier", "authorization_code",
        { code = "c", redirect_uri = "https://x/", code_verifier = "v", client_secret = "s" }, V2, {
        grant_type = "authorization_code", code = "c", redirect_uri = "https://x/",
        client_id = CLIENT, scope = SCOPE, code_verifier = "v", client_secret = "s" } },
      { "a code to version 1", "authorization_code",
        { code = "c", redirect_uri = "https://x/", version = 1 }, V1, {
        grant_type = "authorization_code", code = "c", redirect_uri = "https://x/",
        client_id = CLIENT, resource = RESOURCE } },
      { "a secret", "client_secret", { client_secret = "s" }, V2, {
        grant_type = "client_credentials", client_id = CLIENT, client_secret = "s",
        scope = RESOURCE .. "/.default" } },
      { "a secret to version 1", "client_secret", { client_secret = "s", version = 1 }, V1, {
        grant_type = "client_credentials", client_id = CLIENT, client_secret = "s",
        resource = RESOURCE } },
      { "an assertion", "client_assertion", { assertion = "a.b.c" }, V2, {
        grant_type = "client_credentials", client_id = CLIENT, client_assertion = "a.b.c",
        client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        scope = RESOURCE .. "/.default" } },
      { "an assertion made for the endpoint", "client_assertion",
        { assertion = function(audience) return "for " .. audience end }, V2, {
        grant_type = "client_credentials", client_id = CLIENT,
        client_assertion = "for " .. V2 .. "token",
        client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        scope = RESOURCE .. "/.default" } },
    } do
      it(c[1], function()
        local ctx = context { granted "t" }
        local got = assert(credentials[c[2]](options(c[3])):acquire(ctx))
        assert.equal("t", got.access_token)
        assert.equal(NOW + 3599, got.expires_at)
        assert.same({ { c[4] .. "token", c[5] } }, ctx.sent)
        for _, name in ipairs { "refresh_token", "code", "code_verifier", "client_secret",
          "client_assertion" } do
          if c[5][name] then assert.is_true(ctx.secrets[c[5][name]], name .. " is not masked") end
        end
        assert.is_true(ctx.secrets.t)
      end)
    end

    it("to the cloud's own authority, for its own resource", function()
      local ctx = context({ granted "t" }, { cloud = clouds.get("china") })
      assert(credentials.refresh_token(options { refresh_token = "r" }):acquire(ctx))
      assert.equal("https://login.chinacloudapi.cn/" .. TENANT .. "/oauth2/v2.0/token",
        ctx.sent[1][1])
      assert.equal("https://partner.partnercenterapi.microsoftonline.cn/user_impersonation "
        .. "offline_access", ctx.sent[1][2].scope)
    end)
  end)

  describe("the answer", function()
    local provider = credentials.client_secret(options { client_secret = "s" })
    for _, c in ipairs {
      { "expires_in as a number", { expires_in = 1200 }, 1200 },
      { "expires_in as a string", { expires_in = "1200" }, 1200 },
      { "expires_in with a fraction", { expires_in = "1200.5" }, 1200.5 },
      { "expires_in before expires_on", { expires_in = "1200", expires_on = "1" }, 1200 },
      { "expires_on as a string", { expires_on = tostring(NOW + 900) }, 900 },
      { "expires_on as a number", { expires_on = NOW + 900 }, 900 },
      { "expires_on in the past of this clock", { expires_on = NOW - 900 }, 60 },
      { "neither", {}, 300 },
      { "words", { expires_in = "soon" }, 300 },
      { "a negative number", { expires_in = -5 }, 300 },
      { "infinity", { expires_in = math.huge }, 300 },
      { "not a number", { expires_in = 0 / 0 }, 300 },
      { "a table", { expires_in = {} }, 300 },
      { "a thousand years", { expires_in = 3e10 }, 86400 },
      { "zero", { expires_in = 0 }, 0 },
    } do
      it("lives as long as it says: " .. c[1], function()
        local answer = { access_token = "t" }
        for name, value in pairs(c[2]) do answer[name] = value end
        assert.equal(NOW + c[3], assert(provider:acquire(context { answer })).expires_at)
      end)
    end

    for _, c in ipairs {
      { "no token", {} },
      { "an empty token", { access_token = "" } },
      { "a number", { access_token = 5 } },
      { "null", { access_token = core.null } },
      { "a token with a line break", { access_token = "SECRET\r\nX: y" } },
      { "a token with a space", { access_token = "SECRET SECRET" } },
      { "a token of another type", { access_token = "SECRET", token_type = "pop" } },
      { "no object", "SECRET" },
      { "a refresh token with a line break", { access_token = "t", refresh_token = "SECRET\n" } },
    } do
      it("with " .. c[1] .. " is an error of kind protocol", function()
        local got, err = provider:acquire(context { c[2] })
        assert.is_nil(got)
        assert.equal("protocol", err.kind)
        assert.is_nil(tostring(err):find("SECRET", 1, true))
      end)
    end

    for _, kind in ipairs { "bearer", "BEARER", core.null } do
      it("is taken with the type " .. tostring(kind), function()
        assert(provider:acquire(context { { access_token = "t", token_type = kind } }))
      end)
    end
  end)

  describe("a token", function()
    it("from the caller is used as it is", function()
      local ctx = context {}
      assert.same({ access_token = "abc" }, credentials.token("abc"):acquire(ctx))
      assert.is_true(ctx.secrets.abc)
    end)

    it("from the caller has no successor", function()
      local got, err = credentials.token("abc"):acquire(context({}, { rejected = "abc" }))
      assert.is_nil(got)
      assert.is_nil(err)
    end)

    it("from a function comes with its end, and what was rejected is told", function()
      local told
      local provider = credentials.token(function(rejected)
        told = rejected
        return "abc", NOW + 60
      end)
      local ctx = context({}, { rejected = "old" })
      assert.same({ access_token = "abc", expires_at = NOW + 60 }, provider:acquire(ctx))
      assert.equal("old", told)
      assert.is_true(ctx.secrets.abc)
    end)

    for _, c in ipairs {
      { "nil and why", function() return nil, "no session" end, "token failed: no session" },
      { "nothing", function() end, "token failed: it gave nothing" },
      { "a number", function() return 5 end, "gave a number, not a text" },
      { "an empty text", function() return "" end, "not a text" },
      { "a text with a line break", function() return "SECRET\r\nX: y" end, "not a text" },
      { "a text with a space", function() return "SECRET x" end, "fits in no header" },
      { "a time of the wrong type", function() return "SECRET", "soon" end, "a string, not" },
    } do
      it("from a function that gives " .. c[1] .. " is an error", function()
        local got, err = credentials.token(c[2]):acquire(context {})
        assert.is_nil(got)
        assert.equal("sign_in", err.kind)
        assert.is_truthy(err.message:find(c[3], 1, true), err.message)
        assert.is_nil(tostring(err):find("SECRET", 1, true))
      end)
    end

    it("from a function lets errors through", function()
      local ok, err = pcall(function()
        return credentials.token(function() error("mine", 0) end):acquire(context {})
      end)
      assert.is_false(ok)
      assert.equal("mine", err)
    end)
  end)
end)
