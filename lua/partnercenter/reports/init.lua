--- Reports of Partner Insights: exports that the service makes in its own time, as
-- rows. What `partner.reports` is.
-- SPDX-License-Identifier: MIT
-- @classmod partnercenter.reports
-- @usage local f = partnercenter.filter
-- for row in partner.reports:each {
--   dataset = "OfficeUsage", columns = { "CustomerName", "WorkloadName", "MonthlyActiveUsers" },
--   where = f.eq("WorkloadName", "Teams"), timespan = "LAST_MONTH",
--   numbers = { "MonthlyActiveUsers" },
-- } do print(row.CustomerName, row.MonthlyActiveUsers) end

local making = require "partnercenter.reports.making"
local query = require "partnercenter.reports.query"
local report = require "partnercenter.reports.report"
local services = require "partnercenter.reports.service"
local walks = require "partnercenter.reports.walk"
local what_of = require "partnercenter.reports.wanted"
local util = require "partnercenter.util"

local check = util.check

local DEFAULT_WAIT = 6 * 3600

-- The name under which an object gives its parts; nobody else has it.
local PARTS = {}

local M = {}

local methods = {}

local function to_text()
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  return "partner.reports: " .. table.concat(names, ", ")
end

--- The reports of a client.
-- @tparam table parts
-- @tparam Transport parts.transport for the service
-- @tparam Transport parts.files without sign-in, for the files
-- @tparam table parts.register of secrets
-- @tparam table parts.settings
-- @treturn Reports
function M.new(parts)
  local own = {
    service = services.new(parts), files = parts.files, register = parts.register,
    time = parts.settings.time, loops = {},
  }
  return setmetatable({}, {
    __name = "partnercenter.reports",
    __index = function(_, name)
      if name == PARTS then return own end
      if methods[name] == nil then check.unknown("partner.reports", name, methods, 2, "member") end
      return methods[name]
    end,
    __tostring = to_text,
  })
end

local function parts_of(self, name)
  local parts = type(self) == "table" and self[PARTS]
  if not parts then error(("call it with a colon: partner.reports:%s()"):format(name), 3) end
  return parts
end

local function walk(parts, what)
  return walks.each {
    start = function(iterating) return making.create(parts, what, { iterating = iterating }) end,
    reading = what_of.reading(what), seconds = what.wait or DEFAULT_WAIT, on_wait = what.on_wait,
    loops = parts.loops,
  }
end

--- The rows of a report that is made for this loop: the columns are checked against the
-- service's, the query is made and run, its end awaited, the file read while it arrives,
-- and what was made taken away, also when the loop is left early or fails.
--
-- Leaving the loop early takes it away at once on Lua 5.4; elsewhere call `close` on the
-- fourth value, else it stays until the next loop begins or `clean_up` is called. What
-- could not be taken away is named in the error, with its id.
-- @tparam table what
-- @tparam ?string what.dataset its name, and with it:
-- @tparam ?{string,...} what.columns columns and metrics, letter case aside
-- @tparam ?expression what.where asked of the service; what its language does not have is
--   refused
-- @tparam ?string|{string,...} what.order columns, `asc` (unless said) or `desc` behind them
-- @tparam ?number what.limit rows at most; beside `where_here` of those that it wants
-- @tparam[opt=false] boolean what.distinct
-- @tparam ?string what.timespan such as "LAST_MONTH"; none is six months
-- @tparam[opt=false] boolean what.duplicates also rows that stand for another location
-- @tparam ?string what.query a text of the query language instead
-- @tparam ?string what.system the name of a system query instead
-- @tparam ?string what.query_id an id of a query instead
-- @tparam ?string|number what.from time from which on, in place of timespan
-- @tparam ?string|number what.to time up to which
-- @tparam ?expression what.where_here decided on the rows that come
-- @tparam ?{string,...} what.numbers columns that become numbers
-- @tparam ?{string,...} what.dates columns that become seconds since the epoch
-- @tparam[opt=false] boolean what.nulls keep empty numbers and dates as null
-- @tparam[opt=21600] number what.wait seconds to wait for the file at most
-- @tparam ?function what.on_wait called after each look with the state and the seconds
-- @tparam[opt="csv"] string what.format of the file: "csv" or "tsv"
-- @treturn function iterator; raises the error object; behind it two nils and
-- @treturn table with `close()`, and `headings()`: the names of the columns in their
--   order, nil before the first row
-- @raise an unknown or wrong option
function methods:each(what)
  local iterate, closer = walk(parts_of(self, "each"), what_of.now("reports:each", what, 2))
  return iterate, nil, nil, closer
end

--- All rows of a report that is made for this.
-- @tparam table what as for `each`
-- @treturn[1] {table,...} rows
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise an unknown or wrong option
function methods:all(what)
  local rows, err = walks.all(walk(parts_of(self, "all"), what_of.now("reports:all", what, 2)))
  return rows, err
end

--- Take away the reports of loops that were left without `close`, where Lua closes
-- nothing by itself (below 5.4). The next loop does so as well.
-- @treturn[1] number how many
-- @treturn[2] nil
-- @treturn[2] Error which names what stays
function methods:clean_up()
  local loops = parts_of(self, "clean_up").loops
  collectgarbage()
  local count, err = walks.sweep(loops)
  return count, err
end

--- Have a report made, once and now, without waiting for it.
-- @tparam table what as for `each`, and `name` (with `open` by name in mind)
-- @treturn[1] Report with `id`, which outlives the process
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise an unknown or wrong option
function methods:start(what)
  what = what_of.now("reports:start", what, 2)
  local made, err = making.create(parts_of(self, "start"), what, {})
  return made, err
end

--- A report that is there, by the id that was printed or kept. Asks nothing.
-- @tparam string id
-- @treturn Report
-- @raise the id is no GUID
function methods:open(id)
  local parts = parts_of(self, "open")
  if not check.guid(id) then error("reports:open takes the id of a report, a GUID", 2) end
  return report.new(parts, { id = id })
end

--- Have a report made again and again.
-- @tparam table what as for `each`, and
-- @tparam string what.name up to 256 characters, without ;
-- @tparam string|number what.start time of the first run, four hours ahead or more
-- @tparam number what.interval hours from run to run, 4 to 2160
-- @tparam ?number what.count runs; none is for ever
-- @tparam ?string what.description up to 256 characters
-- @tparam ?string what.callback_url told when a run has ended
-- @tparam ?string what.callback_method "GET" or "POST"
-- @treturn[1] Report
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise an unknown or wrong option
function methods:schedule(what)
  local parts = parts_of(self, "schedule")
  local made, err = making.create(parts, what_of.scheduled("reports:schedule", what, parts.time(),
    2), {})
  return made, err
end

--- The reports that are there.
-- @tparam[opt] table filter `id`, `name`, `query_id`
-- @treturn[1] {table,...} as the service shows them: `reportId`, `reportName`, `reportStatus`…
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise an unknown option
function methods:list(filter)
  local parts = parts_of(self, "list")
  filter = check.options("reports:list", filter, { id = "string", name = "string",
    query_id = "string" }, 2)
  local rows, err = parts.service:list { reportId = filter.id, reportName = filter.name,
    queryId = filter.query_id }
  return rows, err
end

-- Do something with a report that is there: the report as the service shows it.
local function change(self, name, path, id, body)
  local parts = parts_of(self, name)
  if not check.guid(id) then error(("reports:%s takes the id of a report, a GUID"):format(name),
    3) end
  local rows, err = parts.service:call("PUT", path .. id, { body = body })
  if not rows then return nil, err end
  return rows[1] or {}
end

--- Run it no more until it is resumed.
-- @tparam string id
-- @treturn[1] table the report
-- @treturn[2] nil
-- @treturn[2] Error
function methods:pause(id)
  local row, err = change(self, "pause", "ScheduledReport/pause/", id)
  return row, err
end

--- Run it again.
-- @tparam string id
-- @treturn[1] table the report
-- @treturn[2] nil
-- @treturn[2] Error
function methods:resume(id)
  local row, err = change(self, "resume", "ScheduledReport/resume/", id)
  return row, err
end

--- Change a schedule.
-- @tparam string id
-- @tparam table what `name`, `start`, `interval` (all required), `count`, `description`,
--   `format`, `callback_url`, `callback_method`
-- @treturn[1] table the report
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise an unknown or wrong option
function methods:update(id, what)
  local parts = parts_of(self, "update")
  what = what_of.update("reports:update", what, parts.time(), 2)
  local body = making.body(what, nil, nil)
  body.QueryId, body.ExecuteNow = nil, nil
  local row, err = change(self, "update", "ScheduledReport/", id, body)
  return row, err
end

--- The data sets that the service has now.
-- @tparam[opt] string name of one
-- @treturn[1] {table,...} each with `datasetName`, `selectableColumns`, `availableMetrics`,
--   `availableDateRanges`, `minimumRecurrenceInterval`; or that one
-- @treturn[2] nil
-- @treturn[2] Error
function methods:datasets(name)
  local sets, err = parts_of(self, "datasets").service:datasets {}
  if not sets or name == nil then return sets, err end
  local set
  set, err = query.find(sets, "datasetName", name, "data set")
  return set, err
end

--- The queries that are there.
-- @tparam[opt=false] boolean system those of the service instead of one's own
-- @treturn[1] {table,...} each with `queryId`, `name`, `query`, `type`
-- @treturn[2] nil
-- @treturn[2] Error
function methods:queries(system)
  local rows, err = parts_of(self, "queries").service:queries(system == true, {})
  return rows, err
end

return M
