--- From rows to what is printed: left out below a share, grouped, ordered, written
-- in the form that was asked for.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.rows

local columns = require "partnercenter.cli.formats.columns"
local csv = require "partnercenter.cli.formats.csv"
local insights = require "partnercenter.insights"
local json = require "partnercenter.cli.formats.json"
local output = require "partnercenter.cli.formats.output"
local tables = require "partnercenter.cli.formats.table"
local terminal = require "partnercenter.cli.terminal"

local M = {}

local function new_writer(options, place)
  local given = options.given
  local format = given.format or options.default_format or "table"
  if format == "json" then return json.array(place.write) end
  if format == "ndjson" then return json.lines(place.write) end
  local list = columns.of(given.command, format, given.group_by)
  if format == "csv" then return csv.new(place.write, list) end
  local screen = place.path == "-" and terminal.screen.look(io.stdout)
    or { terminal = false, paint = function(text) return text end }
  return tables.new(place.write, list, screen)
end

--- Is the row's share below what was asked for? A row without a share is not.
-- @tparam table given of the command line: `below`, in percent, or nil
-- @tparam table row
-- @treturn boolean
function M.passes(given, row)
  if not given.below then return true end
  local share = insights.share(row)
  return share ~= nil and share < given.below / 100
end

--- Where the rows of a command go. Rows that are neither ordered nor grouped are
-- written as they come, but for a table, which keeps them.
-- @tparam table options
-- @tparam table options.given of the command line: `below`, `group_by`, `sort`,
--   `format`, `output`
-- @tparam[opt] string options.default_format
-- @treturn table `row(row)`; `finish(whole)`: false when rows are missing, gives
--   the path of what was kept then; `drop()`: there are no rows, and no answer
function M.new(options)
  local given = options.given
  local place = output.open(given.output)
  local writer = new_writer(options, place)
  local kept = (given.group_by or given.sort) and {}
  local function put(rows)
    if given.group_by then rows = insights.summarize(rows, given.group_by) end
    if given.sort then rows = insights.sort(rows, given.sort.field, given.sort.direction) end
    for _, row in ipairs(rows) do
      if not given.group_by or M.passes(given, row) then writer.row(row) end
    end
  end
  return {
    row = function(row)
      -- Of groups it is the sums that count.
      if not given.group_by and not M.passes(given, row) then return end
      if kept then kept[#kept + 1] = row else writer.row(row) end
    end,
    finish = function(whole)
      if kept then put(kept) end
      writer.finish()
      return place.close(whole)
    end,
    drop = place.drop,
  }
end

return M
