--- Commands to Redis from scripts: by lua-redis over LuaSocket, one connection for a
-- store. A command blocks everybody in the process for its round trip, and for the
-- store's time-out at most, in cqueues and luv as well: it is a fraction of a
-- millisecond beside a call's hundred, and there is no client for Redis that is kept up
-- and waits in either.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.redis_script

local core = require "partnercenter.core"

local M = {}

-- lua-redis marks what the server has answered so.
local ANSWERED = "redis error: "

-- A socket that has for its next step what is left of a command's time.
local function bound(raw, ends)
  raw:settimeout(math.max(0.001, ends - core.now()))
  return raw
end

-- What lua-redis takes for a socket.
local function timed(raw, ends)
  local self = { ends = ends }
  local function left() return bound(raw, self.ends) end
  function self.send(_, bytes) return left():send(bytes) end
  function self.receive(_, what) return left():receive(what) end
  function self.close() raw:close() end
  return self
end

local function handshake(raw, place, ends)
  local ok, ssl = pcall(require, "ssl")
  if not ok then return nil, "TLS needs LuaSec" end
  local secure, why = ssl.wrap(raw, {
    mode = "client", protocol = "any", options = { "all", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
    verify = "peer", cafile = place.ca_file,
    capath = not place.ca_file and "/etc/ssl/certs" or nil,
  })
  if not secure then return nil, why end
  secure:sni(place.host)
  ok, why = bound(secure, ends):dohandshake()
  if not ok then return nil, why end
  return secure
end

-- Does a pattern of a certificate name the host?
local function names(pattern, host)
  if pattern == host then return true end
  local rest = pattern:match("^%*(%..+)$")
  return rest ~= nil and host:match("^[^.]+(%..+)$") == rest
end

-- LuaSec trusts any name that an authority has signed for.
local function is_named(secure, host)
  for _, extension in pairs(secure:getpeercertificate():extensions() or {}) do
    for _, kind in ipairs { "dNSName", "iPAddress" } do
      for _, pattern in ipairs(type(extension) == "table" and extension[kind] or {}) do
        if names(pattern, host) then return true end
      end
    end
  end
  return false
end

local function open(place, ends)
  local raw
  if place.unix_socket then
    raw = require("socket.unix")()
  else
    raw = require("socket").tcp()
  end
  bound(raw, ends)
  local ok, why
  if place.unix_socket then
    ok, why = raw:connect(place.unix_socket)
  else
    ok, why = raw:connect(place.host, place.port)
  end
  if not ok then return nil, why end
  if not place.tls then return raw end
  local secure
  secure, why = handshake(raw, place, ends)
  if not secure then return nil, why end
  if not is_named(secure, place.host) then
    return nil, "the certificate names another host"
  end
  return secure
end

local function connect(library, place, ends)
  local raw, why = open(place, ends)
  if not raw then return nil, why end
  local socket = timed(raw, ends)
  local client = library.connect { socket = socket }
  client.wait = library.command "WAIT" -- which it lacks
  if place.password and place.user then
    client:auth(place.user, place.password)
  elseif place.password then
    client:auth(place.password)
  end
  if place.database ~= 0 then client:select(place.database) end
  return { client = client, socket = socket }
end

local function load_library()
  local ok, library = pcall(require, "redis")
  return ok and library or nil
end

-- A failure as a text: lua-redis raises with a place in a file before it.
local function reason(raised)
  local text = tostring(raised)
  local at = text:find(ANSWERED, 1, true)
  if at then return text:sub(at + #ANSWERED), false end
  return (text:gsub("^.-:%d+: ", "")), true
end

-- What does the same when it is done twice.
local REPEATABLE = { get = true, time = true }

-- One command over a connection that is there: whether it was answered, and what; or why
-- not, and whether the server was lost.
local function run(connection, ends, name, ...)
  connection.socket.ends = ends
  local ok, answer = pcall(connection.client[name], connection.client, ...)
  if ok then return true, answer end
  return false, reason(answer)
end

--- How commands are sent.
-- @treturn function as in `partnercenter.store.redis_nginx`
function M.new()
  local library, open_one
  local function exchange(place, ends, name, ...)
    local used_before = open_one ~= nil
    if not open_one then
      local ok, made, why = pcall(connect, library, place, ends)
      if not ok then return nil, (reason(made)), true end
      if not made then return nil, why, true end
      open_one = made
    end
    local ok, answer, lost = run(open_one, ends, name, ...)
    if ok then return answer end
    if lost then
      open_one.socket.close()
      open_one = nil
    end
    -- A server ends connections that were idle, and one that was started again all of them.
    if lost and used_before and REPEATABLE[name] and core.now() < ends then
      return exchange(place, ends, name, ...)
    end
    return nil, answer, lost
  end
  return function(place, ...)
    library = library or load_library()
    if not library then return nil, "needs lua-redis and LuaSocket" end
    return exchange(place, core.now() + place.timeout, ...)
  end
end

return M
