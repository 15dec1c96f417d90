-- The address where a person signs in, and PKCE.
local authorize = require "partnercenter.sign_in.authorize"
local conversation = require "spec.support.conversation"
local credentials = require "partnercenter.sign_in.credentials"

local CLIENT, V1, V2 = conversation.CLIENT, conversation.V1, conversation.V2
local options = conversation.options

describe("partnercenter.credentials", function()
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
