local cjson = require "spec.support.json"
local core = require "partnercenter.core"
local advice = require "partnercenter.errors.advice"
local errors = require "partnercenter.errors"

local EXAMPLES = "spec/data/examples/"
local URL = "https://api.partnercenter.microsoft.com/v1/customers?size=10"

local decode = core.decode

local function read(name)
  local file = assert(io.open(EXAMPLES .. name, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

-- The header function of "Name: value" lines, whatever the case of the name.
local function headers(lines)
  local map = {}
  for name, value in lines:gmatch("([%w%-]+): ([^\r\n]*)") do map[name:lower()] = value end
  return function(name) return map[name:lower()] end
end

local function answer(status, body, lines, more)
  local response = { status = status, body = body, header = headers(lines or ""), url = URL }
  for name, value in pairs(more or {}) do response[name] = value end
  return errors.from_response(response, decode)
end

local function token_answer(status, body, lines)
  return answer(status, body, lines, { token_endpoint = true })
end

-- A documented answer: body and headers, each if there is one.
local function documented(name, status)
  local ok, body = pcall(read, name .. ".json")
  local has_headers, lines = pcall(read, name .. ".headers.txt")
  return answer(status, ok and body or "", has_headers and lines or "")
end

local function check_fields(err, fields)
  for name, value in pairs(fields) do assert.same({ name, value }, { name, err[name] }) end
end

local function contains(text, part)
  assert.is_truthy(text:find(part, 1, true), ("%q is not in %q"):format(part, text))
end

local function is_one_line(text)
  assert.is_nil(text:find("[%z\1-\31\127]"))
  assert.is_true(#text <= 1600)
end

describe("partnercenter.error", function()
  describe("new", function()
    it("makes an error object of the fields", function()
      local err = errors.new { kind = "network", message = "no route", attempts = 2 }
      check_fields(err, { kind = "network", message = "no route", attempts = 2, retryable = true })
      assert.is_true(errors.is(err))
    end)

    for _, c in ipairs {
      { "an unknown field", { kind = "http", message = "x", colour = 1 }, "error field 'colour'" },
      { "an unknown kind", { kind = "odd", message = "x" }, "error kind 'odd'" },
      { "no kind", { message = "x" }, "error kind 'nil'" },
      { "no message", { kind = "http" }, "needs a message" },
    } do
      it("refuses " .. c[1], function()
        local ok, why = pcall(function() local err = errors.new(c[2]) return err end)
        assert.is_false(ok)
        contains(why, c[3])
        contains(why, "error_spec.lua:")
      end)
    end

    it("takes all twelve kinds", function()
      for kind in ("config sign_in forbidden not_found throttled http network tls timeout "
        .. "protocol cancelled closed"):gmatch("%S+") do
        assert.equal(kind, errors.new({ kind = kind, message = "x" }).kind)
      end
    end)
  end)

  describe("is", function()
    for _, c in ipairs { { "nil", nil }, { "text", "x" }, { "a table", { kind = "http" } },
      { "null", cjson.null }, { "a number", 1 } } do
      it("says no of " .. c[1], function() assert.is_false(errors.is(c[2])) end)
    end
  end)

  describe("from_failure", function()
    for _, c in ipairs {
      { "network", true }, { "timeout", true }, { "tls", false }, { "protocol", false },
      { "cancelled", false }, { "closed", false }, { "config", false },
    } do
      it("marks " .. c[1] .. (c[2] and " as" or " as not") .. " retryable", function()
        local err = errors.from_failure(c[1], "it\nfailed", { url = URL, attempts = 3 })
        check_fields(err, { kind = c[1], message = "it failed", retryable = c[2], url = URL,
          attempts = 3 })
      end)
    end

    it("leaves retryable to the fields", function()
      local last = errors.from_failure("network", "reset by peer")
      local err = errors.from_failure("timeout", "the deadline is over",
        { retryable = false, cause = last, url = URL })
      assert.is_false(err.retryable)
      assert.equal(last, err.cause)
      assert.equal("timeout: the deadline is over (https://api.partnercenter.microsoft.com"
        .. "/v1/customers, last failure: reset by peer)", tostring(err))
    end)
  end)

  describe("tostring", function()
    it("says what failed, where, how often, and the correlation id", function()
      local err = errors.new { kind = "http", message = "Partner Center answered 500",
        url = URL .. "&token=x#y", attempts = 5, correlation_id = "abc", body = "secret" }
      assert.equal("http: Partner Center answered 500 (https://api.partnercenter.microsoft.com"
        .. "/v1/customers, 5 attempts, correlation id abc)", tostring(err))
    end)

    it("says no more than there is", function()
      assert.equal("closed: the client is closed",
        tostring(errors.new { kind = "closed", message = "the client is closed", attempts = 1 }))
    end)

    it("stays one capped line that ends with the correlation id", function()
      local err = errors.new { kind = "http", message = ("a\n\0"):rep(5000),
        url = "https://x/" .. ("b\r"):rep(5000), correlation_id = "c\nd", cause = ("e\n"):rep(999) }
      is_one_line(tostring(err))
      contains(tostring(err), "correlation id c d)")
    end)

    it("can be joined to text", function()
      local err = errors.new { kind = "closed", message = "x" }
      assert.equal("failed: closed: x", "failed: " .. err)
      assert.equal("closed: x!", err .. "!")
    end)

    it("is what an uncaught error shows", function()
      local ok, err = pcall(error, errors.new { kind = "closed", message = "x" })
      assert.is_false(ok)
      assert.equal("closed: x", tostring(err))
    end)
  end)

  describe("from_response with a documented answer", function()
    it("reads a fault with a numeric code", function()
      local err = documented("error-apifault-400-bad-guid", 400)
      check_fields(err, {
        kind = "http", status = 400, code = 2000, description = "Tenant Id must be a GUID.",
        source = "PartnerApiServiceControllers", data = {}, retryable = false,
        request_id = "aa04fb9d-c6b6-4754-8a6a-86e00cdd5ccb",
        correlation_id = "b4e67a78-0692-45d1-b408-04b9178a8ac6",
        ms_cv = "rbuZl5lbAkyq8WGK.0", server_id = "00000055",
      })
      assert.equal("Partner Center answered 400, code 2000: Tenant Id must be a GUID; "
        .. "check ids (GUIDs) and parameters", err.message)
      assert.equal(read("error-apifault-400-bad-guid.json"), err.body)
    end)

    it("reads a fault with a string code", function()
      local err = documented("error-apifault-sdk-unit-test", 400)
      check_fields(err, { code = 2000, data = { "Field1", "Field2" } })
    end)

    it("reads a fault whose code is a word", function()
      local err = documented("error-apifault", 400)
      check_fields(err, { kind = "http", error = "<string>", description = "<string>" })
      assert.is_nil(err.code)
    end)

    it("shows a description that is JSON readably and keeps it raw", function()
      local err = documented("error-apifault-400-json-in-description", 400)
      assert.equal(2007, err.code)
      contains(err.description, '{"code":"60071"')
      contains(err.description, "&#39;City&#39;")
      contains(err.message, "code 2007: ZipCityInvalid - Details: Field - 'City' is corrected")
      is_one_line(err.message)
    end)

    it("resolves entities in the message only", function()
      local err = documented("error-apifault-400-with-data", 400)
      contains(err.message, "We're sorry, it looks like you've run out of licenses.")
      contains(err.description, "We&#39;re sorry")
      assert.equal(1, #err.data)
      contains(err.data[1], "LicenseQuotaExceededException")
    end)

    it("reads a 404 fault", function()
      check_fields(documented("error-apifault-404", 404), {
        kind = "not_found", code = 3000, source = "PartnerFD", server_id = "102030524",
      })
    end)

    it("reads a 404 without a body", function()
      local err = documented("error-404-empty-body", 404)
      check_fields(err, {
        kind = "not_found", status = 404, ms_cv = "RRmc+bEw9U2e97CC.0", body = "",
        correlation_id = "54770745-17f0-433c-bd7b-0265e5b38f98",
      })
      assert.equal("Partner Center answered 404: the body is empty; check the ids and the path",
        err.message)
    end)

    it("reads a throttled answer", function()
      local err = documented("error-throttled-429", 429)
      check_fields(err, { kind = "throttled", retry_after = 57, retryable = true,
        description = "Rate limit is exceeded. Try again in 57 seconds." })
      assert.is_nil(err.code)
    end)

    it("reads an expired grant", function()
      local err = token_answer(400, read("error-aad-invalid-grant.json"))
      check_fields(err, {
        kind = "sign_in", status = 400, error = "invalid_grant", code = 70008,
        error_codes = { 70002, 70008 }, retryable = false,
        request_id = "3939d04c-d7ba-42bf-9cb7-1e5854cdce9e",
        correlation_id = "a8125194-2dc8-4078-90ba-7b6592a7f231",
      })
      contains(err.description, "\r\nTrace ID: ")
      is_one_line(err.message)
      contains(err.message, "the token endpoint answered 400: AADSTS70002")
      contains(err.message, "for this user and resource; a person has to sign in again")
      assert.is_nil(err.message:find("Trace ID", 1, true))
    end)

    it("reads a wrong scope", function()
      local err = token_answer(400, read("error-aad-invalid-scope.json"))
      check_fields(err, { kind = "sign_in", error = "invalid_scope", code = 70011 })
      contains(err.message, "check the scope")
    end)
  end)

  describe("from_response", function()
    for _, c in ipairs {
      { 400, "http", false }, { 401, "sign_in", false }, { 403, "forbidden", false },
      { 404, "not_found", false }, { 405, "http", false }, { 406, "http", false },
      { 407, "http", false }, { 408, "http", true }, { 409, "http", false },
      { 412, "http", false }, { 417, "http", false }, { 429, "throttled", true },
      { 500, "http", true }, { 501, "http", false }, { 502, "http", true },
      { 503, "http", true }, { 504, "http", true }, { 302, "http", false },
      { 200, "protocol", false }, { 204, "protocol", false },
    } do
      it(("takes a bare %d for %s"):format(c[1], c[2]), function()
        check_fields(answer(c[1], ""), { status = c[1], kind = c[2], retryable = c[3] })
      end)
    end

    -- Every documented code that asks for something to be done.
    for _, c in ipairs {
      { 401, 400, "sign_in", "sign in again" },
      { 401, 800001, "sign_in", "check the credentials" },
      { 401, 900420, "sign_in", "https://api.partnercenter.microsoft.com" },
      { 401, 900421, "sign_in", "multi-factor" },
      { 403, 900421, "sign_in", "multi-factor" },
      { 403, 2032, "forbidden", "permissions" },
      { 403, 900150, "forbidden", "App+User" },
      { 403, 900329, "forbidden", "App+User" },
      { 403, 900308, "forbidden", "administrator" },
      { 403, 900309, "forbidden", "conditional access" },
      { 403, 90000, "forbidden", "description" },
      { 403, 20002, "forbidden", "customer id" },
      { 403, 2030, "forbidden", "country" },
      { 403, 800039, "forbidden", "not active" },
      { 403, 900149, "forbidden", "not active" },
      { 403, 900124, "forbidden", "partner agreement" },
      { 404, 1000, "not_found", "path" },
      { 404, 60003, "not_found", "customer id" },
      { 404, 60002, "not_found", "user id" },
      { 404, 20003, "not_found", "subscription id" },
      { 404, 800015, "not_found", "MPN id" },
      { 404, 3000, "not_found", "no data yet" },
      { 400, 2000, "http", "GUIDs" },
      { 400, 2001, "http", "missing" },
      { 400, 3000, "http", "query parameters" },
      { 400, 800002, "http", "query parameters" },
      { 400, 900118, "http", "customer id" },
      { 400, 900126, "http", "seekOperation" },
      { 400, 900127, "http", "cloud" },
      { 400, 900141, "http", "cloud" },
      { 400, 2055, "http", "ETag" },
      { 500, 800003, "http", "try again later" },
      { 200, 400072, "not_found", "check the ids" },
      { 403, 123456, "forbidden", "App+User" },
      { 429, 123456, "throttled", "less concurrency" },
    } do
      it(("says what to do about %d with code %d"):format(c[1], c[2]), function()
        for _, form in ipairs { "%d", '"%d"' } do
          local code = form:format(c[2])
          local err = answer(c[1], '{"code":' .. code .. ',"description":"D."}')
          check_fields(err, { kind = c[3], code = c[2], status = c[1], description = "D." })
          contains(err.message, ("Partner Center answered %d, code %d: D; "):format(c[1], c[2]))
          contains(err.message, c[4])
        end
      end)
    end

    it("names the roles of which one is missing, where the answer does not say more", function()
      local ROLES = { "Directory Readers", "License Administrator" }
      for _, c in ipairs {
        { 403, '{"code":900308,"description":"D."}', true }, { 403, "", true },
        { 403, '{"code":20002,"description":"D."}', false },
        { 403, '{"code":900329,"description":"D."}', false },
        { 404, '{"code":60003,"description":"D."}', false }, { 401, "", false },
      } do
        local err = errors.from_response { status = c[1], body = c[2], roles = ROLES }
        local named = err.message:find("one of: Directory Readers, License Administrator", 1, true)
        assert.equal(c[3], named ~= nil, err.message)
      end
      contains(errors.from_response { status = 403, body = '{"code":900308,"description":"D."}' }
        .message, "Directory Readers is enough to read")
    end)

    it("does not retry 501 with code 0", function()
      check_fields(answer(501, '{"code":0,"description":"Undefined exception"}'),
        { kind = "http", code = 0, retryable = false,
          message = "Partner Center answered 501, code 0: Undefined exception; the service does "
            .. "not do that: check method, path and parameters" })
    end)

    for _, c in ipairs {
      { "a fraction", "1.5" }, { "a huge number", "1e300" }, { "null", "null" },
      { "an object", "{}" }, { "true", "true" }, { "an empty string", '""' },
    } do
      it("has no code when it is " .. c[1], function()
        local err = answer(400, '{"code":' .. c[2] .. ',"description":"D"}')
        assert.is_nil(err.code)
        assert.equal("D", err.description)
      end)
    end

    for _, c in ipairs {
      { "the gateway's other errors", 401,
        '{"statusCode":401,"message":"Invalid Authorization header, incorrect audience"}',
        { kind = "sign_in", description = "Invalid Authorization header, incorrect audience" } },
      { "a message alone", 500, '{"Message":"An error has occurred."}',
        { kind = "http", description = "An error has occurred." } },
      { "keys in another letter case", 404, '{"Code":1000,"Description":"Gone","Source":"X"}',
        { kind = "not_found", code = 1000, description = "Gone", source = "X" } },
      { "the partner API's error", 401,
        '{"error":{"code":"unAuthorized","message":"No","target":"T","innerError":{}}}',
        { kind = "sign_in", error = "unAuthorized", description = "No", source = "T" } },
      { "the partner API's error with a numeral", 400, '{"error":{"code":"1001","message":"No"}}',
        { kind = "http", code = 1001, description = "No" } },
      { "a fault behind a byte order mark", 404, '\239\187\191 {"code":1000,"description":"x"}',
        { kind = "not_found", code = 1000 } },
      { "a throttle in the fault's shape", 429, '{"code":429000,"description":"slow"}',
        { kind = "throttled", code = 429000 } },
      { "the token endpoint's error from elsewhere", 401, '{"error":"invalid_grant"}',
        { kind = "sign_in", error = "invalid_grant" } },
      { "an error in one word", 404, '{"error":"Not found"}',
        { kind = "not_found", error = "Not found", retryable = false,
          message = "Partner Center answered 404: Not found; check the ids and the path" } },
      { "an object that says nothing", 400, '{"foo":1}', { kind = "http", status = 400 } },
      { "an array", 400, '["x"]', { kind = "http", status = 400 } },
      { "a fault of wrong types", 403, '{"code":null,"description":[],"data":"x","source":5}',
        { kind = "forbidden", status = 403 } },
    } do
      it("reads " .. c[1], function() check_fields(answer(c[2], c[3]), c[4]) end)
    end

    it("names status and type of a page, with a few of its words", function()
      local page = "<html><head><title>502 Bad\27[31m Gateway</title></head><body>\0" ..
        ("<p>upstream</p>"):rep(9999) .. "</body></html>"
      local err = answer(502, page, "Content-Type: text/html; charset=utf-8")
      check_fields(err, { kind = "http", retryable = true })
      contains(err.message, "Partner Center answered 502: text/html: 502 Bad [31m Gateway upstream")
      is_one_line(err.message)
      assert.is_true(#err.message < 300)
      assert.equal(4096, #err.body)
    end)

    it("takes a 200 that is a page for a broken answer", function()
      local err = answer(200, "<html>Sign in</html>", "Content-Type: text/html")
      check_fields(err, { kind = "protocol", status = 200, retryable = false })
      assert.equal("something on the way to Partner Center answered 200: "
        .. "text/html: Sign in; " .. advice.IN_BETWEEN, err.message)
    end)

    it("keeps the dots of a description that is cut", function()
      local err = answer(400, cjson.encode { code = 2000, description = ("d"):rep(400) })
      contains(err.message, "ddd...; check ids")
      assert.equal(400, #err.description)
    end)

    it("makes one line of whatever comes", function()
      local pieces = { "{", "}", '"code":', '"description":', '"error":', '"error_description":',
        '"message":', "2000", '"x"', ",", "[", "]", "null", "\0", "\27[2J", "\r\n", "\255\254",
        "\226\128\174", "&#10;", "&#x9;", "<b>", "</b>", "<script>", '"\\u0000"', "1e999", " ",
        '"{\\"reason\\":\\"a\\\\nb\\"}"', '"AADSTS70008: a\\r\\nTrace ID: b"' }
      local statuses = { 200, 302, 400, 401, 403, 404, 429, 500, 503 }
      local state = 1
      local function pick(list)
        state = state * 16807 % 2147483647
        return list[state % #list + 1]
      end
      for _ = 1, 2000 do
        local body = {}
        for i = 1, pick { 1, 3, 5, 7, 9, 30 } do body[i] = pick(pieces) end
        body = table.concat(body)
        if pick { true, false } then body = '{"description":' .. pick(pieces) .. ',"code":1}' end
        local err = answer(pick(statuses), body, "Content-Type: text/\1\2html\nRetry-After: x",
          { token_endpoint = pick { true, false }, correlation_id = "c\nd" })
        assert.is_true(errors.is(err))
        is_one_line(err.message)
        is_one_line(tostring(err))
      end
    end)

    it("takes no document for a fault that is larger than any", function()
      local body = '{"code":2000,"description":"x","data":["' .. ("y"):rep(65536) .. '"]}'
      local err = answer(500, body, "Content-Type: application/json")
      check_fields(err, { kind = "http", status = 500 })
      assert.is_nil(err.code)
      assert.equal(4096, #err.body)
    end)

    it("copes with JSON that is cut", function()
      local err = answer(500, '{"code":2000,"descr', "Content-Type: application/json")
      check_fields(err, { kind = "http", retryable = true })
      contains(err.message, 'application/json: {"code":2000,"descr')
    end)

    it("copes with nothing but a status", function()
      local err = errors.from_response({ status = 503 }, decode)
      check_fields(err, { kind = "http", status = 503, retryable = true })
      assert.is_nil(err.body)
    end)

    it("uses the core's decoder by default", function()
      local response = { status = 404, body = '\239\187\191{"code":60003,"data":[null]}' }
      local err = errors.from_response(response)
      check_fields(err, { kind = "not_found", code = 60003, data = { core.null } })
    end)

    it("copes with a decoder that raises and with one that gives nil", function()
      for _, bad in ipairs { function() error("no") end, function() return nil, "no", 1 end } do
        local err = errors.from_response({ status = 400, body = '{"code":2000}' }, bad)
        check_fields(err, { kind = "http", status = 400 })
        assert.is_nil(err.code)
      end
    end)

    it("falls back to the request's ids", function()
      local ids = { request_id = "r", correlation_id = "c", attempts = 3 }
      check_fields(answer(500, "", "", ids), ids)
      check_fields(answer(500, "", "MS-RequestId: R\nMS-CorrelationId: C", ids),
        { request_id = "R", correlation_id = "C" })
    end)

    for _, c in ipairs {
      { "seconds", 429, "Retry-After: 57", "", 57 },
      { "seconds with spaces", 429, "Retry-After:  57 ", "", 57 },
      { "seconds of a 503", 503, "Retry-After: 120", "", 120 },
      { "a fraction", 429, "Retry-After: 1.5", "", 1.5 },
      { "zero", 429, "Retry-After: 0", "", 0 },
      { "an endless numeral", 429, "Retry-After: " .. ("9"):rep(400), "", 1e9 },
      { "a date after the answer's own", 429, "Retry-After: Tue, 21 Jul 2020 04:12:00 GMT\n"
        .. "Date: Tue, 21 Jul 2020 04:10:58 GMT", "", 62 },
      { "a date that is over", 429, "Retry-After: Tue, 21 Jul 2020 04:10:00 GMT\n"
        .. "Date: Tue, 21 Jul 2020 04:10:58 GMT", "", 0 },
      { "a date without the answer's own", 429,
        "Retry-After: Tue, 21 Jul 2020 04:10:00 GMT", "", 0 },
      { "rubbish", 429, "Retry-After: soon", "", nil },
      { "a negative number", 429, "Retry-After: -5", "", nil },
      { "nothing", 429, "", "", nil },
      { "the message's words", 429, "",
        '{"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."}', 57 },
      { "the header before the words", 429, "Retry-After: 9",
        '{"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."}', 9 },
      { "the header beside a fault", 429, "Retry-After: 9", '{"code":1,"description":"x"}', 9 },
      { "no words of a 400", 400, "", '{"message":"Try again in 57 seconds."}', nil },
    } do
      it("takes from " .. c[1] .. " how long to wait", function()
        assert.equal(c[5], answer(c[2], c[4], c[3]).retry_after)
      end)
    end
  end)

  describe("from_response of the token endpoint", function()
    local function refusal(name, code, more)
      return ('{"error":"%s","error_description":"AADSTS%d: Words.\\r\\nTrace ID: 1-a\\r\\n'
        .. 'Correlation ID: 2-b\\r\\nTimestamp: x"%s}'):format(name, code, more or "")
    end

    for _, c in ipairs {
      { "invalid_grant", 50076, "multi-factor" },
      { "interaction_required", 50078, "multi-factor" },
      { "interaction_required", 50079, "multi-factor" },
      { "invalid_grant", 50173, "password" },
      { "interaction_required", 53003, "conditional access" },
      { "invalid_grant", 65001, "consent" },
      { "consent_required", 90094, "administrator" },
      { "invalid_grant", 70008, "expired" },
      { "invalid_grant", 700082, "not used for too long" },
      { "invalid_grant", 70000, "not valid" },
      { "invalid_client", 7000215, "client secret" },
      { "invalid_client", 7000222, "client secret has expired" },
      { "invalid_client", 7000218, "client_secret" },
      { "unauthorized_client", 700016, "client_id" },
      { "invalid_request", 90002, "tenant" },
      { "invalid_resource", 500011, "resource or scope" },
      { "invalid_grant", 999999, "sign in again" },
      { "interaction_required", 999999, "sign in again" },
      { "consent_required", 999999, "consent" },
      { "invalid_client", 999999, "client_secret" },
      { "invalid_scope", 999999, "scope" },
      { "unauthorized_client", 999999, "registration" },
      { "unsupported_grant_type", 999999, "authority" },
      { "expired_token", 999999, "expired" },
    } do
      it(("says what to do about %s with AADSTS%d"):format(c[1], c[2]), function()
        local listed = token_answer(400, refusal(c[1], c[2], (',"error_codes":[%d]'):format(c[2])))
        local unlisted = token_answer(401, refusal(c[1], c[2]))
        for _, err in ipairs { listed, unlisted } do
          check_fields(err, { kind = "sign_in", error = c[1], code = c[2], retryable = false,
            error_codes = { c[2] }, request_id = "1-a", correlation_id = "2-b" })
          contains(err.message, ("AADSTS%d: Words; "):format(c[2]))
          contains(err.message, c[3])
        end
      end)
    end

    for _, c in ipairs {
      { "temporarily_unavailable", 400, "http", true },
      { "temporarily_unavailable", 503, "http", true },
      { "server_error", 400, "http", true },
      { "server_error", 500, "http", true },
      { "invalid_grant", 500, "http", true },
      { "invalid_grant", 503, "http", true },
      { "invalid_grant", 429, "throttled", true },
      { "authorization_pending", 400, "sign_in", false },
      { "slow_down", 400, "sign_in", false },
      { "something_new", 400, "sign_in", false },
      { "invalid_client", 401, "sign_in", false },
      { "access_denied", 403, "sign_in", false },
    } do
      it(("takes %s with %d for %s"):format(c[1], c[2], c[3]), function()
        check_fields(token_answer(c[2], ('{"error":"%s"}'):format(c[1])),
          { kind = c[3], error = c[1], retryable = c[4], status = c[2] })
      end)
    end

    it("keeps suberror and takes no other key", function()
      local err = token_answer(400, refusal("invalid_grant", 50076,
        ',"suberror":"basic_action","claims":"{}","error_uri":"https://x"'))
      assert.equal("basic_action", err.suberror)
    end)

    it("copes with a page instead", function()
      local err = token_answer(400, "<h1>Bad Request</h1>", "Content-Type: text/html")
      check_fields(err, { kind = "http", status = 400, retryable = false })
      contains(err.message, "the token endpoint answered 400: text/html: Bad Request")
    end)

    it("copes with an error of wrong types", function()
      local err = token_answer(400,
        '{"error":"x","error_description":7,"error_codes":"y","trace_id":[]}')
      check_fields(err, { kind = "sign_in", error = "x",
        message = "the token endpoint answered 400: x" })
    end)
  end)

  describe("secrets", function()
    local SECRET = "q8Q~abc+/def=="

    local register = errors.register()
    register.add(SECRET)

    it("are masked in strings and in errors with their causes", function()
      assert.equal("x [redacted]", register.mask("x " .. SECRET))
      local cause = errors.from_failure("network", "sent " .. SECRET)
      local err = errors.from_failure("timeout", "over", { cause = cause, url = "https://x/?s="
        .. "q8Q~abc%2B%2Fdef%3D%3D" })
      assert.equal(err, register.mask(err))
      assert.equal("https://x/?s=[redacted]", err.url)
      assert.equal("sent [redacted]", err.cause.message)
      assert.is_true(errors.is(err))
    end)

    it("are masked before anything is cut", function()
      for pad = 4060, 4100 do
        local err = errors.from_response({ status = 400, body = (" "):rep(pad) .. SECRET,
          mask = register.mask }, decode)
        assert.is_nil(err.body:find("q8Q", 1, true))
      end
      for pad = 270, 300 do
        local body = cjson.encode { code = 2000, description = ("d"):rep(pad) .. SECRET }
        local err = errors.from_response({ status = 400, body = body, mask = register.mask,
          header = headers("MS-RequestId: " .. SECRET), url = URL .. SECRET }, decode)
        assert.is_nil(tostring(err):find("q8Q", 1, true))
        assert.is_nil(err.description:find("q8Q", 1, true))
        assert.equal("[redacted]", err.request_id)
        assert.equal(URL .. "[redacted]", err.url)
      end
    end)

    it("do not need to be there", function()
      local err = errors.from_response({ status = 400, body = "x",
        mask = errors.register().mask }, decode)
      assert.equal("x", err.body)
    end)
  end)
end)
