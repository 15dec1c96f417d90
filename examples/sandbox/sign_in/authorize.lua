-- The sign-in page: it asks nobody, and sends the browser back with a code.
local cjson = require "cjson.safe"
local ids = require "sandbox.server.ids"
local settings = require "sandbox.server.settings"

local M = {}

local CODE_LIFETIME = 600
local MODES = { query = true, fragment = true, form_post = true }

local function complain(why)
  return 400, { type = "text/html; charset=utf-8",
    text = "<!doctype html><title>Sign in</title><p>AADSTS900144: " .. why }
end

local function escape_html(text)
  return (text:gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
    ['"'] = "&quot;" }))
end

-- The page that posts the fields to the redirect address by itself.
local function form_post(uri, fields)
  local parts = { '<!doctype html><title>Sign in</title><form method="post" action="',
    escape_html(uri), '">' }
  for name, value in pairs(fields) do
    parts[#parts + 1] = ('<input type="hidden" name="%s" value="%s">')
      :format(name, escape_html(value))
  end
  parts[#parts + 1] = "</form><script>document.forms[0].submit()</script>"
  return 200, { type = "text/html; charset=utf-8", text = table.concat(parts) }
end

local function send_back(uri, fields, mode)
  if mode == "form_post" then return form_post(uri, fields) end
  local mark = mode == "fragment" and "#" or uri:find("?", 1, true) and "&" or "?"
  return 302, { text = "", type = "text/html", headers = {
    Location = uri .. mark .. ngx.encode_args(fields) } }
end

function M.serve(req)
  local args = ngx.req.get_uri_args(50)
  for _, name in ipairs { "client_id", "response_type", "redirect_uri" } do
    if type(args[name]) ~= "string" or args[name] == "" then
      return complain("the parameter '" .. name .. "' is missing")
    end
  end
  if not (" " .. args.response_type .. " "):find(" code ", 1, true) then
    return complain("response_type must contain code")
  end
  local mode = args.response_mode or "query"
  if not MODES[mode] then return complain("unknown response_mode") end
  if args.code_challenge and args.code_challenge_method ~= "S256"
      and args.code_challenge_method ~= "plain" then
    return complain("unknown code_challenge_method")
  end
  local outcome = settings.get().authorize_outcome
  if outcome ~= "accept" then
    return send_back(args.redirect_uri, { error = outcome, state = args.state,
      error_description = "AADSTS65004: the sandbox was told to refuse" }, mode)
  end
  local code = "0.AX." .. ids.hex() .. ids.hex()
  ngx.shared.tokens:set("code:" .. code, cjson.encode {
    client = args.client_id, redirect_uri = args.redirect_uri, challenge = args.code_challenge,
    method = args.code_challenge_method, scope = args.scope, tenant = req.id,
  }, CODE_LIFETIME)
  return send_back(args.redirect_uri,
    { code = code, state = args.state, session_state = ids.guid() }, mode)
end

return M
