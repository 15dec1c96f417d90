-- The bearer check. What is known of an access token is one text: "user" or
-- "app", "mfa" when it carries that claim, "audience" when it is for another
-- service, and "@" with the tenant.
local settings = require "sandbox.settings"

local M = {}

local function look_up(token)
  local tokens = ngx.shared.tokens
  local kind = tokens:get("access:" .. token)
  if not kind then return nil end
  local left = tokens:get("uses:" .. token)
  if left then
    left = tokens:incr("uses:" .. token, -1)
    if left < 0 then return nil end
  end
  return kind
end

-- nil when the call may go on, else an error's name. `user` says that the
-- resource needs a signed-in user.
function M.refuse(req, user)
  local header = ngx.var.http_authorization
  if not header or header == "" then return "no_token" end
  local token = header:match("^[Bb][Ee][Aa][Rr][Ee][Rr] +(%S+)$")
  local kind = token and look_up(token)
  if not kind then return "unauthorized" end
  req.tenant = kind:match("@(.*)$")
  if kind:find("audience", 1, true) then return "bad_audience" end
  local is_user = kind:find("user", 1, true)
  local has_mfa = kind:find("mfa", 1, true)
  if ngx.var.http_validatemfa then
    ngx.header["isMfaCompliant"] = has_mfa and "true" or "false"
  end
  if user and not is_user then return "app_only" end
  if is_user and not has_mfa and settings.get().enforce_mfa then return "mfa_required" end
end

return M
