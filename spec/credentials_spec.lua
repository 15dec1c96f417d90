-- What each kind of credentials takes, what it sends, and what it makes of the
-- answer. The context is the client's side of the conversation, played here; the
-- sandbox plays the other one in sign_in_spec.
local authorize = require "partnercenter.credentials.authorize"
local clouds = require "partnercenter.clouds"
local core = require "partnercenter.core"
local credentials = require "partnercenter.credentials"
local errors = require "partnercenter.error"

local TENANT = "contoso.onmicrosoft.com"
local CLIENT = "1f3c2b9e-7c5d-4b86-9a51-6d0f2e8c4a73"
local V2 = "https://login.microsoftonline.com/" .. TENANT .. "/oauth2/v2.0/"
local V1 = "https://login.microsoftonline.com/" .. TENANT .. "/oauth2/"
local RESOURCE = "https://api.partnercenter.microsoft.com"
local SCOPE = RESOURCE .. "/user_impersonation offline_access"
local NOW = 1700000000

local function options(more)
  local all = { tenant = TENANT, client_id = CLIENT }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- A context whose post gives the answers in turn; each is a document, an error,
-- or a function.
local function context(answers, more)
  local self = {
    state = {}, cloud = clouds.get("global"), sent = {}, secrets = {}, slept = 0,
    time = function() return NOW end,
  }
  self.now = function() return self.slept end
  self.secret = function(secret) self.secrets[secret] = true end
  self.sleep = function(seconds)
    self.slept = self.slept + seconds
    return true
  end
  self.post = function(address, form)
    local fields = {}
    for _, field in ipairs(form) do
      assert(fields[field[1]] == nil, "twice: " .. field[1])
      fields[field[1]] = field[2]
    end
    self.sent[#self.sent + 1] = { address, fields }
    local answer = table.remove(answers, 1)
    if errors.is(answer) then return nil, answer end
    return answer
  end
  for name, value in pairs(more or {}) do self[name] = value end
  return self
end

local function granted(token, more)
  local answer = { token_type = "Bearer", expires_in = 3599, access_token = token }
  for name, value in pairs(more or {}) do answer[name] = value end
  return answer
end

local function refused(code)
  return errors.new { kind = "sign_in", message = "refused: " .. code, error = code, status = 400 }
end

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

  describe("a refresh token", function()
    local function rotating(more)
      local given = {}
      local o = options { refresh_token = "r1", on_rotate = function(token)
        given[#given + 1] = token
      end }
      for name, value in pairs(more or {}) do o[name] = value end
      return credentials.refresh_token(o), given
    end

    it("is replaced by the one in the answer", function()
      local provider, given = rotating()
      local ctx = context { granted("t1", { refresh_token = "r2" }),
        granted("t2", { refresh_token = "r3" }), granted("t3") , granted("t4") }
      for i = 1, 4 do assert.equal("t" .. i, assert(provider:acquire(ctx)).access_token) end
      assert.same({ "r2", "r3" }, given)
      local used = {}
      for i, sent in ipairs(ctx.sent) do used[i] = sent[2].refresh_token end
      assert.same({ "r1", "r2", "r3", "r3" }, used)
      assert.is_true(ctx.secrets.r2)
    end)

    it("that stays the same is not handed out", function()
      local provider, given = rotating()
      local ctx = context { granted("t1", { refresh_token = "r1" }) }
      assert(provider:acquire(ctx))
      assert.same({}, given)
    end)

    it("that is empty or null changes nothing", function()
      local provider, given = rotating()
      local ctx = context { granted("t1", { refresh_token = "" }),
        granted("t2", { refresh_token = core.null }), granted("t3") }
      for _ = 1, 3 do assert(provider:acquire(ctx)) end
      assert.same({}, given)
      assert.equal("r1", ctx.sent[3][2].refresh_token)
    end)

    it("belongs to the client, not to the provider", function()
      local provider, given = rotating()
      local a, b = context { granted("a1", { refresh_token = "ra" }), granted "a2" },
        context { granted("b1", { refresh_token = "rb" }), granted "b2" }
      assert(provider:acquire(a))
      assert(provider:acquire(b))
      assert(provider:acquire(a))
      assert(provider:acquire(b))
      assert.same({ "ra", "rb" }, given)
      assert.equal("ra", a.sent[2][2].refresh_token)
      assert.equal("rb", b.sent[2][2].refresh_token)
    end)

    for _, c in ipairs {
      { "raises", function() error("disk full", 0) end, "disk full" },
      { "returns false", function() return false end, "it gave false" },
      { "returns nil and why", function() return nil, "disk full" end, "disk full" },
      { "returns nil and an error object",
        function() return nil, errors.new { kind = "network", message = "store down" } end,
        "store down" },
      { "raises a table", function() error({}) end, "table: " },
    } do
      it("fails the call when on_rotate " .. c[1] .. ", and is offered again first", function()
        local offered, working = {}, false
        local provider = rotating { on_rotate = function(token)
          offered[#offered + 1] = token
          if not working then return c[2]() end
        end }
        local ctx = context { granted("t1", { refresh_token = "r2" }),
          granted("t2", { refresh_token = "r3" }) }
        for i = 1, 2 do
          local got, err = provider:acquire(ctx)
          assert.is_nil(got)
          assert.equal("sign_in", err.kind)
          assert.is_false(err.retryable)
          assert.is_truthy(err.message:find("on_rotate could not keep the new refresh token: "
            .. c[3], 1, true), err.message)
          assert.equal(i, #offered)
        end
        assert.equal(1, #ctx.sent)
        working = true
        assert.equal("t1", assert(provider:acquire(ctx)).access_token)
        assert.equal("t2", assert(provider:acquire(ctx)).access_token)
        assert.same({ "r2", "r2", "r2", "r3" }, offered)
        assert.equal("r2", ctx.sent[2][2].refresh_token)
      end)
    end

    it("is used once more when the access token held back has ended", function()
      local working = false
      local provider = rotating { on_rotate = function() return working end }
      local now = NOW
      local ctx = context({ granted("t1", { refresh_token = "r2" }), granted "t2" },
        { time = function() return now end })
      assert.is_nil((provider:acquire(ctx)))
      working, now = true, NOW + 3599
      assert.equal("t2", assert(provider:acquire(ctx)).access_token)
      assert.equal("r2", ctx.sent[2][2].refresh_token)
    end)

    it("that is refused is not tried twice, nor the first one again", function()
      local provider = rotating()
      local ctx = context { granted("t1", { refresh_token = "r2" }), refused "invalid_grant" }
      assert(provider:acquire(ctx))
      local got, err = provider:acquire(ctx)
      assert.is_nil(got)
      assert.equal("invalid_grant", err.error)
      assert.equal(2, #ctx.sent)
    end)

    for _, c in ipairs {
      { "nil and why", function() return nil, "run 'login' first" end, "run 'login' first" },
      { "nothing", function() end, "it gave nothing" },
      { "a number", function() return 5 end, "gave a number, not a text" },
      { "an error object",
        function() return nil, errors.new { kind = "network", message = "store down" } end,
        "store down", "network" },
    } do
      it("whose function gives " .. c[1] .. " is an error", function()
        local got, err = rotating({ refresh_token = c[2] }):acquire(context {})
        assert.is_nil(got)
        assert.equal(c[4] or "sign_in", err.kind)
        assert.is_truthy(err.message:find(c[3], 1, true), err.message)
      end)
    end
  end)

  describe("an authorization code", function()
    local provider = credentials.authorization_code(options { code = "c", redirect_uri = "x" })

    it("is exchanged once; then the refresh token serves", function()
      local ctx = context { granted("t1", { refresh_token = "r1" }), granted "t2" }
      assert(provider:acquire(ctx))
      assert(provider:acquire(ctx))
      assert.equal("authorization_code", ctx.sent[1][2].grant_type)
      assert.equal("refresh_token", ctx.sent[2][2].grant_type)
      assert.equal("r1", ctx.sent[2][2].refresh_token)
    end)

    it("without a refresh token lasts for one access token", function()
      local ctx = context { granted "t1" }
      assert(provider:acquire(ctx))
      local got, err = provider:acquire(ctx)
      assert.is_nil(got)
      assert.equal("sign_in", err.kind)
      assert.is_truthy(err.message:find("offline_access", 1, true))
      assert.equal(1, #ctx.sent)
    end)

    it("stays good when the network failed", function()
      local ctx = context { errors.new { kind = "network", message = "down" }, granted "t1" }
      assert.is_nil((provider:acquire(ctx)))
      assert.equal("t1", assert(provider:acquire(ctx)).access_token)
    end)

    it("hands its first refresh token to on_rotate", function()
      local given
      local c = credentials.authorization_code(options { code = "c", redirect_uri = "x",
        on_rotate = function(token) given = token end })
      assert(c:acquire(context { granted("t1", { refresh_token = "r1" }) }))
      assert.equal("r1", given)
    end)
  end)

  describe("a device code", function()
    local prompts
    local function device(more)
      local answer = { device_code = "DEVICE", user_code = "ABC", interval = 5, expires_in = 900,
        verification_uri = "https://microsoft.com/devicelogin", message = "open and type" }
      for name, value in pairs(more or {}) do answer[name] = value end
      return answer
    end
    local function provider(more)
      prompts = {}
      local o = options { on_prompt = function(message, details)
        prompts[#prompts + 1] = { message, details }
      end }
      for name, value in pairs(more or {}) do o[name] = value end
      return credentials.device_code(o)
    end

    it("is asked for, shown, and polled", function()
      local ctx = context { device(), refused "authorization_pending", granted "t" }
      assert.equal("t", assert(provider():acquire(ctx)).access_token)
      assert.same({ V2 .. "devicecode", { client_id = CLIENT, scope = SCOPE } }, ctx.sent[1])
      local poll = { V2 .. "token", { client_id = CLIENT, device_code = "DEVICE",
        grant_type = "urn:ietf:params:oauth:grant-type:device_code" } }
      assert.same({ poll, poll }, { ctx.sent[2], ctx.sent[3] })
      assert.equal(10, ctx.slept)
      assert.same({ { "open and type", { message = "open and type", user_code = "ABC",
        verification_uri = "https://microsoft.com/devicelogin", interval = 5, expires_in = 900,
      } } }, prompts)
      assert.is_true(ctx.secrets.DEVICE)
    end)

    it("gives a refresh token that serves from then on", function()
      local p = provider()
      local ctx = context { device(), granted("t1", { refresh_token = "r1" }), granted "t2" }
      assert(p:acquire(ctx))
      assert(p:acquire(ctx))
      assert.equal("r1", ctx.sent[3][2].refresh_token)
      assert.equal(1, #prompts)
    end)

    it("is asked for again when the refresh token is refused", function()
      local p = provider()
      local ctx = context { device(), granted("t1", { refresh_token = "r1" }),
        refused "invalid_grant", device(), granted "t2" }
      assert(p:acquire(ctx))
      assert.equal("t2", assert(p:acquire(ctx)).access_token)
      assert.equal(2, #prompts)
    end)

    it("is not asked for when the network fails", function()
      local p = provider()
      local ctx = context { device(), granted("t1", { refresh_token = "r1" }),
        errors.new { kind = "network", message = "down" } }
      assert(p:acquire(ctx))
      local _, err = p:acquire(ctx)
      assert.equal("network", err.kind)
      assert.equal(1, #prompts)
    end)

    it("slows down when told", function()
      local ctx = context { device(), refused "slow_down", refused "authorization_pending",
        granted "t" }
      assert(provider():acquire(ctx))
      assert.equal(5 + 10 + 10, ctx.slept)
    end)

    it("goes on after a hiccup, more slowly", function()
      local ctx = context { device(), errors.new { kind = "network", message = "down" },
        granted "t" }
      assert(provider():acquire(ctx))
      assert.equal(5 + 10, ctx.slept)
    end)

    for _, code in ipairs { "authorization_declined", "access_denied", "expired_token",
      "bad_verification_code", "invalid_client" } do
      it("ends at " .. code, function()
        local ctx = context { device(), refused(code) }
        local got, err = provider():acquire(ctx)
        assert.is_nil(got)
        assert.equal(code, err.error)
        assert.is_nil(ctx.state.device)
      end)
    end

    it("is not polled beyond its life", function()
      local pending = {}
      for i = 1, 1000 do pending[i] = refused "authorization_pending" end
      table.insert(pending, 1, device { expires_in = 60 })
      local ctx = context(pending)
      local got, err = provider():acquire(ctx)
      assert.is_nil(got)
      assert.equal("sign_in", err.kind)
      assert.is_true(ctx.slept < 60)
      assert.equal(1 + 11, #ctx.sent)
    end)

    it("is polled on by the next call when a deadline ends this one", function()
      local p = provider()
      local ctx = context { device(), refused "authorization_pending", granted "t" }
      local sleep, left = ctx.sleep, 1
      ctx.sleep = function(seconds)
        left = left - 1
        return left >= 0 and sleep(seconds)
      end
      local got, err = p:acquire(ctx)
      assert.is_nil(got)
      assert.equal("timeout", err.kind)
      left = 10
      assert.equal("t", assert(p:acquire(ctx)).access_token)
      assert.equal(1, #prompts)
    end)

    it("that has ended meanwhile is asked for anew", function()
      local p = provider()
      local ctx = context { device(), device(), granted "t" }
      local sleep = ctx.sleep
      ctx.sleep = function() return false end
      assert.is_nil((p:acquire(ctx)))
      ctx.slept, ctx.sleep = 901, sleep
      assert(p:acquire(ctx))
      assert.equal(2, #prompts)
    end)

    for _, c in ipairs {
      { "false", function() return false end, "declined to ask" },
      { "nil and why", function() return nil, "run 'login'" end, "run 'login'" },
      { "an error object",
        function() return nil, errors.new { kind = "cancelled", message = "no" } end, "no" },
    } do
      it("is given up when on_prompt returns " .. c[1], function()
        local ctx = context { device() }
        local got, err = provider({ on_prompt = c[2] }):acquire(ctx)
        assert.is_nil(got)
        assert.is_truthy(err.message:find(c[3], 1, true), err.message)
        assert.equal(1, #ctx.sent)
      end)
    end

    it("comes with what the service leaves out", function()
      local p = provider()
      assert(p:acquire(context { { device_code = "DEVICE", user_code = "ABC",
        verification_url = "https://x/" }, granted "t" }))
      assert.equal("To sign in, open https://x/ and enter the code ABC.", prompts[1][1])
      assert.equal(5, prompts[1][2].interval)
      assert.equal(900, prompts[1][2].expires_in)
    end)

    it("shows a message without control characters", function()
      local p = provider()
      assert(p:acquire(context { device { message = "a\27[2Jb\r\nc" }, granted "t" }))
      assert.equal("a [2Jb c", prompts[1][1])
    end)

    for _, c in ipairs {
      { "no object", "x" },
      { "no device code", { user_code = "ABC", verification_uri = "x" } },
      { "no user code", { device_code = "D", verification_uri = "x" } },
      { "no address", { device_code = "D", user_code = "ABC" } },
    } do
      it("with " .. c[1] .. " is an error of kind protocol", function()
        local got, err = provider():acquire(context { c[2] })
        assert.is_nil(got)
        assert.equal("protocol", err.kind)
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

  describe("authorize_url", function()
    local function query_of(address)
      local place, query = address:match("^([^?]*)%?(.*)$")
      local fields = {}
      for name, value in query:gmatch("([^&=]+)=([^&]*)") do fields[name] = value end
      return place, fields
    end

    it("has all that the page needs, encoded", function()
      local place, fields = query_of(credentials.authorize_url(options {
        redirect_uri = "https://x.example/back?a=b&c", state = "s +/=", code_challenge = "ch",
        prompt = "select_account", login_hint = "a@b.c", response_mode = "form_post" }))
      assert.equal(V2 .. "authorize", place)
      assert.same({
        response_type = "code", client_id = CLIENT, response_mode = "form_post",
        redirect_uri = "https%3A%2F%2Fx.example%2Fback%3Fa%3Db%26c", state = "s%20%2B%2F%3D",
        scope = "https%3A%2F%2Fapi.partnercenter.microsoft.com%2Fuser_impersonation%20"
          .. "offline_access",
        code_challenge = "ch", code_challenge_method = "S256", prompt = "select_account",
        login_hint = "a%40b.c",
      }, fields)
    end)

    it("names the resource in version 1", function()
      local place, fields = query_of(credentials.authorize_url(options {
        redirect_uri = "x", state = "s", version = 1 }))
      assert.equal(V1 .. "authorize", place)
      assert.equal("https%3A%2F%2Fapi.partnercenter.microsoft.com", fields.resource)
      assert.is_nil(fields.scope)
      assert.is_nil(fields.code_challenge_method)
    end)

    it("goes to the cloud's authority, or to the caller's", function()
      local o = options { redirect_uri = "x", state = "s", cloud = "us_government" }
      assert.is_truthy(credentials.authorize_url(o):find("^https://login%.microsoftonline%.us/"))
      o.authority = "https://login.example"
      assert.is_truthy(credentials.authorize_url(o):find("^https://login%.example/contoso"))
    end)
  end)

  describe("pkce", function()
    it("makes the challenge of RFC 7636, appendix B", function()
      assert.equal("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        authorize.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
    end)

    it("gives another verifier each time, of the form that RFC 7636 wants", function()
      local a, b = credentials.pkce(), credentials.pkce()
      assert.not_equal(a.code_verifier, b.code_verifier)
      assert.is_truthy(a.code_verifier:find("^[%w%-._~]+$"))
      assert.is_true(#a.code_verifier >= 43 and #a.code_verifier <= 128)
      assert.equal(authorize.challenge(a.code_verifier), a.code_challenge)
      assert.equal("S256", a.code_challenge_method)
    end)
  end)
end)
