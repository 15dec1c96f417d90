--- Resources as a caller meets them: the URL's path as a path of Lua names, and
-- at its end the verbs `get`, `pages`, `each` and `all`.
--
-- A node never changes and sends nothing by being made. It holds the ids of its
-- path and nothing else; where it stands knows its metatable.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.node

local check = require("partnercenter.util").check
local pages = require "partnercenter.pages"
local resources = require "partnercenter.resources"
local trees = require "partnercenter.client.tree"

-- The name under which a node gives its place, which is the `home` that all nodes
-- of a client share and the `tree` they stand in; nobody else has it.
local PLACE = {}

local unpack = table.unpack or unpack -- luacheck: ignore 143 113

local M = {}

local by_name = {}
for _, resource in ipairs(resources.catalogue) do by_name[resource.name] = resource end

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

local function refuse()
  error("a resource cannot be changed", 2)
end

-- A node with the ids of another one. The metatable is that of all nodes of the
-- client that stand in the same tree.
local new_node

local function step_to(place, node, name, level)
  local members = place.tree.members
  local member = members[name]
  if type(member) == "function" then return member end
  if not member then
    local label = label_of(node)
    check.unknown(label == "" and "partnercenter" or label, name, members, level + 1, "resource")
  end
  return new_node(place.home, member, node)
end

local function new_metatable(home, tree)
  local place = { home = home, tree = tree }
  return {
    __name = "partnercenter.resource",
    __index = function(self, name)
      if name == PLACE then return place end
      local child = step_to(place, self, name, 2)
      return child
    end,
    __newindex = refuse,
    __tostring = label_of,
  }
end

function new_node(home, tree, ids)
  local metatable = home.metatables[tree]
  if not metatable then
    metatable = new_metatable(home, tree)
    home.metatables[tree] = metatable
  end
  return setmetatable({ unpack(ids) }, metatable)
end

local function new_home(parts)
  return {
    transport = parts.transport, settings = parts.settings,
    prepared = {},    -- requests, by resource
    metatables = {},  -- of nodes, by tree
  }
end

local function prepared_of(home, resource, level)
  local prepared = home.prepared[resource]
  if not prepared then
    prepared = resources.prepare(resource, home.settings, level + 1)
    home.prepared[resource] = prepared
  end
  return prepared
end

-- What one call of a verb needs. Raises at the line that called the verb.
local function plan_of(self, verb, given)
  local place = place_of(self, verb, 3)
  local home, resource = place.home, place.tree.resource
  local plan = {
    transport = home.transport, max_pages = home.settings.max_pages, resource = resource,
  }
  local source_name = type(given) == "table" and given.source
  if not (source_name and resource.sources) then
    plan.request, plan.filter = resources.build(prepared_of(home, resource, 4), self, given, 4)
    return plan
  end
  local source = resource.sources[source_name]
  if not source then
    check.unknown(resource.name, source_name, resource.sources, 3, "source")
  end
  local successor, id = by_name[source.resource], self[1]
  local prepared = prepared_of(home, successor, 4)
  plan.resource = successor
  plan.request, plan.filter = resources.successor.build(resource, source, prepared, id, given, 4)
  plan.convert = function(row) return resources.successor.row(row, source, id) end
  return plan
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
  local ids = { unpack(self) }
  ids[#ids + 1] = id
  return new_node(place.home, tree, ids)
end

local root = trees.plant(resources.catalogue, methods)

--- The node above all others: its members are the resources of a client.
-- @tparam table parts
-- @tparam table parts.transport what to ask with, see `partnercenter.calls`
-- @tparam table parts.settings what requests are made by
-- @treturn table a node
function M.root(parts)
  return new_node(new_home(parts), root, {})
end

--- What stands behind the root: the next node, or a method.
-- @tparam table node
-- @tparam string name
-- @tparam number level whom to blame for an unknown name: 1 is the function that
--   calls this one, 2 the one that called it
-- @treturn table|function
-- @raise an unknown name; the message has the nearest
function M.child(node, name, level)
  local child = step_to(node[PLACE], node, name, level + 1)
  return child
end

--- A node for a resource that the tree does not have.
-- @tparam table node the root
-- @tparam table resource what `partnercenter.resources.custom` gives
-- @treturn table a node with the four verbs
function M.custom(node, resource)
  return new_node(new_home(node[PLACE].home), trees.leaf(resource, methods), {})
end

return M
