-- A gateway to the licence insights of all customers: JSON for the dashboard and
-- for whoever asks, kept for all workers, and counted for Prometheus.
--
-- nginx.conf calls init, content, log. README.md lists the paths and settings.
local assigned_of = require "gateway_assigned"
local cjson = require "cjson.safe"
local insights_cache = require "partnercenter.ngx.insights_cache"
local metrics = require "gateway_metrics"
local numbers_of = require "gateway_numbers"
local partnercenter = require "partnercenter"
local token_cache = require "partnercenter.ngx.token_cache"

local M = {}

local LONGEST_MAX_AGE = 300 -- seconds that a browser need not ask again

local cache, numbers, assigned

-- What a failure of the service is to those who ask the gateway.
local STATUSES = { not_found = 404, throttled = 503, timeout = 504, config = 500 }
local REASONS = {
  not_found = "there is no such customer",
  throttled = "Partner Center wants fewer requests for now",
  timeout = "Partner Center took too long",
  sign_in = "the gateway has to be signed in again by its operator",
  forbidden = "the gateway may not see this",
}

local function setting(name)
  local value = os.getenv("PARTNERCENTER_" .. name)
  if not value or value == "" then error("PARTNERCENTER_" .. name .. " is not set", 0) end
  return value
end

-- How many calls a day the assigned licences may cost; none unless it is said.
local function setting_of_calls()
  local text = os.getenv "PARTNERCENTER_ASSIGNED"
  if not text or text == "" then return nil end
  local most = tonumber(text)
  if not most or most < 1 or most % 1 ~= 0 then
    error("PARTNERCENTER_ASSIGNED must be a whole number of calls", 0)
  end
  return most
end

-- One worker signs in for all. With Redis that is all of a fleet; else the newest
-- refresh token outlives this nginx in a file.
local function sign_in(store)
  local credentials = partnercenter.credentials.refresh_token {
    tenant = setting "TENANT",
    client_id = setting "CLIENT_ID",
    client_secret = os.getenv "PARTNERCENTER_CLIENT_SECRET",
    refresh_token = setting "REFRESH_TOKEN",
  }
  if store then
    return partnercenter.credentials.shared {
      store = store, credentials = credentials, name = "gateway",
      key = os.getenv "PARTNERCENTER_STORE_KEY",
    }
  end
  return token_cache.wrap {
    dict = "tokens", key = "gateway",
    credentials = partnercenter.credentials.file(ngx.config.prefix() .. "refresh-token",
      credentials),
  }
end

--- Before the workers are made.
function M.init()
  local redis = os.getenv "PARTNERCENTER_REDIS_URL"
  local store = redis and partnercenter.store.redis(redis)
  local partner = assert(partnercenter.new {
    base_url = os.getenv "PARTNERCENTER_BASE_URL",
    authority = os.getenv "PARTNERCENTER_AUTHORITY",
    ca_file = os.getenv "PARTNERCENTER_CA_FILE",
    application = "partnercenter gateway",
    deadline = 60,
    on_event = metrics.event,
    store = store,
    credentials = sign_in(store),
  })
  numbers = numbers_of.new(partner, os.getenv "PARTNERCENTER_HISTORY", setting "TENANT")
  local most = setting_of_calls()
  assigned = most and function() return assigned_of.read(partner, most) end
  -- Of one tenant: what another one keeps in the same Redis is another's.
  cache = insights_cache.new {
    dict = "insights", store = store, key = store and setting "TENANT" or nil,
    on_event = metrics.cache, max_bytes = 4194304,
  }
end

-- --- how it is answered ---

local function say(status, value)
  ngx.status = status
  ngx.header["Cache-Control"] = "no-store"
  ngx.say(cjson.encode(value))
end

local function fail(err)
  local kind = type(err) == "table" and err.kind or "internal"
  ngx.log(ngx.ERR, "gateway: ", tostring(err))
  if kind == "throttled" and err.retry_after then
    ngx.header["Retry-After"] = math.ceil(err.retry_after)
  end
  -- The whole story is in the log; the correlation id leads there.
  say(STATUSES[kind] or 502, { error = {
    kind = kind,
    message = REASONS[kind] or "Partner Center did not answer as it should",
    correlation_id = type(err) == "table" and err.correlation_id or nil,
  } })
end

-- Does the browser have it already? nginx makes a tag weak when it compresses.
local function is_known(etag)
  local given = ngx.var.http_if_none_match
  return given ~= nil and (given == "*" or given:find(etag, 1, true) ~= nil)
end

local function send(text, info)
  if not text then return fail(info) end
  local etag = '"' .. info.etag .. '"'
  local left = math.max(0, math.min(LONGEST_MAX_AGE, info.fresh_until - ngx.time()))
  ngx.header["ETag"] = etag
  ngx.header["Cache-Control"] = ("private, max-age=%d"):format(left)
  ngx.header["Last-Modified"] = ngx.http_time(info.stored_at)
  ngx.header["X-Cache"] = info.state
  if is_known(etag) then
    ngx.exit(304)
    return
  end
  ngx.header["Content-Length"] = #text
  ngx.print(text)
end

-- Only of products that somebody has: what is asked for does not fill the cache.
local function send_product(name)
  local text, info = cache:text("summary", numbers.deployed)
  if not text then return fail(info) end
  for _, product in ipairs(cjson.decode(text).products) do
    if product.name == name then
      return send(cache:text("product:" .. name, function() return numbers.product(name) end))
    end
  end
  say(404, { error = { kind = "not_found", message = "nobody has such a product" } })
end

-- From the day that the data is of.
local function send_renewals()
  local text, info = cache:text("summary", numbers.deployed)
  if not text then return fail(info) end
  local processed = cjson.decode(text).processed
  local from = processed and processed.to
  send(cache:text("renewals:" .. tostring(from), function() return numbers.renewals(from) end))
end

-- Nothing here changes anything.
local function is_read()
  local method = ngx.req.get_method()
  if method == "GET" or method == "HEAD" then return true end
  ngx.header["Allow"] = "GET, HEAD"
  say(405, { error = { kind = "method", message = "only GET and HEAD are served" } })
  return false
end

--- One request.
function M.content()
  if not is_read() then return end
  local path = ngx.var.uri
  if path == "/summary" then return send(cache:text("summary", numbers.deployed)) end
  if path == "/usage" then return send(cache:text("usage", numbers.active)) end
  if path == "/customers" then return send(cache:text("customers", numbers.customers)) end
  if path == "/changes" then return send(cache:text("changes", numbers.changes)) end
  if path == "/renewals" then return send_renewals() end
  if path == "/product" then return send_product(ngx.unescape_uri(ngx.var.arg_name or "")) end
  local id, what = path:match("^/customers/([^/]*)/(%l+)$")
  local make = ({ deployment = numbers.customer, licences = numbers.licences })[what]
  if not make then
    return say(404, { error = { kind = "path", message = "there is no such path" } })
  end
  if not partnercenter.is_guid(id) then
    return say(400, { error = { kind = "id", message = "the customer id is not a GUID" } })
  end
  id = id:lower()
  send(cache:text(what .. ":" .. id, function() return make(id) end))
end

local function known(key, produce)
  local text, err = cache:text(key, produce)
  if text then return cjson.decode(text) end
  ngx.log(ngx.ERR, "gateway: ", tostring(err))
  return false
end

--- Prometheus asks.
function M.metrics()
  if not is_read() then return end
  -- From the cache: a scrape costs no call of its own.
  local summary = known("summary", numbers.deployed)
  local of_customers
  if assigned then of_customers = known("assigned", assigned) end
  ngx.header["Content-Type"] = "text/plain; version=0.0.4"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(metrics.text(), metrics.licenses(summary, of_customers))
end

--- After a request.
function M.log()
  metrics.request(ngx.status, tonumber(ngx.var.request_time) or 0)
end

return M
