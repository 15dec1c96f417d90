--- Whether the service finds the second factor in the token of a client.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.mfa

local base64 = require("partnercenter.util").base64
local core = require "partnercenter.core"
local resources = require "partnercenter.resources"
local errors = require "partnercenter.errors"
local node = require "partnercenter.client.node"

local M = {}

local SIGN_IN = "a person has to sign in again with multi-factor authentication, and the new "
  .. "refresh token has to take the place of the old one"

local ADVICE = {
  [true] = "nothing is to be done",
  [false] = SIGN_IN,
}
local UNKNOWN = {
  [true] = "the service did not say; the token names the second factor, so nothing is to be done",
  [false] = "the service did not say, and the token does not name the second factor: " .. SIGN_IN,
}

-- What a token says of itself, for people to read: nothing is decided by it. A token
-- that is no JWT says nothing.
local function claims_of(token)
  local payload = token and token:match("^[^.]+%.([^.]+)%.")
  local text = payload and base64.decode(payload)
  local claims = text and core.decode(text)
  return type(claims) == "table" and claims or {}
end

local function names_factor(claims)
  for _, method in ipairs(type(claims.amr) == "table" and claims.amr or {}) do
    if method == "mfa" then return true end
  end
  return false
end

local function text_of(value)
  return type(value) == "string" and value or nil
end

-- What the service said: true, false, or nil; and facts of its answer.
local function ask(root)
  local resource = resources.custom {
    path = "/v1/customers", query = { size = 1 }, headers = { ValidateMfa = "true" },
  }
  resource.name, resource.user_required = "mfa_status", true
  local page, facts = node.custom(root, resource):get()
  if page then return true, facts.mfa_compliant, facts end
  -- A refusal for want of the second factor is the answer.
  if errors.needs_person(facts) and facts.code ~= 900420 then return true, false, facts end
  return nil, facts
end

--- The status, for `partner:mfa_status()`.
-- @tparam table root node of the client
-- @tparam SignIn signed_in
-- @tparam function mask
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] Error
function M.status(root, signed_in, mask)
  local ok, compliant, facts = ask(root)
  if not ok then return nil, compliant end
  local claims = claims_of((signed_in:token()))
  local in_token = names_factor(claims)
  return mask {
    compliant = compliant,
    in_token = in_token,
    user = text_of(claims.upn) or text_of(claims.unique_name)
      or text_of(claims.preferred_username),
    tenant = text_of(claims.tid),
    application = text_of(claims.appid) or text_of(claims.azp),
    advice = compliant == nil and UNKNOWN[in_token] or ADVICE[compliant],
    request_id = facts.request_id,
    correlation_id = facts.correlation_id,
  }
end

return M
