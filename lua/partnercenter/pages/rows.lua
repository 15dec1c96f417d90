--- The rows of a collection one by one, while its pages arrive: `each`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.rows

local calls = require "partnercenter.calls"
local envelopes = require "partnercenter.pages.envelope"
local errors = require "partnercenter.errors"
local cursors = require "partnercenter.pages.cursor"
local yields = require("partnercenter.loop").yields

local M = {}

-- End the call of the page that is read or asked for.
local function close(walk)
  local call = walk.call
  walk.call, walk.stream = nil, nil
  if call then calls.cancel(call) end
end

-- Gives out the rows that were held back, from the next step on.
local function release(walk)
  walk.queue, walk.at, walk.held = walk.held, 0, {}
end

-- Compares a row at the start of a page: gives it, or holds it back while the
-- page looks like the one before. nil: nothing to give yet; nil and an error.
local function compare(walk, row)
  local held, watch = walk.held, walk.watch
  if watch:row(row) then
    if watch:certain() then return nil, cursors.repeated(walk.reading) end
    held[#held + 1] = row
    return nil
  end
  walk.clear = watch:clear()
  if held[1] == nil then return cursors.give(walk.plan, row) end
  held[#held + 1] = row
  release(walk)
  return nil
end

-- The rows that are in the document still, when all that could be taken out of
-- it one by one were: a bare object is a row itself.
local function rest_of(walk, document)
  local page, err = envelopes.normalize(document, walk.plan.resource, walk.plan.transport.mask)
  return page and page.items, err
end

-- The end of a page: what is left of the document says how to go on.
local function end_page(walk)
  if walk.left then return nil end -- by who was told of the answer
  local document, facts = walk.stream:envelope()
  walk.stream = nil
  if document == nil and errors.is(facts) then return facts end
  local envelope, err = envelopes.envelope(document, walk.plan.resource,
    walk.plan.transport.mask)
  local rest = nil
  if envelope then rest, err = rest_of(walk, document) end
  if not rest then return cursors.with_facts(walk.plan, err, walk.reading, facts) end
  for i = 1, #rest do
    walk.held[#walk.held + 1] = rest[i]
    walk.watch:row(rest[i])
  end
  local count = walk.watch.rows
  if walk.watch:end_page() then
    return cursors.with_facts(walk.plan, cursors.repeated(walk.reading), walk.reading, facts)
  end
  if walk.held[1] ~= nil then release(walk) end
  cursors.turn(walk, walk.reading, envelope, count, facts)
  return nil
end

local function open(walk)
  walk.reading, walk.request, walk.clear = walk.request, nil, false
  local stream, err = walk.plan.transport:stream(walk.reading, walk.iterating, walk)
  walk.stream = stream
  if not stream then return err end
  return nil
end

-- Reads on: a row to give, nil if there is none yet, or nil and an error.
local function read_on(walk)
  local more, row = walk.stream:next(walk.iterating)
  if not more then return nil, row or end_page(walk) end
  local err
  row, err = envelopes.row(row, walk.plan.resource)
  if err then return nil, err end
  if not walk.clear then return compare(walk, row) end
  walk.watch.rows = walk.watch.rows + 1
  if walk.plain then return row end
  return cursors.give(walk.plan, row)
end

-- The next row; nil behind the last, or when the walk was left; nil and an error.
local function next_row(walk)
  while not walk.left do
    local row, err
    if walk.queue then
      walk.at = walk.at + 1
      row = walk.queue[walk.at]
      if row == nil then walk.queue = nil else row, err = cursors.give(walk.plan, row) end
    elseif walk.stream then
      row, err = read_on(walk)
    elseif walk.request then
      err = open(walk)
    else
      return nil, cursors.ending(walk)
    end
    if err then
      close(walk)
      walk.queue = nil
      return cursors.fail(walk, err, walk.reading)
    end
    if row ~= nil then return row end
  end
  return nil
end

--- An iterator over the rows of all pages, and what closes it early.
-- @tparam table plan see `partnercenter.pages.cursor`
-- @treturn function gives a row; raises the error object
-- @treturn table with `close()`; also a to-be-closed value of Lua 5.4
function M.each(plan)
  local walk = cursors.start(plan)
  walk.held = {}
  walk.clear = false -- whether this page is known not to be the one before
  walk.plain = not plan.convert and not plan.filter
  -- Another coroutine may wait in the iterator: to that one it is an error, lest it
  -- looks like the end of the rows.
  local function stop()
    walk.left = true
    close(walk)
  end
  local function iterate(...)
    walk.iterating = yields.iterating(...)
    local row, err = next_row(walk)
    if row == nil and err then error(err, 0) end
    return row
  end
  return iterate, setmetatable({ close = stop }, { __close = stop })
end

return M
