--- The parts of a client: `settings`, `register` (of secrets), `dispatcher`, `throttle`,
-- `limiter`, `sign_in`, `transport` (how the service is asked), `files` (how files are
-- fetched), `reports` and `root` (what callers walk). What is passed down gets those of
-- them that it needs, and never the client.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.parts

local calls = require "partnercenter.calls"
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local flow = require "partnercenter.flow"
local loop = require "partnercenter.loop"
local new_throttle = require "partnercenter.client.throttle"
local node = require "partnercenter.client.node"
local proxies = require "partnercenter.client.proxies"
local reports = require "partnercenter.reports"
local settings = require "partnercenter.client.settings"
local sign_in = require "partnercenter.sign_in"

-- Bytes of a report's file: rows are taken out of it while it arrives.
local MAX_FILE = 1e15

local M = {}

-- What everything above the calls is handed: how to ask, and the settings that
-- requests are made by.
local function set_root(parts)
  parts.reports = reports.new {
    transport = parts.transport, settings = parts.settings, register = parts.register,
    files = parts.files,
  }
  parts.root = node.root {
    transport = parts.transport,
    settings = parts.settings,
    who = sign_in.provider.identity(parts.settings.credentials, parts.settings.cloud.authority),
  }
  return parts
end

-- Tells who listens. An error in the listener reaches the caller.
local function teller(own, mask)
  local listener, time = own.on_event, own.time
  return listener and function(event)
    event.time = time()
    listener(mask(event))
  end
end

local function new_dispatcher(own)
  local session, message, kind = core.session {
    ca_file = own.ca_file,
    proxy = own.proxy,
    no_proxy = own.no_proxy,
    unix_socket = own.unix_socket,
    http1 = own.http_version == "1.1",
    -- Rows that are read one by one hold a connection of HTTP/1.1, too, while
    -- their reader makes other calls.
    max_connections = 2 * (own.concurrency or flow.MOST) + 16,
    slice = loop.slice(own.loop),
  }
  if not session then return nil, errors.from_failure(kind, message) end
  return loop.dispatcher { session = session, loop = own.loop, clock = own.clock }
end

-- The parts that calls are made with; those of the sign-in have no sign-in.
local function new_transport(parts, own, signed_in)
  return calls.transport {
    settings = own,
    dispatcher = parts.dispatcher,
    limiter = parts.limiter,
    throttle = parts.throttle,
    mask = parts.register.mask,
    tell = teller(own, parts.register.mask),
    sign_in = signed_in,
  }
end

-- How the service is asked, and how files are fetched: without a token, of any size.
local function set_transports(parts, own)
  parts.transport = new_transport(parts, own, parts.sign_in)
  local large = {}
  for name, value in pairs(own) do large[name] = value end
  large.max_body = MAX_FILE
  parts.files = new_transport(parts, large, nil)
end

local function new_sign_in(parts, own)
  local transport = new_transport(parts, own, nil)
  return sign_in.new {
    credentials = own.credentials,
    register = parts.register,
    dispatcher = parts.dispatcher,
    cloud = own.cloud,
    time = own.time,
    tell = transport.tell,
    post = function(...) return transport:fetch(...) end,
  }
end

--- The parts of a new client.
-- @tparam table options of `partnercenter.new`
-- @tparam number level whom to blame for a mistake, as in Lua's `error`
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] Error the system refused a descriptor, or there is a proxy that is none
function M.new(options, level)
  local own = settings.new(options, level + 1)
  local register = errors.register()
  local ok, why = proxies.settle(own, register)
  if not ok then return nil, register.mask(errors.from_failure("config", why)) end
  local network, err = new_dispatcher(own)
  if not network then return nil, register.mask(err) end
  own.proxy = nil -- the session has it; nothing else may show it
  local parts = {
    settings = own,
    dispatcher = network,
    throttle = new_throttle(own, register, teller(own, register.mask)),
    register = register,
  }
  parts.limiter = flow.limiter(network, parts.throttle)
  parts.sign_in = new_sign_in(parts, own)
  set_transports(parts, own)
  return set_root(parts)
end

--- The parts of a view of a client: other settings, the same network.
-- @tparam table parts of the client
-- @tparam table own the settings of the view
-- @treturn table
function M.view(parts, own)
  local view = {}
  for name, part in pairs(parts) do view[name] = part end
  view.settings = own
  set_transports(view, own)
  return set_root(view)
end

return M
