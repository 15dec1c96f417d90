-- One report: made and changed within the documented limits, and shown as the
-- service shows it.
local cjson = require "cjson.safe"
local ids = require "sandbox.server.ids"
local settings = require "sandbox.server.settings"
local store = require "sandbox.reports.store"
local times = require "sandbox.server.times"

local M = {}

local HOUR = 3600
local MOST_ACTIVE, MOST_NOW = 50, 5
local LONGEST_NAME = 256
local SOONEST = 4 * HOUR
local EPOCH = times.day_number("1970-01-01") * 86400

-- Seconds since the epoch of a time as the service wants it, or nil.
local function seconds_of(text)
  if type(text) ~= "string" or not text:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$") then
    return nil
  end
  local seconds = times.parse(text)
  return seconds and seconds - EPOCH
end

local function is_count(value, lowest, highest)
  return type(value) == "number" and value % 1 == 0 and value >= lowest and value <= highest
end

local function check_names(given)
  if type(given.reportname) ~= "string" or given.reportname == "" then return "missing" end
  if given.reportname:find(";", 1, true) then return "name" end
  if #given.reportname > LONGEST_NAME or #tostring(given.description or "") > LONGEST_NAME then
    return "length"
  end
  local format = tostring(given.format or "CSV"):lower()
  if format ~= "csv" and format ~= "tsv" then return "value", given.format end
  local method = tostring(given.callbackmethod or "POST"):upper()
  if method ~= "GET" and method ~= "POST" then return "value", given.callbackmethod end
end

local function check_times(given)
  if given.starttime == nil then return "missing" end
  local start = seconds_of(given.starttime)
  if not start then return "start_format" end
  if start < store.now() + SOONEST then return "start" end
  if given.recurrenceinterval == nil then return "missing" end
  if not is_count(given.recurrenceinterval, 4, 2160) then return "interval" end
  if given.recurrencecount ~= nil and not is_count(given.recurrencecount, 1,
    1e9) then return "count" end
end

local function check_quota(given, state)
  local active, now, recently = 0, 0, store.now() - HOUR
  for _, report in ipairs(state.reports) do
    if store.status(report) == "Active" then active = active + 1 end
    if report.executeNow and report.created > recently then now = now + 1 end
  end
  if given.executenow and now >= MOST_NOW then return "now" end
  if active >= MOST_ACTIVE then return "reports" end
end

local function set(report, given)
  report.reportName, report.description = given.reportname, given.description or ""
  report.format = tostring(given.format or "CSV"):lower()
  report.callbackUrl = given.callbackurl
  report.callbackMethod = given.callbackurl and (given.callbackmethod or "POST"):upper() or nil
  report.recurrenceInterval = given.recurrenceinterval or 0
  report.recurrenceCount = given.recurrencecount
  report.start = seconds_of(given.starttime) or store.now()
end

-- A new report, or nil and the name of an error.
function M.create(given, query, state)
  local why, detail = check_names(given)
  if not why and given.executenow ~= true then why, detail = check_times(given) end
  if not why then why = check_quota(given, state) end
  if why then return nil, why, detail end
  local from, to = given.querystarttime, given.queryendtime
  if (from and not seconds_of(from)) or (to and not seconds_of(to)) then return nil,
    "start_format" end
  local report = { reportId = ids.guid(), queryId = query.queryId, query = query.query, pauses = {},
    created = store.now(), executeNow = given.executenow == true, from = from, to = to }
  set(report, given)
  if report.executeNow then report.recurrenceInterval, report.recurrenceCount = 0, nil end
  return report
end

-- Change a report; the name of an error, or nil.
function M.update(report, given)
  local why, detail = check_names(given)
  if not why then why, detail = check_times(given) end
  if why then return why, detail end
  set(report, given)
  report.executeNow, report.modified = false, store.now()
end

local function or_null(value)
  if value == nil then return cjson.null end
  return value
end

-- As the service shows it.
function M.shown(report)
  return {
    reportId = report.reportId, reportName = report.reportName, description = report.description,
    queryId = report.queryId, query = report.query, user = "reports@contoso.onmicrosoft.com",
    createdTime = store.time(report.created),
    modifiedTime = report.modified and store.time(report.modified) or cjson.null,
    executeNow = report.executeNow, startTime = store.time(report.start),
    reportStatus = store.status(report), recurrenceInterval = report.recurrenceInterval,
    recurrenceCount = or_null(report.recurrenceCount), callbackUrl = or_null(report.callbackUrl),
    callbackMethod = or_null(report.callbackMethod), format = report.format,
  }
end

-- What a link must have to be good: until when, and that the sandbox made it.
function M.signature(id, expires)
  return ngx.encode_base64(ngx.hmac_sha1(ngx.shared.settings:get("secret:realm"), id .. expires))
end

local function link_of(report, run)
  local expires = math.floor(ngx.now() + settings.get().report_link)
  return ("%s/reports/%s.%s?sv=2020-04-08&se=%d&sr=b&sp=r&sig=%s"):format(
    ngx.shared.settings:get("files_url"), run.id, report.format, expires,
    ngx.escape_uri(M.signature(run.id, expires)))
end

function M.execution(report, run)
  return {
    executionId = run.id, reportId = report.reportId,
    recurrenceInterval = report.recurrenceInterval,
      recurrenceCount = or_null(report.recurrenceCount),
    callbackUrl = or_null(report.callbackUrl), callbackMethod = or_null(report.callbackMethod),
    format = report.format, executionStatus = run.state, reportLocation = cjson.null,
    reportAccessSecureLink = run.done and link_of(report, run) or cjson.null,
    reportExpiryTime = cjson.null,
    reportGeneratedTime = run.done and store.time(run.done) or cjson.null,
  }
end

return M
