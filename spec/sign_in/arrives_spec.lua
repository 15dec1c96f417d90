-- What reaches a sign-in from files, variables and the token endpoint of the field.
local conversation = require "spec.support.conversation"
local core = require "partnercenter.core"
local credentials = require "partnercenter.sign_in.credentials"
local errors = require "partnercenter.errors"

local options, context, granted = conversation.options, conversation.context, conversation.granted

local CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["c1"]}}}'

describe("a refresh token", function()
  -- What is around it, and where that comes from.
  for _, c in ipairs {
    { "a line break (echo, an editor)", "0.AQ-r_1.x\n" },
    { "a line break of Windows", "0.AQ-r_1.x\r\n" },
    { "blanks (copied from a table)", "  0.AQ-r_1.x\t " },
    { "quotes (a variable of a .env file)", '"0.AQ-r_1.x"' },
    { "single quotes (a shell)", "'0.AQ-r_1.x'\n" },
    { "a byte order mark (PowerShell's Out-File)", "\239\187\1910.AQ-r_1.x\r\n" },
    { "all of them", "\239\187\191 \"0.AQ-r_1.x\" \r\n" },
  } do
    it("is freed of " .. c[1], function()
      for _, given in ipairs { c[2], function() return c[2] end } do
        local ctx = context { granted("a") }
        assert(credentials.refresh_token(options { refresh_token = given }):acquire(ctx))
        assert.equal("0.AQ-r_1.x", ctx.sent[1][2].refresh_token)
        assert.is_true(ctx.secrets["0.AQ-r_1.x"])
      end
    end)
  end

  for _, c in ipairs {
    { "a blank inside (lines that were joined)", "0.AQ r" },
    { "a line break inside (a terminal's width)", "0.AQ\nr" },
    { "JSON (the whole answer)", '{"refresh_token":"r"}' },
    { "a quote at one end", '"0.AQr' }, { "nothing but quotes", '""' }, { "blanks alone", "  " },
    { "letters of another script", "0.AQ\195\169" }, { "a placeholder", "<your-token>" },
  } do
    it("is refused with " .. c[1] .. ", and not shown", function()
      local ok, why = pcall(credentials.refresh_token, options { refresh_token = c[2] })
      assert.is_false(ok)
      assert.truthy(why:find("option 'refresh_token' of credentials.refresh_token must be a token",
        1, true), why)
      assert.is_nil(why:find("AQ", 1, true))
      local ctx = context {}
      local provider = credentials.refresh_token(options { refresh_token = function()
        return c[2]
      end })
      local got, err = provider:acquire(ctx)
      assert.is_nil(got)
      assert.equal("sign_in", err.kind)
      assert.truthy(err.message:find("the function refresh_token gave a text that is no token", 1,
        true), err.message)
      assert.same({}, ctx.sent)
    end)
  end
end)

describe("an error at status 200", function()
  local refusal = { error = "invalid_grant", error_codes = { 700082 },
    error_description = "AADSTS700082: The refresh token has expired. Trace ID: 1a-2b" }

  it("of the token endpoint is what it says", function()
    local ctx = context { refusal }
    local got, err = credentials.refresh_token(options { refresh_token = "r" }):acquire(ctx)
    assert.is_nil(got)
    assert.is_true(errors.is(err))
    assert.same({ "sign_in", "invalid_grant", 700082, 200, "1a-2b" },
      { err.kind, err.error, err.code, err.status, err.request_id })
    assert.truthy(err.message:find("a person has to sign in again", 1, true), err.message)
  end)

  it("of the device code's endpoint is what it says", function()
    local ctx = context { { error = "invalid_client", error_codes = { 7000218 } } }
    local got, err = credentials.device_code(options { on_prompt = print }):acquire(ctx)
    assert.is_nil(got)
    assert.equal(7000218, err.code)
    assert.truthy(err.message:find("allow public client flows", 1, true), err.message)
  end)

  it("has a device code waited for", function()
    local ctx = context {
      { device_code = "d0de", user_code = "U", verification_uri = "https://x", interval = 1 },
      { error = "authorization_pending" }, { error = "slow_down" }, granted("a"),
    }
    assert(credentials.device_code(options { on_prompt = function() end }):acquire(ctx))
    assert.equal(4, #ctx.sent)
  end)

  it("that passes may be asked again", function()
    local ctx = context { { error = "temporarily_unavailable" } }
    local _, err = credentials.client_secret(options { client_secret = "s3cr" }):acquire(ctx)
    assert.same({ "http", true }, { err.kind, err.retryable })
  end)

  it("shows no secret", function()
    local ctx = context { { error = "invalid_client", error_description = "bad s3cret-value" } }
    local register = errors.register()
    ctx.secret, ctx.mask = register.add, register.mask
    local _, err = credentials.client_secret(options { client_secret = "s3cret-value" })
      :acquire(ctx)
    assert.is_nil(tostring(err):find("s3cret", 1, true))
    assert.is_nil(err.description:find("s3cret", 1, true))
  end)
end)

describe("what a function says of its failure", function()
  local TOKEN = ("0.AQ-t0ken"):rep(60)
  for what, make in pairs {
    token = function()
      return credentials.token(function(rejected)
        if not rejected then return TOKEN end
        return nil, "cannot renew " .. rejected
      end)
    end,
    refresh_token = function()
      return credentials.refresh_token(options { refresh_token = TOKEN,
        on_rotate = function(new) return nil, ("no room for %s"):format(new) end })
    end,
  } do
    it("is masked before it is cut: " .. what, function()
      local register = errors.register()
      local ctx = context { granted("a", { refresh_token = TOKEN .. "2" }) }
      ctx.secret, ctx.mask = register.add, register.mask
      local provider = make()
      local got, err = provider:acquire(ctx)
      if got then
        ctx.rejected = TOKEN
        got, err = provider:acquire(ctx)
      end
      assert.is_nil(got)
      assert.is_nil(err.message:find("0.AQ", 1, true), err.message)
      assert.truthy(err.message:find("[redacted]", 1, true), err.message)
    end)
  end
end)

describe("a challenge's claims", function()
  it("go to the sign-in page, with a hint of the domain", function()
    local address = credentials.authorize_url(options { redirect_uri = "https://x", state = "s",
      claims = CLAIMS, domain_hint = "contoso.com" })
    local query = {}
    for name, value in address:gmatch("[?&]([^=]+)=([^&]+)") do query[name] = value end
    assert.equal("contoso.com", query.domain_hint)
    assert.equal(CLAIMS, (query.claims:gsub("%%(%x%x)", function(digits)
      return string.char(tonumber(digits, 16))
    end)))
  end)

  it("go with the request for a device code", function()
    local ctx = context {
      { device_code = "d0de", user_code = "U", verification_uri = "https://x", interval = 1 },
      granted("a"),
    }
    assert(credentials.device_code(options { on_prompt = function() end, claims = CLAIMS })
      :acquire(ctx))
    assert.equal(CLAIMS, ctx.sent[1][2].claims)
  end)

  it("go with the code", function()
    local ctx = context { granted("a") }
    assert(credentials.authorization_code(options { code = "c0de", redirect_uri = "https://x",
      claims = CLAIMS }):acquire(ctx))
    assert.equal(CLAIMS, ctx.sent[1][2].claims)
  end)

  it("are taken from an error as they are", function()
    local err = errors.from_response({ status = 401, body = "", header = function(name)
      return name == "WWW-Authenticate"
        and 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="' or nil
    end }, core.decode)
    assert(credentials.device_code(options { on_prompt = print, claims = err.claims }))
  end)

  it("are JSON", function()
    for _, claims in ipairs { "eyJ", "", 1, "{}\n" } do
      local ok, why = pcall(credentials.device_code, options { on_prompt = print, claims = claims })
      assert.equal(claims == "{}\n" and ok or false, ok)
      if not ok then assert.truthy(why:find("'claims'", 1, true), why) end
    end
  end)
end)
