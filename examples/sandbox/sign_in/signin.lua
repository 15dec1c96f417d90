-- The sign-in side: the token endpoint (v1 answers with texts, v2 with
-- numbers), the device code and the page that a person would open.
local authorize = require "sandbox.sign_in.authorize"
local errors = require "sandbox.faults.errors"
local grants = require "sandbox.sign_in.grants"
local ids = require "sandbox.server.ids"
local json = require "sandbox.answers.json"
local settings = require "sandbox.server.settings"
local stats = require "sandbox.server.stats"

local M = {}

local quote = json.quote

local SHORT = { ["urn:ietf:params:oauth:grant-type:device_code"] = "device_code" }

local function refuse(name)
  stats.count("token:" .. name)
  return errors.token(name, ngx.var.http_client_request_id)
end

-- The form's fields; nil when the body is none, or names one twice.
local function read_form(req)
  if req.method ~= "POST" then return nil end
  local kind = ngx.var.http_content_type or ""
  if not kind:lower():find("^application/x%-www%-form%-urlencoded") then return nil end
  ngx.req.read_body()
  local form = ngx.req.get_post_args(50)
  for _, value in pairs(form or {}) do
    if type(value) == "table" then return nil end
  end
  return form
end

-- Members in the documented order: v1 for /oauth2/token, else v2.
local function token_body(made, first)
  local parts = { '"token_type":"Bearer"' }
  local function add(name, value)
    if value then parts[#parts + 1] = quote(name) .. ":" .. value end
  end
  local function number(n) return first and quote(tostring(n)) or tostring(n) end
  add("scope", made.scope and quote(made.scope))
  add("expires_in", number(made.expires_in))
  add("ext_expires_in", number(made.expires_in))
  if first then
    add("expires_on", number(ngx.time() + made.expires_in))
    add("not_before", number(ngx.time() - 300))
    add("resource", quote(made.resource))
  end
  add("access_token", quote(made.access_token))
  add("refresh_token", made.refresh_token and quote(made.refresh_token))
  add("id_token", made.id_token and quote(made.id_token))
  return "{" .. table.concat(parts, ",") .. "}"
end

function M.token(req)
  local form = read_form(req)
  local name = form and form.grant_type or "none"
  local grant = SHORT[name] or tostring(name)
  req.grant, req.tenant = grant, req.id
  stats.count("grant:" .. grant)
  if form and form.refresh_token then
    stats.count("redeemed:" .. ngx.md5(form.refresh_token):sub(1, 12))
  end
  if not form then return refuse("invalid_request") end
  local first = not req.path:find("/v2.0/", 1, true)
  local made, why = grants.make(grant, form, req.id, first,
    ngx.shared.settings:get("base_url") .. ngx.var.uri)
  if not made then return refuse(why) end
  return 200, token_body(made, first)
end

local MESSAGE = "To sign in, use a web browser to open the page %s and enter the code %s to "
  .. "authenticate."

function M.devicecode(req)
  local form = read_form(req)
  if not form or not form.client_id then return refuse("invalid_request") end
  local first = not req.path:find("/v2.0/", 1, true)
  if not grants.audience(form, first, "user_impersonation") then return refuse("invalid_scope") end
  local now = settings.get()
  local device_code, user_code = "DAQ" .. ids.hex() .. ids.hex(), ids.hex():sub(1, 9):upper()
  grants.remember_device(device_code, form)
  local page = ngx.shared.settings:get("base_url") .. "/common/oauth2/deviceauth"
  local function number(n) return first and quote(tostring(n)) or tostring(n) end
  return 200, ('{"user_code":"%s","device_code":"%s","%s":"%s","expires_in":%s,"interval":%s,'
    .. '"message":"%s"}'):format(user_code, device_code,
    first and "verification_url" or "verification_uri", page, number(now.device_expires),
    number(now.device_interval), MESSAGE:format(page, user_code))
end

function M.deviceauth()
  return 200, { type = "text/html; charset=utf-8",
    text = "<!doctype html><title>Sandbox</title><p>The sandbox accepts every code by itself." }
end

M.authorize = authorize.serve

return M
