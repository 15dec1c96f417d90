-- Tokens that look like those of Microsoft Entra: three parts, claims that a
-- client may read, and a signature nobody can check.
local cjson = require "cjson.safe"

local M = {}

local TENANT = "9a5f1c7e-3d42-4b6a-8e21-70c4b1d65f38"
local HEADER = '{"typ":"JWT","alg":"RS256","kid":"sandbox"}'

local function url64(text)
  return (ngx.encode_base64(text, true):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
end
M.url64 = url64

local function token(claims, id)
  return url64(HEADER) .. "." .. url64(cjson.encode(claims)) .. "." .. url64(id)
end

-- who = { user = bool, mfa = bool, client = id, id = unique text, audience =, expires_in =,
-- bytes = how long it is at least: that of somebody in many groups is }
function M.access(who)
  local now = ngx.time()
  local claims = {
    aud = who.audience or "https://api.partnercenter.microsoft.com",
    iss = "https://sts.windows.net/" .. TENANT .. "/", tid = TENANT,
    iat = now, nbf = now, exp = now + (who.expires_in or 10 * 365 * 86400),
    appid = who.client, ver = "1.0", jti = who.id,
  }
  if who.user then
    claims.amr = who.mfa and { "pwd", "mfa" } or { "pwd" }
    claims.scp, claims.name, claims.upn = "user_impersonation", "Adele Vance", "adele@contoso.com"
    claims.oid = "5d2b8f04-6a1e-4c39-b7f5-1e90d3c8a642"
  else
    claims.idtyp = "app"
  end
  local text = token(claims, who.id)
  local missing = (who.bytes or 0) - #text
  if missing <= 0 then return text end
  claims.groups = ("0"):rep(math.ceil(missing * 3 / 4))
  return token(claims, who.id)
end

function M.identity(client, id)
  local now = ngx.time()
  return token({
    aud = client, iss = "https://login.microsoftonline.com/" .. TENANT .. "/v2.0", tid = TENANT,
    iat = now, nbf = now, exp = now + 3600, name = "Adele Vance", ver = "2.0",
    preferred_username = "adele@contoso.com",
  }, id)
end

return M
