-- Faults on request: a queue that the control call fills. The first entry
-- that matches a request and is not used up is applied to it.
local cjson = require "cjson.safe"
local errors = require "sandbox.faults.errors"

local M = {}

local KEYS = { match = "string", times = "number", skip = "number", status = "number",
  body = "string", headers = "table", delay = "number", close = "number", error = "string",
  rate = "number" }

local list, seen = {}, nil

-- Add several; nil and why when one of them makes no sense.
function M.add(given)
  local dict = ngx.shared.settings
  for _, fault in ipairs(given) do
    if type(fault) ~= "table" then return nil, "a fault must be an object" end
    for key, value in pairs(fault) do
      local kind = type(value)
      if key ~= "retry_after" and KEYS[key] ~= kind then
        return nil, KEYS[key] and ("fault's %s must be a %s"):format(key, KEYS[key])
          or "unknown key '" .. tostring(key) .. "' in a fault"
      end
    end
    if fault.error and not errors.is_named(fault.error) then
      return nil, "unknown error '" .. fault.error .. "'"
    end
    if fault.match and not pcall(string.find, "", fault.match) then fault.plain = true end
  end
  local all = cjson.decode(dict:get("faults") or "[]")
  for _, fault in ipairs(given) do
    fault.id = dict:incr("fault number", 1, 0)
    dict:set("left:" .. fault.id, fault.times or 1)
    dict:set("skip:" .. fault.id, fault.skip or 0)
    all[#all + 1] = fault
  end
  dict:set("faults", #all > 0 and cjson.encode(all) or "[]")
  dict:incr("fault generation", 1, 0)
  return true
end

function M.clear()
  local dict = ngx.shared.settings
  for _, fault in ipairs(cjson.decode(dict:get("faults") or "[]")) do
    dict:delete("left:" .. fault.id)
    dict:delete("skip:" .. fault.id)
  end
  dict:set("faults", "[]")
  dict:incr("fault generation", 1, 0)
end

local function matches(fault, uri)
  if not fault.match or uri:find(fault.match, 1, true) then return true end
  return not fault.plain and uri:find(fault.match) ~= nil
end

-- The fault for a request, taken out of the queue; nil when there is none.
function M.take(uri)
  local dict = ngx.shared.settings
  local generation = dict:get("fault generation")
  if not generation then return nil end
  if generation ~= seen then
    list, seen = cjson.decode(dict:get("faults")), generation
  end
  for _, fault in ipairs(list) do
    if matches(fault, uri) and (dict:get("left:" .. fault.id) or 0) > 0 then
      if dict:incr("skip:" .. fault.id, -1) < 0 and dict:incr("left:" .. fault.id, -1) >= 0 then
        return fault
      end
    end
  end
end

return M
