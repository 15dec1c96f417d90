--- The client: its settings, its network, its token, and what is called on it.
--
-- Others use `new`, `settings` and `key` alone. Whatever a client consists of is its
-- *parts*, which nobody reaches from outside; what is passed down gets those parts
-- that it needs.
-- SPDX-License-Identifier: MIT
-- @classmod partnercenter.client

local calls = require "partnercenter.calls"
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local flow = require "partnercenter.flow"
local licences = require "partnercenter.client.licences"
local loop = require "partnercenter.loop"
local mfa = require "partnercenter.client.mfa"
local node = require "partnercenter.client.node"
local proxies = require "partnercenter.client.proxies"
local reports = require "partnercenter.reports"
local resources = require "partnercenter.resources"
local settings = require "partnercenter.client.settings"
local sharing = require "partnercenter.client.sharing"
local sign_in = require "partnercenter.sign_in"

-- Bytes of a report's file: rows are taken out of it while it arrives.
local MAX_FILE = 1e15

local M = {}

-- The name under which a client gives its parts; nobody else has it.
local PARTS = {}

local methods = {}

-- The parts of a client, for a method that is called on it.
local function parts_of(self, name)
  local parts = type(self) == "table" and self[PARTS]
  if not parts then error(("call it with a colon: partner:%s()"):format(name), 3) end
  return parts
end

-- For people: where it asks, whether it can still, and what it has.
local function to_text(parts)
  local base_url = parts.settings.base_url
  if parts.dispatcher.closed then return ("partnercenter (%s, closed)"):format(base_url) end
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  return ("partnercenter (%s): %s; %s"):format(base_url, node.describe(parts.root),
    table.concat(names, ", "))
end

-- The object of the caller. A name is a method, or else the first step of a
-- resource's path.
local function new_object(parts)
  return setmetatable({}, {
    __name = "partnercenter.client",
    __index = function(_, name)
      if name == PARTS then return parts end
      if name == "reports" then return parts.reports end
      local method = methods[name]
      if method ~= nil then return method end
      local child = node.child(parts.root, name, 2)
      return child
    end,
    __tostring = function() return to_text(parts) end,
    __close = methods.close,
  })
end

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
    who = sign_in.provider.identity(parts.settings.credentials),
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

--- A new client. It is what `partnercenter.new` gives.
-- @tparam table options as there
-- @tparam number level whom to blame for a mistake, as in Lua's `error`
-- @treturn[1] Client
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
    throttle = sharing(own, register, teller(own, register.mask)),
    register = register,
  }
  parts.limiter = flow.limiter(network, parts.throttle)
  parts.sign_in = new_sign_in(parts, own)
  set_transports(parts, own)
  return new_object(set_root(parts))
end

--- What a client works with, for those who show it.
-- @tparam Client client
-- @treturn table `base_url`, `authority`, `locale`, `concurrency` (nil: not bounded)
function M.settings(client)
  local own = parts_of(client, "settings").settings
  return {
    base_url = own.base_url, authority = own.cloud.authority, locale = own.locale,
    concurrency = own.concurrency,
  }
end

--- The key under which a page of a resource may be kept.
-- @function key
-- @tparam Resource resource
-- @tparam ?table params as for `get`
-- @treturn string
M.key = node.key

--- The same client for calls with other settings: a view that shares the
-- network, the token and the limits.
-- @tparam table options those of `partnercenter.new` that concern single calls:
--   `correlation_id`, `locale`, `application`, `timeout`, `deadline`, `retries`,
--   `max_retry_after`, `max_body`, `nulls`, `array_mt`, `on_event`
-- @treturn Client
-- @raise an unknown or wrong option; the message names it
-- @usage local quick = partner:with { deadline = 5 }
function methods:with(options)
  local view = {}
  for name, part in pairs(parts_of(self, "with")) do view[name] = part end
  view.settings = settings.derive(view.settings, options, 2)
  set_transports(view, view.settings)
  return new_object(set_root(view))
end

--- A resource that this module has no name for, with the same verbs.
-- @tparam table options `path`, `query`, … as `partnercenter.resources.custom` says
-- @treturn Resource
-- @usage local invoices = partner:request { path = "/v1/invoices" }:get()
function methods:request(options)
  local parts = parts_of(self, "request")
  return node.custom(parts.root, resources.custom(options, 2))
end

--- Call a function for each element of an array or iterator, side by side. What
-- the function does may wait as always; meanwhile the others go on.
--
-- Results come as they are complete, in any order. What the function raises is
-- the result of that element: nil and what was raised. An error of the input is
-- raised after the last result. Input is taken only as fast as results are, and
-- never more than `concurrency` ahead, so that memory does not grow with it.
--
-- Leaving the loop early cancels what is under way: at once on Lua 5.4, which
-- closes the fourth value, elsewhere by `close` on that value, or when it is
-- collected. A coroutine that waits in the iterator while another one closes it
-- gets an error of kind cancelled.
-- @tparam table|function input an array, or an iterator called without
--   arguments, such as `partner.customers:each()`; all its values go to fn
-- @tparam function fn called with the element; what it returns is its result
-- @tparam[opt] table options
-- @tparam[opt=16] number options.concurrency elements under way at most; not more
--   than the client was given, if it was
-- @tparam[opt] function options.on_progress called with the number of elements
--   done, of all (nil when unknown), under way, and whether the service holds
--   calls back; after each result, and every second without one
-- @treturn function iterator; gives the element, then what fn returned
-- @treturn nil
-- @treturn nil
-- @treturn table with `close()`: cancels what is under way, any number of times
-- @raise a wrong argument
-- @usage for customer, insights, err in partner:map(partner.customers:each(), function(customer)
--   return partner.customers:by_id(customer.id).analytics.licenses.deployment:get()
-- end) do print(customer.id, insights and #insights.items or err) end
function methods:map(input, fn, options)
  local iterate, closer = parts_of(self, "map").transport:map(input, fn, options, 2)
  return iterate, nil, nil, closer
end

--- All that is known of a customer's licences: one row for a product, from the sources
-- that are asked for, side by side. See `partnercenter.insights.licences` for the rows,
-- and for what joins them.
--
-- A source that fails is told in `failures`, and the others' rows come all the same. When
-- none has answered it is an error.
-- @tparam string|table customer an id, or a row of `customers`, whose name is taken
-- @tparam[opt] table options
-- @tparam[opt] {string,...} options.sources of subscriptions, skus, deployment and usage;
--   all of them where it is absent
-- @tparam[opt=false] boolean options.provisioning ask what each subscription provisioned,
--   unless the offer matrix says it: one call more for each
-- @tparam[opt] string|table options.offer_matrix see `partnercenter.insights.offer_matrix`
-- @tparam[opt] string|table options.price_list see `partnercenter.insights.price_list`
-- @tparam[opt] table options.known rows that one has, by source: what
--   `partnercenter.insights.by_customer` gives. The source is not asked, then
-- @treturn[1] table `items` (rows), `failures` (by source: errors; also of
--   `provisioning`), `customerId`, `customerName`
-- @treturn[2] nil
-- @treturn[2] Error the first one, when no source has answered; kind config or protocol
--   when a file cannot be read
-- @raise a wrong customer, an unknown or wrong option
-- @usage for customer, licences, err in partner:map(partner.customers:each(), function(customer)
--   return partner:licences(customer, { offer_matrix = matrix, price_list = prices })
-- end) do print(customer.id, licences and #licences.items or err) end
function methods:licences(customer, options)
  local parts = parts_of(self, "licences")
  local found, err = licences.ask(parts.root, parts.transport, customer, options, 2)
  return found, err
end

--- Whether Partner Center finds the second factor in the token: one small call. Its
-- absence is an answer, not an error, even where the service refuses the call for it.
-- @treturn[1] table `compliant` (true, false, or nil: the service did not say), `in_token`
--   (the token names the second factor), `user`, `tenant`, `application` (as far as the
--   token can be read), `advice` (what to do, one line), `request_id`, `correlation_id`
-- @treturn[2] nil
-- @treturn[2] Error err kind sign_in for app-only credentials, which have no person
function methods:mfa_status()
  local parts = parts_of(self, "mfa_status")
  local status, err = mfa.status(parts.root, parts.sign_in, parts.register.mask)
  return status, err
end

--- End the client and give everything back. Calls that are under way fail with
-- the kind cancelled, calls made afterwards with the kind closed. Views of the
-- client end with it. Again is fine.
function methods:close()
  parts_of(self, "close").dispatcher:close()
end

return M
