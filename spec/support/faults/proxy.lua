-- Faults of a proxy on the way to the server that answers well. None of them may
-- see the token: it is for the other end of the tunnel.
local answers = require "spec.support.faults.answers"

-- "spec-user:pr0xy/p@ss"
local BASIC = "Basic c3BlYy11c2VyOnByMHh5L3BAc3M="

-- What is said to a CONNECT.
local function says(text)
  return function(c)
    if c:head() then c:send(c:fill(text)) end
    c:stall()
  end
end

-- A tunnel to another fault's port, for those who have the password.
local function leads_to(name)
  return function(c)
    local request = c:head()
    if not request or request.headers["proxy-authorization"] ~= BASIC then return end
    c:send("HTTP/1.1 200 Connection established\r\n\r\n")
    c:relay(name)
  end
end

local proxies = {
  title = "Proxy",
  { name = "proxy", what = "nothing is wrong: the proxy gets its password, and no token",
    serve = leads_to "well", gets = 1, requests = 1 },
  { name = "proxy-refuses", what = "407, whose text repeats the password",
    serve = says("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
      .. 'realm="' .. BASIC .. '"\r\nContent-Length: 13\r\n\r\npr0xy/p@ss no'),
    gets = "config", like = "the proxy refused: check its user and password", requests = 0,
    connections = 1 },
  { name = "proxy-502", what = "502, in HTML: the proxy cannot reach the service",
    serve = says "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", gets = "network",
    like = "the proxy could not reach the host.*502.*the proxy is 127%.0%.0%.1:%d+: ask",
    requests = 0, connections = 2 },
  { name = "proxy-403", what = "403, in HTML: the proxy lets nobody through to that host",
    serve = says "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\n<html>", gets = "config",
    like = "the proxy does not let this host through.*403.*the proxy is 127%.0%.0%.1:%d+: ask",
    requests = 0, connections = 1 },
  { name = "proxy-redirects", what = "a redirect instead of a tunnel: never followed",
    serve = says("HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:{port:well}/\r\n"
      .. "Content-Length: 0\r\n\r\n"), gets = "network", requests = 0 },
  { name = "proxy-hangs-up", what = "the connection ends instead of a tunnel",
    serve = function(c) c:head() end, gets = "network", requests = 0 },
  { name = "proxy-silent", what = "no answer to CONNECT",
    serve = function(c) c:head() c:stall() end, gets = "timeout", requests = 0 },
  { name = "proxy-headers", what = "header lines of the proxy without an end",
    serve = function(c)
      c:head()
      c:send "HTTP/1.1 200 Connection established\r\n"
      while c:send(("X-More: 0123456789\r\n"):rep(500)) do c:pause(0) end
    end, gets_any = { "network", "protocol" }, like = "[Tt]oo %a+", requests = 0 },
  { name = "proxy-answers", what = "a tunnel that ends at the proxy, which answers in plain text",
    serve = says("HTTP/1.1 200 Connection established\r\n\r\n" .. answers.head() .. answers.GOOD),
    gets = "tls", requests = 0 },
  { name = "proxy-intercepts", what = "a tunnel to somebody else with a certificate of his own",
    serve = leads_to "unknown-authority", gets = "tls", requests = 0 },
  { name = "proxy-closed", what = "nobody listens where the proxy should be", closed = true,
    gets = "network", requests = 0 },
}

for _, fault in ipairs(proxies) do fault.tls = "none" end

return proxies
