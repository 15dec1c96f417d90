--- The tree of all paths that resources have.
--
-- A tree has `label` (the path in Lua, with %s where an id is), `resource` where
-- something can be asked, and `members`: the trees that stand behind it, and the
-- methods that can be called there, by name. Where an id stands in the path,
-- `id` is the tree behind it, whose `argument` is the id's name.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.tree

local M = {}

local function new_tree(label)
  return { label = label, members = {} }
end

-- The verbs of a tree where something can be asked.
local function set_resource(tree, resource, methods)
  tree.resource = resource
  tree.members.get = methods.get
  if resource.single then return end
  for _, verb in ipairs { "pages", "each", "all" } do tree.members[verb] = methods[verb] end
end

local function step_down(tree, segment, methods)
  local argument = segment:match("^{(.*)}$")
  if argument then
    tree.members.by_id = methods.by_id
    tree.id = tree.id or new_tree(tree.label .. ":by_id(%s)")
    tree.id.argument = argument
    return tree.id
  end
  local label = tree.label == "" and segment or tree.label .. "." .. segment
  tree.members[segment] = tree.members[segment] or new_tree(label)
  return tree.members[segment]
end

--- The tree of all resources.
-- @tparam {table,...} resources of `partnercenter.resources.catalogue`
-- @tparam table methods `get`, `pages`, `each`, `all`, `by_id`
-- @treturn table tree
function M.plant(resources, methods)
  local root = new_tree("")
  for _, resource in ipairs(resources) do
    local at = root
    for segment in resource.path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do
      at = step_down(at, segment, methods)
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
  local tree = new_tree(resource.name)
  set_resource(tree, resource, methods)
  return tree
end

return M
