-- What happened, counted over all workers: by path class, status and grant,
-- distinct request ids, the most at once, connections, the last requests.
local cjson = require "cjson.safe"
local settings = require "sandbox.server.settings"

local M = {}

local KEPT = 200         -- requests in the log
local MAX_URI = 2000     -- bytes of a URI in the log

local round, highest = nil, 0

-- The number of the highest level is kept by the worker: a key per level in
-- the dictionary makes it right over all of them, without a race.
local function note_level(dict, level)
  local now = dict:get("round") or 0
  if now ~= round then round, highest = now, 0 end
  if level > highest then
    highest = level
    dict:set("level:" .. level, true)
  end
end

function M.begin(req)
  local dict = ngx.shared.stats
  dict:incr("class:" .. req.class, 1, 0)
  dict:incr("total", 1, 0)
  note_level(dict, dict:incr("in_flight", 1, 0))
  if ngx.var.connection_requests == "1" then
    dict:incr("connections", 1, 0)
    if ngx.var.ssl_session_reused == "r" then dict:incr("resumed", 1, 0) end
  end
  local id = req.request_id
  if id and ngx.shared.ids:incr(id, 1, 0) == 1 then dict:incr("distinct", 1, 0) end
end

function M.count(key) ngx.shared.stats:incr(key, 1, 0) end

local LOGGED = {
  ms_requestid = "MS-RequestId", ms_correlationid = "MS-CorrelationId", x_locale = "X-Locale",
  user_agent = "User-Agent", ms_partnercenter_application = "MS-PartnerCenter-Application",
  accept_encoding = "Accept-Encoding", accept = "Accept",
  ms_continuationtoken = "MS-ContinuationToken", content_type = "Content-Type",
  host = "Host",
}

local function entry(req)
  local headers = {}
  for name, title in pairs(LOGGED) do headers[title] = ngx.var["http_" .. name] end
  return cjson.encode {
    method = req.method, uri = req.uri:sub(1, MAX_URI), class = req.class, headers = headers,
    protocol = ngx.var.server_protocol, status = ngx.status, bytes = tonumber(ngx.var.bytes_sent),
    connection = tonumber(ngx.var.connection), time = ngx.req.start_time(),
    seconds = tonumber(ngx.var.request_time), fault = req.fault and req.fault.id,
    authorized = ngx.var.http_authorization ~= nil, grant = req.grant, tenant = req.tenant,
  }
end

function M.finish(req)
  local dict = ngx.shared.stats
  dict:incr("in_flight", -1, 0)
  dict:incr("status:" .. ngx.status, 1, 0)
  if settings.get().log then
    local n = ngx.shared.requests:incr("n", 1, 0)
    ngx.shared.requests:set(n % KEPT, entry(req))
  end
end

local function last_requests()
  local list, dict = {}, ngx.shared.requests
  local n = dict:get("n") or 0
  for i = math.max(1, n - KEPT + 1), n do
    list[#list + 1] = dict:get(i % KEPT)
  end
  return "[" .. table.concat(list, ",") .. "]"
end

local GROUPS = { class = "classes", status = "statuses", grant = "grants", token = "token_errors",
  fault = "faults", redeemed = "redemptions" }

function M.report()
  local dict = ngx.shared.stats
  local report = { total = 0, connections = 0, resumed = 0, distinct_request_ids = 0, in_flight = 0,
    max_concurrent = 0, token_requests = 0, faults_used = 0 }
  for _, plural in pairs(GROUPS) do report[plural] = {} end
  for _, key in ipairs(dict:get_keys(0)) do
    local group, name = key:match("^(%l+):(.*)$")
    if group == "level" then
      report.max_concurrent = math.max(report.max_concurrent, tonumber(name))
    elseif group and GROUPS[group] then
      report[GROUPS[group]][name] = dict:get(key)
    elseif report[key] then
      report[key] = dict:get(key)
    end
  end
  report.distinct_request_ids = dict:get("distinct") or 0
  report.token_requests = report.classes.token or 0
  for _, n in pairs(report.faults) do report.faults_used = report.faults_used + n end
  return cjson.encode(report):sub(1, -2) .. ',"requests":' .. last_requests() .. "}"
end

function M.reset()
  local dict = ngx.shared.stats
  local flying = dict:get("in_flight") or 0
  local now = (dict:get("round") or 0) + 1
  dict:flush_all()
  dict:set("round", now)
  if flying > 0 then dict:set("in_flight", flying) end
  ngx.shared.requests:flush_all()
  ngx.shared.ids:flush_all()
end

return M
