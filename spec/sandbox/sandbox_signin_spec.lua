-- The sandbox's sign-in side: every grant, both versions, all errors.
local sandbox = require "spec.support.sandbox"
local wire = require "spec.support.wire"

local RESOURCE = "https://api.partnercenter.microsoft.com"

local encode, decode = wire.encode, wire.decode

-- %-escaped like a form's value, nothing kept.
local function form(fields)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = name .. "=" .. value:gsub("[^%w]", function(c)
      return ("%%%02X"):format(c:byte())
    end)
  end
  return table.concat(parts, "&")
end

describe("sandbox's sign-in", function()
  local box

  setup(function() box = sandbox.start { customers = 5 } end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)

  local function get(path, options)
    local body, status, headers = box:get(encode(path), options)
    return body, status, headers
  end

  local function post(path, fields)
    local body, status = box:get("/" .. box.tenant .. path, { method = "POST", token = false,
      body = form(fields), headers = { ["Content-Type"] = "application/x-www-form-urlencoded" } })
    return decode(body), status
  end

  local function fields_of(name, more)
    local fields = {
      grant_type = name, client_id = box.client_id, client_secret = box.client_secret,
      scope = RESOURCE .. "/user_impersonation offline_access",
    }
    if name == "refresh_token" then fields.refresh_token = box.refresh_token end
    if name == "client_credentials" then fields.scope = RESOURCE .. "/.default" end
    for key, value in pairs(more or {}) do fields[key] = value or nil end
    return fields
  end

  local function status_with(token, path)
    local _, status = get(path or "/v1/analytics/licenses/deployment", { token = token })
    return status
  end

  it("answers v2 with numbers and a rotated refresh token", function()
    local made, status = post("/oauth2/v2.0/token", fields_of("refresh_token",
      { scope = RESOURCE .. "/.default offline_access openid" }))
    assert.equal(200, status)
    assert.equal(3599, made.expires_in)
    assert.truthy(made.id_token)
    assert.is_nil(made.expires_on)
    assert.not_equal(box.refresh_token, made.refresh_token)
    assert.equal(200, status_with(made.access_token))
    local _, again = post("/oauth2/v2.0/token", fields_of("refresh_token",
      { refresh_token = made.refresh_token }))
    assert.equal(200, again)
  end)

  it("answers v1 with texts", function()
    local made = post("/oauth2/token", fields_of("refresh_token",
      { resource = RESOURCE, scope = false, client_secret = false }))
    assert.equal("3599", made.expires_in)
    assert.truthy(made.expires_on:find("^%d+$"))
    assert.equal(RESOURCE, made.resource)
    assert.equal(200, status_with(made.access_token))
  end)

  it("gives app-only tokens that user resources refuse", function()
    for _, more in ipairs { {}, { client_secret = false, client_assertion = "a.b.c",
        client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" } } do
      local made = post("/oauth2/v2.0/token", fields_of("client_credentials", more))
      assert.is_nil(made.refresh_token)
      assert.equal(403, status_with(made.access_token))
      assert.equal(200, status_with(made.access_token, "/v1/customers?size=1"))
    end
  end)

  it("refuses tokens for the retired audience", function()
    local made = post("/oauth2/token", fields_of("client_credentials",
      { resource = "https://graph.windows.net" }))
    local body, status = get("/v1/customers", { token = made.access_token })
    assert.same({ 401, 900420 }, { status, decode(body).code })
  end)

  for _, case in ipairs {
    { "refresh_token", { refresh_token = "x" }, "invalid_grant", 70008 },
    { "refresh_token", { client_secret = "x" }, "invalid_client", 7000215 },
    { "refresh_token", { client_id = "x" }, "unauthorized_client", 700016 },
    { "refresh_token", { scope = "https://foo.example/.default" }, "invalid_scope", 70011 },
    { "client_credentials", { client_secret = false }, "invalid_client", 7000218 },
    { "client_credentials", { scope = RESOURCE .. "/user_impersonation" }, "invalid_scope", 70011 },
    { "authorization_code", { code = "x" }, "invalid_grant", 70008 },
    { "password", {}, "unsupported_grant_type", 70003 },
  } do
    it(("refuses %s with AADSTS%d"):format(case[1], case[4]), function()
      local made = post("/oauth2/v2.0/token", fields_of(case[1], case[2]))
      assert.equal(case[3], made.error)
      assert.same({ case[4] }, made.error_codes)
      assert.truthy(made.error_description:find("^AADSTS" .. case[4] .. ": "))
    end)
  end

  it("revokes a used refresh token when told", function()
    box:control { rotate = "revoke" }
    local made = post("/oauth2/v2.0/token", fields_of("refresh_token"))
    assert.truthy(made.access_token)
    assert.equal("invalid_grant", post("/oauth2/v2.0/token", fields_of("refresh_token")).error)
  end)

  it("lets tokens end by use and by command", function()
    box:control { token_uses = 2 }
    local token = post("/oauth2/v2.0/token", fields_of("refresh_token")).access_token
    assert.same({ 200, 200, 401 },
      { status_with(token), status_with(token), status_with(token) })
    box:control { token_uses = 0 }
    token = post("/oauth2/v2.0/token", fields_of("refresh_token")).access_token
    assert.equal(200, status_with(token))
    box:control { expire_tokens = true }
    assert.same({ 401, 200 }, { status_with(token), status_with(box.token) })
  end)

  it("wants the MFA claim when told", function()
    box:control { mfa = false, enforce_mfa = true }
    local token = post("/oauth2/v2.0/token", fields_of("refresh_token")).access_token
    local body, status, headers = get("/v1/customers", { token = token,
      headers = { ValidateMfa = "true" } })
    assert.same({ 401, 900421, "false" }, { status, decode(body).code, headers.ismfacompliant })
  end)

  it("lets a device wait, slow down and sign in", function()
    box:control { device_pending = 2, device_slow_down = 1 }
    local device = post("/oauth2/v2.0/devicecode", { client_id = box.client_id,
      scope = RESOURCE .. "/.default offline_access" })
    assert.truthy(device.message:find(device.user_code, 1, true))
    local seen = {}
    for i = 1, 4 do
      local made = post("/oauth2/v2.0/token", { client_id = box.client_id,
        grant_type = "urn:ietf:params:oauth:grant-type:device_code",
        device_code = device.device_code })
      seen[i] = made.error or made.refresh_token and "signed in"
    end
    assert.same({ "slow_down", "authorization_pending", "authorization_pending", "signed in" },
      seen)
  end)

  for outcome, name in pairs { decline = "authorization_declined", expire = "expired_token",
      unknown = "bad_verification_code" } do
    it("ends a device's wait with " .. name, function()
      box:control { device_outcome = outcome, device_pending = 0 }
      local device = post("/oauth2/v2.0/devicecode", { client_id = box.client_id,
        scope = RESOURCE .. "/.default" })
      assert.equal(name, post("/oauth2/v2.0/token", { client_id = box.client_id,
        grant_type = "urn:ietf:params:oauth:grant-type:device_code",
        device_code = device.device_code }).error)
    end)
  end

  it("redirects with a code that only the right verifier redeems, once", function()
    local redirect = "http://localhost:8400/back"
    local _, status, headers = box:get("/common/oauth2/v2.0/authorize?" .. form {
      client_id = box.client_id, response_type = "code", redirect_uri = redirect, state = "s 1",
      scope = RESOURCE .. "/user_impersonation offline_access", code_challenge_method = "S256",
      code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    }, { token = false })
    assert.equal(302, status)
    assert.truthy(headers.location:find("state=s%20", 1, true))
    local code = headers.location:match("[?&]code=([^&]+)")
    local verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    local seen = {}
    for i, more in ipairs { { code_verifier = verifier:reverse() },
        { code_verifier = verifier, redirect_uri = redirect .. "/" },
        { code_verifier = verifier }, { code_verifier = verifier } } do
      more.code, more.redirect_uri = code, more.redirect_uri or redirect
      local made = post("/oauth2/v2.0/token", fields_of("authorization_code", more))
      seen[i] = made.error or made.refresh_token and "signed in"
    end
    assert.same({ "invalid_grant", "invalid_request", "signed in", "invalid_grant" }, seen)
  end)

  it("counts what was asked for", function()
    box:reset()
    post("/oauth2/v2.0/token", fields_of("refresh_token"))
    post("/oauth2/v2.0/token", fields_of("refresh_token", { refresh_token = "x" }))
    local stats = box:stats()
    assert.equal(2, stats.token_requests)
    assert.equal(2, stats.grants.refresh_token)
    assert.equal(1, stats.token_errors.invalid_grant)
  end)
end)
