--- Commands to Redis from nginx: by cosockets, which hold nobody up, and whose
-- connections each worker keeps in a pool.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.redis_nginx

local core = require "partnercenter.core"
local wire = require "partnercenter.store.redis_wire"

-- Milliseconds that a connection without work is kept.
local IDLE = 10000
-- Bytes that are taken at once.
local PIECE = 64 * 1024

-- Where nginx lets a handler open a connection.
local PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
  preread = true, ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true,
}

local M = {}

-- What is left of a command's time is all that the next step has.
local function bound(socket, ends)
  socket:settimeout(math.max(1, (ends - core.now()) * 1000))
end

-- A socket as the protocol wants it.
local function connection_of(socket, ends)
  return {
    send = function(bytes)
      bound(socket, ends)
      return socket:send(bytes)
    end,
    receive = function()
      if core.now() >= ends then return nil, "timeout" end
      bound(socket, ends)
      return socket:receiveany(PIECE)
    end,
  }
end

local function connect(socket, place, ends)
  bound(socket, ends)
  local options = {
    pool = ("partnercenter:%s%s/%d/%s"):format(place.tls and "tls:" or "", place.name,
      place.database, place.user or ""),
    pool_size = place.pool,
  }
  if place.unix_socket then return socket:connect("unix:" .. place.unix_socket, options) end
  return socket:connect(place.bracketed, place.port, options)
end

-- Some versions of nginx's module raise, without saying why, where a handshake fails after
-- it had to wait; the log says it.
local function handshake(socket, host)
  local fine, ok, why = pcall(socket.sslhandshake, socket, nil, host, true)
  if fine then return ok, why end
  return nil, "the TLS handshake failed; nginx's log says why, as a rule it is the certificate"
end

-- A socket of the pool, or a new one that is ready for commands.
local function open(socket, place, ends)
  local ok, why = connect(socket, place, ends)
  if ok and place.tls then
    bound(socket, ends)
    ok, why = handshake(socket, place.host)
  end
  if ok and socket:getreusedtimes() == 0 then
    ok, why = wire.greet(connection_of(socket, ends), place)
  end
  return ok, why
end

--- How commands are sent.
-- @treturn function takes the place, the kind of answer, the command's name and its
--   arguments; gives its answer, or nil; or nil and why, and whether the server was lost
function M.new()
  return function(place, wanted, ...)
    if not PHASES[ngx.get_phase()] then
      return nil, ("nginx opens no connection in the phase '%s'"):format(ngx.get_phase())
    end
    local ends, socket = core.now() + place.timeout, ngx.socket.tcp()
    local opened, why = open(socket, place, ends)
    if not opened then
      socket:close()
      return nil, why, true
    end
    local ok, answer, stays = wire.ask(connection_of(socket, ends), wanted, ...)
    if ok or stays then socket:setkeepalive(IDLE, place.pool) else socket:close() end
    if ok then return answer end
    return nil, answer, ok == nil
  end
end

return M
