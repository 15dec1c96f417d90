--- The whole in one loop: a report is asked for, waited for and read, and taken away
-- whatever happens.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.walk

local errors = require "partnercenter.errors"
local files = require "partnercenter.reports.file"
local protect = require("partnercenter.util").protect
local reports = require "partnercenter.reports.report"
local yields = require("partnercenter.loop").yields

local M = {}

-- Take away what was made; an error when something stays.
local function clean_up(walk, iterating)
  local report = walk.report
  walk.report, walk.done = nil, true
  if walk.file then files.close(walk.file) end
  if not report then return nil end
  walk.loops[report] = nil
  local ok, err = reports.delete(report, iterating)
  if ok then return nil end
  return err
end

--- Take away the reports of loops that were left without `close` and that nobody has any
-- more.
-- @tparam table loops
-- @tparam ?boolean iterating
-- @treturn[1] number how many
-- @treturn[2] nil
-- @treturn[2] Error of the last that could not be taken away; it is tried again next time
function M.sweep(loops, iterating)
  local abandoned, count, why = {}, 0, nil
  for report, loop in pairs(loops) do
    if not loop.walk then abandoned[#abandoned + 1] = report end
  end
  for _, report in ipairs(abandoned) do
    local ok, err = reports.delete(report, iterating)
    if ok then
      loops[report], count = nil, count + 1
    else
      why = err
    end
  end
  if why then return nil, why end
  return count
end

-- The walk fails: what has failed, and what stays at the service because of it.
local function fail(walk, err, iterating)
  local stays = clean_up(walk, iterating)
  if stays and errors.is(err) then
    local fields = { cause = stays }
    for name, value in pairs(err) do
      if name ~= "kind" and name ~= "message" and name ~= "cause" then fields[name] = value end
    end
    err = errors.from_failure(err.kind, err.message .. "; " .. stays.message, fields)
  end
  error(err, 0)
end

local WEAK = { __mode = "v" }

local function begin(walk, iterating)
  M.sweep(walk.loops, iterating)
  local err
  walk.report, err = walk.start(iterating)
  if not walk.report then fail(walk, err, iterating) end
  walk.loops[walk.report] = setmetatable({ walk = walk }, WEAK)
  -- Who left meanwhile could not take away what was not there yet.
  if walk.left then
    fail(walk, errors.from_failure("cancelled", "reports: the iterator was closed"), iterating)
  end
  local run
  run, err = reports.await(walk.report, walk.seconds, iterating, walk.on_wait)
  if not run then
    if walk.done then error(err, 0) end
    fail(walk, err, iterating)
  end
  walk.file = reports.file(walk.report, walk.reading, run)
end

local function step(walk, iterating)
  if walk.done then return nil end
  if not walk.file then begin(walk, iterating) end
  local row, err = files.next(walk.file, iterating)
  if row ~= nil or walk.done then return row end
  if err then fail(walk, err, iterating) end
  local stays = clean_up(walk, iterating)
  if stays then error(stays, 0) end
  return nil
end

--- An iterator over the rows of a report that is made for it.
-- @tparam table options
-- @tparam function options.start gives the report, or nil and an error
-- @tparam table options.reading options of reading
-- @tparam number options.seconds to wait for the file at most
-- @tparam ?function options.on_wait
-- @tparam table options.loops where the reports of loops are noted, for `sweep`
-- @treturn function gives a row; raises the error object
-- @treturn table with `close()`, which takes away what was made, and `headings()`
function M.each(options)
  local walk = {
    start = options.start, reading = options.reading, seconds = options.seconds,
    on_wait = options.on_wait, loops = options.loops,
  }
  local function stop()
    if walk.done then return end
    walk.left = true
    local report = walk.report
    if report then
      reports.leave(report)
    end
    local stays = clean_up(walk, nil)
    if stays then error(stays, 0) end
  end
  local function iterate(...)
    return step(walk, yields.iterating(...))
  end
  local function headings() return walk.file and files.headings(walk.file) end
  return iterate, setmetatable({ close = stop, headings = headings }, { __close = stop })
end

--- All rows of such an iterator.
-- @tparam function iterate
-- @tparam table closer
-- @treturn[1] {table,...}
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise what is no error of the library, behind `close`
function M.all(iterate, closer)
  local rows = {}
  local ok, err = protect.call(function()
    local row = iterate()
    while row ~= nil do
      rows[#rows + 1] = row
      row = iterate()
    end
  end)
  if ok then return rows end
  if errors.is(err) then return nil, err end
  protect.call(closer.close)
  error(err, 0)
end

return M
