--- What one call of a verb needs: a plan, see `partnercenter.pages.cursor`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.plan

local check = require("partnercenter.util").check
local resources = require "partnercenter.resources"

local M = {}

-- What all requests of a resource share is made once for a client.
local function prepared_of(home, resource, level)
  local prepared = home.prepared[resource]
  if not prepared then
    prepared = resources.prepare(resource, home.settings, level + 1)
    home.prepared[resource] = prepared
  end
  return prepared
end

-- The successor serves the rows in the shape of the resource.
local function serve_from(plan, home, source, ids, given, level)
  local resource, successor, id = plan.resource, resources.by_name[source.resource], ids[1]
  local prepared = prepared_of(home, successor, level + 2)
  plan.resource = successor
  plan.request, plan.filter =
    resources.successor.build(resource, source, prepared, id, given, level + 2)
  plan.convert = function(row) return resources.successor.row(row, source, id) end
  return plan
end

--- A plan.
-- @tparam table home `transport`, `settings`, and the requests `prepared` so far
-- @tparam table resource an entry of the catalogue
-- @tparam {string,...} ids those in its path
-- @tparam ?table given the parameters
-- @tparam number level whom to blame for a mistake, as in Lua's `error`
-- @treturn table
-- @raise an unknown or wrong parameter
function M.new(home, resource, ids, given, level)
  local plan = {
    transport = home.transport, max_pages = home.settings.max_pages, resource = resource,
    array_mt = home.settings.array_mt,
  }
  local source_name = given ~= nil and type(given) == "table" and given.source
  if not (source_name and resource.sources) then
    local prepared = prepared_of(home, resource, level + 1)
    plan.request, plan.filter = resources.build(prepared, ids, given, level + 1)
    return plan
  end
  local source = resource.sources[source_name]
  if not source then
    check.unknown(resource.name, source_name, resource.sources, level, "source")
  end
  return (serve_from(plan, home, source, ids, given, level)) -- no tail call: levels are counted
end

return M
