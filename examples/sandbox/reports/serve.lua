-- The calls of the report service: /insights/v1/mpn.
local cjson = require "cjson.safe"
local datasets = require "sandbox.reports.datasets"
local evaluate = require "sandbox.reports.evaluate"
local ids = require "sandbox.server.ids"
local query = require "sandbox.reports.query"
local reports = require "sandbox.reports.report"
local store = require "sandbox.reports.store"
local texts = require "sandbox.reports.texts"

local M = {}

local MOST_QUERIES = 100
local TEST_ROWS = 100

-- The envelope of every answer. An empty table would become an object.
local function envelope(status, rows, message)
  local parts = {}
  for i, row in ipairs(rows) do parts[i] = cjson.encode(row) end
  return status, ('{"value":[%s],"nextLink":null,"totalCount":%d,"message":%s,"statusCode":%d,'
    .. '"dataRedacted":false}'):format(table.concat(parts, ","), #rows,
    message and cjson.encode(message) or "null", status)
end

local function refuse(name, detail)
  local known = texts[name]
  if not known then return envelope(400, {}, name) end
  return envelope(known[1], {}, known[2]:format(detail))
end

-- The members of the body by their names in lower case, or nil.
local function read_body()
  ngx.req.read_body()
  local given = cjson.decode(ngx.req.get_body_data() or "")
  if type(given) ~= "table" then return nil end
  local members = {}
  for name, value in pairs(given) do
    if value ~= cjson.null then members[tostring(name):lower()] = value end
  end
  return members
end

local function is_true(text) return tostring(text):lower() == "true" end

local function list_of(text)
  local set = {}
  for part in tostring(text):gmatch("[^;]+") do set[part:lower()] = true end
  return set
end

-- --- data sets and queries ---

local function list_datasets(params)
  local rows = {}
  for _, set in ipairs(datasets.list) do
    if not params.datasetname or params.datasetname:lower() == set.name:lower() then
      rows[#rows + 1] = { datasetName = set.name, selectableColumns = set.columns,
        availableMetrics = set.metrics, availableDateRanges = set.ranges,
        minimumRecurrenceInterval = 24 }
    end
  end
  if #rows == 0 then return refuse "none" end
  return envelope(200, rows, "Dataset fetched successfully")
end

local SYSTEM = {
  { "d8349f7b-a7d1-467e-b26d-434d4a50f26a", "OfficeUsage" },
  { "c9fc1c79-4408-49ff-97f9-e1aa3f155804", "SeatsSubscriptionsAndRevenue" },
  { "6664daf3-c161-423a-92a1-0ea6db2c0384", "CustomersAndTenants" },
  { "6209a8fd-93af-442e-8b3f-3df0f77e8463", "DynamicsUsage" },
  { "40ebfe2f-7183-4427-a911-5c9b45b6df15", "PowerBIUsage" },
}

local function system_queries()
  local rows = {}
  for i, known in ipairs(SYSTEM) do
    local set = datasets.find(known[2])
    rows[i] = { queryId = known[1], name = known[2], description = known[2] .. ", six months",
      query = ("SELECT %s FROM %s TIMESPAN LAST_6_MONTHS"):format(table.concat(set.columns, ","),
        set.name), type = "system", user = cjson.null, createdTime = cjson.null }
  end
  return rows
end

local function all_queries()
  local rows = system_queries()
  for _, own in ipairs(store.load().queries) do rows[#rows + 1] = own end
  return rows
end

local function find_query(id)
  for _, known in ipairs(all_queries()) do
    if known.queryId == tostring(id):lower() then return known end
  end
end

local function list_queries(params)
  local rows, only = {}, is_true(params.includeonlysystemqueries)
  local with = params.includesystemqueries == nil or is_true(params.includesystemqueries)
  for _, known in ipairs(all_queries()) do
    local system = known.type == "system"
    if (not system or with or only) and (system or not only)
      and (not params.queryid or params.queryid:lower() == known.queryId)
      and (not params.queryname or params.queryname:lower() == known.name:lower()) then
      rows[#rows + 1] = known
    end
  end
  if #rows == 0 and (params.queryid or params.queryname) then return refuse "none" end
  return envelope(200, rows, "Query fetched successfully")
end

local function create_query()
  local given = read_body()
  if not given or type(given.name) ~= "string" or type(given.query) ~= "string" then
    return refuse "missing"
  end
  local _, why = query.parse(given.query)
  if why then return refuse(why) end
  local state = store.load()
  if #state.queries >= MOST_QUERIES then return refuse "queries" end
  local made = { queryId = ids.guid(), name = given.name, description = given.description or "",
    query = given.query, type = "userDefined", user = "reports@contoso.onmicrosoft.com",
    createdTime = store.time(store.now()) }
  state.queries[#state.queries + 1] = made
  store.save(state)
  return envelope(200, { made }, "Query created successfully")
end

local function delete_query(_, id)
  local state = store.load()
  for i, own in ipairs(state.queries) do
    if own.queryId == id:lower() then
      table.remove(state.queries, i)
      store.save(state)
      return envelope(200, { own }, "Query deleted successfully")
    end
  end
  return refuse "none"
end

local function test_query(params)
  local text = params.exportquery
  if params.queryid then
    local known = find_query(params.queryid)
    if not known then return refuse "bad_id" end
    text = known.query
  end
  if not text then return refuse "missing" end
  local q, why = query.parse(text)
  if not q then return refuse(why) end
  q.limit = math.min(q.limit or TEST_ROWS, TEST_ROWS)
  local rows = {}
  for batch in evaluate.rows(q, params.starttime, params.endtime) do
    for _, values in ipairs(batch) do
      local row = {}
      for i, column in ipairs(q.columns) do row[column.name] = values[i] end
      rows[#rows + 1] = row
    end
  end
  return envelope(200, rows, "Test query executed successfully")
end

-- --- reports ---

local function shown_all(list)
  local rows = {}
  for i, report in ipairs(list) do rows[i] = reports.shown(report) end
  return rows
end

local function list_reports(params)
  local found = {}
  local wanted = params.reportid and list_of(params.reportid)
  for _, report in ipairs(store.load().reports) do
    if (not wanted or wanted[report.reportId])
      and (not params.reportname or report.reportName:lower():find(params.reportname:lower(), 1,
        true) == 1)
      and (not params.queryid or report.queryId == params.queryid:lower()) then
      found[#found + 1] = report
    end
  end
  if #found == 0 and next(params) then return refuse "none" end
  return envelope(200, shown_all(found), "Reports fetched successfully")
end

local function create_report()
  local given = read_body()
  if not given then return refuse "missing" end
  local known = given.queryid and find_query(given.queryid)
  if not known then return refuse(given.queryid and "bad_id" or "missing") end
  local state = store.load()
  local report, why, detail = reports.create(given, known, state)
  if not report then return refuse(why, detail) end
  state.reports[#state.reports + 1] = report
  store.save(state)
  return envelope(200, shown_all { report }, "Report created successfully")
end

-- Do something with the report of that id, and answer with it.
local function change(id, message, f)
  local state = store.load()
  for i, report in ipairs(state.reports) do
    if report.reportId == id:lower() then
      local why, detail = f(report, state, i)
      if why then return refuse(why, detail) end
      store.save(state)
      return envelope(200, shown_all { report }, message)
    end
  end
  return refuse "none"
end

local function update_report(_, id)
  local given = read_body()
  if not given then return refuse "missing" end
  return change(id, "Report updated successfully", function(report)
    return reports.update(report, given)
  end)
end

local function delete_report(_, id)
  return change(id, "Report deleted successfully", function(_, state, i)
    table.remove(state.reports, i)
  end)
end

local function pause(_, id)
  return change(id, "Report paused successfully", function(report)
    if store.status(report) ~= "Paused" then report.pauses[#report.pauses + 1] = { store.now() } end
  end)
end

local function resume(_, id)
  return change(id, "Report resumed successfully", function(report)
    local last = report.pauses[#report.pauses]
    if last and not last[2] then last[2] = store.now() end
  end)
end

local function executions(params, id)
  local wanted, rows = list_of(id), {}
  local states = list_of(params.executionstatus or "Completed")
  local runs = params.executionid and list_of(params.executionid)
  local latest = params.getlatestexecution == nil or is_true(params.getlatestexecution)
  for _, report in ipairs(store.load().reports) do
    if wanted[report.reportId] then
      for _, run in ipairs(store.runs(report)) do
        if states[run.state:lower()] and (not runs or runs[run.id]) then
          rows[#rows + 1] = reports.execution(report, run)
          if latest then break end
        end
      end
    end
  end
  if #rows == 0 then return refuse "no_runs" end
  return envelope(200, rows)
end

local CALLS = {
  ["GET ScheduledDataset"] = list_datasets,
  ["GET ScheduledQueries"] = list_queries, ["POST ScheduledQueries"] = create_query,
  ["DELETE ScheduledQueries/*"] = delete_query,
  ["GET ScheduledQueries/testQueryResult"] = test_query,
  ["GET ScheduledReport"] = list_reports, ["POST ScheduledReport"] = create_report,
  ["PUT ScheduledReport/*"] = update_report, ["DELETE ScheduledReport/*"] = delete_report,
  ["PUT ScheduledReport/pause/*"] = pause, ["PUT ScheduledReport/resume/*"] = resume,
  ["GET ScheduledReport/execution/*"] = executions,
}

-- One call; `req.id` is the path below /insights/v1/mpn.
function M.serve(req, params)
  local left, most, reset = store.take_call()
  if left then
    ngx.header["X-RateLimit-Limit"], ngx.header["X-RateLimit-Remaining"] = most, math.max(0, left)
    if left < 0 then
      ngx.header["Retry-After"] =
        math.ceil(reset / require("sandbox.server.settings").get().report_clock)
      return envelope(429, {}, "Too many requests")
    end
  end
  local path = req.id:gsub("/$", "")
  local call, id = CALLS[req.method .. " " .. path], nil
  if not call then
    local head, tail = path:match("^(.*)/([^/]+)$")
    if head then call, id = CALLS[req.method .. " " .. head .. "/*"], ngx.unescape_uri(tail) end
  end
  if not call then return refuse "none" end
  return call(params, id)
end

return M
