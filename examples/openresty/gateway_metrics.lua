-- Counts for Prometheus, kept for all workers in the shared dictionary `metrics`.
local M = {}

local BUCKETS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }

-- name, type, help: in the order in which they are shown.
local METRICS = {
  { "gateway_requests_total", "counter", "Requests answered, by status." },
  { "gateway_request_seconds", "histogram", "Time taken to answer." },
  { "partnercenter_calls_total", "counter", "Answers of Partner Center, by resource and status." },
  { "partnercenter_call_seconds", "histogram", "Time taken by Partner Center." },
  { "partnercenter_retries_total", "counter", "Calls made again, by reason." },
  { "partnercenter_throttled_total", "counter", "Calls refused for now." },
  { "partnercenter_tokens_total", "counter", "Sign-ins, by outcome." },
  { "partnercenter_store_failures_total", "counter", "Times that Redis was not to be had." },
  { "gateway_cache_total", "counter", "What the cache was asked, by outcome." },
}

-- Labels never come from a client: their number is bounded.
local function count(name, labels, value)
  ngx.shared.metrics:incr(name .. (labels or ""), value or 1, 0)
end

local function observe(name, seconds)
  for _, bucket in ipairs(BUCKETS) do
    if seconds <= bucket then count(name .. "_bucket", ('{le="%g"}'):format(bucket)) end
  end
  count(name .. "_bucket", '{le="+Inf"}')
  count(name .. "_sum", nil, seconds)
  count(name .. "_count")
end

local events = {}

function events.response(event)
  count("partnercenter_calls_total", ('{resource="%s",status="%s"}')
    :format(event.resource, event.status or event.error or "none"))
  if event.timings then observe("partnercenter_call_seconds", event.timings.total) end
end

function events.retry(event)
  count("partnercenter_retries_total", ('{reason="%s"}'):format(event.status or event.error))
end

function events.throttled()
  count("partnercenter_throttled_total")
end

function events.token(event)
  count("partnercenter_tokens_total", ('{outcome="%s"}'):format(event.error or "ok"))
end

function events.store()
  count("partnercenter_store_failures_total")
end

--- An event of the client.
function M.event(event)
  local handler = events[event.name]
  if handler then handler(event) end
end

--- An event of the cache.
function M.cache(what)
  if what == "store" then return events.store() end
  count("gateway_cache_total", ('{outcome="%s"}'):format(what))
end

--- A request was answered.
function M.request(status, seconds)
  count("gateway_requests_total", ('{status="%d"}'):format(status))
  observe("gateway_request_seconds", seconds)
end

-- "a_bucket{le="1"}" belongs to "a".
local function family_of(key)
  local name = key:match("^[%w_]+")
  for _, metric in ipairs(METRICS) do
    if name == metric[1] or name == metric[1] .. "_bucket" or name == metric[1] .. "_sum"
      or name == metric[1] .. "_count" then
      return metric[1]
    end
  end
end

local function bound_of(key)
  local le = key:match('le="([^"]*)"')
  return le and (tonumber(le) or math.huge)
end

local function before(a, b)
  local x, y = bound_of(a), bound_of(b)
  if x and y and x ~= y then return x < y end
  return a < b
end

-- Products with a line of their own; the others are one together, so that labels are
-- bounded, whatever is sold.
local MOST_PRODUCTS = 50

local SOLD = {
  { "partnercenter_licenses_sold", "sold", "Licences sold, by product." },
  { "partnercenter_licenses_deployed", "deployed", "Licences deployed, by product." },
}
local ASSIGNED = {
  { "partnercenter_licenses_assigned", "assigned", "Licences assigned, by product." },
  { "partnercenter_licenses_unassigned", "unassigned", "Licences not assigned, by product." },
}

-- As the format has it: no two names become one, which would be a series twice.
local function label(text)
  return (text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"))
end

local function add_gauge(lines, name, help, value)
  lines[#lines + 1] = ("# HELP %s %s"):format(name, help)
  lines[#lines + 1] = ("# TYPE %s gauge"):format(name)
  if value then lines[#lines + 1] = ("%s %d"):format(name, value) end
end

-- A gauge by product; the first of the list have a line of their own.
local function add_products(lines, gauge, products)
  add_gauge(lines, gauge[1], gauge[3])
  local others = 0
  for i, product in ipairs(products) do
    if i <= MOST_PRODUCTS then
      lines[#lines + 1] = ('%s{product="%s"} %.14g'):format(gauge[1], label(product.name),
        product[gauge[2]])
    else
      others = others + product[gauge[2]]
    end
  end
  if #products > MOST_PRODUCTS then
    lines[#lines + 1] = ('%s{product="(others)"} %.14g'):format(gauge[1], others)
  end
end

--- The licences of all customers in Prometheus' text format.
-- `summary` is what `/summary` gives, the most sold first; nil when it is not known.
-- `assigned` is what gateway_assigned gives; false when that is not known, nil when the
-- operator has not asked for it.
function M.licenses(summary, assigned)
  local lines = {}
  add_gauge(lines, "partnercenter_licenses_known", "Whether licences could be read.",
    summary and 1 or 0)
  for _, gauge in ipairs(summary and SOLD or {}) do add_products(lines, gauge, summary.products) end
  if assigned ~= nil then
    add_gauge(lines, "partnercenter_licenses_assigned_known",
      "Whether assigned licences could be read.", assigned and 1 or 0)
  end
  if assigned then
    add_gauge(lines, "partnercenter_licenses_assigned_customers_failed",
      "Customers whose assigned licences are not in the sums.", assigned.failed)
    for _, gauge in ipairs(ASSIGNED) do add_products(lines, gauge, assigned.products) end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- All of it in Prometheus' text format.
function M.text()
  local families = {}
  for _, key in ipairs(ngx.shared.metrics:get_keys(0)) do
    local family = family_of(key)
    families[family] = families[family] or {}
    table.insert(families[family], key)
  end
  local lines = {}
  for _, metric in ipairs(METRICS) do
    lines[#lines + 1] = ("# HELP %s %s"):format(metric[1], metric[3])
    lines[#lines + 1] = ("# TYPE %s %s"):format(metric[1], metric[2])
    local keys = families[metric[1]] or {}
    table.sort(keys, before)
    for _, key in ipairs(keys) do
      lines[#lines + 1] = ("%s %.14g"):format(key, ngx.shared.metrics:get(key) or 0)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
