--- The client: its settings, its network, its token, and what is called on it.
--
-- Others use `new`, `settings` and `key` alone. What a client consists of is its *parts*,
-- see `partnercenter.client.parts`; nobody reaches them from outside.
-- SPDX-License-Identifier: MIT
-- @classmod partnercenter.client

local licences = require "partnercenter.client.licences"
local make = require "partnercenter.client.parts"
local mfa = require "partnercenter.client.mfa"
local node = require "partnercenter.client.node"
local resources = require "partnercenter.resources"
local settings = require "partnercenter.client.settings"

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

--- A new client. It is what `partnercenter.new` gives.
-- @tparam table options as there
-- @tparam number level whom to blame for a mistake, as in Lua's `error`
-- @treturn[1] Client
-- @treturn[2] nil
-- @treturn[2] Error the system refused a descriptor, or there is a proxy that is none
function M.new(options, level)
  local parts, err = make.new(options, level + 1)
  if not parts then return nil, err end
  return new_object(parts)
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
  local parts = parts_of(self, "with")
  return new_object(make.view(parts, settings.derive(parts.settings, options, 2)))
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
