--- Who calls: credentials from the settings, and the client that uses them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.config.account

local failure = require "partnercenter.cli.failure"
local file = require "partnercenter.cli.config.file"
local partnercenter = require "partnercenter"
local precedence = require "partnercenter.cli.config.precedence"
local shell = require "partnercenter.cli.shell"

local M = {}

local NOT_SIGNED_IN = "nobody is signed in: run 'partnercenter login', or set PARTNERCENTER_TOKEN "
  .. "or PARTNERCENTER_REFRESH_TOKEN"

--- Calls a constructor: what it raises about an option is wrong use, and told by the
-- flag, the variable or the line of the file that it came from.
-- @tparam table settings
-- @tparam function make
-- @param ... its arguments
-- @return what it gives
-- @raise a failure of use
function M.guarded(settings, make, ...)
  local ok, result, err = pcall(make, ...)
  if ok then return result, err end
  if type(result) ~= "string" then error(result, 0) end
  local words = result:gsub("^[^:]+:%d+: ", ""):gsub(" of partnercenter%.new", "")
    :gsub(" of credentials%.[%w_]+", ""):gsub(" of reports:%l+", "")
    :gsub("^reports:%l+", "the report")
  failure.usage("%s", (words:gsub("option '([%l_]+)'", function(name)
    return precedence.origin(settings, name)
  end)))
end

--- Where a person reads more.
M.guide = "doc/sign-in.md of the source says where they come from"

--- The settings that a sign-in still lacks.
-- @tparam table settings
-- @treturn table array of names
function M.missing(settings)
  local missing = {}
  for _, name in ipairs { "tenant", "client_id" } do
    if not settings.values[name] then missing[#missing + 1] = name end
  end
  return missing
end

--- The tenant and the application of the settings.
-- @tparam table settings
-- @treturn table `tenant` and `client_id`
-- @raise a failure of use: all that is missing, at once
function M.application(settings)
  local missing = M.missing(settings)
  for i, name in ipairs(missing) do
    missing[i] = ("--%s (or PARTNERCENTER_%s)"):format(name:gsub("_", "-"), name:upper())
  end
  if missing[1] then
    failure.usage("a sign-in needs %s; %s", table.concat(missing, " and "), M.guide)
  end
  return { tenant = settings.values.tenant, client_id = settings.values.client_id }
end

local function from_token_file(settings, path)
  local options = M.application(settings)
  options.client_secret = settings.secrets.client_secret
  -- The token in the file was refused: the person has to know why.
  options.refresh_token = function(refusal) return nil, refusal or NOT_SIGNED_IN end
  return partnercenter.credentials.file(path,
    M.guarded(settings, partnercenter.credentials.refresh_token, options))
end

local function from_refresh_token(settings)
  local options = M.application(settings)
  options.client_secret = settings.secrets.client_secret
  options.refresh_token = settings.secrets.refresh_token
  local credentials = M.guarded(settings, partnercenter.credentials.refresh_token, options)
  -- The file keeps the token that replaces this one.
  if settings.from.token_file == "default" then return credentials end
  return partnercenter.credentials.file(settings.values.token_file, credentials)
end

--- The credentials that the settings stand for: an access token, a refresh token,
-- the token file of a login, an application's secret, in this order.
-- @tparam table settings
-- @treturn Provider
-- @treturn string where they come from, in words
-- @raise a failure: nobody is signed in
function M.credentials(settings)
  local secrets, path = settings.secrets, settings.values.token_file
  if secrets.token then
    return M.guarded(settings, partnercenter.credentials.token, secrets.token),
      "an access token (PARTNERCENTER_TOKEN)"
  end
  if secrets.refresh_token then
    return from_refresh_token(settings), "a refresh token (PARTNERCENTER_REFRESH_TOKEN)"
  end
  if file.exists(path) then
    return from_token_file(settings, path), "the sign-in kept in " .. path
  end
  if not secrets.client_secret then failure.raise("sign_in", NOT_SIGNED_IN) end
  local options = M.application(settings)
  options.client_secret = secrets.client_secret
  return M.guarded(settings, partnercenter.credentials.client_secret, options),
    "an application's secret (app-only, PARTNERCENTER_CLIENT_SECRET)"
end

-- What earlier runs have learnt of the quota: a run does not begin blind. Where the
-- directory cannot be made, the store says so with each use, and the run goes on.
local function quota_store(settings)
  local path = settings.state .. "/quota"
  if not file.exists(path .. "/lock") then
    shell.make_directory(path, true)
  end
  return partnercenter.store.file(path)
end

--- A client.
-- @tparam table settings
-- @tparam Provider credentials
-- @tparam function on_event
-- @treturn Client
-- @raise a failure
function M.client(settings, credentials, on_event)
  local values = settings.values
  local partner, err = M.guarded(settings, partnercenter.new, {
    credentials = credentials,
    base_url = values.base_url, authority = values.authority, ca_file = values.ca_file,
    cloud = values.cloud, locale = values.locale, concurrency = values.concurrency,
    application = "partnercenter command " .. partnercenter.version,
    on_event = on_event, store = quota_store(settings),
  })
  if not partner then failure.fail(err) end
  return partner
end

return M
