--- One walk over the rows of all customers, which is kept and goes on where it was cut
-- off.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.walk

local client = require "partnercenter.client"
local failure = require "partnercenter.cli.failure"
local filters = require "partnercenter.filters"
local formats = require "partnercenter.cli.formats"
local kept_of = require "partnercenter.cli.kept"
local resources = require "partnercenter.resources"
local task_of = require "partnercenter.cli.run.task"

local M = {}

-- Refusals of a place to go on that the service has no more.
local ANEW = { http = true, not_found = true, protocol = true }

local function find(partner, name)
  local node = partner
  for step in name:gmatch("[^.]+") do node = node[step] end
  return node, resources.by_name[name].filter
end

local function open(resource, params)
  local iterate, _, _, closer = resource:each(params)
  return iterate, closer
end

-- A walk begins at the row behind those that are kept: `count` of them, the last one's
-- line. Whether these are still the service's is seen by the last of them, which is asked
-- for once more: it has the time at which it was processed. If they are not, the third
-- value says so.
local function walk_on(resource, filter, count, last)
  if count == 0 then return nil, nil, "the run before had no row yet" end
  local iterate, closer = open(resource, { filter = filter, skip = count - 1 })
  local ok, row = pcall(iterate)
  if ok and row and formats.json.encode(row) == last then return iterate, closer end
  closer:close()
  if not ok and (failure.is_interrupt(row) or not ANEW[row.kind]) then error(row, 0) end
  return nil, nil, "the service has other rows than the run before"
end

local function walk_live(task, kept, iterate, give)
  for row in iterate do
    kept:put(formats.json.encode(row))
    give(row)
    if task.full then return end
  end
end

local function walk(task, kept, resource, filter, give)
  local iterate, closer, why, count, last
  if kept.used and not kept.whole then
    count, last = kept:lines()
    iterate, closer, why = walk_on(resource, filter, count, last)
    if why then kept:begin_anew(why) end
  end
  if kept.used then
    kept:tell(kept.whole and "the rows are" or ("goes on behind %d rows"):format(count))
    for row in kept:each() do
      give(row)
      if task.full then break end
    end
    if kept.whole or task.full then return closer end
  end
  if not iterate then iterate, closer = open(resource, { filter = filter }) end
  walk_live(task, kept, iterate, give)
  return closer
end

--- Every row of a resource that answers for all customers.
-- @tparam table task no more are given once it is `full`
-- @tparam string name of the resource in the catalogue
-- @tparam ?filter filter
-- @tparam function give takes a row
-- @raise an error of the library
function M.rows(task, name, filter, give)
  local resource, capabilities = find(task.partner, name)
  local remote, here
  -- Rows are kept as the service gives them.
  if filter then remote, here = filters.split(filter, capabilities) end
  local kept = kept_of.file.open(task, (client.key(resource, { filter = remote })))
  local ok, why = pcall(task_of.interruptible, task, function()
    local closer = walk(task, kept, resource, remote, function(row)
      if not here or here(row) then give(row) end
    end)
    if closer then closer:close() end
  end)
  kept:close(ok and task_of.is_whole(task))
  if not ok then error(why, 0) end
end

return M
