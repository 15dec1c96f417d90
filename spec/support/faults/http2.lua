-- Faults of HTTP/2, made frame by frame.
local answers = require "spec.support.faults.answers"

local GOOD = answers.GOOD
local NO_ERROR, INTERNAL, FLOW, REFUSED, CANCEL, CALM, HTTP11 = 0, 2, 3, 7, 8, 11, 13

-- Does this with every stream that a client opens.
local function each(f)
  return function(c)
    local h = c:http2()
    local stream = h and h:request()
    while stream do
      if f(h, stream, c) == false then return end
      stream = h:request()
    end
  end
end

local function resets_with(code)
  return each(function(h, stream) h:reset(stream, code) end)
end

return {
  title = "HTTP/2",
  { name = "h2-well", what = "nothing is wrong", http2 = true,
    serve = each(function(h, stream) h:answer(stream, "200", GOOD) end), gets = 1, requests = 1 },
  { name = "h2-goaway", what = "GOAWAY instead of an answer: the request was not taken",
    http2 = true, serve = each(function(h, _, c)
      h:goaway(0, NO_ERROR)
      c:stall()
      return false
    end), gets = "network", requests_most = 24, requests_least = 2 },
  { name = "h2-goaway-recovers", what = "GOAWAY, then a good answer on a new connection",
    http2 = true, serve = each(function(h, stream, c)
      if c:count() > 1 then return h:answer(stream, "200", GOOD) end
      h:goaway(0, NO_ERROR)
    end), gets = 1, requests = 2, connections = 2 },
  { name = "h2-goaway-after", what = "GOAWAY that lets this request finish", http2 = true,
    serve = each(function(h, stream)
      h:goaway(stream, NO_ERROR)
      h:answer(stream, "200", GOOD)
    end), gets = 1, requests = 1 },
  { name = "h2-goaway-error", what = "GOAWAY with an error", http2 = true,
    serve = each(function(h, stream)
      h:goaway(stream, INTERNAL)
      return false
    end), gets = "network", requests = 2 },
  { name = "h2-reset", what = "the stream is reset: INTERNAL_ERROR", http2 = true,
    serve = resets_with(INTERNAL), gets = "network", requests = 2 },
  { name = "h2-reset-cancel", what = "the stream is reset: CANCEL", http2 = true,
    serve = resets_with(CANCEL), gets = "network", requests = 2 },
  { name = "h2-reset-calm", what = "the stream is reset: ENHANCE_YOUR_CALM", http2 = true,
    serve = resets_with(CALM), gets = "network", requests = 2 },
  { name = "h2-refused", what = "the stream is refused", http2 = true,
    serve = resets_with(REFUSED), gets = "network", requests_most = 24, requests_least = 2 },
  { name = "h2-refused-recovers", what = "the stream is refused, then answered", http2 = true,
    serve = each(function(h, stream, c)
      if c:count() > 1 then return h:answer(stream, "200", GOOD) end
      h:reset(stream, REFUSED)
    end), gets = 1, requests = 2 },
  { name = "h2-http11", what = "the stream is reset: HTTP_1_1_REQUIRED", http2 = true,
    serve = resets_with(HTTP11), gets = "network", requests_least = 1, requests_most = 4 },
  { name = "h2-reset-body", what = "the stream is reset inside the body", http2 = true,
    serve = each(function(h, stream)
      h:headers(stream, "200")
      h:data(stream, GOOD:sub(1, 40))
      h:reset(stream, INTERNAL)
    end), gets = "network", requests = 2 },
  { name = "h2-cut-body", what = "the connection ends inside the body", http2 = true,
    serve = each(function(h, stream)
      h:headers(stream, "200")
      h:data(stream, GOOD:sub(1, 40))
      return false
    end), gets = "network", requests = 2 },
  { name = "h2-early-end", what = "the stream ends inside the JSON text", http2 = true,
    serve = each(function(h, stream)
      h:headers(stream, "200")
      h:data(stream, GOOD:sub(1, 40), true)
    end), gets = "protocol", requests = 2 },
  { name = "h2-stall", what = "headers, then nothing", http2 = true,
    serve = each(function(h, stream) h:headers(stream, "200") end),
    options = { retries = 0 }, gets = "timeout", requests = 1 },
  { name = "h2-silent", what = "no answer, not even settings", http2 = true,
    serve = function(c) c:stall() end, options = { retries = 0 }, gets = "timeout",
    requests = 0 },
  { name = "h2-no-status", what = "headers without a status", http2 = true,
    serve = each(function(h, stream) h:frame(1, 5, stream, "\0\1a\1b") end),
    gets_any = { "network", "protocol" }, requests_least = 1, requests_most = 2 },
  { name = "h2-bad-block", http2 = true,
    what = "headers that cannot be decompressed: libcurl 8 waits for more at times",
    serve = each(function(h, stream) h:frame(1, 5, stream, ("\255"):rep(20)) end),
    gets_any = { "network", "timeout" }, hurry = true, requests_least = 1, requests_most = 2 },
  { name = "h2-oversize", what = "a frame larger than the client allows", http2 = true,
    serve = each(function(h, stream)
      h:headers(stream, "200")
      h:frame(0, 0, stream, ("x"):rep(100000))
    end), gets_any = { "network", "protocol" }, requests_least = 1, requests_most = 2 },
  { name = "h2-flood", what = "pings without an end", http2 = true,
    serve = each(function(h)
      while h:frame(6, 0, 0, "12345678") do end -- luacheck: ignore
      return false
    end), options = { retries = 0 }, gets_any = { "network", "timeout" },
    hurry = true, requests = 1, within = 4 },
  { name = "h2-continuation", what = "a header block continued without an end", http2 = true,
    serve = each(function(h, stream)
      h:frame(1, 0, stream, "\136")
      while h:frame(9, 0, stream, ("\0\1a\127" .. ("x"):rep(127)):rep(20)) do end -- luacheck: ignore
      return false
    -- libcurl 8.23 reads on for 2 s from a connection that it ends, and this server, which
    -- is one process, writes to it all the while, so that the second try waits for it.
    -- Another server answers at once.
    end), gets_any = { "network", "protocol" }, requests_least = 1, requests_most = 2,
    within = 4 },
  { name = "h2-push", what = "a pushed stream, which the client has forbidden", http2 = true,
    serve = each(function(h, stream) h:frame(5, 4, stream, "\0\0\0\2\130\132\135\1\1a") end),
    gets = "network", requests = 2 },
  { name = "h2-unknown-frame", what = "a frame of an unknown type before a good answer",
    http2 = true, serve = each(function(h, stream)
      h:frame(99, 255, stream, "what")
      h:answer(stream, "200", GOOD)
    end), gets = 1, requests = 1 },
  { name = "h2-flow", what = "GOAWAY: FLOW_CONTROL_ERROR", http2 = true,
    serve = each(function(h, stream)
      h:goaway(stream, FLOW)
      return false
    end), gets = "network", requests = 2 },
}
