local paging = require "partnercenter.pages.next_page"

local HOST = "https://api.example.com"

local function request_of(target, more)
  local request = {
    method = "GET",
    url = HOST .. target,
    headers = { { "Accept", "application/json" }, { "X-Locale", "en-US" } },
    resource = "things",
    origin = HOST,
    base_url = HOST,
  }
  for name, value in pairs(more or {}) do request[name] = value end
  return request
end

local function following(request, envelope, row_count)
  return paging.next_request(request, envelope, row_count or 10, paging.start(request))
end

local function header(request, name)
  for _, pair in ipairs(request.headers) do
    if pair[1] == name then return pair[2] end
  end
end

describe("partnercenter.paging", function()
  describe("links.next", function()
    for _, c in ipairs {
      { "with the version", "/v1/customers?size=40&seekOperation=Next",
        "/v1/customers?size=40&seekOperation=Next" },
      { "without the version", "/customers?size=40&seekOperation=Next",
        "/v1/customers?size=40&seekOperation=Next" },
      { "with a filter that is encoded", "/customers?filter=%7B%22Field%22%3A%22a%20b%22%7D",
        "/v1/customers?filter=%7B%22Field%22%3A%22a%20b%22%7D" },
      { "with a filter that is not", [[/customers?filter={"Field":"a b"}]],
        "/v1/customers?filter=%7B%22Field%22:%22a%20b%22%7D" },
      { "with another version", "/v1.1/customers?x", "/v1.1/customers?x" },
      { "that is absolute", HOST .. "/v1/customers?x", "/v1/customers?x" },
      { "that is only a query", "?page=2", "/v1/customers?page=2" },
      { "that is relative", "customers?page=2", "/v1/customers?page=2" },
    } do
      it(c[1], function()
        local request = following(request_of("/v1/customers?size=40"),
          { kind = "items", links_next = { uri = c[2], method = "GET" } })
        assert.equal(HOST .. c[3], request.url)
        assert.equal("application/json", header(request, "Accept"))
        assert.is_nil(header(request, "MS-ContinuationToken"))
      end)
    end

    it("keeps the prefix of the request's own version", function()
      local request = following(request_of("/partner/v1/things"),
        { kind = "items", links_next = { uri = "/things?page=2" } })
      assert.equal(HOST .. "/partner/v1/things?page=2", request.url)
    end)

    it("stays below the path of a base URL", function()
      local base = HOST .. "/gateway"
      for _, uri in ipairs { "/v1/things?p=2", "/things?p=2", "/gateway/v1/things?p=2" } do
        local request = following(request_of("/gateway/v1/things", { base_url = base }),
          { kind = "items", links_next = { uri = uri } })
        assert.equal(HOST .. "/gateway/v1/things?p=2", request.url)
      end
    end)

    it("sends the continuation token as it is, and none of the other headers", function()
      local request = following(request_of("/v1/customers"), {
        kind = "items",
        links_next = {
          uri = "/customers?seekOperation=Next",
          headers = {
            { key = "Authorization", value = "Bearer stolen" },
            { key = "Host", value = "elsewhere.example" },
            { key = "ms-continuationtoken", value = "AQ,A/A+A%20==" },
          },
        },
      })
      assert.equal("AQ,A/A+A%20==", header(request, "MS-ContinuationToken"))
      assert.equal(3, #request.headers)
    end)

    it("replaces the token of the page before", function()
      local first = request_of("/v1/customers")
      local state = paging.start(first)
      local request = first
      for i = 1, 3 do
        request = paging.next_request(request, { kind = "items", links_next = {
          uri = "/customers?seekOperation=Next",
          headers = { { key = "MS-ContinuationToken", value = "T" .. i } },
        } }, 10, state)
        assert.equal("T" .. i, header(request, "MS-ContinuationToken"))
        assert.equal(3, #request.headers)
      end
      assert.equal(2, #first.headers)
    end)

    it("takes the token of the body where its own headers have none", function()
      local request = following(request_of("/v1/customers"),
        { kind = "items", links_next = { uri = "/customers?x", headers = {} }, token = "T" })
      assert.equal("T", header(request, "MS-ContinuationToken"))
    end)
  end)

  it("continues by the continuation token of the body", function()
    local request = following(request_of("/v1/customers?filter=a%20b&size=5"),
      { kind = "items", token = "AQAAAA==" })
    assert.equal(HOST .. "/v1/customers?filter=a%20b&size=5&seekOperation=Next", request.url)
    assert.equal("AQAAAA==", header(request, "MS-ContinuationToken"))
  end)

  describe("@nextLink", function()
    local own = "/partner/v1/analytics/usage/azure"
    for _, c in ipairs {
      { "absolute", HOST .. own .. "?top=10&skip=10", own .. "?top=10&skip=10" },
      { "absolute with raw spaces", HOST .. own .. "?orderby=date desc",
        own .. "?orderby=date%20desc" },
      { "absolute with the default port and capitals", "HTTPS://API.example.com:443" .. own .. "?a",
        own .. "?a" },
      { "root-relative", own .. "?top=10&skip=10", own .. "?top=10&skip=10" },
      { "root-relative with the version in capitals", "/PARTNER/V1/analytics/usage/azure?skip=10",
        "/PARTNER/V1/analytics/usage/azure?skip=10" },
      { "with a raw number sign in a value", "azure?token=a#b/c+d=", own .. "?token=a%23b/c+d=" },
      { "root-relative without the version", "/analytics/usage/azure?skip=10",
        "/partner/v1/analytics/usage/azure?skip=10" },
      { "bare-relative with raw spaces", "azure?aggregationLevel=day&startDate=2015/01/01&"
        .. "top=1&skip=10&orderby=date desc",
        own .. "?aggregationLevel=day&startDate=2015/01/01&top=1&skip=10&orderby=date%20desc" },
      { "bare-relative by the end of the path", "analytics/usage/azure?skip=10",
        own .. "?skip=10" },
      { "bare-relative with a colon in the query", "azure?from=2015-01-01T00:00:00",
        own .. "?from=2015-01-01T00:00:00" },
      { "bare-relative to a sibling", "other?skip=10",
        "/partner/v1/analytics/usage/other?skip=10" },
      { "with a filter in raw quotes", "azure?filter=name eq 'a''b'",
        own .. "?filter=name%20eq%20'a''b'" },
      { "with a percent sign that encodes nothing", "azure?filter=a eq '50%'",
        own .. "?filter=a%20eq%20'50%25'" },
      { "with bytes beyond ASCII", "azure?filter=\195\164", own .. "?filter=%C3%A4" },
    } do
      it(c[1], function()
        local request, err = following(request_of(own), { kind = "value", next_link = c[2] })
        assert.is_nil(err)
        assert.equal(HOST .. c[3], request.url)
      end)
    end
  end)

  it("takes the token of links.next from headers by their names, too", function()
    local request = following(request_of("/v1/customers"), { kind = "items",
      links_next = { uri = "/v1/customers?n=2", headers = { ["ms-continuationtoken"] = "AQ==" } } })
    assert.equal("AQ==", header(request, "MS-ContinuationToken"))
  end)

  describe("a continuation in the headers of an answer", function()
    -- What it is, the facts of the answer, the envelope, the URL that follows, the token.
    local LINK = '<https://api.example.com/v1/things?page=9>; rel="last", '
      .. '</v1/things?page=2>; title="a, b"; rel="Next"'
    for _, c in ipairs {
      { "is followed by its link", { link = LINK }, {}, "/v1/things?page=2" },
      { "is followed by a link without quotes", { link = "</v1/things?page=2>;rel=next" }, {},
        "/v1/things?page=2" },
      { "is followed by its token", { continuation_token = "AQ==" }, {},
        "/v1/things?seekOperation=Next", "AQ==" },
      { "gives way to that of the body", { link = LINK, continuation_token = "AQ==" },
        { next_link = "things?page=3" }, "/v1/things?page=3" },
      { "is no link that leads elsewhere", { link = "</v1/things?page=0>; rel=prev" }, {} },
      { "is no text without a link", { link = "rel=next" }, {} },
      { "is no empty token", { continuation_token = "" }, {} },
    } do
      it(c[1], function()
        local request = request_of("/v1/things")
        c[3].kind = "items"
        local next_request, err = paging.next_request(request, c[3], 1, paging.start(request), c[2])
        assert.is_nil(err)
        assert.equal(c[4] and HOST .. c[4], next_request and next_request.url)
        assert.equal(c[5], next_request and header(next_request, "MS-ContinuationToken"))
      end)
    end

    it("is not the token of the request, sent back", function()
      local request = request_of("/v1/things")
      local state = paging.start(request)
      local facts = { continuation_token = "AQ==" }
      request = paging.next_request(request, { kind = "items" }, 1, state, facts)
      local following_request, err =
        paging.next_request(request, { kind = "items" }, 1, state, facts)
      assert.is_nil(following_request)
      assert.is_nil(err)
    end)

    it("never leads to another origin", function()
      local request = request_of("/v1/things")
      local _, err = paging.next_request(request, { kind = "items" }, 1, paging.start(request),
        { link = '<https://evil.example/v1/things>; rel="next"' })
      assert.equal("protocol", err.kind)
    end)
  end)

  it("asks with TLS where a link to the own host leaves it out", function()
    for _, link in ipairs { "http://api.example.com/v1/things?n=2",
      "HTTP://API.example.com:80/v1/things?n=2", "http://api.example.com:443/v1/things?n=2" } do
      local request = following(request_of("/v1/things"), { kind = "value", next_link = link })
      assert.equal(HOST .. "/v1/things?n=2", request.url)
    end
  end)

  it("names the origin that a link leads to", function()
    local _, err = following(request_of("/v1/things"),
      { kind = "value", next_link = "https://Evil.example:8443/v1/things?n=2" })
    assert.matches("https://evil.example:8443", err.message, 1, true)
  end)

  describe("with links beside a count of all rows", function()
    local function walk(pages)
      local request, rows = request_of("/partner/v1/things", { paging = "skip" }), 0
      local state = paging.start(request)
      for i, page in ipairs(pages) do
        page.kind = "value"
        rows = rows + page.rows
        local err
        request, err = paging.next_request(request, page, page.rows, state)
        if not request then return i, rows, err end
      end
      return nil
    end

    it("takes a missing link for the end, whatever the links are made of", function()
      for _, link in ipairs { "things?$skiptoken=%d", "things?$skip=%d", "things?page=%d" } do
        local i, rows, err = walk { { rows = 10, total = 25, next_link = link:format(10) },
          { rows = 10, total = 25, next_link = link:format(20) }, { rows = 5, total = 25 } }
        assert.is_nil(err)
        assert.same({ 3, 25 }, { i, rows })
      end
    end)

    it("takes a missing token for the end", function()
      local i, rows, err = walk { { rows = 10, total = 20, token = "t1" },
        { rows = 10, total = 20 } }
      assert.is_nil(err)
      assert.same({ 2, 20 }, { i, rows })
    end)

    it("tells when fewer rows came than were counted", function()
      local _, _, err = walk { { rows = 10, total = 25, next_link = "things?page=2" },
        { rows = 10, total = 25 } }
      assert.matches("counts 25 rows, but the last page ends at row 20", err.message, 1, true)
    end)
  end)

  it("does not take a continuation that it does not know for the end", function()
    local request, err = following(request_of("/v1/things", { paging = "skip" }),
      { kind = "value", total = 10, unknown = "moreLink" })
    assert.is_nil(request)
    assert.equal("protocol", err.kind)
    assert.matches("'moreLink'", err.message, 1, true)
  end)

  describe("refuses a link", function()
    for _, c in ipairs {
      { "to another host", "https://evil.example/v1/customers" },
      { "to a host that ends alike", "https://evil-api.example.com/v1/customers" },
      { "to a host that starts alike", HOST .. ".evil.example/v1/customers" },
      { "to a host with a trailing dot", "https://api.example.com./v1/customers" },
      { "to another port", "https://api.example.com:8443/v1/customers" },
      { "without TLS to another port", "http://api.example.com:8080/v1/customers?n=2" },
      { "without TLS to another host", "http://evil.example/v1/customers" },
      { "to port 80 of the same scheme", "https://api.example.com:80/v1/customers" },
      { "with a user name", "https://api.example.com@evil.example/v1/customers" },
      { "with a user name on the own host", "https://user:pw@api.example.com/v1/customers" },
      { "to a host without a scheme", "//evil.example/v1/customers" },
      { "with backslashes for slashes", "\\\\evil.example/v1/customers" },
      { "with a backslash in it", "https://api.example.com\\@evil.example/" },
      { "with a slash and a backslash", "/\\evil.example/v1" },
      { "with one slash behind the scheme", "https:/evil.example/v1" },
      { "with no slash behind the scheme", "https:evil.example/v1" },
      { "with three slashes behind the scheme", "https:///evil.example/v1" },
      { "with another scheme altogether", "file:///etc/passwd" },
      { "with an encoded host", "https://api%2eexample.com/v1" },
      { "with a line end", "/v1/customers?a\r\nHost: evil" },
      { "with a leading space before a host", "https:// evil.example/v1" },
      { "with a zero byte", "/v1/customers\0" },
      { "with dots", "/v1/../admin" },
      { "with encoded dots", "/v1/%2E%2e/admin" },
      { "with dots encoded twice", "/v1/%252e%252E/admin" },
      { "with an encoded slash", "/v1/customers/..%2f..%2fv1%2fcustomers" },
      { "with a slash encoded twice", "/v1/a%252Fb" },
      { "with an encoded backslash", "/v1/..%5cadmin" },
      { "with an overlong slash", "/v1/..%c0%afadmin" },
      { "with relative dots", "../admin" },
    } do
      for _, form in ipairs { "links.next", "@nextLink" } do
        it(c[1] .. ", as " .. form, function()
          local envelope = form == "@nextLink" and { kind = "value", next_link = c[2] }
            or { kind = "items", links_next = { uri = c[2], method = "GET" } }
          local request, err = following(request_of("/v1/customers"), envelope)
          assert.is_nil(request)
          assert.equal("protocol", err.kind)
        end)
      end
    end

    for _, c in ipairs {
      { "for another method", { uri = "/v1/x", method = "POST" } },
      { "for a method that is no text", { uri = "/v1/x", method = 1 } },
      { "without an address", { method = "GET" } },
      { "with an address that is no text", { uri = { "/v1/x" } } },
      { "with a token that has a line end", { uri = "/v1/x",
        headers = { { key = "MS-ContinuationToken", value = "a\r\nX: y" } } } },
      { "with a token that is a number", { uri = "/v1/x",
        headers = { { key = "MS-ContinuationToken", value = 7 } } } },
      { "with an endless token", { uri = "/v1/x",
        headers = { { key = "MS-ContinuationToken", value = ("x"):rep(8193) } } } },
    } do
      it(c[1], function()
        local request, err = following(request_of("/v1/customers"),
          { kind = "items", links_next = c[2] })
        assert.is_nil(request)
        assert.equal("protocol", err.kind)
      end)
    end
  end)

  it("never leaves the origin, whatever a link is made of", function()
    local parts = {
      "https:", "http:", "HTTPS:", "//", "/", "\\", "@", ":", "?", "#", "&", "=", "%", "%2f", "%40",
      "%5c", "..", ".", " ", "\t", "\n", "\0", "\127", "\195\164", "[", "]", "::1", "443", "8443",
      "api.example.com", "evil.example", "user", "v1", "customers", "skip=10", "javascript:", "'",
    }
    local state, followed = 4711, 0
    local function random(n)
      state = (state * 16807) % 2147483647
      return state % n + 1
    end
    for _ = 1, 20000 do
      local link = {}
      for i = 1, random(7) do link[i] = parts[random(#parts)] end
      link = table.concat(link)
      local request = following(request_of("/v1/customers"), { kind = "value", next_link = link })
      if request then
        followed = followed + 1
        assert.equal(HOST .. "/", request.url:sub(1, #HOST + 1), link)
        assert.is_nil(request.url:find("[^\33-\126]"), link)
      end
    end
    assert.is_true(followed > 1000)
  end)

  describe("by skip", function()
    for _, c in ipairs {
      -- what, target, envelope, rows, the next target or nil
      { "goes on while the count says more", "/t", { kind = "value", total = 25 }, 10,
        "/t?skip=10" },
      { "keeps the other parameters", "/t?filter=a%20b&skip=10&top=10",
        { kind = "value", total = 25 }, 10, "/t?filter=a%20b&skip=20&top=10" },
      { "goes on from rows that came, not from top", "/t?top=10", { kind = "value", total = 25 },
        7, "/t?top=10&skip=7" },
      { "ends at the count", "/t?skip=20&top=10", { kind = "value", total = 25 }, 5 },
      { "ends at a count of 0", "/t", { kind = "value", total = 0 }, 0 },
      { "ends behind the count", "/t?skip=30", { kind = "value", total = 25 }, 0 },
      { "does not go by the count of the items form", "/t", { kind = "items", total = 25 }, 10 },
      { "does not go by the count of the insights form", "/t", { kind = "insights", total = 25 },
        10 },
      { "goes on behind a full bare array", "/t?top=10", { kind = "array" }, 10,
        "/t?top=10&skip=10" },
      { "ends at a bare array that is not full", "/t?top=10", { kind = "array" }, 9 },
      { "takes 10,000 for a full page where no top is given", "/t", { kind = "empty" }, 10000,
        "/t?skip=10000" },
      { "goes on behind a full page of the items form", "/t?top=10", { kind = "items" }, 10,
        "/t?top=10&skip=10" },
      { "goes on behind a bare object that is a full page", "/t?top=1", { kind = "object" }, 1,
        "/t?top=1&skip=1" },
      { "ends at a bare object", "/t", { kind = "object" }, 1 },
    } do
      it(c[1], function()
        local request, err = following(request_of(c[2], { paging = "skip" }), c[3], c[4])
        assert.is_nil(err)
        assert.equal(c[5] and HOST .. c[5], request and request.url)
      end)
    end

    it("is not done where a resource does not document it", function()
      assert.is_nil((following(request_of("/t"), { kind = "value", total = 25 }, 10)))
    end)

    it("is an error when a page has no rows although more are due", function()
      local request, err = following(request_of("/t?skip=10", { paging = "skip" }),
        { kind = "value", total = 25 }, 0)
      assert.is_nil(request)
      assert.equal("protocol", err.kind)
    end)
  end)

  describe("is an error", function()
    for _, c in ipairs {
      { "when a link repeats rows", "/t?top=10&skip=5" },
      { "when a link leaves out rows", "/t?top=10&skip=20" },
      { "when a link does not advance", "/t?top=10&skip=0" },
    } do
      it(c[1], function()
        local request, err = following(request_of("/t?top=10"),
          { kind = "value", next_link = c[2], total = 100 }, 10)
        assert.is_nil(request)
        assert.equal("protocol", err.kind)
      end)
    end

    it("when a link leads to the page itself", function()
      local request, err = following(request_of("/v1/t?a=1"),
        { kind = "value", next_link = "t?a=1" })
      assert.is_nil(request)
      assert.equal("protocol", err.kind)
    end)

    it("when links go round", function()
      local request = request_of("/v1/t")
      local state, err = paging.start(request), nil
      for i, link in ipairs { "t?a", "t?b", "t?c", "t?b" } do
        request, err = paging.next_request(request, { kind = "value", next_link = link }, 1, state)
        assert.equal(i < 4, request ~= nil)
      end
      assert.equal("protocol", err.kind)
    end)

    it("when a continuation token comes back", function()
      local request = request_of("/v1/t")
      local state = paging.start(request)
      request = paging.next_request(request, { kind = "items", token = "A" }, 1, state)
      local none, err = paging.next_request(request, { kind = "items", token = "A" }, 1, state)
      assert.is_nil(none)
      assert.equal("protocol", err.kind)
    end)

    it("when the count of the analytics form shrinks, on the last page too", function()
      local request = request_of("/t?top=10", { paging = "skip" })
      local state = paging.start(request)
      request = paging.next_request(request, { kind = "value", total = 25 }, 10, state)
      local none, err = paging.next_request(request, { kind = "value", total = 20 }, 10, state)
      assert.is_nil(none)
      assert.equal("protocol", err.kind)
    end)

    it("when there is no end of pages", function()
      local request = request_of("/v1/t")
      local state, err, pages = paging.start(request), nil, 0
      while request do
        pages = pages + 1
        request, err = paging.next_request(request,
          { kind = "items", token = "T" .. pages }, 1, state)
      end
      assert.equal(paging.MAX_PAGES, pages)
      assert.equal("protocol", err.kind)
    end)
  end)

  it("takes the bound on pages from the caller", function()
    local request = request_of("/v1/t")
    local state = paging.start(request, 2)
    request = paging.next_request(request, { kind = "items", token = "A" }, 1, state)
    local none, err = paging.next_request(request, { kind = "items", token = "B" }, 1, state)
    assert.is_nil(none)
    assert.matches("max_pages", err.message, 1, true)
  end)

  it("lets the count of the analytics form grow, and that of the items form shrink", function()
    for _, c in ipairs { { "value", 10, 25 }, { "items", 25, 10 } } do
      local request = request_of("/t?a")
      local state = paging.start(request)
      request = paging.next_request(request, { kind = c[1], total = c[2], token = "A" }, 5, state)
      local _, err = paging.next_request(request, { kind = c[1], total = c[3], token = "B" }, 5,
        state)
      assert.is_nil(err)
    end
  end)

  it("ends where nothing leads on", function()
    for _, kind in ipairs { "items", "value", "insights", "array", "object", "empty" } do
      local request, err = following(request_of("/v1/t"), { kind = kind })
      assert.is_nil(request)
      assert.is_nil(err)
    end
  end)
end)
