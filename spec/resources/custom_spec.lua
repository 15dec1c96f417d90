local custom = require "partnercenter.resources.custom"
local request = require "partnercenter.resources.request"

local SETTINGS = { base_url = "https://api.example.com", locale = "en-US" }

local function build(spec, params)
  return request.build(request.prepare(custom.new(spec), SETTINGS), nil, params)
end

describe("partnercenter.custom", function()
  for _, c in ipairs {
    { "takes a path alone", { path = "/v1/invoices" }, "/v1/invoices" },
    { "encodes and sorts the query", { path = "/v1/x", query = { b = "a b&c", a = "it's" } },
      "/v1/x?a=it%27s&b=a%20b%26c" },
    { "writes numbers and booleans", { path = "/v1/x",
      query = { size = 40, flag = true, share = 0.5, big = 2 ^ 40 } },
      "/v1/x?big=1099511627776&flag=true&share=0.5&size=40" },
    { "sends a name as often as it has values",
      { path = "/v1/x", query = { b = 1, a = { 2, "1" } } }, "/v1/x?a=2&a=1&b=1" },
    { "encodes names too", { path = "/v1/x", query = { ["$filter"] = "a" } },
      "/v1/x?%24filter=a" },
    { "sends an empty value", { path = "/v1/x", query = { a = "" } }, "/v1/x?a=" },
    { "encodes what may not stand in a path", { path = "/v1/a b/{c}" }, "/v1/a%20b/%7Bc%7D" },
    { "keeps what is encoded already", { path = "/v1/a%20b" }, "/v1/a%20b" },
    { "lets names with dots pass", { path = "/v1/a..b/.c" }, "/v1/a..b/.c" },
  } do
    it(c[1], function() assert.equal("https://api.example.com" .. c[3], build(c[2]).url) end)
  end

  it("adds headers, and replaces those that have a default", function()
    local built = build { path = "/v1/x", headers = { accept = "text/csv", ValidateMfa = "true" } }
    assert.same({ { "X-Locale", "en-US" }, { "ValidateMfa", "true" }, { "accept", "text/csv" } },
      built.headers)
  end)

  it("goes on by skip unless it is told not to", function()
    assert.equal("skip", build({ path = "/v1/x" }).paging)
    assert.is_nil(build({ path = "/v1/x", paging = "links" }).paging)
  end)

  it("writes a body that is a table", function()
    if not pcall(require, "cjson") then return pending "this Lua has no lua-cjson" end
    local built = build { path = "/v1/x", method = "POST", body = { name = "a" } }
    assert.equal('{"name":"a"}', built.body)
    assert.same({ "Content-Type", "application/json; charset=utf-8" },
      built.headers[#built.headers])
    assert.error_matches(function()
      custom.new { path = "/v1/x", method = "POST", body = { print } }
    end, "JSON")
  end)

  it("takes no table where lua-cjson is not installed, and says so", function()
    local loaded, preload = package.loaded.cjson, package.preload.cjson
    package.loaded.cjson, package.preload.cjson = nil, function() error "none" end
    local ok, why = pcall(custom.new, { path = "/v1/x", method = "POST", body = { name = "a" } })
    package.loaded.cjson, package.preload.cjson = loaded, preload
    assert.is_false(ok)
    assert.matches("cjson is not installed", why)
  end)

  it("takes a method and a body, and has then the verb get alone", function()
    assert.equal("POST", build({ path = "/v1/x", method = "POST" }).method)
    assert.equal("", build({ path = "/v1/x", method = "PUT" }).body)
    assert.is_nil(build({ path = "/v1/x", method = "DELETE" }).body)
    assert.equal("a,b", build({ path = "/v1/x", method = "PUT", body = "a,b" }).body)
    assert.is_true(custom.new({ path = "/v1/x", method = "POST" }).single)
  end)

  for _, c in ipairs {
    { "an unknown method", { method = "FETCH" }, "GET, POST" },
    { "a body of a GET", { body = {} }, "takes no body" },
  } do
    it("refuses " .. c[1], function()
      c[2].path = "/v1/x"
      local ok, why = pcall(custom.new, c[2])
      assert.is_false(ok)
      assert.truthy(tostring(why):find(c[3], 1, true), why)
    end)
  end

  it("leaves the caller's tables alone", function()
    local query = { a = 1 }
    build { path = "/v1/x", query = query }
    assert.same({ a = 1 }, query)
  end)

  it("raises at the caller's line", function()
    local _, message = pcall(function()
      local made = custom.new { path = "x" }
      return made
    end)
    assert.matches("custom_spec.lua:%d+: ", message)
  end)

  describe("refuses", function()
    for _, c in ipairs {
      { "no table", "/v1/x", "table" },
      { "no path", {}, "path" },
      { "a path that is no text", { path = 7 }, "path" },
      { "a path without a slash", { path = "v1/x" }, "slash" },
      { "a URL", { path = "https://evil.example/v1/x" }, "slash" },
      { "a host", { path = "//evil.example/v1/x" }, "slashes" },
      { "a backslash", { path = "/\\evil.example" }, "backslashes" },
      { "dots", { path = "/v1/../x" }, ".." },
      { "encoded dots", { path = "/v1/%2e%2E/x" }, ".." },
      { "dots encoded twice", { path = "/v1/%252e%252e/x" }, ".." },
      { "encoded slashes", { path = "/v1/customers/..%2f..%2fv1%2fcustomers" }, "slash" },
      { "slashes encoded three times", { path = "/v1/a%25252fb" }, "slash" },
      { "encoded backslashes", { path = "/v1/a%5Cb" }, "slash" },
      { "half-encoded dots", { path = "/v1/.%2e" }, ".." },
      { "dots before a parameter", { path = "/v1/..;a=1/x" }, ".." },
      { "encoded dots before an encoded parameter", { path = "/v1/%2e%2e%3Ba/x" }, ".." },
      { "dots before an encoded NUL", { path = "/v1/..%00/x" }, ".." },
      { "a slash as old IIS reads it", { path = "/v1/a%u002fb" }, ".." },
      { "a slash in three bytes", { path = "/v1/a%e0%80%afb" }, ".." },
      { "a single dot", { path = "/v1/./x" }, "." },
      { "a query in the path", { path = "/v1/x?a=b" }, "query" },
      { "a fragment", { path = "/v1/x#a" }, "#" },
      { "a line end", { path = "/v1/x\r\nHost: evil" }, "control" },
      { "a zero byte", { path = "/v1/x\0" }, "control" },
      { "an unknown option", { path = "/x", qeury = {} }, "'query'" },
      { "an unknown way of paging", { path = "/x", paging = "next" }, "skip or links" },
      { "a query that is no table", { path = "/x", query = "a=b" }, "query" },
      { "a table as a value", { path = "/x", query = { a = {} } }, "'a'" },
      { "a value that is no number", { path = "/x", query = { a = 0 / 0 } }, "'a'" },
      { "a control character in a value", { path = "/x", query = { a = "b\nc" } }, "'a'" },
      { "a name that is no text", { path = "/x", query = { "b" } }, "'1'" },
      { "a token of the caller's own", { path = "/x", headers = { Authorization = "Bearer x" } },
        "Authorization" },
      { "another host", { path = "/x", headers = { HOST = "evil" } }, "HOST" },
      { "a request id", { path = "/x", headers = { ["MS-RequestId"] = "x" } }, "MS-RequestId" },
      { "a header with a line end", { path = "/x", headers = { ["X-A"] = "b\r\nX-C: d" } }, "X-A" },
      { "a header name with a space", { path = "/x", headers = { ["X A"] = "b" } }, "header name" },
      { "a header that is no text", { path = "/x", headers = { ["X-A"] = 1 } }, "X-A" },
    } do
      it(c[1], function()
        local ok, message = pcall(custom.new, c[2])
        assert.is_false(ok)
        assert.matches(c[3], message, 1, true)
      end)
    end
  end)
end)
