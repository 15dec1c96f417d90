--- Commands to Redis from nginx: by cosockets, which hold nobody up, and whose
-- connections each worker keeps in a pool.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.redis_nginx

local core = require "partnercenter.core"

-- Milliseconds that a connection without work is kept.
local IDLE = 10000

-- Where nginx lets a handler open a connection.
local PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
  preread = true, ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true,
}

local M = {}

-- OpenResty's, or Debian's of the same author.
local function load_library()
  local ok, library = pcall(require, "resty.redis")
  if not ok then ok, library = pcall(require, "nginx.redis") end
  return ok and library or nil
end

-- What is left of a command's time is all that the next step has.
local function bound(connection, ends)
  connection:set_timeout(math.max(1, (ends - core.now()) * 1000))
end

-- A new connection proves itself, and takes its database.
local function greet(connection, place, ends)
  if place.password then
    local ok, why
    if place.user then
      ok, why = connection:auth(place.user, place.password)
    else
      ok, why = connection:auth(place.password)
    end
    if not ok then return nil, why end
    bound(connection, ends)
  end
  if place.database == 0 then return true end
  return connection:select(place.database)
end

local function connect(library, place, ends)
  local connection = library:new()
  bound(connection, ends)
  local options = {
    pool = ("partnercenter:%s/%d/%s"):format(place.name, place.database, place.user or ""),
    pool_size = place.pool,
  }
  local ok, why
  if place.unix_socket then
    ok, why = connection:connect("unix:" .. place.unix_socket, options)
  else
    ok, why = connection:connect(place.host, place.port, options)
  end
  if not ok then return nil, why end
  bound(connection, ends)
  if place.tls then
    ok, why = connection._sock:sslhandshake(nil, place.host, true)
    if not ok then return nil, why end
    bound(connection, ends)
  end
  if connection:get_reused_times() == 0 then
    ok, why = greet(connection, place, ends)
    if not ok then return nil, why end
  end
  return connection
end

local function exchange(library, place, name, ...)
  if not PHASES[ngx.get_phase()] then
    return nil, ("nginx opens no connection in the phase '%s'"):format(ngx.get_phase())
  end
  local ends = core.now() + place.timeout
  local connection, why = connect(library, place, ends)
  if not connection then return nil, why, true end
  bound(connection, ends)
  local answer
  answer, why = connection[name](connection, ...)
  if answer == nil then
    connection:close()
    return nil, why, true
  end
  connection:set_keepalive(IDLE, place.pool)
  if answer == false then return nil, why end
  if answer == ngx.null then return nil end
  return answer
end

--- How commands are sent.
-- @treturn function takes the place, the command's name and its arguments; gives its
--   answer, or nil; or nil and why, and whether the server was lost
function M.new()
  local library
  return function(...)
    library = library or load_library()
    if not library then return nil, "needs lua-nginx-redis, or OpenResty's lua-resty-redis" end
    return exchange(library, ...)
  end
end

return M
