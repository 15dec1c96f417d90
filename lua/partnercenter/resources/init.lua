--- What can be asked: the `catalogue` of resources (data), and what becomes of one
-- with ids and parameters: `prepare` and `build` make requests, which are pure
-- data. `custom` makes resources of the caller's own, `successor` serves a
-- resource's rows from the one that supersedes it, `key` says under what a page is
-- kept.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources

local catalogue = require "partnercenter.resources.catalogue"
local params = require "partnercenter.resources.params"
local request = require "partnercenter.resources.request"

local by_name = {}
for _, resource in ipairs(catalogue) do by_name[resource.name] = resource end

return {
  catalogue = catalogue,
  --- The entries of the catalogue, by their names.
  by_name = by_name,
  custom = require "partnercenter.resources.custom".new,
  successor = require "partnercenter.resources.successor",
  key = require "partnercenter.resources.key",
  prepare = request.prepare,
  build = request.build,
  check_id = request.check_id,
  --- The most rows that a page of the analytics endpoints can have; their default, too.
  MAX_TOP = params.MAX_TOP,
}
