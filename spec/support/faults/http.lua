-- Faults of HTTP/1.1.
local answers = require "spec.support.faults.answers"

local GOOD, head = answers.GOOD, answers.head
local LENGTH = "Content-Length: " .. #GOOD .. "\r\n"

local function chunk(text)
  return ("%x\r\n%s\r\n"):format(#text, text)
end

-- Sends these bytes as the answer to each request, then ends the connection.
local function says(...)
  local bytes = table.concat { ... }
  return function(c)
    c:head()
    c:send(bytes)
  end
end

-- The same, then keeps the connection open without a word.
local function says_and_stalls(...)
  local bytes = table.concat { ... }
  return function(c)
    c:head()
    c:send(bytes)
    c:stall()
  end
end

local function endless(start, piece)
  return function(c)
    c:head()
    c:send(start)
    while c:send(piece) do end -- luacheck: ignore
  end
end

return {
  title = "HTTP/1.1",
  { name = "cut-status", what = "the connection ends inside the status line",
    serve = says "HTTP/1.1 20", gets = "network", requests = 2 },
  { name = "cut-headers", what = "the connection ends inside the headers",
    serve = says("HTTP/1.1 200 OK\r\nContent-Type: appl"), gets = "network", requests = 2 },
  { name = "cut-body", what = "the connection ends before Content-Length is reached",
    serve = says(head(LENGTH), GOOD:sub(1, 40)), gets = "network", requests = 2 },
  { name = "cut-body-once", what = "the same: asked for once more, however many tries there are",
    options = { retries = 4 }, serve = says(head(LENGTH), GOOD:sub(1, 40)), gets = "network",
    requests = 2 },
  { name = "reset-body", what = "the connection is reset inside the body",
    serve = function(c) c:head() c:send(head(LENGTH), GOOD:sub(1, 40)) c:pause(0.02) c:reset() end,
    gets = "network", requests = 2 },
  { name = "cut-chunk", what = "the connection ends inside a chunk",
    serve = says(head("Transfer-Encoding: chunked\r\n"), "50\r\n", GOOD:sub(1, 40)),
    gets = "network", requests = 2 },
  { name = "no-last-chunk", what = "the connection ends before the last chunk",
    serve = says(head("Transfer-Encoding: chunked\r\n"), chunk(GOOD)),
    gets = "network", requests = 2 },
  { name = "bad-chunk", what = "a chunk's size is not a number",
    serve = says(head("Transfer-Encoding: chunked\r\n"), "zz\r\n", GOOD),
    gets = "network", requests = 2 },
  { name = "huge-chunk", what = "a chunk's size has 40 digits",
    serve = says(head("Transfer-Encoding: chunked\r\n"), ("f"):rep(40), "\r\n", GOOD),
    gets = "network", requests = 2 },
  { name = "until-close", what = "a body without a length, ended by the connection, without TLS",
    plain = true, serve = says(head(), GOOD), gets = 1, requests = 1 },
  { name = "until-close-tls", what = "the same with TLS, which was not ended: libcurl 8 refuses it",
    serve = says(head(), GOOD), gets_any = { 1, "network" }, requests_least = 1,
    requests_most = 2 },
  { name = "until-close-cut", what = "without TLS and cut: only the JSON text can tell",
    plain = true, serve = says(head(), GOOD:sub(1, 40)), gets = "protocol", requests = 2 },
  { name = "stall-before-headers", what = "no answer to the request",
    serve = says_and_stalls(""), gets = "timeout", requests = 2 },
  { name = "stall-in-headers", what = "nothing more in the middle of the headers",
    serve = says_and_stalls("HTTP/1.1 200 OK\r\nContent-"), options = { retries = 0 },
    gets = "timeout", requests = 1 },
  { name = "stall-in-body", what = "nothing more in the middle of the body",
    serve = says_and_stalls(head(LENGTH), GOOD:sub(1, 40)), options = { retries = 0 },
    gets = "timeout", requests = 1 },
  { name = "byte-by-byte", what = "a good answer one byte at a time",
    serve = function(c) c:head() c:dribble(head(LENGTH) .. GOOD) end, gets = 1, requests = 1 },
  { name = "slow-each", what = "a page of rows slower than any reader, for each",
    call = "each", serve = function(c)
      c:head()
      c:send(head(LENGTH))
      for i = 1, #GOOD, 8 do
        c:send(GOOD:sub(i, i + 7))
        c:pause(0.01)
      end
    end, gets = 1, requests = 1 },
  { name = "endless-headers", what = "header lines without an end",
    serve = endless("HTTP/1.1 200 OK\r\n", "X-More: " .. ("x"):rep(1000) .. "\r\n"),
    gets = "protocol", requests = 1 },
  { name = "endless-header", what = "one header line without an end",
    serve = endless("HTTP/1.1 200 OK\r\nX-More: ", ("x"):rep(1000)),
    gets = "protocol", requests = 1 },
  { name = "endless-interim", what = "interim answers (103) without an end",
    serve = endless("", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"),
    gets = "protocol", requests = 1 },
  { name = "interim", what = "100 and 103 before a good answer",
    serve = says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n",
      head(LENGTH), GOOD), gets = 1, requests = 1 },
  { name = "switching", what = "101 Switching Protocols, which nobody asked for",
    serve = says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
      head(LENGTH), GOOD), gets = "network", requests = 2 },
  { name = "endless-body", what = "a body without an end, over max_body",
    serve = endless(head("Transfer-Encoding: chunked\r\n") .. chunk '{"items":[',
      chunk(("  "):rep(4000))), gets = "protocol", requests = 1 },
  { name = "endless-rows", what = "rows without an end, over max_body, for each",
    call = "each", serve = endless(head("Transfer-Encoding: chunked\r\n") .. chunk '{"items":[',
      chunk(('{"a":1},'):rep(1000))), gets = "protocol", requests = 1, within = 3 },
  { name = "length-too-small", what = "a Content-Length shorter than the body",
    serve = says(head("Content-Length: 40\r\n"), GOOD), gets = "protocol", requests = 2 },
  { name = "length-negative", what = "a negative Content-Length",
    serve = says(head("Content-Length: -5\r\n"), GOOD), gets = "protocol", requests = 1 },
  { name = "length-no-number", what = "a Content-Length that is no number",
    serve = says(head("Content-Length: many\r\n"), GOOD), gets = "protocol", requests = 1 },
  { name = "length-huge",
    what = "a Content-Length that no number holds: the connection's end counts", plain = true,
    serve = says(head("Content-Length: 99999999999999999999\r\n"), GOOD),
    gets = 1, requests = 1 },
  { name = "length-too-large", what = "a Content-Length of 2 MB for a small body",
    serve = says(head("Content-Length: 2000000\r\n"), GOOD), gets = "network", requests = 2 },
  { name = "length-and-chunks", what = "Content-Length and chunks: the chunks count",
    serve = says(head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), chunk(GOOD),
      "0\r\n\r\n"), gets = 1, requests = 1 },
  { name = "split", what = "a second answer behind the first, which nobody asked for",
    serve = says(head(LENGTH), GOOD, head(LENGTH), GOOD), gets = 1, requests = 1 },
  { name = "http-0.9", what = "a body alone, as in HTTP/0.9", serve = says(GOOD),
    gets = "protocol", requests = 1 },
  { name = "garbage", what = "bytes that are no HTTP",
    serve = says("\0\1\2\255\254SSH-2.0-x\r\n\r\n"), gets = "protocol", requests = 1 },
  { name = "nothing-but-line-ends", what = "empty lines", serve = says("\r\n\r\n\r\n\r\n"),
    gets = "protocol", requests = 1 },
  { name = "version-9", what = "a version that does not exist",
    serve = says("HTTP/9.9 200 OK\r\n", LENGTH, "\r\n", GOOD), gets = "protocol", requests = 1 },
  { name = "status-0", what = "status 000", serve = says("HTTP/1.1 000 Zero\r\n", LENGTH, "\r\n",
    GOOD), gets = "protocol", requests = 1 },
  { name = "status-999", what = "status 999", serve = says("HTTP/1.1 999 Nine\r\n", LENGTH, "\r\n",
    GOOD), gets = "http", requests = 1 },
  { name = "nul-in-header", what = "a zero byte in a header",
    serve = says("HTTP/1.1 200 OK\r\nX-A: a\0b\r\n", LENGTH, "\r\n", GOOD),
    gets = "protocol", requests = 1 },
  { name = "folded-header", what = "a header continued on the next line, as in the old days",
    serve = says("HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n", LENGTH, "\r\n", GOOD), gets = 1,
    requests = 1 },
  { name = "redirect", what = "a redirect to another server: never followed, the token stays",
    serve = function(c)
      c:head()
      c:answer(302, { "Location: https://127.0.0.1:{port:well}/v1/x" }, "")
    end, gets = "http", requests = 1, untouched = "well" },
  { name = "redirect-307", what = "the same with 307 and a body",
    serve = function(c)
      c:head()
      c:answer(307, { "Location: https://127.0.0.1:{port:well}/v1/x" }, GOOD)
    end, gets = "http", requests = 1, untouched = "well" },
  { name = "not-modified", what = "304, which nobody asked for",
    serve = says("HTTP/1.1 304 Not Modified\r\n\r\n"), gets = "http", requests = 1 },
  { name = "no-content", what = "204", serve = says("HTTP/1.1 204 No Content\r\n\r\n"),
    gets = "protocol", requests = 1 },
  { name = "partial", what = "206, which nobody asked for, with a whole document",
    serve = function(c) c:head() c:json(GOOD, 206) end, gets = 1, requests = 1 },
}
