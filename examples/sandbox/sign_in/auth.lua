-- The bearer check. What is known of an access token is one text: "user" or
-- "app", "mfa" when it carries that claim, "audience" when it is for another
-- service, and "@" with the tenant.
local settings = require "sandbox.server.settings"

local M = {}

-- Tokens are kept by their digest: they are long, and there may be many.
-- `lifetime` is in seconds, none for ever; `uses` is a number of calls, 0 any.
function M.accept(token, kind, lifetime, uses)
  local tokens, key = ngx.shared.tokens, ngx.md5(token)
  tokens:set("access:" .. key, kind, lifetime)
  if lifetime then tokens:set("issued:" .. key, true, lifetime) end
  if uses and uses > 0 then tokens:set("uses:" .. key, uses, lifetime) end
end

-- Forget every token that was issued, but not those of the start.
function M.expire()
  local tokens = ngx.shared.tokens
  for _, key in ipairs(tokens:get_keys(0)) do
    if key:find("^issued:") then
      tokens:delete("access:" .. key:sub(8))
      tokens:delete(key)
    end
  end
end

local function look_up(token)
  local tokens, key = ngx.shared.tokens, ngx.md5(token)
  local kind = tokens:get("access:" .. key)
  if not kind then return nil end
  local left = tokens:get("uses:" .. key)
  if left then
    left = tokens:incr("uses:" .. key, -1)
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
