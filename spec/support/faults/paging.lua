-- Faults of paging: what must never lose, repeat or give away anything.
local answers = require "spec.support.faults.answers"

-- A page of customers, one row each, with what stands beside the rows.
local function page(id, more)
  return ('{"totalCount":1,"items":[{"id":"%s"}]%s}'):format(id, more or "")
end

local function links(uri, headers)
  return (',"links":{"next":{"uri":"%s","method":"GET","headers":[%s]}}'):format(uri, headers or "")
end

-- Answers the n-th request with the n-th body, later ones with the last.
local function pages(...)
  local bodies = { ... }
  return function(c)
    while c:head() do c:json(bodies[math.min(c:count(), #bodies)]) end
  end
end

local function fault(name, what, serve, more)
  local all = { name = name, what = what, serve = serve, call = "all", gets = "protocol",
    requests = 1 }
  for key, value in pairs(more or {}) do all[key] = value end
  return all
end

local function leads(name, what, uri)
  return fault(name, what, pages(page("1", links(uri))), { untouched = "well" })
end

local JSON = "Content-Type: application/json"
local ANALYTICS = { call = "analytics" }

return {
  title = "Paging",
  fault("pages", "three pages that are as they should be",
    pages(page("1", links "/v1/customers?n=2"), page("2", links "/customers?n=3"), page "3"),
    { gets = 3, requests = 3 }),
  leads("link-elsewhere", "a link to another server: never followed, the token stays",
    "https://127.0.0.1:{port:well}/v1/customers?n=2"),
  leads("link-no-scheme", "a link to another server without a scheme",
    "//127.0.0.1:{port:well}/v1/customers?n=2"),
  leads("link-user", "a link to another server behind a user name that looks like this one",
    "https://127.0.0.1:{port:link-user}@127.0.0.1:{port:well}/v1/customers"),
  leads("link-backslash", "a link with backslashes",
    "https:\\\\\\\\127.0.0.1:{port:well}/v1/customers"),
  fault("link-http", "a link without TLS to the same place: asked with TLS",
    pages(page("1", links "http://127.0.0.1:{port:link-http}/v1/customers?n=2"), page "2"),
    { gets = 2, requests = 2 }),
  leads("link-http-elsewhere", "a link without TLS to another server",
    "http://127.0.0.1:{port:well}/v1/customers?n=2"),
  leads("link-script", "a link of another scheme", "javascript:alert(1)"),
  leads("link-file", "a link to a file", "file:///etc/passwd"),
  leads("link-dots", "a link with dots", "/v1/../../admin"),
  leads("link-dots-encoded", "a link with dots, encoded", "/v1/%2e%2E/admin"),
  leads("link-lines", "a link with line ends in it", "/v1/customers?n=2\\r\\nX-A: b"),
  leads("link-itself", "a link to the page itself", "/v1/customers"),
  fault("link-empty", "a link without an address: the end, as an empty @nextLink is",
    pages(page("1", links(""))), { gets = 1 }),
  fault("link-empty-but", "a link without an address that has headers to send",
    pages(page("1", links("", '{"key":"MS-ContinuationToken","value":"a"}')))),
  fault("link-post", "a link for another method",
    pages(page("1", ',"links":{"next":{"uri":"/v1/customers?n=2","method":"DELETE"}}'))),
  fault("link-number", "a link that is a number",
    pages(page("1", ',"links":{"next":{"uri":5,"method":"GET"}}'))),
  fault("link-long", "a link of 100,000 bytes", pages(page("1", links("/v1/customers?n="
    .. ("x"):rep(100000)))), { gets_any = { "protocol", "config" } }),
  fault("token-lines", "a continuation token with line ends in it",
    pages(page("1", links("/v1/customers?n=2",
      '{"key":"MS-ContinuationToken","value":"a\\r\\nX-A: b"}')))),
  fault("token-long", "a continuation token of 100,000 bytes", pages(page("1",
    ',"continuationToken":"' .. ("x"):rep(100000) .. '"'))),
  fault("token-object", "a continuation token that is an object",
    pages(page("1", links("/v1/customers?n=2", '{"key":"MS-ContinuationToken","value":{}}')))),
  fault("header-chosen", "a link that asks for the Authorization header to be another",
    pages(page("1", links("/v1/customers?n=2", '{"key":"Authorization","value":"Bearer evil"}')),
      page "2"), { gets = 2, requests = 2 }),
  fault("same-page", "the same page again under another link", function(c)
    while c:head() do c:json(page("1", links("/v1/customers?n=" .. c:count()))) end
  end, { requests = 2 }),
  fault("same-page-each", "the same page again, for each: no row twice", function(c)
    while c:head() do c:json(page("1", links("/v1/customers?n=" .. c:count()))) end
  end, { call = "each", requests = 2, rows = 1 }),
  fault("endless-pages", "pages without an end, more than max_pages", function(c)
    while c:head() do c:json(page(c:count(), links("/v1/customers?n=" .. c:count()))) end
  end, { options = { max_pages = 5 }, requests = 5, like = "max_pages" }),
  fault("round", "two pages that lead to each other",
    pages(page("1", links "/v1/customers?n=2"), page("2", links "/v1/customers?n=1"),
      page("3", links "/v1/customers?n=2")), { requests = 3 }),
  fault("second-broken", "a second page that is no JSON",
    pages(page("1", links "/v1/customers?n=2"), "<html>"), { requests = 2 }),
  fault("second-broken-each", "the same for each: the first page's rows, then the error",
    pages(page("1", links "/v1/customers?n=2"), "<html>"),
    { call = "each", requests = 2, rows = 1 }),
  fault("second-503", "a second page that comes at the second try", function(c)
    while c:head() do
      if c:count() == 1 then c:json(page("1", links "/v1/customers?n=2"))
      elseif c:count() == 2 then c:json("{}", 503)
      else c:json(page "2") end
    end
  end, { gets = 2, requests = 3 }),
  fault("each-breaks-off", "a page that breaks off after its first rows: no retry, no row twice",
    function(c)
      c:head()
      c:send(answers.head "Content-Length: 1000000\r\n", '{"items":[{"id":"1"},{"id":"2"},')
      c:pause(0.05)
      c:reset()
    end, { call = "each", gets = "network", requests = 1, rows = 2 }),
  fault("shrinks", "a TotalCount that shrinks between two pages",
    pages('{"Value":[{"a":1}],"@nextLink":"license?skip=1","TotalCount":3}',
      '{"Value":[{"a":2}],"@nextLink":"license?skip=2","TotalCount":2}'),
    { call = ANALYTICS.call, requests = 2, like = "shrank" }),
  fault("no-advance", "a page without rows while the count says there are more",
    pages('{"Value":[],"@nextLink":null,"TotalCount":3}'), { call = ANALYTICS.call }),
  fault("opaque-links", "links that give no position beside a count of all rows, then null",
    pages('{"Value":[{"a":1}],"@nextLink":"license?$skiptoken=t1","TotalCount":3}',
      '{"Value":[{"a":2}],"@nextLink":"license?$skiptoken=t2","TotalCount":3}',
      '{"Value":[{"a":3}],"@nextLink":null,"TotalCount":3}'),
    { call = ANALYTICS.call, gets = 3, requests = 3 }),
  fault("opaque-links-short", "the same, and a page that never comes",
    pages('{"Value":[{"a":1}],"@nextLink":"license?$skiptoken=t1","TotalCount":3}',
      '{"Value":[{"a":2}],"@nextLink":null,"TotalCount":3}'),
    { call = ANALYTICS.call, requests = 2, like = "ends at row 2" }),
  fault("odata-links", "OData's names for link and count",
    pages('{"value":[{"a":1}],"@odata.nextLink":"license?$skip=1","@odata.count":2}',
      '{"value":[{"a":2}],"@odata.count":2}'),
    { call = ANALYTICS.call, gets = 2, requests = 2 }),
  fault("unknown-link", "a continuation of a name that is not known",
    pages('{"Value":[{"a":1}],"nextPageUri":"license?page=2"}'),
    { call = ANALYTICS.call, like = "nextPageUri" }),
  fault("unknown-link-each", "the same, for each: the page's rows, then the error",
    pages('{"items":[{"id":"1"}],"paging":{"nextCursor":"abc"}}'),
    { call = "each", rows = 1, like = "paging.nextCursor" }),
  fault("header-link", "a link in the header Link alone, then a token in MS-ContinuationToken",
    function(c)
      local more = { 'Link: </v1/customers?n=2>; rel="next"', "MS-ContinuationToken: AQ==" }
      while c:head() do
        c:answer(200, { JSON, more[c:count()] }, page(tostring(c:count())))
      end
    end, { gets = 3, requests = 3 }),
  fault("header-link-elsewhere", "a header Link to another server: never followed",
    function(c)
      c:head()
      c:answer(200, { JSON, 'Link: <https://127.0.0.1:{port:well}/v1/customers>; rel="next"' },
        page "1")
    end, { untouched = "well", like = "another origin" }),
  fault("header-unknown", "more rows by the header x-ms-continuation, which is not known",
    function(c)
      c:head()
      c:answer(200, { JSON, "x-ms-continuation: abc" }, page "1")
    end, { like = "x%-ms%-continuation" }),
  fault("page-number", "the first of three pages, by their numbers",
    pages('{"items":[{"id":"1"}],"pageNumber":1,"totalPages":3}'), { like = "pageNumber" }),
  fault("links-next-null", "links.next whose address is null: the end",
    pages('{"totalCount":1,"items":[{"id":"1"}],"links":{"next":{"uri":null,"method":"GET"}}}'),
    { gets = 1 }),
  fault("two-arrays", "rows under two names",
    pages('{"value":[{"id":"1"}],"items":[{"id":"2"}]}'), { like = "and under" }),
  fault("no-row", "rows under a name that is not known",
    pages('{"results":[{"id":"1"},{"id":"2"}]}'), { like = "'results'" }),
  fault("skips", "a link that skips rows",
    pages('{"Value":[{"a":1}],"@nextLink":"license?skip=2","TotalCount":3}'),
    { call = ANALYTICS.call, like = "goes on at row 2" }),
}
