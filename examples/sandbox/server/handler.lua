-- One request: find its resource, apply faults, pace and sign-in, answer.
local answer = require "sandbox.answers.answer"
local auth = require "sandbox.sign_in.auth"
local errors = require "sandbox.faults.errors"
local faults = require "sandbox.faults.faults"
local pages = require "sandbox.answers.pages"
local quota = require "sandbox.faults.quota"
local routes = require "sandbox.server.routes"
local settings = require "sandbox.server.settings"
local stats = require "sandbox.server.stats"

local M = {}

local UNKNOWN = { class = "other", api = true, params = {} }

local function read_request()
  local uri = ngx.var.request_uri
  local path, query = uri:match("^([^?]*)%??(.*)$")
  local route, id, ids = routes.find(ngx.var.uri)
  route = route or UNKNOWN
  return {
    method = ngx.req.get_method(), uri = uri, path = path, query = query, id = id, ids = ids,
    route = route,
    class = route.class, api = route.api, marked = route.marked,
    request_id = ngx.var.http_ms_requestid, correlation_id = ngx.var.http_ms_correlationid,
    accept_encoding = ngx.var.http_accept_encoding,
  }
end

-- What a fault sends in place of the answer; nil when it only delays it or
-- spoils it on the way.
local function fault_answer(req)
  local fault = req.fault
  if fault.retry_after then ngx.header["Retry-After"] = tostring(fault.retry_after) end
  if fault.error then
    return errors.named(fault.error, not req.api, ngx.var.http_client_request_id)
  end
  if fault.body then
    return fault.status or 200, { text = fault.body, plain = fault.headers ~= nil, raw = true }
  end
  if not fault.status then return nil end
  if fault.status == 429 then return errors.throttled(tonumber(fault.retry_after) or 57) end
  return fault.status, ""
end

local function names_of(params, repeated)
  local lower = {}
  for given, value in pairs(params) do
    local name = given:lower()
    local twice = type(value) == "table" and not repeated[name]
    if lower[name] ~= nil or twice then return nil, name end
    lower[name] = value == true and "" or value
  end
  return lower
end

-- The documented parameters in lower case, or an answer that refuses them.
local function read_params(req)
  local args, why = ngx.req.get_uri_args(50)
  if why then return nil, errors.api("bad_input", why) end
  local params, twice = names_of(args, req.route.repeated or {})
  if not params then return nil, errors.api("bad_input", "repeated parameter: " .. twice) end
  for name in pairs(params) do
    if not req.route.params[name] then
      return nil, errors.api("bad_property", "unknown parameter: " .. name)
    end
  end
  return params
end

local function serve_api(req)
  if req.method ~= "GET" and req.method ~= "HEAD" and not req.route.any_method then
    return errors.api("bad_method")
  end
  local refused = auth.refuse(req, req.route.user)
  if refused then
    if refused == "no_token" or refused == "unauthorized" then
      ngx.header["WWW-Authenticate"] = "OAuth realm=urn:cpsvc:cpid:"
        .. ngx.shared.settings:get("secret:realm")
    end
    return errors.api(refused)
  end
  local wait, announced = quota.refuse()
  if wait then
    ngx.header["Retry-After"] = announced
    return errors.throttled(wait)
  end
  if not req.route.serve then return errors.api("not_found") end
  local function make()
    local params, status, body = read_params(req)
    if not params then return status, body end
    return req.route.serve(req, params)
  end
  if req.route.any_method then return make() end
  return pages.get(req, make)
end

function M.content()
  local req = read_request()
  ngx.ctx.req = req
  stats.begin(req)
  local now = settings.get()
  local latency = req.api and now.latency or now.token_latency
  req.fault = faults.take(req.uri)
  if req.fault then
    stats.count("fault:" .. req.fault.id)
    latency = latency + (req.fault.delay or 0) * 1000
  end
  if latency > 0 then ngx.sleep(latency / 1000) end
  local status, page
  if req.fault then status, page = fault_answer(req) end
  if not status then
    if req.api then status, page = serve_api(req) else status, page = req.route.serve(req) end
  end
  return answer.send(req, status, page)
end

function M.log()
  local req = ngx.ctx.req
  if req then stats.finish(req) end
end

return M
