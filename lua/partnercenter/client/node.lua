--- Resources as a caller meets them: the URL's path as a path of Lua names, and
-- at its end the verbs `get`, `pages`, `each` and `all`.
--
-- A node never changes and sends nothing by being made; its text is its path.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.node

local check = require "partnercenter.util.check"
local requests = require "partnercenter.resources.request"
local resources = require "partnercenter.resources.catalogue"
local sources = require "partnercenter.resources.successor"
local row_walks = require "partnercenter.pages.rows"
local trees = require "partnercenter.client.tree"
local verbs = require "partnercenter.pages.verbs"

-- The keys under which a node keeps what it is; nobody else has them. HOME is
-- what all nodes of a client share: the `client`, and the requests `prepared` for
-- it by resource.
local HOME, TREE, IDS = {}, {}, {}

local M = {}
local mt = { __name = "partnercenter.resource" }

local by_name = {}
for _, resource in ipairs(resources) do by_name[resource.name] = resource end

local NO_IDS = {}

local function new_node(home, tree, ids)
  return setmetatable({ [HOME] = home, [TREE] = tree, [IDS] = ids }, mt)
end

local function new_home(client)
  return { client = client, prepared = {} }
end

local function label_of(node)
  local label, id = rawget(node, TREE).label, rawget(node, IDS)[1]
  if id then label = label:gsub("%%s", id) end
  return label
end

local function check_node(self, verb, level)
  if getmetatable(self) ~= mt or not rawget(self, HOME) then
    error(("call it with a colon: resource:%s()"):format(verb), level + 1)
  end
end

local function prepared_of(home, resource, level)
  local prepared = home.prepared[resource]
  if not prepared then
    prepared = requests.prepare(resource, home.client.settings, level + 1)
    home.prepared[resource] = prepared
  end
  return prepared
end

-- What one call of a verb needs. Raises at the line that called the verb.
local function plan_of(self, verb, given)
  check_node(self, verb, 3)
  local home, resource, ids = rawget(self, HOME), rawget(self, TREE).resource, rawget(self, IDS)
  local source_name = type(given) == "table" and given.source
  if not (source_name and resource.sources) then
    local request, here = requests.build(prepared_of(home, resource, 4), ids, given, 4)
    return { client = home.client, request = request, resource = resource, filter = here }
  end
  local source = resource.sources[source_name]
  if not source then
    check.unknown(resource.name, source_name, resource.sources, 3, "source")
  end
  local successor, id = by_name[source.resource], ids[1]
  local prepared = prepared_of(home, successor, 4)
  local request, here = sources.build(resource, source, prepared, id, given, 4)
  return {
    client = home.client,
    request = request,
    resource = successor,
    filter = here,
    convert = function(row) return sources.row(row, source, id) end,
  }
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
  local page, facts = verbs.get(plan)
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
  local iterate = verbs.pages(plan)
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
  local iterate, closer = row_walks.each(plan)
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
  local rows, err = verbs.all(plan)
  return rows, err
end

--- The node of one customer.
-- @function by_id
-- @tparam string id a GUID
-- @treturn table a node
-- @raise the id is not a GUID
function methods.by_id(self, id)
  check_node(self, "by_id", 2)
  local tree = rawget(self, TREE).id
  if not check.guid(id) then
    error(("bad argument '%s' to %s:by_id (a GUID is due)"):format(tree.argument, label_of(self)),
      2)
  end
  return new_node(rawget(self, HOME), tree, { id })
end

local root = trees.plant(resources, methods)

--- What stands behind a node: the next node, or a method.
-- @tparam table node
-- @tparam string name
-- @tparam[opt=1] number level whom to blame for an unknown name: 1 is the
--   function that calls this one, 2 the one that called it
-- @treturn table|function
-- @raise an unknown name; the message has the nearest
function M.child(node, name, level)
  local members = rawget(node, TREE).members
  local member = members[name]
  if type(member) == "function" then return member end
  if not member then
    local label = label_of(node)
    check.unknown(label == "" and "partnercenter" or label, name, members, (level or 1) + 1,
      "resource")
  end
  return new_node(rawget(node, HOME), member, rawget(node, IDS))
end

function mt.__index(self, name)
  local child = M.child(self, name, 2)
  return child
end

function mt.__newindex()
  error("a resource cannot be changed", 2)
end

mt.__tostring = label_of

--- The node above all others: its members are the resources of a client.
-- @tparam table client as the contract of `partnercenter.client` says
-- @treturn table a node
function M.root(client)
  return new_node(new_home(client), root, NO_IDS)
end

--- A node for a resource that the tree does not have.
-- @tparam table client
-- @tparam table resource what `partnercenter.resources.custom` gives
-- @treturn table a node with the four verbs
function M.custom(client, resource)
  return new_node(new_home(client), trees.leaf(resource, methods), NO_IDS)
end

--- Is the value a node?
-- @param value any value
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == mt
end

return M
