-- Faults of the service and of its sign-in side.
local answers = require "spec.support.faults.answers"

local GOOD = answers.GOOD
local TOKEN = '"token_type":"Bearer","expires_in":3599,"access_token":"fresh-token-1"'
local LINES = { "Content-Type: application/json" }

-- Answers the n-th request with the n-th {status, header lines, body}.
local function turns(...)
  local list = { ... }
  return function(c)
    while c:head() do
      local turn = list[math.min(c:count(), #list)]
      local headers = { LINES[1] }
      for _, line in ipairs(turn[2] or {}) do headers[#headers + 1] = line end
      c:answer(turn[1], headers, turn[3] or GOOD)
    end
  end
end

-- The token endpoint says this, the API answers well.
local function tokens(body, status, ...)
  local headers = { ... }
  return function(c)
    local request = c:head()
    while request do
      if request.method == "POST" then
        c:answer(status or 200, { LINES[1], table.unpack(headers) }, body) -- luacheck: ignore
      else
        c:json(GOOD)
      end
      request = c:head()
    end
  end
end

local function token_fault(name, what, body, gets, more)
  local all = { name = name, what = what, serve = tokens(body), gets = gets, call = "sign_in",
    group = "Sign-in", requests = 1 }
  for key, value in pairs(more or {}) do all[key] = value end
  return all
end

return {
  title = "Service",
  { name = "flaps", what = "503, 502, then a good answer", options = { retries = 4 },
    serve = turns({ 503 }, { 502 }, { 200 }), gets = 1, requests = 3 },
  { name = "stays-down", what = "500 at every try", options = { retries = 3 },
    serve = turns { 500 }, gets = "http", requests = 4 },
  { name = "not-implemented", what = "501: never tried again", serve = turns { 501 },
    gets = "http", requests = 1 },
  { name = "throttled", what = "429 without Retry-After, then a good answer",
    serve = turns({ 429 }, { 200 }), gets = 1, requests = 2 },
  { name = "throttled-long", what = "429 with a Retry-After above max_retry_after",
    serve = turns { 429, { "Retry-After: 86400" } }, gets = "throttled", requests = 1 },
  { name = "throttled-huge", what = "a Retry-After of 40 digits",
    serve = turns { 429, { "Retry-After: " .. ("9"):rep(40) } }, gets = "throttled",
    requests_least = 1, requests_most = 2 },
  { name = "throttled-negative", what = "a negative Retry-After, then a good answer",
    serve = turns({ 429, { "Retry-After: -5" } }, { 200 }), gets = 1, requests = 2 },
  { name = "throttled-garbage", what = "a Retry-After that is no time, then a good answer",
    serve = turns({ 429, { "Retry-After: soon" } }, { 200 }), gets = 1, requests = 2,
    within = 2 },
  { name = "throttled-past", what = "a Retry-After with a date in the past, then a good answer",
    serve = turns({ 429, { "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT" } }, { 200 }), gets = 1,
    requests = 2 },
  { name = "unauthorized", what = "401 at every try, with a fixed token", serve = turns { 401 },
    gets = "sign_in", requests = 1 },
  { name = "refreshed", what = "401, then a good answer to a new token", call = "sign_in",
    serve = function(c)
      local request = c:head()
      while request do
        if request.method == "POST" then c:json("{" .. TOKEN .. "}")
        elseif c:count() == 2 then c:json("{}", 401)
        else c:json(GOOD) end
        request = c:head()
      end
    end, gets = 1, requests = 4, group = "Sign-in" },
  { name = "error-html", what = "an error of HTML, 2 MB of it",
    serve = turns { 400, { "X: y" }, "<html>" .. ("<b>"):rep(600000) },
    gets_any = { "http", "protocol" }, requests = 1 },
  { name = "error-lines", what = "an error whose text has line ends and escapes in it",
    serve = turns { 400, {},
      '{"code":2000,"description":"a\\r\\nb\\u001b[31mc","source":"x\\ny"}' },
    gets = "http", requests = 1 },
  { name = "error-types", what = "an error with every member of a wrong type",
    serve = turns { 400, {}, '{"code":{},"description":[1],"data":5,"source":{}}' },
    gets = "http", requests = 1 },
  { name = "error-deep", what = "an error of 60,000 arrays in each other",
    serve = turns { 400, {}, '{"code":1,"data":' .. ("["):rep(60000) }, gets = "http",
    requests = 1 },
  { name = "error-echo", what = "an error that repeats the token",
    serve = turns { 400, {}, '{"code":1,"description":"Bearer t0ken-of-the-spec is bad"}' },
    gets = "http", requests = 1 },
  token_fault("token-well", "nothing is wrong", "{" .. TOKEN .. "}", 1, { requests = 2 }),
  token_fault("token-html", "the token endpoint answers with HTML", "<html>", "protocol"),
  token_fault("token-empty", "the token endpoint answers with {}", "{}", "protocol"),
  token_fault("token-array", "the token endpoint answers with an array", "[1]", "protocol"),
  token_fault("token-number", "an access_token that is a number",
    '{"token_type":"Bearer","access_token":5}', "protocol"),
  token_fault("token-lines-in-it", "an access_token with line ends in it",
    '{"token_type":"Bearer","access_token":"a\\r\\nX-Evil: b"}', "protocol"),
  token_fault("token-mac", "a token of another type",
    '{"token_type":"mac","access_token":"abc"}', "protocol"),
  token_fault("token-lifetime", "an expires_in that is an object",
    '{"token_type":"Bearer","access_token":"fresh-token-2","expires_in":{}}', 1,
    { requests = 2 }),
  token_fault("token-lifetime-negative", "an expires_in below zero",
    '{"token_type":"Bearer","access_token":"fresh-token-3","expires_in":-100}', 1,
    { requests = 2 }),
  token_fault("token-lifetime-huge", "an expires_in of 400 digits",
    '{"token_type":"Bearer","access_token":"fresh-token-4","expires_in":"' .. ("9"):rep(400)
    .. '"}', 1, { requests = 2 }),
  { name = "clock-jumps", what = "the wall clock jumps back a year, then ahead two, between calls",
    group = "Sign-in", call = "clock", serve = tokens("{" .. TOKEN .. "}"), gets = 1,
    requests_least = 4, requests_most = 6 },
  { name = "token-redirect", what = "the token endpoint redirects: never followed",
    serve = tokens("", 302, "Location: https://127.0.0.1:{port:well}/token"), group = "Sign-in",
    call = "sign_in", gets_any = { "http", "sign_in" }, requests = 1, untouched = "well" },
  { name = "token-revoked", what = "invalid_grant: a person must sign in again",
    serve = tokens('{"error":"invalid_grant","error_description":"AADSTS70008: expired"}', 400),
    group = "Sign-in", call = "sign_in", gets = "sign_in", requests = 1 },
  { name = "token-down", what = "the token endpoint answers 503 at every try",
    serve = tokens("{}", 503), group = "Sign-in", call = "sign_in",
    gets_any = { "http", "sign_in" }, requests = 2 },
  { name = "token-certificate", what = "the token endpoint has a certificate for another host",
    tls = "wrong_host", serve = answers.well, group = "Sign-in", call = "sign_in", gets = "tls",
    requests = 0 },
  { name = "token-slow", what = "the token endpoint never answers", serve = function(c)
      c:head()
      c:stall()
    end, group = "Sign-in", call = "sign_in", options = { retries = 0 }, gets = "timeout",
    requests = 1 },
}
