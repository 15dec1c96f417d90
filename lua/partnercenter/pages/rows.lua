--- The rows of a collection one by one, while its pages arrive: `each`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.rows

local calls = require "partnercenter.calls"
local envelopes = require "partnercenter.pages.envelope"
local cursors = require "partnercenter.pages.cursor"
local yields = require("partnercenter.loop").yields

local M = {}

-- End the call of the page that is read or asked for.
local function close(walk)
  local call = walk.call
  walk.call, walk.stream = nil, nil
  if call then calls.cancel(call) end
end

-- Holds rows back, as long as the page looks like the one before it: until a row
-- differs, or the page ends.
local function hold(walk, rows)
  local held = walk.held
  if not held then
    walk.held = rows
    return
  end
  for i = 1, #rows do held[#held + 1] = rows[i] end
end

local function release(walk)
  local held = walk.held
  walk.held = nil
  return held
end

-- A row must be an object. The rows before one that is none are given out, then comes
-- the error.
local function cut_at_scalar(walk, rows)
  local resource = walk.plan.resource
  for i = 1, #rows do
    local _, err = envelopes.row(rows[i], resource)
    if err then
      walk.broken = err
      for at = #rows, i, -1 do rows[at] = nil end
      return
    end
  end
end

-- The rows that were not taken out of the document one by one: a bare object is a row
-- itself.
local function rest_of(walk, document)
  local page, err = envelopes.normalize(document, walk.plan.resource, walk.plan.transport.mask)
  return page and page.items, err
end

-- The end of a page: the rest of the document says how to go on. Rows that were held
-- back are given out next. Gives an error when the answer is none.
local function end_page(walk)
  if walk.left then return nil end -- by who was told of the answer
  local document, facts, digest = walk.stream:envelope()
  walk.stream = nil
  local envelope, err = envelopes.envelope(document, walk.plan.resource,
    walk.plan.transport.mask)
  local rest = nil
  if envelope then rest, err = rest_of(walk, document) end
  if not rest then return cursors.with_facts(walk.plan, err, walk.reading, facts) end
  walk.count = walk.count + #rest
  if walk.watch:end_page(digest, walk.held or {}) then
    return cursors.with_facts(walk.plan, cursors.repeated(walk.reading), walk.reading, facts)
  end
  if rest[1] ~= nil then hold(walk, rest) end
  cursors.turn(walk, walk.reading, envelope, walk.count, facts)
  return nil
end

local function open(walk)
  walk.reading, walk.request, walk.count = walk.request, nil, 0
  walk.reading.before = walk.watch.digest
  local stream, err = walk.plan.transport:stream(walk.reading, walk.iterating, walk)
  walk.stream = stream
  if not stream then return err end
  return nil
end

-- Reads on: rows to give, nil if there are none yet, or nil and an error.
local function read_on(walk)
  local rows, scalars, same = walk.stream:next(walk.iterating)
  if not rows then
    return nil, scalars or end_page(walk) -- where there are no rows, an error
  end
  if scalars then cut_at_scalar(walk, rows) end
  walk.count = walk.count + #rows
  hold(walk, rows)
  if same and not walk.broken then return nil end
  return release(walk)
end

-- The next rows as they came; nil behind the last, or when the walk was left; nil and
-- an error.
local function next_rows(walk)
  while not walk.left do
    local rows, err = nil, walk.broken
    if err then
      walk.broken = nil
    elseif walk.held and not walk.stream then
      rows = release(walk)
    elseif walk.stream then
      rows, err = read_on(walk)
    elseif walk.request then
      err = open(walk)
    else
      return nil, cursors.ending(walk)
    end
    if err then
      close(walk)
      walk.held = nil
      return cursors.fail(walk, err, walk.reading)
    end
    if rows and rows[1] ~= nil then return rows end
  end
  return nil
end

local NONE = {}

-- Rows as they came: this costs an index and a comparison for each.
local function plain_iterator(walk)
  local rows, at = NONE, 0
  function walk.forget() rows = NONE end -- those that were not given out yet
  return function(...)
    at = at + 1
    local row = rows[at]
    if row ~= nil then return row end
    walk.iterating = yields.iterating(...)
    local err
    rows, at = NONE, 1
    rows, err = next_rows(walk)
    if rows == nil then
      rows = NONE
      if err then error(err, 0) end
      return nil
    end
    return rows[1]
  end
end

-- A row as the caller gets it; nil when the filter drops it. Raises when it cannot be
-- converted.
local function choose(walk, row)
  local chosen, err = cursors.give(walk.plan, row)
  if not err then return chosen end
  close(walk)
  walk.forget()
  local _, failure = cursors.fail(walk, err, walk.reading)
  error(failure, 0)
end

-- Converted and filtered.
local function choosing_iterator(walk)
  local next_as_it_came = plain_iterator(walk)
  return function(...)
    local row = next_as_it_came(...)
    while row ~= nil do
      local chosen = choose(walk, row)
      if chosen ~= nil then return chosen end
      row = next_as_it_came(...)
    end
    return nil
  end
end

--- An iterator over the rows of all pages, and what closes it early.
-- @tparam table plan see `partnercenter.pages.cursor`
-- @treturn function gives a row; raises the error object
-- @treturn table with `close()`; also a to-be-closed value of Lua 5.4
function M.each(plan)
  local walk = cursors.start(plan)
  local iterate = (plan.convert or plan.filter) and choosing_iterator(walk)
    or plain_iterator(walk)
  -- Another coroutine may wait in the iterator: to that one it is an error, lest it
  -- looks like the end of the rows.
  local function stop()
    walk.left = true
    walk.forget()
    close(walk)
  end
  return iterate, setmetatable({ close = stop }, { __close = stop })
end

return M
