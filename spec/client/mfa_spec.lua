-- The second factor, as the service and the token tell of it.
local partnercenter = require "partnercenter"
local signing = require "spec.support.signing"

local credentials = partnercenter.credentials

describe("the second factor", function()
  local world = signing.world { customers = 3, products = 1 }

  setup(world.start)
  teardown(world.stop)
  before_each(world.reset)
  after_each(world.close)

  local function status_of(settings)
    world.box:control(settings)
    return assert(world.new(world.refreshing()):mfa_status())
  end

  -- Settings of the sandbox, or an answer; what comes of it.
  for _, c in ipairs {
    { "there", { mfa = true }, true, true, "nothing is to be done" },
    { "missing", { mfa = false }, false, false, "a person has to sign in again" },
    { "missing where the call is refused for it", { mfa = false, enforce_mfa = true }, false, false,
      "a person has to sign in again" },
    { "missing in the older words", { mfa = false,
      faults = { { match = "/v1/customers", error = "mfa_required_older" } } }, false, false,
      "a person has to sign in again" },
    { "there, and the service is silent", { faults = { { match = "/v1/customers", status = 200,
      body = '{"totalCount":0,"items":[]}' } } }, nil, true, "the service did not say" },
    { "missing, and the service is silent", { mfa = false, faults = { { match = "/v1/customers",
      status = 200, body = '{"totalCount":0,"items":[]}' } } }, nil, false,
      "a person has to sign in again" },
    { "there, in the spelling of .NET", { faults = { { match = "/v1/customers", status = 200,
      body = '{"totalCount":0,"items":[]}', headers = { isMfaCompliant = "True" } } } }, true, true,
      "nothing is to be done" },
  } do
    it("is known to be " .. c[1], function()
      local status = status_of(c[2])
      assert.equal(c[3], status.compliant)
      assert.equal(c[4], status.in_token)
      assert.truthy(status.advice:find(c[5], 1, true), status.advice)
      assert.equal("adele@contoso.com", status.user)
      assert.equal("9a5f1c7e-3d42-4b6a-8e21-70c4b1d65f38", status.tenant)
      assert.equal(world.box.client_id, status.application)
      assert.is_string(status.correlation_id)
      assert.equal(1, world.token_requests())
      signing.check_hidden(signing.dump { status, world.events }, {})
    end)
  end

  it("is not asked for with app-only credentials", function()
    local client = world.new(credentials.client_secret(world.known {
      client_secret = world.box.client_secret }))
    local status, err = client:mfa_status()
    assert.is_nil(status)
    assert.equal("sign_in", err.kind)
    assert.equal(0, world.box:stats().total)
  end)

  it("is unknown where the service fails, and where the audience is retired", function()
    for _, name in ipairs { "server_error", "bad_audience", "access_denied" } do
      world.box:control { faults = { { match = "/v1/customers", error = name } } }
      local status, err = world.new(world.refreshing(), { retries = 0 }):mfa_status()
      assert.is_nil(status)
      assert.is_string(err.kind)
    end
  end)

  it("has a token that is no JWT say nothing", function()
    for _, token in ipairs { "opaque-token", "a.b.c", "a.e30.c", "a.W10.c" } do
      world.box:control { faults = { { match = "/v1/customers", status = 200,
        body = '{"totalCount":0,"items":[]}' } } }
      local status = assert(world.new(credentials.token(token)):mfa_status())
      assert.is_false(status.in_token)
      assert.is_nil(status.user)
    end
  end)

  it("is in the facts of any call that asks for it", function()
    local client = world.new(world.refreshing())
    local _, facts = client:request { path = "/v1/customers",
      headers = { ValidateMfa = "true" } }:get()
    assert.is_true(facts.mfa_compliant)
    _, facts = client.customers:get()
    assert.is_nil(facts.mfa_compliant)
  end)

  describe("in the diagnostics", function()
    for name, c in pairs {
      partnerRequests = { 12, "mfaCompliant", "boolean" },
      nonMfaCompliantPartnerPrincipals = { 1, "lastNonMfaCompliantRequestDateTime", "string" },
      applicationmfaadoptionstatus = { 6, "totalRequestCount", "number" },
    } do
      it("has rows of " .. name, function()
        local client = world.new(world.refreshing())
        local page = assert(client[name]:get())
        assert.equal(c[1], #page.items)
        assert.equal(c[1], page.totalCount)
        assert.equal(c[3], type(page.items[1][c[2]]))
        local count = 0
        for _ in client[name]:each() do count = count + 1 end
        assert.equal(c[1], count)
      end)
    end

    it("mends the name that the table has", function()
      world.box:control { faults = { { match = "Principals", status = 200, body = '{"totalCount":1,'
        .. '"items":[{"lastNonMfaCompliantLoginDateTime":"2020-04-21T22:09:53.051"}]}' } } }
      local page = world.new(world.refreshing()).nonMfaCompliantPartnerPrincipals:get()
      assert.equal("2020-04-21T22:09:53.051", page.items[1].lastNonMfaCompliantRequestDateTime)
    end)
  end)
end)
