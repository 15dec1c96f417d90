-- /_sandbox/: the calls that steer the sandbox and ask it what happened.
local cjson = require "cjson.safe"
local auth = require "sandbox.sign_in.auth"
local faults = require "sandbox.faults.faults"
local settings = require "sandbox.server.settings"
local stats = require "sandbox.server.stats"

local M = {}

local function say(status, body)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json; charset=utf-8"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

local function refuse(status, why)
  return say(status, cjson.encode { error = why })
end

local function control()
  ngx.req.read_body()
  local given = cjson.decode(ngx.req.get_body_data() or "")
  if type(given) ~= "table" then return refuse(400, "the body must be a JSON object") end
  local wanted, rest = given.faults, {}
  for name, value in pairs(given) do rest[name] = value end
  rest.faults, rest.clear_faults, rest.expire_tokens = nil, nil, nil
  if next(rest) then
    local done, why = settings.change(rest)
    if not done then return refuse(400, why) end
  end
  if given.clear_faults then faults.clear() end
  if given.expire_tokens then auth.expire() end
  if wanted then
    local done, why = faults.add(wanted)
    if not done then return refuse(400, why) end
  end
  return say(200, cjson.encode((settings.get())))
end

local function reset()
  require("sandbox.server.start").restore_tokens()
  faults.clear()
  settings.reset()
  stats.reset()
  require("sandbox.reports.store").reset()
  return say(200, "{}")
end

local function truth()
  require("sandbox.data.data").follow()
  return require("sandbox.data.partner").truth()
end

local calls = {
  ["GET /_sandbox/stats"] = function() return say(200, stats.report()) end,
  ["GET /_sandbox/truth"] = function() return say(200, truth()) end,
  ["GET /_sandbox/control"] = function() return say(200, cjson.encode((settings.get()))) end,
  ["POST /_sandbox/control"] = control,
  ["POST /_sandbox/reset"] = reset,
}

function M.content()
  if ngx.var.http_sandbox_control ~= "1" then
    return refuse(403, "send the header Sandbox-Control: 1")
  end
  local call = calls[ngx.req.get_method() .. " " .. ngx.var.uri]
  if not call then return refuse(404, "no such call") end
  return call()
end

return M
