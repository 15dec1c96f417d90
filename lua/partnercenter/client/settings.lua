--- What a client is told: checked once, copied, never written to again.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.settings

local check = require("partnercenter.util").check
local clouds = require("partnercenter.sign_in").clouds
local core = require "partnercenter.core"
local loops = require "partnercenter.loop"
local stores = require "partnercenter.store"
local url = require("partnercenter.util").url
local wire = require("partnercenter.util").wire

local M = {}

local function positive(value)
  return type(value) == "number" and value > 0 and value < math.huge,
    "must be a positive number of seconds"
end

local function count(least, most)
  return function(value)
    local ok = type(value) == "number" and value % 1 == 0 and value >= least and value <= most
    return ok, ("must be a whole number from %d to %d"):format(least, most)
  end
end

local function text(value)
  return check.text(value), "must be a text without control characters"
end

local function header(value)
  return check.header(value), "must be a text that fits in a header"
end

-- An address in full: a proxy, and what is reached without one, know no other spelling,
-- and a name server might be asked for it.
local function is_this_machine(host)
  if host == "localhost" or host == "[::1]" then return true end
  local octets = { host:match "^127%.(%d+)%.(%d+)%.(%d+)$" }
  for _, octet in ipairs(octets) do
    if octet:find("^0%d") or wire.digits(octet) > 255 then return false end
  end
  return octets[1] ~= nil
end

-- http:// would send the token readable to all on the way; to this machine
-- itself it is fine, for development.
local function address(value)
  if not check.text(value) then return false, "must be a URL" end
  local parts, why = url.parse(value)
  if not parts then return false, why end
  if value:find("[?#]") or value:find("/$") then
    return false, "must not end in a slash, nor have a query or a fragment"
  end
  if parts.scheme == "https" then return true end
  return is_this_machine(parts.host), "must begin with https:// (http:// is for this machine only)"
end

local function loop(value)
  if type(value) == "table" then
    return type(value.attach) == "function" and type(value.usable) == "function",
      "must be a name or what require 'partnercenter.loop.NAME' returns"
  end
  if loops.names[value] then return true end
  return false, "must be block, cqueues, luv or ngx" .. check.hint(value, loops.names)
end

local function guid(value)
  return check.guid(value), "must be a GUID"
end

-- Those that a view of a client may change, since they concern single calls.
local PER_CALL = {
  correlation_id = guid,
  locale = header,
  application = header,
  timeout = positive,
  deadline = positive,
  retries = count(0, 100),
  max_retry_after = positive,
  max_body = count(1, 2 ^ 40),
  nulls = "boolean",
  array_mt = "table",
  on_event = "function",
}

local PER_CLIENT = {
  credentials = "table",
  cloud = "string",
  base_url = address,
  authority = address,
  connect_timeout = positive,
  concurrency = count(1, 10000),
  requests_per_minute = count(1, 1e6),
  store = function(value) return stores.is(value), "must be one of partnercenter.store" end,
  max_pages = count(1, 1e6),
  ca_file = text,
  proxy = text,
  no_proxy = text,
  unix_socket = text,
  http_version = function(value)
    return value == "1.1" or value == "2", "must be \"1.1\" or \"2\""
  end,
  loop = loop,
  commercial_prefix = function(value)
    return value == "/partner/v1" or value == "/v1", "must be \"/partner/v1\" or \"/v1\""
  end,
  clock = "function",
  time = "function",
  random = "function",
}

local ALL = {}
for name, rule in pairs(PER_CALL) do ALL[name] = rule end
for name, rule in pairs(PER_CLIENT) do ALL[name] = rule end

local DEFAULTS = {
  locale = "en-US",
  connect_timeout = 10,
  timeout = 180,
  retries = 4,
  max_retry_after = 300,
  max_pages = 10000,
  max_body = 256 * 1024 * 1024,
  nulls = false,
  clock = core.now,
  time = os.time,
  random = core.random,
}

local function from_environment(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- The settings of a client from the options of `partnercenter.new`.
-- @tparam table options
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn table the settings; `cloud` is the cloud's table of addresses
-- @raise an unknown or wrong option; the message names it
function M.new(options, level)
  local given = check.options("partnercenter.new", options, ALL, level + 1)
  if given.credentials == nil then
    error("partnercenter.new needs the option 'credentials': see partnercenter.credentials",
      level + 1)
  end
  if type(given.credentials.acquire) ~= "function" then
    error("option 'credentials' of partnercenter.new must come from partnercenter.credentials",
      level + 1)
  end
  local settings = {}
  for name, value in pairs(DEFAULTS) do settings[name] = value end
  for name, value in pairs(given) do settings[name] = value end
  local ok, cloud = pcall(clouds.get, settings.cloud)
  if not ok then error(cloud, level + 1) end
  settings.cloud = cloud
  settings.base_url = settings.base_url or cloud.base_url
  settings.ca_file = settings.ca_file or from_environment("CURL_CA_BUNDLE")
    or from_environment("SSL_CERT_FILE")
  cloud.authority = settings.authority or cloud.authority
  if type(settings.loop) == "string" then
    settings.loop = loops.named(settings.loop)
  end
  return settings
end

--- The settings of a view of a client.
-- @tparam table settings the client's
-- @tparam table options those that concern single calls
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn table new settings
-- @raise an unknown or wrong option; the message names it
function M.derive(settings, options, level)
  local given = check.options("with", options, PER_CALL, level + 1)
  local derived = {}
  for name, value in pairs(settings) do derived[name] = value end
  for name, value in pairs(given) do derived[name] = value end
  return derived
end

return M
