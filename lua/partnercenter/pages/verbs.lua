--- What the verbs `get`, `pages` and `all` do, once a call is planned; `each` is
-- in `partnercenter.pages.rows`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.verbs

local envelopes = require "partnercenter.pages.envelope"
local errors = require "partnercenter.errors"
local paging = require "partnercenter.pages.next_page"
local cursors = require "partnercenter.pages.cursor"
local yields = require("partnercenter.loop").yields

local M = {}

-- The page with the rows that the caller gets, or nil and an error. How many
-- rows pass the filter is known only of a page that has all that there are.
local function fit(plan, request, page, envelope)
  if not plan.convert and not plan.filter then
    if plan.array_mt then setmetatable(page.items, plan.array_mt) end
    return page
  end
  local rows, kept = page.items, {}
  for i = 1, #rows do
    local row, err = cursors.give(plan, rows[i])
    if err then return nil, err end
    if row ~= nil then kept[#kept + 1] = row end
  end
  page.items = setmetatable(kept, plan.array_mt)
  if plan.filter then
    local whole = page.totalCount == #rows and request == plan.request
      and paging.is_whole(request, envelope, #rows)
    page.unfilteredCount, page.totalCount = page.totalCount, whole and #kept or nil
    local why = whole and plan.verdict and plan.verdict()
    if why then return nil, errors.from_failure("config", "filter: " .. why) end
  end
  return page
end

-- One page: the page, its envelope, the facts and the digest of its rows; or nil and an
-- error. A `for` iterator cannot yield in Lua 5.1, so the transport is told when it is
-- one.
local function fetch(plan, request, iterating, deadline)
  local document, facts, scalars, digest = plan.transport:fetch(request, iterating, deadline)
  if document == nil and errors.is(facts) then return nil, facts end
  local page, envelope = envelopes.normalize(document, plan.resource, plan.transport.mask,
    scalars)
  if not page then return nil, cursors.with_facts(plan, envelope, request, facts) end
  return page, envelope, facts, digest
end

--- One page, or the thing itself.
-- @tparam table plan see `partnercenter.pages.cursor`
-- @treturn[1] table page or thing
-- @treturn[1] table facts
-- @treturn[2] nil
-- @treturn[2] Error err
function M.get(plan)
  local page, envelope, facts = fetch(plan, plan.request)
  if not page then return nil, envelope end
  if plan.resource.single then return page, facts end
  cursors.watch_fields(plan)
  cursors.tell(plan, plan.request, 1, #page.items, envelope, facts)
  local err
  page, err = fit(plan, plan.request, page, envelope)
  if not page then return nil, cursors.with_facts(plan, err, plan.request, facts) end
  return page, facts
end

-- The next page and its facts; nil behind the last; nil and an error.
local function next_page(walk, iterating, deadline)
  local request, plan = walk.request, walk.plan
  if not request then return nil, cursors.ending(walk) end
  walk.request = nil
  request.before = walk.watch.digest
  local page, envelope, facts, digest = fetch(plan, request, iterating, deadline)
  if not page then return cursors.fail(walk, envelope, request) end
  if walk.watch:end_page(digest, page.items) then
    return cursors.fail(walk, cursors.repeated(request), request, facts)
  end
  cursors.turn(walk, request, envelope, #page.items, facts)
  local err
  page, err = fit(plan, request, page, envelope)
  if not page then return cursors.fail(walk, err, request, facts) end
  return page, facts
end

--- An iterator over pages, which raises the error object.
-- @tparam table plan see `partnercenter.pages.cursor`
-- @treturn function gives a page and its facts
function M.pages(plan)
  local walk = cursors.start(plan)
  return function(...)
    local page, facts = next_page(walk, yields.iterating(...))
    if not page and facts then error(facts, 0) end
    return page, facts
  end
end

--- The rows of all pages. A deadline is for all of them together.
-- @tparam table plan see `partnercenter.pages.cursor`
-- @treturn[1] {table,...} rows
-- @treturn[2] nil
-- @treturn[2] Error err
function M.all(plan)
  local walk, rows, deadline = cursors.start(plan), {}, plan.transport:deadline()
  while true do
    local page, err = next_page(walk, nil, deadline)
    if not page and err then return nil, err end
    if not page then return setmetatable(rows, plan.array_mt) end
    local items, have = page.items, #rows
    for i = 1, #items do rows[have + i] = items[i] end
  end
end

return M
