--- Having a report made: its query, and the report itself.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.making

local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local query = require "partnercenter.reports.query"
local report = require "partnercenter.reports.report"
local what_of = require "partnercenter.reports.wanted"

local M = {}

-- The id of the query, and whether it was made for this; nil and an error.
local function make_query(parts, what, name, how)
  local service = parts.service
  if what.query_id then return what.query_id, false end
  if what.system then
    local queries, err = service:queries(true, how)
    if not queries then return nil, err end
    local found
    found, err = query.find(queries, "name", what.system, "system query")
    if not found then return nil, err end
    return found.queryId, false
  end
  local text = what.query
  if not text then
    local sets, err = service:datasets(how)
    if not sets then return nil, err end
    local set
    set, err = query.find(sets, "datasetName", what.dataset, "data set")
    if not set then return nil, err end
    text, err = query.text(what, set)
    if not text then return nil, err end
    if what.interval and what.interval < (set.minimumRecurrenceInterval or 0) then
      return nil, errors.from_failure("config",
        ("reports: %s is made every %d hours at most"):format(
        set.datasetName, set.minimumRecurrenceInterval), { retryable = false })
    end
  end
  local made, err = service:create_query({ Name = name, Description = "", Query = text }, how)
  if not made then return nil, err end
  return made.queryId, true
end

--- The body of a report.
-- @tparam table what
-- @tparam ?string name where what has none
-- @tparam ?string query_id
-- @treturn table the documented members
function M.body(what, name, query_id)
  return {
    ReportName = what.name or name, Description = what.description or "", QueryId = query_id,
    ExecuteNow = what.start == nil, Format = what.format or "csv",
    QueryStartTime = what.from, QueryEndTime = what.to,
    StartTime = what.start, RecurrenceInterval = what.interval, RecurrenceCount = what.count,
    CallbackUrl = what.callback_url, CallbackMethod = what.callback_method,
  }
end

--- Make the query and the report. What was made of it goes when the rest fails.
-- @tparam table parts
-- @tparam table what
-- @tparam table how `iterating`, `deadline`
-- @treturn[1] Report
-- @treturn[2] nil
-- @treturn[2] Error
function M.create(parts, what, how)
  local name = report.OWN .. core.guid()
  local query_id, own = make_query(parts, what, name, how)
  if not query_id then return nil, own end
  local made, err = parts.service:create_report(M.body(what, name, query_id), {
    iterating = how.iterating, deadline = how.deadline, unique = own or what.name == nil })
  if made then
    return report.new(parts, { id = made.reportId, name = made.reportName, query_id = query_id,
      own_query = own, reading = what_of.reading(what) })
  end
  if own then
    local gone = parts.service:delete("ScheduledQueries/" .. query_id, how.iterating)
    if not gone then
      err = errors.from_failure(err.kind, err.message .. "; the query " .. query_id
        .. " stays at the service", { status = err.status, cause = err, retryable = false })
    end
  end
  return nil, err
end

return M
