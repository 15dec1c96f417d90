--- A store in Redis, or in whatever speaks its protocol and has EVAL.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.redis

local check = require("partnercenter.util").check
local object = require "partnercenter.store.object"
local url = require("partnercenter.util").url
local wire = require("partnercenter.util").wire

local TIMEOUT, POOL, PORT = 0.25, 32, 6379
-- Of the time-out, what is left to a replica.
local PATIENCE = 0.6

-- Scripts for the server: what they do happens at once, with nothing in between.
local DELETE = "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end "
  .. "return redis.call('del', KEYS[1])"
local REPLACE = "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end "
  .. "redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1"
local INCR = "local n = redis.call('incrby', KEYS[1], ARGV[1]) "
  .. "if redis.call('pttl', KEYS[1]) < 0 then redis.call('pexpire', KEYS[1], ARGV[2]) end return n"

local M = {}

local back = { kind = "redis" }
local mt = { __index = back }

local function milliseconds(seconds)
  return wire.fixed(math.max(1, math.ceil(seconds * 1000)), 0)
end

-- One command: its answer (nil: there is none), or nil and why, and whether the server
-- was lost.
local function send(self, wanted, ...)
  local answer, why, lost = self.exchange(self.place, wanted, ...)
  if why then return nil, "Redis at " .. self.place.name .. ": " .. why, lost end
  return answer
end

-- One command that does something or not: whether it did.
local function does(self, wanted, ...)
  local answer, why, lost = send(self, wanted, ...)
  if why then return nil, why, lost end
  return answer ~= nil and answer ~= 0
end

function back:get(key) return send(self, "text", "GET", self.prefix .. key) end

function back:set(key, text, seconds)
  return does(self, "status", "SET", self.prefix .. key, text, "PX", milliseconds(seconds))
end

function back:add(key, text, seconds)
  return does(self, "status", "SET", self.prefix .. key, text, "PX", milliseconds(seconds), "NX")
end

function back:replace(key, old, text, seconds)
  return does(self, "number", "EVAL", REPLACE, "1", self.prefix .. key, old, text,
    milliseconds(seconds))
end

function back:delete(key, owner)
  if not owner then return does(self, "number", "DEL", self.prefix .. key) end
  return does(self, "number", "EVAL", DELETE, "1", self.prefix .. key, owner)
end

function back:incr(key, by, seconds)
  local now, why, lost = send(self, "number", "EVAL", INCR, "1", self.prefix .. key,
    wire.fixed(by, 0), milliseconds(seconds))
  if why and why:find("not an integer", 1, true) then why = "the value is no number" end
  return now, why, lost
end

-- Seconds since the epoch, by the server's clock.
function back:time()
  local answer, why, lost = send(self, "list", "TIME")
  if why then return nil, why, lost end
  local seconds, micro = wire.number(answer and answer[1]), wire.number(answer and answer[2])
  if not seconds or not micro then return nil, "Redis tells no time" end
  return seconds + micro / 1e6
end

-- Of a server that has replicas, one has to have what was written: it may take its place.
function back:settle()
  local info, why, lost = send(self, "text", "INFO", "replication")
  if why then return nil, why, lost end
  local replicas = wire.digits((info or ""):match "connected_slaves:(%d+)") or 0
  if replicas == 0 then return true end
  local count
  count, why, lost = send(self, "number", "WAIT", "1",
    milliseconds(self.place.timeout * PATIENCE))
  if why then return nil, why, lost end
  if (count or 0) == 0 then return nil, "no replica has what was written" end
  return true
end

-- A URL's parts, or nil and what is wrong with it. It may hold a password, so that
-- nothing of it is shown.
local function parse(text)
  local scheme, rest = text:match("^(%a+)://(.*)$")
  if scheme ~= "redis" and scheme ~= "rediss" then
    return nil, "must begin with redis:// or rediss://"
  end
  local user_info, place = rest:match("^(.*)@([^@]*)$")
  place = place or rest
  local authority, database = place:match("^([^/]*)/([0-9]*)$")
  if place:find("/", 1, true) and not authority then
    return nil, "must end in the number of a database, or in none"
  end
  place = authority or place
  local user, password = (user_info or ""):match("^(.-):(.*)$")
  if user_info and not password then
    return nil, "has a user without a password: one alone is written :PASSWORD@"
  end
  local host, port = place:match("^%[([%x:]+)%](.*)$")
  if not host then host, port = place:match("^([%w._-]+)(.*)$") end
  if not host or not port:find("^:?%d*$") then return nil, "has no proper host and port" end
  port = wire.digits(port:match("%d+")) or PORT
  if port < 1 or port > 65535 then return nil, "has no proper port" end
  return {
    -- As in a URL, and for nginx: an address of IPv6 in brackets.
    bracketed = host:find(":", 1, true) and "[" .. host .. "]" or host,
    tls = scheme == "rediss", host = host, port = port, database = wire.digits(database) or 0,
    user = user and user ~= "" and url.decode(user) or nil,
    password = password and url.decode(password),
  }
end

local function is_url(value)
  if not check.text(value) then return false, "must be a URL" end
  local parts, why = parse(value)
  return parts ~= nil, why
end

local function positive(value)
  return type(value) == "number" and value > 0 and value < math.huge, "must be a positive number"
end

local KNOWN = {
  url = is_url, password = check.text, unix_socket = check.text, prefix = check.text,
  timeout = positive, ca_file = check.text, pool = positive,
}

--- A store.
-- @tparam string|table options
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn Store
function M.new(options, level)
  if type(options) == "string" then options = { url = options } end
  local o = check.options("store.redis", options, KNOWN, level)
  if not o.url then error("store.redis needs the option 'url'", level) end
  local place = parse(o.url)
  place.timeout, place.pool = o.timeout or TIMEOUT, o.pool or POOL
  place.password = o.password or place.password
  place.unix_socket, place.ca_file = o.unix_socket, o.ca_file
  place.name = o.unix_socket or ("%s:%d"):format(place.bracketed, place.port)
  local in_nginx = type(rawget(_G, "ngx")) == "table" and ngx.socket ~= nil
  return object.new(setmetatable({
    place = place, prefix = o.prefix or "partnercenter:", secrets = { place.password },
    exchange = require(in_nginx and "partnercenter.store.redis_nginx"
      or "partnercenter.store.redis_script").new(),
  }, mt))
end

return M
