-- The settings: their names, types and defaults, and their current values,
-- which every worker sees. A worker keeps a copy and looks at one number
-- per request to learn whether the copy is still good.
local cjson = require "cjson.safe"

local M = {}

local function number(default, lowest, highest)
  return { type = "number", default = default, lowest = lowest or 0, highest = highest or 1e9 }
end
local function choice(default, ...)
  local allowed = {}
  for _, name in ipairs { default, ... } do allowed[name] = true end
  return { type = "string", default = default, allowed = allowed }
end
local function flag(default) return { type = "boolean", default = default } end
local function text() return { type = "string", default = "" } end
local function date() return { type = "string", default = "", date = true } end

M.known = {
  -- the place, fixed at the start
  port = number(0, 0, 65535), workers = number(1, 1, 64),
  lifetime = number(0), parent = number(0),
  -- the data
  customers = number(500, 1, 1e6), products = number(20, 1, 1e6),
  processed = date(), string_counts = flag(true),
  usage_field = choice("licenseActive", "licensesActive"),
  -- the wire
  bom = choice("v1", "all", "none"), gzip = flag(true), page_cache = number(64),
  envelope = choice("e2", "e1", "e4"),
  next_link = choice("relative", "root", "absolute", "null", "foreign", "loop"),
  customer_links = choice("v1", "bare", "body"),
  page_size = number(500, 1, 10000),
  -- reports
  report_clock = number(1, 0.001, 1e9), report_rate = number(10), report_link = number(3600),
  report_state = choice("", "Failed", "Queued", "Pending", "Running"), report_bom = flag(true),
  report_lines = choice("crlf", "lf"), report_quotes = choice("needed", "all"),
  report_ranges = flag(true),
  -- pace
  latency = number(0), token_latency = number(0), rate = number(0),
  quota = number(0), quota_window = number(60, 1),
  retry_after = choice("seconds", "date", "none"),
  -- sign-in
  expires_in = number(3599, 1), token_lifetime = number(0), token_uses = number(0),
  token_bytes = number(0, 0, 8192),
  rotate = choice("keep", "revoke", "none"), require_secret = flag(false),
  application_certificate = text(),
  authorize_outcome = choice("accept", "access_denied", "consent_required",
    "interaction_required"),
  mfa = flag(true), enforce_mfa = flag(false),
  device_pending = number(1), device_slow_down = number(0),
  device_interval = number(1), device_expires = number(900),
  device_outcome = choice("accept", "decline", "expire", "unknown"),
  -- what is kept for /_sandbox/stats
  log = flag(true),
}

local current, seen

-- A value of the command line (text) or of the control call (typed), checked.
function M.check(name, value)
  local known = M.known[name]
  if not known then return nil, "unknown setting '" .. tostring(name) .. "'" end
  if known.type == "number" then value = tonumber(value) end
  if known.type == "boolean" and type(value) == "string" then
    value = ({ ["true"] = true, yes = true, ["false"] = false, no = false })[value]
  end
  if type(value) ~= known.type then
    return nil, "setting '" .. name .. "' must be a " .. known.type
  end
  if known.type == "number" and not (value >= known.lowest and value <= known.highest) then
    return nil, ("setting '%s' must be from %g to %g"):format(name, known.lowest, known.highest)
  end
  if known.date and value ~= "" and not value:find("^%d%d%d%d%-%d%d%-%d%d$") then
    return nil, "setting '" .. name .. "' must be a date like 2018-10-14"
  end
  if known.allowed and not known.allowed[value] then
    local names = {}
    for allowed in pairs(known.allowed) do names[#names + 1] = allowed end
    table.sort(names)
    return nil, "setting '" .. name .. "' must be one of " .. table.concat(names, ", ")
  end
  return value
end

local function publish(values)
  local dict = ngx.shared.settings
  dict:set("json", cjson.encode(values))
  dict:incr("generation", 1, 0)
end

-- The values now; the second result counts the changes.
function M.get()
  local generation = ngx.shared.settings:get("generation")
  if generation ~= seen then
    current = cjson.decode(ngx.shared.settings:get("json"))
    seen = generation
  end
  return current, generation
end

function M.start(given)
  local values = {}
  for name, known in pairs(M.known) do values[name] = known.default end
  for name, value in pairs(given) do
    local checked, why = M.check(name, value)
    if checked == nil then error(why, 0) end
    values[name] = checked
  end
  ngx.shared.settings:set("start", cjson.encode(values))
  publish(values)
end

-- Take over several at once, or none: nil and why.
function M.change(given)
  local values = {}
  for name, value in pairs((M.get())) do values[name] = value end
  for name, value in pairs(given) do
    local checked, why = M.check(name, value)
    if checked == nil then return nil, why end
    values[name] = checked
  end
  publish(values)
  return true
end

-- Back to what the sandbox was started with.
function M.reset()
  publish(cjson.decode(ngx.shared.settings:get("start")))
end

return M
