--- Resources as a caller meets them: the URL's path as a path of Lua names, and
-- at its end the verbs `get`, `pages`, `each` and `all`.
--
-- A node never changes, and making one sends nothing. It holds the ids of its path and
-- nothing else; its metatable knows where it stands.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.node

local check = require("partnercenter.util").check
local holders = require "partnercenter.client.holders"
local pages = require "partnercenter.pages"
local plans = require "partnercenter.client.plan"
local resources = require "partnercenter.resources"
local trees = require "partnercenter.client.tree"

-- The name under which a node gives its place, which is the `home` that all nodes
-- of a client share and the `tree` they stand in; nobody else has it.
local PLACE = {}

local unpack = table.unpack or unpack -- luacheck: ignore 143 113

local M = {}

local function place_of(self, verb, level)
  local place = type(self) == "table" and self[PLACE]
  if not place then error(("call it with a colon: resource:%s()"):format(verb), level + 1) end
  return place
end

local function label_of(node)
  local at = 0
  return (node[PLACE].tree.label:gsub("%%s", function()
    at = at + 1
    return node[at]
  end))
end

-- For people: where it stands, and what it has.
local function to_text(node)
  return label_of(node) .. ": " .. trees.describe(node[PLACE].tree)
end

local function refuse()
  error("a resource cannot be changed", 2)
end

-- The place behind a name. It is looked for in `steps` first, where it stands from the
-- second time on.
local place_at

local function step_to(place, node, name, level)
  local tree = place.tree.members[name]
  if type(tree) == "table" then
    local child = place_at(place.home, tree)
    place.steps[name] = child
    return child
  end
  local label = label_of(node)
  check.unknown(label == "" and "partnercenter" or label, name, place.tree.members, level + 1,
    "resource")
end

-- The node of a place with the ids of another node, and `id` behind them if given. Where no
-- id stands in the path there is one for all.
local function new_node(place, ids, id)
  local depth = place.depth
  if depth == 1 then return setmetatable({ id or ids[1] }, place.metatable) end
  if depth == 0 then
    place.node = place.node or setmetatable({}, place.metatable)
    return place.node
  end
  local own = { unpack(ids, 1, id and depth - 1 or depth) }
  own[depth] = id or own[depth]
  return setmetatable(own, place.metatable)
end

-- Where the nodes of a client stand that have the same tree: `given` is what their names
-- stand for without a step, `steps` the places behind them.
function place_at(home, tree)
  if home.places[tree] then return home.places[tree] end
  local given, steps = {}, {}
  local place = {
    home = home, tree = tree, depth = tree.depth, given = given, steps = steps,
    metatable = nil, node = nil,
  }
  for name, member in pairs(tree.members) do
    if type(member) == "function" then given[name] = member end
  end
  given[PLACE] = place
  place.metatable = {
    __name = "partnercenter.resource",
    __index = function(self, name)
      local value = given[name]
      if value then return value end
      local child = steps[name] or step_to(place, self, name, 2)
      return new_node(child, self)
    end,
    __newindex = refuse,
    __tostring = to_text,
  }
  home.places[tree] = place
  return place
end

local function new_home(parts)
  return {
    transport = parts.transport, settings = parts.settings, who = parts.who,
    prepared = {},    -- requests, by resource
    places = {},      -- of nodes, by tree
  }
end

-- What one call of a verb needs. Raises at the line that called the verb.
local function plan_of(self, verb, given)
  local place = place_of(self, verb, 3)
  return plans.new(place.home, place.tree.resource, self, given, 4), place
end

local methods = {}

--- One page of rows, or the thing itself where the resource is one thing.
--
-- The page has `items` (an array of rows) and `totalCount`, beside whatever
-- else the answer says. `filter` may be an expression for every collection; the
-- part that the endpoint does not document is applied to the rows that came.
-- Then `unfilteredCount` is what the API counts, and `totalCount` is the number
-- of rows that passed if the page had all rows that there are; it is absent
-- otherwise, because nobody knows how many rows of other pages would pass.
--
-- A customer's licence insights also take `source = "commercial"`: the same rows
-- from the endpoint that supersedes this one.
-- @function get
-- @tparam ?table params the documented query parameters
-- @treturn[1] table the page or the thing
-- @treturn[1] table facts about the answer: `status`, `request_id`,
--   `correlation_id`, `ms_cv`, `server_id`, `attempts`, `timings`
-- @treturn[2] nil
-- @treturn[2] Error err
-- @raise an unknown or wrong parameter
function methods.get(self, params)
  local plan = plan_of(self, "get", params)
  local page, facts = pages.get(plan)
  return page, facts
end

--- An iterator over the pages; each is what `get` gives, with its facts.
-- The iterator raises the error object when a page cannot be had.
-- @function pages
-- @tparam ?table params the documented query parameters
-- @treturn function iterator
-- @raise an unknown or wrong parameter
-- @usage for page, facts in partner.customers:pages { size = 500 } do … end
function methods.pages(self, params)
  local plan = plan_of(self, "pages", params)
  local iterate = pages.pages(plan)
  return iterate
end

--- An iterator over the rows of all pages, which come out while a page is still
-- arriving. Memory does not grow with their number. The iterator raises the
-- error object when the rows break off; no row is given twice.
--
-- Leaving the loop early ends the transfer: at once on Lua 5.4, which closes the
-- fourth value, elsewhere by `close` on that value, or when it is collected. A
-- coroutine that waits in the iterator while another one closes it gets an error
-- of kind cancelled. Only one coroutine may wait in it at a time.
-- @function each
-- @tparam ?table params the documented query parameters
-- @treturn function iterator
-- @treturn nil
-- @treturn nil
-- @treturn table with `close()`: cancels what is under way, any number of times
-- @raise an unknown or wrong parameter
-- @usage for customer in partner.customers:each() do print(customer.id) end
function methods.each(self, params)
  local plan = plan_of(self, "each", params)
  local iterate, closer = pages.each(plan)
  return iterate, nil, nil, closer
end

--- The rows of all pages as one array.
-- @function all
-- @tparam ?table params the documented query parameters
-- @treturn[1] {table,...} rows
-- @treturn[2] nil
-- @treturn[2] Error err
-- @raise an unknown or wrong parameter
function methods.all(self, params)
  local plan = plan_of(self, "all", params)
  local rows, err = pages.all(plan)
  return rows, err
end

--- The node of one thing of a collection, such as a customer.
-- @function by_id
-- @tparam string id a GUID; where the service's ids are others, a text
-- @treturn table a node
-- @raise the id is none
function methods.by_id(self, id)
  local place = place_of(self, "by_id", 2)
  local tree = place.tree.id
  local ok, due = resources.check_id(tree.kind, id)
  if not ok then
    error(("bad argument '%s' to %s:by_id (%s is due)"):format(tree.argument, label_of(self),
      due), 2)
  end
  return new_node(place_at(place.home, tree), self, id)
end

--- Who holds which licence of a customer: an iterator that gives each user with an array
-- of what that one holds, or nil and an error; in any order. One call for each user, at
-- the pace that the service takes. Deleted users come, too.
--
-- The rows have `userId`, `userPrincipalName`, `displayName`, `state`, `deleted` (within
-- the 30 days in which a user can be restored), `disabled` (inactive, and not deleted),
-- `skuId`, `skuPartNumber`, `productName`, `licenseGroupId`, `customerId`.
-- @function holders
-- @tparam[opt] table options
-- @tparam[opt] string options.sku of one SKU alone: its id, part number or name, in any
--   letter case; an unknown one is an error that the iterator raises, of kind config
-- @tparam[opt] table options.known what was found out before, by the ids of users: arrays
--   as this gives them. Nobody is asked for these again, so that a run can go on
-- @tparam[opt=true] boolean options.deleted false: without deleted users
-- @tparam[opt] number options.concurrency users asked for at once at most
-- @treturn function iterator
-- @treturn nil
-- @treturn nil
-- @treturn table with `close()`, as that of `each`
-- @raise an unknown or wrong option
-- @usage for user, held, err in partner.customers:by_id(id):holders { sku = "EMS" } do … end
function methods.holders(self, options)
  local place = place_of(self, "holders", 2)
  local iterate, closer = holders.new(self, place.home.transport, options, 2)
  return iterate, nil, nil, closer
end

local root = trees.plant(resources.catalogue, methods)

--- The node above all others: its members are the resources of a client.
-- @tparam table parts
-- @tparam table parts.transport what to ask with, see `partnercenter.calls`
-- @tparam table parts.settings what requests are made by
-- @tparam {string,...} parts.who whose answers it gets, for keys
-- @treturn table a node
function M.root(parts)
  return new_node(place_at(new_home(parts), root), {})
end

--- What stands behind the root: the next node, or a method.
-- @tparam table node
-- @tparam string name
-- @tparam number level whom to blame for an unknown name: 1 is the function that
--   calls this one, 2 the one that called it
-- @treturn table|function
-- @raise an unknown name; the message has the nearest
function M.child(node, name, level)
  local place = node[PLACE]
  local given = place.given[name]
  if given then return given end
  local child = place.steps[name] or step_to(place, node, name, level + 1)
  return new_node(child, node)
end

--- The names behind a node, for people.
-- @tparam table node
-- @treturn string
function M.describe(node)
  return trees.describe(node[PLACE].tree)
end

--- The key under which a page may be kept: two pages have the same one only when the
-- same was asked by the same.
-- @tparam table node
-- @tparam ?table params as for `get`
-- @treturn string
-- @treturn boolean false where nobody knows who asks: a function gives the token
-- @treturn table options of `core.decode` by which a page that was kept as text becomes
--   what `get` gives
-- @raise as `get`
function M.key(node, params)
  local plan, place = plan_of(node, "key", params)
  local source = type(params) == "table" and params.source or ""
  local settings = place.home.settings
  local key = resources.key(plan.request, place.home.who, tostring(plan.filter or ""), source,
    tostring(settings.nulls))
  return key, not place.home.who.unknown,
    { nulls = settings.nulls, array_mt = settings.array_mt }
end

--- A node for a resource that the tree does not have.
-- @tparam table node the root
-- @tparam table resource what `partnercenter.resources.custom` gives
-- @treturn table a node with the four verbs
function M.custom(node, resource)
  local home = new_home(node[PLACE].home)
  return new_node(place_at(home, trees.leaf(resource, methods)), {})
end

return M
