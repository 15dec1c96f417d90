--- A client: its settings, its network, its token, and the calls made with
-- them.
-- SPDX-License-Identifier: MIT
-- @classmod partnercenter.client

local call = require "partnercenter.calls.call"
local core = require "partnercenter.core"
local custom = require "partnercenter.resources.custom"
local errors = require "partnercenter.errors"
local exchange = require "partnercenter.calls.attempt"
local failures = require "partnercenter.calls.failures"
local hub = require "partnercenter.flow.dispatcher"
local map = require "partnercenter.calls.map"
local proxies = require "partnercenter.client.proxies"
local resource = require "partnercenter.client.node"
local settings = require "partnercenter.client.settings"
local sign_in = require "partnercenter.sign_in"
local stream = require "partnercenter.calls.stream"
local throttle = require "partnercenter.flow.throttle"
local url = require "partnercenter.util.url"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.client" }

-- A name is a method of the client, or else the first step of a resource's path.
function mt.__index(self, name)
  local method = methods[name]
  if method ~= nil then return method end
  local child = resource.child(rawget(self, "root"), name, 2)
  return child
end

function mt.__tostring(self)
  return "partnercenter (" .. self.settings.base_url .. ")"
end

local function new_hub(options)
  local session, message, kind = core.session {
    ca_file = options.ca_file,
    proxy = options.proxy,
    no_proxy = options.no_proxy,
    unix_socket = options.unix_socket,
    http1 = options.http_version == "1.1",
    -- Rows that are read one by one hold a connection of HTTP/1.1, too, while
    -- their reader makes other calls.
    max_connections = 2 * options.concurrency + 16,
    slice = hub.slice(options.loop),
  }
  if not session then return nil, errors.from_failure(kind, message) end
  return hub.new {
    session = session,
    loop = options.loop,
    clock = options.clock,
    throttle = throttle.new(options),
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
  local network, err = new_hub(own)
  if not network then return nil, register.mask(err) end
  own.proxy = nil -- the session has it; nothing else may show it
  local self = { settings = own, hub = network, mask = register.mask }
  self.sign_in = sign_in.new {
    credentials = own.credentials,
    register = register,
    hub = network,
    cloud = own.cloud,
    time = own.time,
    post = function(address, form, deadline, iterating)
      return self:post(address, form, deadline, iterating)
    end,
    emit = function(event) self:emit(event) end,
  }
  self.root = resource.root(self)
  return setmetatable(self, mt)
end

--- The same client for calls with other settings: a view that shares the
-- network, the token and the limits.
-- @tparam table options those of `partnercenter.new` that concern single calls:
--   `correlation_id`, `locale`, `application`, `timeout`, `deadline`, `retries`,
--   `max_retry_after`, `max_body`, `nulls`, `on_event`
-- @treturn Client
-- @raise an unknown or wrong option; the message names it
-- @usage local quick = partner:with { deadline = 5 }
function methods:with(options)
  local view = {
    settings = settings.derive(self.settings, options, 2),
    hub = self.hub,
    sign_in = self.sign_in,
    mask = self.mask,
  }
  view.root = resource.root(view)
  return setmetatable(view, mt)
end

--- A resource that this module has no name for, with the same verbs.
-- @tparam table options `path`, `query`, … as `partnercenter.resources.custom` says
-- @treturn Resource
-- @usage local invoices = partner:request { path = "/v1/invoices" }:get()
function methods:request(options)
  return resource.custom(self, custom.new(options, 2))
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
-- @tparam[opt] number options.concurrency elements under way at most; the
--   client's own limit holds for their calls all the same
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
  local iterate, closer = map.new(self.hub, input, fn, options, 2)
  return iterate, nil, nil, closer
end

-- For the resources, not for users: one page as a decoded document.
function methods:fetch(request, iterating)
  local document, made = call.run(self, request, exchange.read_document, { iterating = iterating })
  if document == nil then return nil, made end
  return document, made.facts
end

-- For the resources: the rows of one page as they arrive. The call is put into
-- `holder.call` as soon as there is one, so that another coroutine can cancel it.
function methods:stream(request, iterating, holder)
  local options = { iterating = iterating, streamed = true, holder = holder }
  local opened, made = call.run(self, request, stream.open, options)
  if not opened then return nil, made end
  -- Others may have had their turn since it was opened.
  if made.cancelled then return nil, failures.interruption(made) end
  return opened
end

-- For the sign-in: a form sent to a token endpoint.
function methods:post(address, form, deadline, iterating)
  local fields = {}
  for i, field in ipairs(form) do
    fields[i] = url.encode(field[1]) .. "=" .. url.encode(field[2])
  end
  local request = {
    method = "POST", url = address, resource = "sign-in", token_endpoint = true,
    headers = {
      { "Accept", "application/json" },
      { "Content-Type", "application/x-www-form-urlencoded" },
    },
    body = table.concat(fields, "&"),
  }
  local options = { deadline = deadline, iterating = iterating }
  local document, made = call.run(self, request, exchange.read_document, options)
  if document == nil then return nil, made end
  return document
end

-- Tell who listens. An error in the listener reaches the caller.
function methods:emit(event)
  local listener = self.settings.on_event
  if not listener then return end
  event.time = self.settings.time()
  listener(self.mask(event))
end

--- End the client and give everything back. Calls that are under way fail with
-- the kind cancelled, calls made afterwards with the kind closed. Views of the
-- client end with it. Again is fine.
function methods:close()
  self.hub:close()
end

mt.__close = methods.close

return M
