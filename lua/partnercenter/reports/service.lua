--- The calls of the report service, and its envelope: members are found by their
-- names whatever their letter case and blanks.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.service

local errors = require "partnercenter.errors"
local pages = require "partnercenter.pages"
local util = require "partnercenter.util"

local check, json, url, wire = util.check, util.json, util.url, util.wire

local PREFIX = "/insights/v1/mpn/"
local CLEAN_UP = 60 -- seconds for taking away what is not needed any more
local STATES = "Pending;Running;Paused;Completed"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.reports.service", __index = methods }

-- The documented names of members.
local NAMES = {}
for name in ([[datasetName selectableColumns availableMetrics availableDateRanges
  minimumRecurrenceInterval queryId name description query type user createdTime modifiedTime
  reportId reportName executeNow startTime reportStatus recurrenceInterval recurrenceCount
  callbackUrl callbackMethod format executionId executionStatus reportLocation
  reportAccessSecureLink reportExpiryTime reportGeneratedTime value totalCount message
  statusCode dataRedacted]]):gmatch("%S+") do
  NAMES[wire.lower(name)] = name
end

local function named(members)
  local result = {}
  for name, value in pairs(members) do
    local plain = type(name) == "string" and wire.lower((name:gsub("%s", "")))
    result[NAMES[plain] or name] = value
  end
  return result
end

--- The service, as a client reaches it.
-- @tparam table parts `transport`, `settings`
-- @treturn Service
function M.new(parts)
  return setmetatable({ transport = parts.transport, base_url = parts.settings.base_url }, mt)
end

local function is_text(value) return type(value) == "string" end

-- What the rows of a kind of thing must have. Ids that go into paths are GUIDs.
local DATASET = { datasetName = is_text,
  selectableColumns = function(value) return type(value) == "table" end }
local QUERY, REPORT, RUN = { queryId = check.guid }, { reportId = check.guid },
  { executionId = is_text }

local function malformed(what, facts)
  return errors.from_failure("protocol", "reports: the answer has " .. what .. " in it",
    { status = facts.status, retryable = false })
end

local function query_text(params)
  local list = {}
  for name, value in pairs(params or {}) do
    list[#list + 1] = name .. "=" .. url.encode(tostring(value))
  end
  table.sort(list)
  return #list > 0 and "?" .. table.concat(list, "&") or ""
end

local function body_text(body)
  return body and json.encode(body)
end

--- Make a call.
-- @tparam string method
-- @tparam string path below the service's
-- @tparam table options `params`, `body` (a table), `iterating`, `deadline`, `holder`
--   (its `call` becomes the call)
-- @treturn[1] {table,...} the rows of the envelope
-- @treturn[1] table facts of the answer
-- @treturn[2] nil
-- @treturn[2] Error
function methods:call(method, path, options)
  local changes = method ~= "GET"
  local document, facts = self.transport:fetch({
    method = method,
    url = self.base_url .. PREFIX .. path .. query_text(options.params),
    headers = { { "Accept", "application/json" },
      { "Content-Type", "application/json; charset=utf-8" } },
    body = body_text(options.body) or (changes and method ~= "DELETE" and "" or nil),
    resource = "reports", insights = true, user_required = true, base_url = self.base_url,
    rated = true,
  }, options.iterating, options.deadline, options.holder)
  if document == nil then return nil, facts end
  local envelope = type(document) == "table" and named(document) or {}
  local rows = envelope.value
  if changes and next(envelope) == nil then rows = {} end
  if type(rows) ~= "table" then
    return nil, errors.from_failure("protocol", "reports: the answer has no rows in it",
      { status = facts.status, retryable = false })
  end
  local more = type(document) == "table" and pages.continuation(document)
  if more then
    return nil, errors.from_failure("protocol",
      ("reports: the answer goes on elsewhere (%s), which is not documented"):format(more),
      { status = facts.status, retryable = false })
  end
  for i, row in ipairs(rows) do
    if type(row) ~= "table" then return nil, malformed("a row that is no object", facts) end
    rows[i] = named(row)
  end
  return rows, facts
end

-- Rows that have what is worked with.
local function complete(members, rows, facts)
  for _, row in ipairs(rows or {}) do
    for name, is_good in pairs(members) do
      if not is_good(row[name]) then return nil, malformed("a row without " .. name, facts) end
    end
  end
  return rows, facts
end

-- The one row of an answer.
local function first(members, rows, facts)
  rows, facts = complete(members, rows, facts)
  if not rows then return nil, facts end
  if rows[1] then return rows[1], facts end
  return nil, errors.from_failure("protocol", "reports: the answer has no row in it",
    { status = facts.status, retryable = false })
end

--- What data sets there are.
-- @tparam table how `iterating`, `deadline`
-- @treturn[1] {table,...} each with `datasetName`, `selectableColumns`,
--   `availableMetrics`, `availableDateRanges`, `minimumRecurrenceInterval`
-- @treturn[2] nil
-- @treturn[2] Error
function methods:datasets(how)
  local rows, err = complete(DATASET, self:call("GET", "ScheduledDataset", how))
  return rows, err
end

-- A thing may be there although no answer has said so.
local function may_be_there(call, err)
  if not call or call.attempts == 0 or call.unsent then return false end
  return not err.status or err.status < 300 or err.status >= 500
end

-- Look for what was made and whose answer is lost.
local function find_lost(service, what, err, how)
  local clock = service.transport.dispatcher.clock
  local rows, why = service:call("GET", what.path, { params = { [what.param] = what.name },
    iterating = how.iterating, deadline = clock() + CLEAN_UP })
  for _, row in ipairs(rows or {}) do
    if what.is(row) then return row end
  end
  if rows or why.status == 404 then return nil, err end
  return nil, errors.from_failure(err.kind, ("%s; whether it was made is not known: look for "
    .. "the %s '%s'"):format(err.message, what.noun, what.name), { status = err.status,
    cause = err, retryable = false })
end

local function create(service, what, body, how)
  local holder = {}
  local row, err = first(what.members, service:call("POST", what.path, { body = body,
    iterating = how.iterating, deadline = how.deadline, holder = holder }))
  if row or not may_be_there(holder.call, err) then return row, err end
  return find_lost(service, what, err, how)
end

--- Make a query. When the answer is lost it is looked for by its name.
-- @tparam table body `Name` (one that no other query has), `Description`, `Query`
-- @tparam table how `iterating`, `deadline`
-- @treturn[1] table as the service shows it
-- @treturn[2] nil
-- @treturn[2] Error
function methods:create_query(body, how)
  local row, err = create(self, { path = "ScheduledQueries", param = "queryName",
    name = body.Name, noun = "query", members = QUERY,
    is = function(row) return row.name == body.Name and check.guid(row.queryId) end },
    body, how)
  return row, err
end

--- Make a report. When the answer is lost it is looked for, if it can be told from others.
-- @tparam table body the documented members
-- @tparam table how `iterating`, `deadline`; `unique`: no other report has this name or
--   this query
-- @treturn[1] table as the service shows it
-- @treturn[2] nil
-- @treturn[2] Error
function methods:create_report(body, how)
  local row, err = create(self, { path = "ScheduledReport", param = "reportName",
    name = body.ReportName, noun = "report", members = REPORT,
    is = function(row)
      return how.unique and row.reportName == body.ReportName and check.guid(row.reportId)
        and wire.lower(tostring(row.queryId)) == wire.lower(body.QueryId)
    end }, body, how)
  return row, err
end

--- The reports that are there.
-- @tparam table params `reportId`, `reportName`, `queryId`
-- @treturn[1] {table,...}
-- @treturn[2] nil
-- @treturn[2] Error
function methods:list(params)
  local rows, err = complete(REPORT, self:call("GET", "ScheduledReport", { params = params }))
  if rows then return rows end
  if err.status == 404 then return {} end
  return nil, err
end

--- The queries that are there.
-- @tparam boolean system those of the service instead of one's own
-- @tparam table how `iterating`, `deadline`
-- @treturn[1] {table,...}
-- @treturn[2] nil
-- @treturn[2] Error
function methods:queries(system, how)
  local rows, err = complete(QUERY, self:call("GET", "ScheduledQueries", { params = {
    includeSystemQueries = tostring(system), includeOnlySystemQueries = system and "true" or nil,
  }, iterating = how.iterating, deadline = how.deadline }))
  if not rows then return nil, err end
  return rows
end

--- The runs of a report, the newest first or alone; none yet is an empty array.
-- @tparam string id of the report
-- @tparam table how `iterating`, `deadline`, `all`: those of the last 90 days
-- @treturn[1] {table,...}
-- @treturn[1] table of calls: how many the service takes in its window (`most`), and takes
--   still (`left`), where it says so
-- @treturn[2] nil
-- @treturn[2] Error
function methods:executions(id, how)
  local rows, facts = complete(RUN, self:call("GET",
    "ScheduledReport/execution/" .. url.encode(id), {
    params = { executionStatus = STATES, getLatestExecution = tostring(not how.all) },
    iterating = how.iterating, deadline = how.deadline,
  }))
  if rows then
    return rows, { left = wire.number(facts.calls_left or ""),
      most = wire.number(facts.calls_most or "") }
  end
  if facts.status == 404 then return {}, {} end
  return nil, facts
end

--- One thing by its id, or nil and an error of kind not_found.
-- @tparam string path "ScheduledReport" or "ScheduledQueries"
-- @tparam table params
-- @tparam table how
function methods:find(path, params, how)
  return first(path == "ScheduledReport" and REPORT or QUERY, self:call("GET", path,
    { params = params, iterating = how.iterating, deadline = how.deadline }))
end

--- Take something away. What is gone already is fine: so it is asked for again when
-- the answer is lost.
-- @tparam string path
-- @tparam ?boolean iterating
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] Error
function methods:delete(path, iterating)
  local how = { iterating = iterating,
    deadline = self.transport.dispatcher.clock() + CLEAN_UP }
  local rows, err = self:call("DELETE", path, how)
  if not rows and (err.kind == "network" or (err.status or 0) >= 500) then
    rows, err = self:call("DELETE", path, how)
  end
  if rows or err.status == 404 then return true end
  return nil, err
end

return M
