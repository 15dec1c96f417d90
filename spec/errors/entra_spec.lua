-- What Microsoft Entra says, and the advice that comes of it.
local advice = require "partnercenter.errors.advice"
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"

local IDS = "Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333%sCorrelation ID: "
  .. "aaaa0000-bb11-2222-33cc-444444dddddd%sTimestamp: 2026-06-09 08:15:30Z"

local function refusal(document, status)
  local cjson = require "spec.support.json"
  return errors.from_response({ status = status or 400, body = cjson.encode(document),
    token_endpoint = true }, core.decode)
end

describe("the text of Microsoft Entra", function()
  local WORDS = "AADSTS700082: The refresh token has expired due to inactivity."
  -- How the ids follow, and where that is met.
  for _, c in ipairs {
    { "on lines of their own (token endpoint)", "\r\n" }, { "on lines of Unix (logs)", "\n" },
    { "behind blanks (newer answers)", " " }, { "behind more blanks (consoles)", "   " },
  } do
    it("is cut before the ids " .. c[1] .. ", which have fields", function()
      local err = refusal { error = "invalid_grant",
        error_description = WORDS .. c[2] .. IDS:format(c[2], c[2]) }
      assert.equal("the token endpoint answered 400: " .. WORDS:gsub("%.$", "") .. "; "
        .. advice.entra[700082], err.message)
      assert.equal("0000aaaa-11bb-cccc-dd22-eeeeee333333", err.request_id)
      assert.equal("aaaa0000-bb11-2222-33cc-444444dddddd", err.correlation_id)
      assert.equal(700082, err.code)
    end)
  end

  it("is taken whole where the ids come first", function()
    local err = refusal { error = "invalid_grant",
      error_description = IDS:format(" ", " ") .. " AADSTS50173: revoked" }
    assert.equal(50173, err.code)
    assert.truthy(err.message:find("AADSTS50173: revoked", 1, true), err.message)
  end)

  it("hands over claims", function()
    local err = refusal { error = "interaction_required", error_codes = { 53003 },
      error_description = "AADSTS53003: no", claims = '{"access_token":{}}' }
    assert.equal('{"access_token":{}}', err.claims)
  end)
end)

describe("advice by number", function()
  -- Number, `error` it comes with, what a person reads.
  for _, c in ipairs {
    { 700025, "invalid_client", "leave client_secret out" },
    { 650057, "invalid_resource", "add the permission user_impersonation" },
    { 700024, "invalid_client", "check this machine's clock" },
    { 500133, "invalid_grant", "check this machine's clock" },
    { 9002313, "invalid_request", "check the refresh token" },
    { 530032, "invalid_grant", "an administrator has to" },
    { 53000, "invalid_grant", "not by device_code" },
    { 50131, "invalid_grant", "an administrator has to" },
    { 7000218, "invalid_client", "allow public client flows" },
    { 7000222, "invalid_client", "make a new one" },
    { 50079, "interaction_required", "enrol for multi-factor authentication" },
    { 70043, "invalid_grant", "a person has to sign in again" },
    { 50194, "invalid_request", "use the partner's tenant" },
    { 90038, "invalid_request", "set cloud" },
    { 700016, "unauthorized_client", "check client_id, tenant and cloud" },
    -- Not in the table: by `error` alone.
    { 700007, "invalid_grant", "a person has to sign in again" },
    { 1234567, "invalid_client", "check client_id" },
  } do
    it(("says of AADSTS%d: %s"):format(c[1], c[3]), function()
      for _, form in ipairs {
        { error = c[2], error_codes = { c[1] }, error_description = "AADSTS" .. c[1] .. ": X" },
        { error = c[2], error_description = "AADSTS" .. c[1] .. ": X Trace ID: a-1" },
      } do
        local err = refusal(form)
        assert.equal(c[1], err.code)
        assert.truthy(err.message:find(c[3], 1, true), err.message)
      end
    end)
  end

  it("is none where neither number nor error is known", function()
    local err = refusal { error = "strange", error_description = "AADSTS1234567: X" }
    assert.equal("the token endpoint answered 400: AADSTS1234567: X", err.message)
  end)

  it("is by the last of several numbers", function()
    local err = refusal { error = "invalid_grant", error_codes = { 70002, 70008 } }
    assert.equal(70008, err.code)
    assert.truthy(err.message:find(advice.entra[70008], 1, true))
  end)

  it("is given where Partner Center passes the number on", function()
    local err = errors.from_response({ status = 403,
      body = '{"code":90000,"description":"AADSTS50076: use multi-factor authentication"}' },
      core.decode)
    assert.equal("forbidden", err.kind)
    assert.equal(90000, err.code)
    assert.truthy(err.message:find(advice.entra[50076], 1, true), err.message)
  end)

  -- A line of advice is all that its reader sees.
  it("says what to do, or who has to do it", function()
    local TODO = { "sign in", "check", "use ", "ask", "wait", "try ", "administrator", "register",
      "allow", "add ", "pass ", "leave", "start", "make ", "upload", "accept", "set ", "finish",
      "open ", "read ", "consent", "look up", "sign a", "customer", "not onboarded", "no data" }
    local function judge(text)
      local found = false
      for _, word in ipairs(TODO) do found = found or text:find(word, 1, true) ~= nil end
      assert.is_true(found, text)
    end
    for _, text in pairs(advice.entra) do judge(text) end
    for _, text in pairs(advice.oauth) do judge(text) end
  end)
end)
