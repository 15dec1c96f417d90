-- Errors as they arrive from the field: each row a shape, and what comes of it.
local cjson = require "spec.support.json"
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"

local function header_of(headers)
  local lower = {}
  for name, value in pairs(headers or {}) do lower[name:lower()] = value end
  return function(name) return lower[name:lower()] end
end

local IDS = { ["MS-CorrelationId"] = "b4e67a78-0692-45d1-b408-04b9178a8ac6" }

local function answer(status, body, headers, token_endpoint)
  return errors.from_response({ status = status, body = body, header = header_of(headers or IDS),
    token_endpoint = token_endpoint }, core.decode)
end

local function check(err, expected)
  for name, value in pairs(expected) do
    if name == "says" then
      assert.truthy(err.message:find(value, 1, true), err.message)
    elseif name == "not_says" then
      assert.is_nil(err.message:find(value, 1, true), err.message)
    elseif value == cjson.null then
      assert.is_nil(err[name])
    else
      assert.same(value, err[name])
    end
  end
  assert.is_nil(err.message:find("[%c]"), err.message)
end

describe("an error of the shape", function()
  -- What it is (and from where), status, body, what comes of it.
  for _, c in ipairs {
    { "error and message (Nest, Spring)", 400, '{"error":"InvalidInput","message":"No such id"}',
      { kind = "http", error = "InvalidInput", description = "No such id", data = cjson.null,
        says = "answered 400: No such id" } },
    { "error, message and statusCode (Fastify)", 404,
      '{"statusCode":404,"error":"Not Found","message":"Route not found"}',
      { kind = "not_found", error = "Not Found", description = "Route not found",
        data = cjson.null } },
    { "error and detail (Django)", 403, '{"error":"denied","detail":"Not for you"}',
      { kind = "forbidden", error = "denied", description = "Not for you" } },
    { "problem (RFC 9457)", 400, '{"type":"https://x/probs/a","title":"Bad","status":400,'
      .. '"detail":"Your id is no GUID","instance":"/a/1"}',
      { description = "Your id is no GUID",
        data = { type = "https://x/probs/a", title = "Bad", instance = "/a/1" } } },
    { "problem with a title alone", 404, '{"type":"about:blank","title":"Not Found","status":404}',
      { kind = "not_found", description = "Not Found" } },
    { "validation problem (ASP.NET Core)", 400, '{"title":"Validation errors occurred.",'
      .. '"status":400,"errors":{"size":["The value is not valid.","Too large."]},"traceId":"0"}',
      { description = "Validation errors occurred.; The value is not valid.; "
        .. "Too large.", data = { size = { "The value is not valid.", "Too large." } } } },
    { "errors[] (JSON:API)", 422, '{"errors":[{"code":"7","detail":"First"},{"detail":"Second"}]}',
      { code = 7, description = "First; Second",
        data = { { code = "7", detail = "First" }, { detail = "Second" } } } },
    { "a message that is a list (Nest)", 400,
      '{"statusCode":400,"error":"Bad Request","message":["size is no number","size is large"]}',
      { error = "Bad Request", description = "size is no number; size is large" } },
    { "an error with details that are texts", 400,
      '{"error":"invalid","details":["a is bad","no b"]}',
      { error = "invalid", description = "a is bad; no b" } },
    { "ModelState (Web API)", 400, '{"Message":"The request is invalid.",'
      .. '"ModelState":{"query.size":["The value is not valid."]}}',
      { description = "The request is invalid.; The value is not valid." } },
    { "ErrorDescription", 400, '{"ErrorCode":7,"ErrorDescription":"No such id"}',
      { code = 7, description = "No such id" } },
    { "errors[] of texts", 400, '{"errors":["a","b"]}', { description = "a; b",
      data = { "a", "b" } } },
    { "an array of errors", 400, '[{"errorCode":"INVALID","message":"Field x"}]',
      { error = "INVALID", description = "Field x" } },
    { "details (OData v4)", 400, '{"error":{"code":"BadArgument","message":"Multiple errors",'
      .. '"target":"query","details":[{"code":"NullValue","message":"Phone must not be null"}]}}',
      { error = "BadArgument", source = "query",
        description = "Multiple errors; Phone must not be null",
        data = { details = { { code = "NullValue", message = "Phone must not be null" } } } } },
    { "Details with a capital (Service Fabric)", 400,
      '{"Error":{"Code":"FABRIC_E","Message":"No","Details":[{"Message":"inside"}]}}',
      { error = "FABRIC_E", description = "No; inside" } },
    { "innerError (Graph)", 400, '{"error":{"code":"invalidRequest","message":"Bad",'
      .. '"innerError":{"code":"badId","request-id":"r","date":"d"}}}',
      { error = "invalidRequest", description = "Bad",
        data = { innerError = { code = "badId", ["request-id"] = "r", date = "d" } } } },
    { "words in innererror alone", 400, '{"error":{"code":"x","innererror":{"message":"deep"}}}',
      { error = "x", description = "deep" } },
    { "the same words again inside", 400,
      '{"error":{"code":"x","message":"The id is bad.","details":[{"message":"id is bad"}]}}',
      { description = "The id is bad." } },
    { "a message with its language (OData v3)", 400,
      '{"odata.error":{"code":"","message":{"lang":"en-US","value":"No such field"}}}',
      { description = "No such field" } },
    { "the same of SharePoint", 400,
      '{"error":{"code":"-1, X","message":{"lang":"en","value":"No such list"}}}',
      { error = "-1, X", description = "No such list" } },
    { "Message and ExceptionMessage (Web API)", 500, '{"Message":"An error has occurred.",'
      .. '"ExceptionMessage":"Null","StackTrace":"at x"}', { kind = "http",
      description = "An error has occurred.",
      data = { ExceptionMessage = "Null", StackTrace = "at x" } } },
    { "fault (Apigee)", 401, '{"fault":{"faultstring":"Invalid token","detail":'
      .. '{"errorcode":"oauth.v2.InvalidToken"}}}',
      { kind = "sign_in", description = "Invalid token" } },
    { "a fault with details of its own", 400,
      '{"code":2000,"description":"d","data":["x"],"source":"s","details":[{"message":"m"}]}',
      { code = 2000, description = "d; m", data = { "x" }, source = "s" } },
    { "nesting without end", 400, ('{"error":'):rep(60) .. '{"message":"deep"}' .. ("}"):rep(60),
      { kind = "http" } },
    { "an error that is null", 400, '{"error":null,"message":"m"}', { description = "m" } },
    { "Entra's, inside (a proxy of the token's endpoint)", 500, '{"error":{"code":"x","message":'
      .. '"AADSTS7000222: The secret has expired. Trace ID: 1f-2 Correlation ID: 3a-4"}}',
      { error_codes = { 7000222 }, request_id = "1f-2",
        says = "the client secret has expired: make a new one" } },
    { "a quota that is used up (API Management)", 403, '{"statusCode":403,"message":"Out of call '
      .. 'volume quota. Quota will be replenished in 02:13:05."}',
      { kind = "throttled", retry_after = 7985, says = "call less often", not_says = "GDAP" } },
    { "a quota of a month that is used up", 403, '{"statusCode":403,"message":"Out of call '
      .. 'volume quota. Quota will be replenished in 3.02:00:01."}', { retry_after = 266401 } },
    { "a page of Front Door's", 403, "<html><h1>The request is blocked.</h1></html>",
      { kind = "forbidden", says = "X-Azure-Ref", not_says = "whoever runs the network" },
      { ["X-Azure-Ref"] = "0abc" } },
    { "a page of Front Door's, of one that is away", 503, "<html>Service unavailable</html>",
      { kind = "http", retryable = true, says = "the service's front door" },
      { ["X-Azure-Ref"] = "0abc" } },
    { "a failure in the body of a success", 200, '{"statusCode":404,"message":"No such one"}',
      { kind = "not_found", says = "check the ids" } },
    { "a throttle in the body of a success", 200,
      '{"statusCode":429,"message":"Try again in 7 seconds."}',
      { kind = "throttled", retry_after = 7 } },
    { "no words at 405", 405, "", { kind = "http", says = "does not take this method" } },
    { "a status without a row of its own, of the service", 520, "", { says = "try again later" } },
    { "the same of the request", 431, "", { says = "check ids and parameters" } },
    { "numbers where words should be", 400, '{"error":7,"message":8,"details":9}',
      { status = 400 } },
  } do
    it(c[1] .. " has its words in the description", function()
      check(answer(c[2], c[3], c[5]), c[4])
    end)
  end

  it("Entra's, inside, has its advice at the token's endpoint", function()
    local err = answer(400, '{"error":{"message":"AADSTS50053: It is locked."}}', nil, true)
    check(err, { kind = "sign_in", code = 50053, says = "the account is locked" })
    err = answer(503, '{"error":"temporarily_unavailable"}', nil, true)
    check(err, { kind = "http", retryable = true, says = "try again later" })
  end)

  it("claims that are an object hands them over as they were sent", function()
    local claims = '{"access_token":{"nbf":{"essential":true, "value":"1"},"x":null}}'
    for _, body in ipairs { '{"error":"interaction_required","claims":%s}',
      '{"error":{"code":"InvalidAuthenticationToken","message":"m"},"claims": %s }' } do
      assert.equal(claims, answer(400, body:format(claims), nil, true).claims)
    end
    assert.is_nil(answer(400, '{"error":"x","claims":{}', nil, true).claims)
  end)
end)

describe("a challenge", function()
  local CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'
  local IN_BASE64 = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA0MTA2"
    .. "NjUxIn19fQ"

  -- What it is (and from where), the header, what comes of it.
  for _, c in ipairs {
    { "with words (RFC 6750)", 'Bearer realm="x", error="invalid_token", '
      .. 'error_description="The token has expired"',
      { error = "invalid_token", description = "The token has expired", claims = cjson.null,
        says = "answered 401: The token has expired; sign in again" } },
    { "with a quote and a comma inside", 'Bearer error_description="a \\"b\\", c=d", error=e',
      { description = 'a "b", c=d', error = "e" } },
    { "in small letters, behind another", 'Basic realm="a, Bearer b", bearer ERROR="x"',
      { error = "x" } },
    { "with claims (Entra)", 'Bearer realm="", authorization_uri="https://login.microsoftonline'
      .. '.com/common/authorize", error="insufficient_claims", claims="' .. IN_BASE64 .. '=="',
      { error = "insufficient_claims", claims = CLAIMS,
        says = "a person has to sign in again: pass err.claims" } },
    { "with claims in the alphabet of URLs", 'Bearer error="insufficient_claims", claims="'
      .. IN_BASE64 .. '"', { claims = CLAIMS } },
    { "that asks for claims and has none", 'Bearer error="insufficient_claims"',
      { error = "insufficient_claims", claims = cjson.null, says = "a person has to sign in" } },
    { "with claims that are none", 'Bearer error="x", claims="%%%"', { claims = cjson.null } },
    { "of another scheme (Partner Center)", "OAuth realm=urn:cpsvc:cpid:x",
      { error = cjson.null, says = "the body is empty" } },
    { "without an end", 'Bearer error="x', { error = cjson.null } },
    { "with nothing", "Bearer", { says = "the body is empty" } },
    { "of 2019 (Partner Center)", 'Bearer error="invalid_token"',
      { error = "invalid_token", says = "with multi-factor authentication" } },
  } do
    it(c[1] .. " is read where the body is empty", function()
      local err = answer(401, "", { ["WWW-Authenticate"] = c[2] })
      assert.equal("sign_in", err.kind)
      check(err, c[3])
    end)
  end

  it("gives way to the words of a body, but not with its claims", function()
    local err = answer(401, '{"code":900421,"description":"D"}', { ["MS-CV"] = "x",
      ["WWW-Authenticate"] = 'Bearer error="insufficient_claims", error_description="E", claims="'
        .. IN_BASE64 .. '"' })
    check(err, { code = 900421, description = "D", claims = CLAIMS })
  end)

  it("is for a 401 alone", function()
    local err = answer(403, "", { ["WWW-Authenticate"] = 'Bearer error="x"' })
    assert.is_nil(err.error)
  end)
end)

describe("a refusal that only a person can mend", function()
  for _, c in ipairs {
    { "the second factor", 401, '{"code":900421,"description":"D"}', nil, true },
    { "the same, older", 401, '{"code":10001,"description":"Authentication failed. MFA required."}',
      nil, true },
    { "the same, as a text", 401, '{"code":"10001","description":"x"}', nil, true },
    { "the same without a code", 401, '{"message":"Unauthorized - MFA required"}', nil, true },
    { "the same in capitals", 401, '{"message":"MFA REQUIRED"}', nil, true },
    { "claims in the second challenge of two", 401, "",
      'Bearer realm="x", Bearer error="insufficient_claims", claims="e30"', true },
    { "a retired audience", 401, '{"code":"900420","description":"x"}', nil, true },
    { "claims", 401, "", 'Bearer error="insufficient_claims", claims="e30"', true },
    { "a token that has expired", 401, "", 'Bearer error="invalid_token"', false },
    { "access denied", 401, '{"code":400,"description":"x"}', nil, false },
    { "a cart's item", 400, '{"code":10001,"description":"Catalogue item invalid"}', nil, false },
  } do
    it("is known: " .. c[1], function()
      local err = answer(c[2], c[3], { ["WWW-Authenticate"] = c[4], ["MS-CV"] = "x" })
      assert.equal(c[5], errors.needs_person(err))
      if c[5] and err.code ~= 900420 then
        assert.truthy(err.message:find("a person has to sign in", 1, true), err.message)
      end
    end)
  end
end)

describe("an answer from something in between", function()
  local PAGE = "<html><title>Access denied</title><h1>Blocked by policy</h1></html>"
  for _, c in ipairs {
    { "a firewall's 403", 403, { ["Content-Type"] = "text/html", Server = "FortiGate" },
      { kind = "protocol", retryable = false, says = "something on the way to Partner Center "
        .. "(FortiGate) answered 403: text/html: Access denied Blocked by policy; a proxy" } },
    { "a portal's 401", 401, { ["Content-Type"] = "text/html" }, { kind = "protocol",
      says = "something on the way to Partner Center answered 401" } },
    { "a cache's 404", 404, { Via = "1.1 squid" }, { kind = "protocol", says = "(1.1 squid)" } },
    { "a gateway's 502", 502, { ["Content-Type"] = "text/html", Server = "nginx" },
      { kind = "http", retryable = true, says = "on the way to Partner Center (nginx)" } },
    { "the service's own 403 in HTML", 403, { ["MS-CV"] = "x", ["Content-Type"] = "text/html" },
      { kind = "forbidden", says = "Partner Center answered 403", not_says = "on the way" } },
    { "a firewall's 403 for the token", 403, { Server = "Zscaler/6.2" }, { kind = "protocol",
      says = "something on the way to the token endpoint (Zscaler/6.2) answered 403" }, true },
  } do
    it("is not blamed on the service: " .. c[1], function()
      check(answer(c[2], PAGE, c[3], c[5]), c[4])
    end)
  end
end)
