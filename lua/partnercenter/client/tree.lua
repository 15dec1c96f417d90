--- The tree of all paths that resources have.
--
-- A tree has `label` (the path in Lua, with %s where an id is), `depth` (how many ids
-- those are), `resource` where something can be asked, and `members`: the trees that
-- stand behind it, and the methods that can be called there, by name. Where an id
-- stands in the path, `id` is the tree behind it, whose `argument` is the id's name,
-- and whose `kind` says what ids look like. Ids may stand at several levels.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.tree

local M = {}

local function new_tree(label, depth)
  return { label = label, members = {}, depth = depth }
end

-- The verbs of a tree where something can be asked.
local function set_resource(tree, resource, methods)
  tree.resource = resource
  tree.members.get = methods.get
  for _, name in ipairs(resource.methods or {}) do tree.members[name] = methods[name] end
  if resource.single then return end
  for _, verb in ipairs { "pages", "each", "all" } do tree.members[verb] = methods[verb] end
end

-- Behind an id.
local function step_by_id(tree, argument, resource, methods)
  local kind = resource.ids and resource.ids[argument] or "guid"
  if not tree.id then
    tree.id = new_tree(tree.label .. ":by_id(%s)", tree.depth + 1)
    tree.id.argument, tree.id.kind = argument, kind
    tree.members.by_id = methods.by_id
  end
  if tree.id.kind ~= kind then
    error(("the ids of %s are of the kind %s in one resource, and %s in %s: say the same in the "
      .. "field ids of each"):format(tree.label, tree.id.kind, kind, resource.name), 0)
  end
  return tree.id
end

local function step_down(tree, segment, resource, methods)
  local argument = segment:match("^{(.*)}$")
  if argument then return step_by_id(tree, argument, resource, methods) end
  if methods[segment] then
    error(("%s: a step of a path cannot be named %s, as a method is"):format(resource.name,
      segment), 0)
  end
  local label = tree.label == "" and segment or tree.label .. "." .. segment
  tree.members[segment] = tree.members[segment] or new_tree(label, tree.depth)
  return tree.members[segment]
end

-- The verbs in the order of the documentation, and what else can be called.
local CALLED = { "get", "pages", "each", "all", "by_id", "holders" }

--- What stands behind a tree, for people: "get, pages, each, all, by_id; orders".
-- @tparam table tree
-- @treturn string
function M.describe(tree)
  local called, steps = {}, {}
  for _, name in ipairs(CALLED) do
    if tree.members[name] then called[#called + 1] = name end
  end
  for name, member in pairs(tree.members) do
    if type(member) == "table" then steps[#steps + 1] = name end
  end
  table.sort(steps)
  local parts = {}
  for _, names in ipairs { called, steps } do
    if names[1] then parts[#parts + 1] = table.concat(names, ", ") end
  end
  return table.concat(parts, "; ")
end

--- The tree of all resources.
-- @tparam {table,...} resources of `partnercenter.resources.catalogue`
-- @tparam table methods `get`, `pages`, `each`, `all`, `by_id`, and what resources name
-- @treturn table tree
function M.plant(resources, methods)
  local root = new_tree("", 0)
  for _, resource in ipairs(resources) do
    local at = root
    for segment in resource.path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do
      at = step_down(at, segment, resource, methods)
    end
    set_resource(at, resource, methods)
  end
  return root
end

--- The tree of a resource that stands alone.
-- @tparam table resource
-- @tparam table methods as for `plant`
-- @treturn table tree
function M.leaf(resource, methods)
  local tree = new_tree(resource.name, 0)
  set_resource(tree, resource, methods)
  return tree
end

return M
