--- Commands to Redis from scripts: by LuaSocket, one connection for a store. A command
-- blocks everybody in the process for its round trip, and for the store's time-out at
-- most, in cqueues and luv as well: it is a fraction of a millisecond beside a call's
-- hundred.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.redis_script

local core = require "partnercenter.core"
local lower = require("partnercenter.util").wire.lower
local wire = require "partnercenter.store.redis_wire"

-- Bytes that are taken at once.
local PIECE = 64 * 1024

local M = {}

-- A socket that has for its next step what is left of a command's time, all of it
-- together: a server may send one byte after the other.
local function bound(raw, ends)
  raw:settimeout(math.max(0.001, ends - core.now()), "t")
  return raw
end

-- A socket as the protocol wants it.
local function connection_of(raw)
  local self = { raw = raw, ends = nil }
  function self.send(bytes) return bound(raw, self.ends):send(bytes) end
  function self.receive()
    if core.now() >= self.ends then return nil, "timeout" end
    -- What is there when the first byte is.
    local first, why = bound(raw, self.ends):receive(1)
    if not first then return nil, why end
    raw:settimeout(0, "t")
    local bytes, _, some = raw:receive(PIECE)
    return first .. (bytes or some or "")
  end
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

-- Does a pattern of a certificate name the host? A star is one name, below two at least.
local function names(pattern, host)
  pattern, host = lower(pattern), lower(host)
  if pattern == host then return true end
  local rest = pattern:match("^%*(%.[^.]+%..+)$")
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

local function connect(place, ends)
  local raw, why = open(place, ends)
  if not raw then return nil, why end
  local made = connection_of(raw)
  made.ends = ends
  local ok
  ok, why = wire.greet(made, place)
  if ok then return made end
  raw:close()
  return nil, why
end

-- What does the same when it is done twice.
local REPEATABLE = { GET = true, TIME = true }

--- How commands are sent.
-- @treturn function as in `partnercenter.store.redis_nginx`
function M.new()
  local kept
  local function exchange(place, ends, wanted, name, ...)
    local used_before = kept ~= nil
    if not kept then
      local why
      kept, why = connect(place, ends)
      if not kept then return nil, why, true end
    end
    kept.ends = ends
    local ok, answer, stays = wire.ask(kept, wanted, name, ...)
    if ok then return answer end
    if not stays then
      kept.raw:close()
      kept = nil
    end
    -- A server ends connections that were idle, and one that was started again all of them.
    if ok == nil and used_before and REPEATABLE[name] and core.now() < ends then
      return exchange(place, ends, wanted, name, ...)
    end
    return nil, answer, ok == nil
  end
  return function(place, ...)
    if not pcall(require, "socket") then return nil, "needs LuaSocket" end
    return exchange(place, core.now() + place.timeout, ...)
  end
end

return M
