-- Faults of the connection and of TLS.
local answers = require "spec.support.faults.answers"

local well = answers.well

-- Answers the GET that comes before; what is to be changed gets `change`.
local function changing(change)
  return function(c)
    local request = c:head()
    if request and request.method == "GET" then
      c:json(answers.GOOD)
      request = c:head() -- the same connection, if the client dares
    end
    if request then change(c) end
  end
end

return {
  title = "Connection and TLS",
  { name = "well", what = "nothing is wrong", serve = well, gets = 1, requests = 1 },
  { name = "refused", what = "nobody listens", closed = true, gets = "network", requests = 0 },
  { name = "hangs-up", what = "the connection ends as soon as it is made", tls = "none",
    serve = function() end, gets = "network", requests = 0, connections = 2 },
  { name = "resets", what = "the connection is reset as soon as it is made", tls = "none",
    serve = function(c) c:reset() end, gets = "network", requests = 0, connections = 2 },
  { name = "silent", what = "the connection is made, then nothing", tls = "none",
    serve = function(c) c:stall() end, gets = "timeout", requests = 0, connections = 2,
    within = 2 },
  { name = "plain-text", what = "plain HTTP where TLS is expected", tls = "none",
    serve = function(c) c:send("HTTP/1.1 400 Bad Request\r\n\r\n") c:stall() end,
    gets = "tls", requests = 0, connections = 1 },
  { name = "slow-handshake", what = "a handshake that takes its time, 0.15 s",
    relay = { to = "well", piece = 256, wait = 0.03 }, gets = 1, requests = 1 },
  { name = "endless-handshake", what = "a handshake of one byte every 10 ms",
    relay = { to = "well", piece = 1, wait = 0.01 }, options = { retries = 0 },
    gets = "timeout", requests = 0, connections = 1 },
  { name = "half-handshake", what = "the connection ends in the middle of the handshake",
    relay = { to = "well", piece = 100, cut = 100 }, gets = "network", requests = 0,
    connections = 2 },
  { name = "expired", what = "a certificate that has expired", tls = "expired", serve = well,
    gets = "tls", requests = 0, connections = 1 },
  { name = "self-signed", what = "a certificate signed by itself", tls = "self_signed",
    serve = well, gets = "tls", requests = 0, connections = 1 },
  { name = "unknown-authority", what = "a certificate of an unknown authority", tls = "unknown",
    serve = well, gets = "tls", requests = 0, connections = 1 },
  { name = "wrong-host", what = "a certificate for another host", tls = "wrong_host",
    serve = well, gets = "tls", requests = 0, connections = 1 },
  { name = "old-tls", what = "a server that speaks TLS 1.1 at most", tls = "old", serve = well,
    gets = "tls", requests = 0, connections = 1 },
  { name = "client-certificate", what = "a server that asks for a certificate we do not have",
    tls = "client", serve = well, gets_any = { "tls", "network" }, requests = 0 },
  { name = "ends-after-request", what = "the connection ends instead of an answer",
    serve = function(c) c:head() end, gets = "network", requests = 2 },
  { name = "resets-after-request", what = "the connection is reset instead of an answer",
    serve = function(c) c:head() c:reset() end, gets = "network", requests = 2 },
  { name = "recovers", what = "a reset, then a good answer",
    serve = function(c)
      c:head()
      if c:count() == 1 then c:reset() else c:json(answers.GOOD) end
    end, gets = 1, requests = 2 },
  { name = "idle-close", what = "the server closes a connection after each answer, unannounced",
    call = "all", options = { retries = 0 },
    serve = function(c)
      c:head()
      if c:count() < 3 then
        c:json(('{"totalCount":1,"items":[{"id":%d}],"links":{"next":{"uri":"/v1/x?n=%d",'
          .. '"method":"GET","headers":[]}}}'):format(c:count(), c:count()))
      else
        c:json '{"totalCount":1,"items":[{"id":3}]}'
      end
    end, gets = 3, requests = 3, connections = 3 },
  { name = "dies-under-change",
    what = "the connection ends when a POST has arrived, which is sent once",
    call = "change", serve = changing(function() end), gets = "network", requests = 2,
    connections = 2 },
  { name = "change-refused", what = "a POST is answered 500: it may have had its effect",
    call = "change", serve = changing(function(c) c:json("{}", 500) end), gets = "http",
    requests = 2 },
  { name = "change-unavailable", what = "a POST is answered 503 without Retry-After",
    call = "change", serve = changing(function(c) c:json("{}", 503) end), gets = "http",
    requests = 2 },
  { name = "change-later", what = "a POST is answered 503 with Retry-After, then well",
    call = "change", serve = changing(function(c)
      if c:count() == 2 then c:answer(503, { "Retry-After: 0" }, "") else c:json('{"id":1}',
        201) end
    end), gets = 0, requests = 3 },
  { name = "change-throttled", what = "a POST is answered 429, then well",
    call = "change", serve = changing(function(c)
      if c:count() == 2 then c:answer(429, { "Retry-After: 0" }, "") else c:json("{}", 202) end
    end), gets = 0, requests = 3 },
  { name = "change-token", what = "a POST is answered 401: not again with the same token",
    call = "change", serve = changing(function(c) c:json("{}", 401) end), gets = "sign_in",
    requests = 2 },
  { name = "change-empty", what = "a POST is answered 204: there is nothing to say",
    call = "change", serve = changing(function(c) c:answer(204, {}, "") end), gets = 0,
    requests = 2 },
}
