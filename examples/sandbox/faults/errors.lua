-- Error bodies: the fault of the API, the throttling of the gateway, and the
-- error of the token endpoint. Each returns a status and a body.
local json = require "sandbox.answers.json"
local texts = require "sandbox.faults.faulttexts"

local M = {}

local API = '{"code":%d,"description":%s,"data":[%s],"source":%s}'
local THROTTLED = '{ "statusCode": 429, '
  .. '"message": "Rate limit is exceeded. Try again in %d seconds." }'
local TOKEN = '{"error":%s,"error_description":%s,"error_codes":[%d],"timestamp":"%s",'
  .. '"trace_id":"%s","correlation_id":"%s"%s}'

-- `detail` says more, in `data`; `description` replaces the usual one.
function M.api(name, detail, description)
  local known = texts.api[name]
  return known[1], API:format(known[2], json.quote(description or known[3]),
    detail and json.quote(detail) or "", json.quote(known[4]))
end

function M.throttled(seconds)
  return 429, THROTTLED:format(seconds)
end

function M.token(name, correlation_id)
  local known = texts.token[name]
  local stamp = os.date("!%Y-%m-%d %H:%M:%SZ", ngx.time())
  local trace = "3939d04c-d7ba-42bf-9cb7-1e5854cdce9e"
  correlation_id = correlation_id or "a8125194-2dc8-4078-90ba-7b6592a7f231"
  local description = ("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s")
    :format(known[3], known[4], trace, correlation_id, stamp)
  local more = ""
  if known[5] then more = ',"suberror":' .. json.quote(known[5]) end
  if name == "conditional_access" then
    more = more .. ',"claims":"{\\"access_token\\":{\\"capolids\\":{\\"essential\\":true}}}"'
  end
  return known[1], TOKEN:format(json.quote(known[2]), json.quote(description), known[3], stamp,
    trace, correlation_id, more)
end

-- Of either list, the one that belongs to the path first: status and body.
function M.named(name, at_token, correlation_id)
  if texts.token[name] and (at_token or not texts.api[name]) then
    return M.token(name, correlation_id)
  end
  return M.api(name)
end

function M.is_named(name)
  return texts.api[name] ~= nil or texts.token[name] ~= nil
end

return M
