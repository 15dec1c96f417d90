-- What each grant asks for and what it gives.
local assertions = require "sandbox.sign_in.assertion"
local auth = require "sandbox.sign_in.auth"
local cjson = require "cjson.safe"
local ids = require "sandbox.server.ids"
local jwt = require "sandbox.sign_in.jwt"
local pkce = require "sandbox.sign_in.pkce"
local settings = require "sandbox.server.settings"

local M = {}

local ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
local RETIRED = "https://graph.windows.net"
local RESOURCES = {
  ["https://api.partnercenter.microsoft.com"] = true,
  ["https://partner.partnercenterapi.microsoftonline.cn"] = true,
  [RETIRED] = true,
}

local function tokens() return ngx.shared.tokens end
local function secret(name) return ngx.shared.settings:get("secret:" .. name) end

local function is_resource(text)
  return RESOURCES[text] or text == ngx.shared.settings:get("base_url")
end

-- The service that a token is asked for: from `resource` (v1), else from the
-- scope that ends in one of the names (v2). nil when there is none.
function M.audience(form, first, ...)
  if first then return form.resource and is_resource(form.resource) and form.resource or nil end
  local wanted = { [".default"] = true }
  for _, name in ipairs { ... } do wanted[name] = true end
  for scope in (form.scope or ""):gmatch("%S+") do
    local resource, name = scope:match("^(https?://.*)/([^/]+)$")
    if resource and wanted[name] and is_resource(resource) then return resource end
  end
end

-- nil when the client is who it says, else an error's name.
local function check_client(form, confidential, address)
  local id = form.client_id
  if type(id) ~= "string" or id == "" then return "invalid_request" end
  if not id:find("^%x+%-%x+%-%x+%-%x+%-%x+$") or #id ~= 36 then return "unauthorized_client" end
  local known = id == secret "client_id"
  if form.client_secret then
    if known and form.client_secret ~= secret "client_secret" then return "invalid_client" end
  elseif form.client_assertion then
    local looks_right = tostring(form.client_assertion):find("^[%w_-]+%.[%w_-]+%.[%w_-]+$")
    if form.client_assertion_type ~= ASSERTION or not looks_right then return "invalid_client" end
    local certificate = settings.get().application_certificate
    if known and certificate ~= "" then
      return assertions.refuse(form.client_assertion, certificate, id, address)
    end
  elseif confidential or known and settings.get().require_secret then
    return "secret_needed"
  end
end

local function has_scope(form, name)
  return (" " .. (form.scope or "") .. " "):find(" " .. name .. " ", 1, true) ~= nil
end

-- who = { user =, client =, audience =, tenant =, first =, form = }
local function issue(who)
  local now = settings.get()
  local lifetime = now.token_lifetime > 0 and now.token_lifetime or now.expires_in
  local id = ids.hex()
  local mfa = who.user and now.mfa
  local token = jwt.access { user = who.user, mfa = mfa, client = who.client, id = id,
    audience = who.audience, expires_in = now.expires_in, bytes = now.token_bytes }
  local kind = (who.user and "user" or "app") .. (mfa and " mfa" or "")
    .. (who.audience == RETIRED and " audience" or "") .. " @" .. who.tenant
  auth.accept(token, kind, lifetime, now.token_uses)
  local made = { access_token = token, expires_in = now.expires_in, resource = who.audience }
  if not who.user then return made end
  made.scope = who.first and "user_impersonation" or who.audience .. "/user_impersonation"
  if now.rotate ~= "none" and (who.first or has_scope(who.form, "offline_access")) then
    made.refresh_token = "0.AQ." .. ids.hex() .. ids.hex()
    tokens():set("refresh:" .. made.refresh_token, who.client)
  end
  if has_scope(who.form, "openid") then made.id_token = jwt.identity(who.client, id) end
  return made
end

local function user_token(form, tenant, first, audience)
  return issue { user = true, client = form.client_id, audience = audience, tenant = tenant,
    first = first, form = form }
end

local makers = {}

function makers.refresh_token(form, tenant, first)
  if not form.refresh_token then return nil, "invalid_request" end
  local audience = M.audience(form, first, "user_impersonation")
  if not audience and (first or form.scope) then
    return nil, first and "invalid_resource" or "invalid_scope"
  end
  local owner = tokens():get("refresh:" .. form.refresh_token)
  if not owner then return nil, tokens():get("used:" .. form.refresh_token) and "revoked"
    or "invalid_grant" end
  if owner ~= form.client_id then return nil, "invalid_grant" end
  if settings.get().rotate == "revoke" then
    tokens():delete("refresh:" .. form.refresh_token)
    tokens():set("used:" .. form.refresh_token, true)
  end
  return user_token(form, tenant, first, audience or "https://api.partnercenter.microsoft.com")
end

function makers.client_credentials(form, tenant, first)
  local audience = M.audience(form, first)
  if not audience then return nil, first and "invalid_resource" or "invalid_scope" end
  return issue { client = form.client_id, audience = audience, tenant = tenant, form = form }
end

function makers.authorization_code(form, tenant, first)
  if not form.code then return nil, "invalid_request" end
  local kept = cjson.decode(tokens():get("code:" .. form.code) or "")
  if not kept or kept.client ~= form.client_id then return nil, "invalid_grant" end
  if form.redirect_uri ~= kept.redirect_uri and not (first and not form.redirect_uri) then
    return nil, "missing_redirect"
  end
  if not pkce.verify(kept, form.code_verifier) then return nil, "bad_verifier" end
  tokens():delete("code:" .. form.code)
  if not form.scope then form.scope = kept.scope end
  local audience = M.audience(form, first, "user_impersonation")
  if not audience then return nil, first and "invalid_resource" or "invalid_scope" end
  return user_token(form, tenant, first, audience)
end

function M.remember_device(code, form)
  local now = settings.get()
  tokens():set("device:" .. code, cjson.encode { client = form.client_id, scope = form.scope,
    resource = form.resource }, now.device_expires)
  tokens():set("polls:" .. code, 0, now.device_expires)
end

local OUTCOMES = { decline = "authorization_declined", expire = "expired_token",
  unknown = "bad_verification_code" }

function makers.device_code(form, tenant, first)
  local code = form.device_code or form.code     -- v1 names it `code`
  local kept = code and cjson.decode(tokens():get("device:" .. code) or "")
  if not kept or kept.client ~= form.client_id then return nil, "bad_verification_code" end
  local now = settings.get()
  local polls = tokens():incr("polls:" .. code, 1, 0)
  if polls <= now.device_slow_down then return nil, "slow_down" end
  if polls <= now.device_slow_down + now.device_pending then return nil, "authorization_pending" end
  if OUTCOMES[now.device_outcome] then return nil, OUTCOMES[now.device_outcome] end
  tokens():delete("device:" .. code)
  form.scope, form.resource = kept.scope, kept.resource
  return user_token(form, tenant, first, M.audience(form, first, "user_impersonation"))
end

-- What the answer tells, or nil and the name of an error. `address` is the endpoint's.
function M.make(grant, form, tenant, first, address)
  local make = makers[grant]
  if not make then return nil, form.grant_type and "unsupported_grant" or "invalid_request" end
  local refused = check_client(form, grant == "client_credentials", address)
  if refused then return nil, refused end
  return make(form, tenant, first)
end

return M
