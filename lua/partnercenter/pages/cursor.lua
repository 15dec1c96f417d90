--- A walk over the pages of a collection: what `pages`, `all` and `each` share.
--
-- A plan has `transport` (with `fetch`, `stream` and maybe `tell`, see
-- `partnercenter.calls`), `max_pages`, `request` (the first page's), `resource`
-- (whose rows arrive), and maybe `convert` (a row into the shape the caller asked
-- for) and `filter` (what is left to decide locally).
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.cursor

local errors = require "partnercenter.errors"
local fields = require "partnercenter.fields"
local filters = require "partnercenter.filters"
local paging = require "partnercenter.pages.next_page"
local repeats = require "partnercenter.pages.repeats"

local M = {}

local IDS = { "status", "request_id", "correlation_id", "ms_cv", "server_id", "attempts" }

--- An error that was found in an answer, with what is known about the answer and
-- without secrets.
-- @tparam table plan
-- @tparam Error err it is changed
-- @tparam table request
-- @tparam ?table facts
-- @treturn Error the same
function M.with_facts(plan, err, request, facts)
  for _, name in ipairs(IDS) do
    if err[name] == nil and facts then err[name] = facts[name] end
  end
  err.url = err.url or request.url
  return plan.transport.mask(err)
end

--- A row as the caller gets it.
-- @tparam table plan
-- @param row
-- @treturn[1] table the row, converted where the plan says so
-- @treturn[2] nil the filter drops it
-- @treturn[3] nil
-- @treturn[3] Error err
function M.give(plan, row)
  if plan.convert then
    local err
    row, err = plan.convert(row)
    if not row then return nil, err end
  end
  if plan.filter and not (type(row) == "table" and plan.filter(row)) then return nil end
  return row
end

--- Looks in the rows for those fields of the filter that nobody documents. If no row has
-- one, it is misspelt; without this it would look as if no row passed the filter.
-- @tparam table plan its `filter` is wrapped; `verdict` tells what is wrong
function M.watch_fields(plan)
  if not plan.filter then return end
  local names = {}
  for _, name in ipairs(filters.fields(plan.filter)) do
    if not fields.is_documented(name) then names[#names + 1] = name end
  end
  if not names[1] then return end
  local test = plan.filter
  local see, verdict = fields.watch(names)
  plan.verdict = verdict
  plan.filter = function(row)
    see(row)
    return test(row)
  end
end

--- The error that ends a walk behind its last row, if there is one.
-- @tparam table walk
-- @treturn ?Error err
function M.ending(walk)
  local why = not walk.failure and walk.plan.verdict and walk.plan.verdict()
  if why then walk.failure = errors.from_failure("config", "filter: " .. why) end
  return walk.failure
end

--- A walk that has not begun.
-- @tparam table plan
-- @treturn table `request` is the one to send next; `failure` is what ends the
--   walk behind what is in hand
function M.start(plan)
  M.watch_fields(plan)
  return {
    plan = plan,
    request = plan.request,
    paging = paging.start(plan.request, plan.max_pages),
    watch = repeats.new(),
    failure = nil,
  }
end

--- Ends a walk.
-- @tparam table walk
-- @tparam Error err
-- @tparam table request the one that failed
-- @tparam ?table facts
-- @treturn nil
-- @treturn Error the same, at every further step too
function M.fail(walk, err, request, facts)
  walk.request, walk.failure = nil, M.with_facts(walk.plan, err, request, facts)
  return nil, walk.failure
end

--- The error for a page that is the page before once more.
-- @tparam table request
-- @treturn Error err
function M.repeated(request)
  return errors.from_failure("protocol", request.resource
    .. ": the service sent the page before once more", { url = request.url })
end

--- Tells who listens about a page.
-- @tparam table plan
-- @tparam table request
-- @tparam number number from 1
-- @tparam number rows how many the page has
-- @tparam table envelope
-- @tparam ?table facts
function M.tell(plan, request, number, rows, envelope, facts)
  local tell = plan.transport.tell
  if not tell then return end
  facts = facts or {}
  tell {
    name = "page",
    resource = request.resource,
    url = request.url,
    page = number,
    rows = rows,
    total = envelope.total,
    request_id = facts.request_id,
    correlation_id = facts.correlation_id,
  }
end

--- Turns the page. A link that cannot be followed is reported by the next step,
-- so that the rows in hand are not lost.
-- @tparam table walk
-- @tparam table request the one that was answered
-- @tparam table envelope
-- @tparam number rows how many the page has
-- @tparam ?table facts
function M.turn(walk, request, envelope, rows, facts)
  M.tell(walk.plan, request, walk.paging.pages + 1, rows, envelope, facts)
  local following, err = paging.next_request(request, envelope, rows, walk.paging, facts)
  walk.request = following
  if err then walk.failure = M.with_facts(walk.plan, err, request, facts) end
end

return M
