--- Where something outlives a call, a worker or a process: `memory`, `file`,
-- `dictionary` (of an nginx) and `redis`, all with the same six methods. Its library
-- is loaded when a store is made or first used.
--
-- `get`, `set`, `add`, `replace`, `delete` and `incr` never raise for what a server does: they give
-- nil and why. None waits longer than the store's time-out, and after a connection that
-- failed the server is left alone for a moment.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store

local check = require("partnercenter.util").check
local core = require "partnercenter.core"
local object = require "partnercenter.store.object"

-- Seconds between two looks at the clock of a server.
local ASK_AGAIN = 30

local M = {}

--- Values of this Lua state alone: for one process, and for specs.
-- @tparam[opt] table options `max_entries` = 10,000: what ends first goes first; `clock`:
--   steady seconds, for tests
-- @treturn Store
function M.memory(options)
  return (require("partnercenter.store.memory").new(options, 3)) -- no tail call: levels are counted
end

--- Values in files of a directory, for the processes of one machine. Each file has mode
-- 0600 and is replaced as a whole, under a lock. A value has 15 KiB at most, and its
-- end is told to the second. Reading and writing block on the disk.
-- @tparam string path of the directory, which must exist, and be the user's own
-- @treturn Store
function M.file(path)
  return (require("partnercenter.store.file").new(path, 3)) -- no tail call: levels are counted
end

--- Values in a shared dictionary, for the workers of one nginx.
-- @tparam string|table dict its name in `lua_shared_dict`, or the dictionary
-- @treturn Store
function M.dictionary(dict)
  return (require("partnercenter.store.dictionary").new(dict, 3)) -- as above
end

--- Values in Redis, for a fleet. In nginx over cosockets, with a pool of connections;
-- elsewhere over LuaSocket, one connection for each store, which blocks for a command's
-- round trip.
-- Processes that fork open it afterwards.
-- @tparam string|table options the URL, or:
-- @tparam string options.url `redis://user:password@host:port/database`, or `rediss://`
--   for TLS (by LuaSec in scripts; in nginx by its `lua_ssl_trusted_certificate`)
-- @tparam[opt] string options.password in place of the URL's
-- @tparam[opt] string options.unix_socket path, in place of the URL's host and port
-- @tparam[opt="partnercenter:"] string options.prefix stands before all keys
-- @tparam[opt=0.25] number options.timeout seconds, of a command with its connection
-- @tparam[opt] string options.ca_file PEM file of the trusted authorities, for scripts
-- @tparam[opt=32] number options.pool connections that a worker of nginx keeps
-- @treturn Store
-- @raise an option that is missing, wrong or unknown
function M.redis(options)
  return (require("partnercenter.store.redis").new(options, 3)) -- no tail call: levels are counted
end

--- Is the value a store?
-- @function is
-- @param value any value
-- @treturn boolean
M.is = object.is

--- Wait until what was written outlives the store's server, where that has replicas.
-- @function settle
-- @tparam Store store
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
M.settle = object.settle

--- Tells the secrets of a store, for a register that masks them.
-- @function note
-- @tparam Store store
-- @tparam function secret takes one
M.note = object.note

-- Of this machine, to the millisecond where nginx or LuaSocket tells the time.
local function own_clock()
  if type(rawget(_G, "ngx")) == "table" and ngx.now then return ngx.now end
  local ok, socket = pcall(require, "socket")
  return ok and socket.gettime or os.time
end

--- A clock that all who share a store have: that of its server, which is asked now and
-- then, so that it does not matter how the clocks of the machines differ. Where there
-- is no server, or it is away from the beginning, the machine's own.
-- @tparam Store store
-- @tparam function time seconds since the epoch: another one than `os.time` is taken as
--   it is
-- @treturn function may wait for the store
function M.clock(store, time)
  if time ~= os.time then return time end
  local own, ahead, asked = own_clock(), nil, -math.huge
  return function()
    local now = core.now()
    if now - asked >= ASK_AGAIN then
      asked = now
      local there = object.time(store)
      -- It was told half-way between the question and the answer.
      if there then ahead = there - (now + core.now()) / 2 end
    end
    return ahead and core.now() + ahead or own()
  end
end

return check.strict(M, "partnercenter.store")
