--- The address where a person signs in, the proof (PKCE, RFC 7636) that ties the code
-- they come back with to who sent them, and what that code is exchanged for.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.authorize

local base64 = require("partnercenter.util").base64
local clouds = require "partnercenter.sign_in.clouds"
local core = require "partnercenter.core"
local endpoint = require "partnercenter.sign_in.token_endpoint"
local options_of = require "partnercenter.sign_in.options"
local sha256 = require("partnercenter.util").sha256
local url = require("partnercenter.util").url

local text = options_of.rules.text

local KNOWN = options_of.entra {
  redirect_uri = text,
  state = text,
  code_challenge = text,
  code_challenge_method = function(value)
    return value == "S256" or value == "plain", "must be \"S256\" or \"plain\""
  end,
  response_mode = function(value)
    return value == "query" or value == "form_post", "must be \"query\" or \"form_post\""
  end,
  prompt = text,
  claims = options_of.rules.claims,
  login_hint = text,
  domain_hint = text,
  cloud = text,
  authority = text,
}

-- Sent as they are, in this order.
local SENT = {
  "client_id", "redirect_uri", "response_mode", "state", "code_challenge",
  "code_challenge_method", "prompt", "login_hint", "domain_hint",
  "claims",
}

local M = {}

--- The challenge of a verifier, by the method S256.
-- @tparam string verifier
-- @treturn string
function M.challenge(verifier)
  return base64.url(sha256.sha256(verifier))
end

--- A code verifier and its challenge.
-- @treturn table `code_verifier`, `code_challenge`, `code_challenge_method`
function M.pkce()
  -- Two random GUIDs: 72 of the allowed characters, 244 random bits.
  local verifier = core.guid() .. core.guid()
  return {
    code_verifier = verifier,
    code_challenge = M.challenge(verifier),
    code_challenge_method = "S256",
  }
end

--- The address to send a person to.
-- @tparam table given see `credentials.authorize_url`
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn string
-- @raise an option that is missing, wrong or unknown
function M.url(given, level)
  local options = options_of.take("credentials.authorize_url", given, KNOWN,
    { "tenant", "client_id", "redirect_uri", "state" }, level + 1)
  local ok, cloud = pcall(clouds.get, options.cloud)
  if not ok then error(cloud, level + 1) end
  if options.code_challenge and not options.code_challenge_method then
    options.code_challenge_method = "S256"
  end
  local audience = endpoint.audience(cloud, options, true)
  local query = { "response_type=code", audience[1] .. "=" .. url.encode(audience[2]) }
  for _, name in ipairs(SENT) do
    local value = options[name]
    if value then query[#query + 1] = name .. "=" .. url.encode(value) end
  end
  local address = endpoint.address(options.authority or cloud.authority, options, "authorize")
  return address .. "?" .. table.concat(query, "&")
end

--- Exchanges the code that a person has come back with, once.
-- @tparam table context
-- @tparam table options `code`, `redirect_uri`, `code_verifier`, `claims`
-- @tparam ?Error refusal of the refresh token that came for the code
-- @treturn[1] table what was granted
-- @treturn[2] nil
-- @treturn[2] Error
function M.redeem(context, options, refusal)
  if context.state.redeemed then
    return nil, refusal or endpoint.sign_in_error("the sign-in came without a refresh token (its "
      .. "scope lacked offline_access) and has ended; a person has to sign in again")
  end
  context.secret(options.code)
  local form = {
    { "grant_type", "authorization_code" },
    { "code", options.code },
    { "redirect_uri", options.redirect_uri },
    endpoint.audience(context.cloud, options, true),
  }
  if options.claims then form[#form + 1] = { "claims", options.claims } end
  if options.code_verifier then
    context.secret(options.code_verifier)
    form[#form + 1] = { "code_verifier", options.code_verifier }
  end
  local granted, err = endpoint.grant(context, options, form)
  context.state.redeemed = granted ~= nil
  return granted, err
end

return M
