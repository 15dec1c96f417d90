--- The files of a report's runs as rows: which runs, in which order, and what of
-- their rows is wanted.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.reading

local errors = require "partnercenter.errors"
local files = require "partnercenter.reports.file"
local filters = require "partnercenter.filters"
local query = require "partnercenter.reports.query"
local wire = require("partnercenter.util").wire

local M = {}

--- Whether a run has a file.
-- @tparam table|boolean run
-- @treturn boolean
function M.is_ready(run)
  return run and run.executionStatus == "Completed"
    and type(run.reportAccessSecureLink) == "string" or false
end

--- A run as it is shown: without the link, which is a secret.
-- @tparam table run
-- @treturn table
function M.shown(run)
  local copy = {}
  for name, value in pairs(run) do
    if name ~= "reportAccessSecureLink" then copy[name] = value end
  end
  copy.ready = M.is_ready(run)
  return copy
end

-- What decides on rows here, once the names of the columns are known.
local function keeper(options, headings)
  local find, there = query.finder("the file", headings), {}
  for _, name in ipairs(headings) do there[query.plain(name)] = name end
  for _, name in ipairs(options.columns or {}) do
    if not there[query.plain(name)] then
      error(errors.from_failure("protocol", ("the report's file has no column '%s', which was "
        .. "asked for"):format(name), { retryable = false }), 0)
    end
  end
  local mark = not options.duplicates and there[query.plain(query.DUPLICATE)]
  local here = options.where_here and filters.rename(options.where_here, find)
  return function(row)
    if mark and (row[mark] == "1" or row[mark] == 1) then return false end
    return not here or here(row)
  end
end

--- The file of a run to read.
-- @tparam table parts `service`, `files`, `register`
-- @tparam string id of the report
-- @tparam table options those of `report:each`
-- @tparam table run whose file
-- @treturn table of `partnercenter.reports.file`
function M.file(parts, id, options, run)
  local link = run.reportAccessSecureLink
  return files.new {
    transport = parts.files, register = parts.register, limit = options.limit,
    keeper = function(headings) return query.guard(keeper, options, headings) end,
    csv = {
      separator = wire.lower(tostring(run.format)) == "tsv" and "\t" or ",",
      numbers = options.numbers, dates = options.dates, nulls = options.nulls,
    },
    find_link = function(iterating)
      local known = link
      link = nil
      if known then return known end
      local runs, err = parts.service:executions(id, { all = true, iterating = iterating })
      if not runs then return nil, err end
      for _, other in ipairs(runs) do
        if other.executionId == run.executionId and M.is_ready(other) then
          return other.reportAccessSecureLink
        end
      end
      return nil, errors.from_failure("not_found",
        ("report %s has no run %s any more"):format(id, tostring(run.executionId)),
        { retryable = false })
    end,
  }
end

-- When a run was done; one without a time is the newest.
local function time_of(run)
  local time = run.reportGeneratedTime
  return type(time) == "string" and time or "~"
end

--- The runs that have a file and were not read yet, the oldest first.
-- @tparam table service
-- @tparam string id of the report
-- @tparam table seen ids of runs as keys
-- @tparam table how `iterating`
-- @treturn[1] {table,...}
-- @treturn[1] boolean whether there are others that have a file
-- @treturn[2] nil
-- @treturn[2] Error
function M.unread(service, id, seen, how)
  local runs, err = service:executions(id, { all = true, iterating = how.iterating })
  if not runs then return nil, err end
  local new, known, place = {}, false, {}
  for i, run in ipairs(runs) do
    place[run] = i
    if M.is_ready(run) then
      if seen[run.executionId] then known = true else new[#new + 1] = run end
    end
  end
  table.sort(new, function(a, b)
    local x, y = time_of(a), time_of(b)
    if x ~= y then return x < y end
    return place[a] > place[b]
  end)
  return new, known
end

return M
