--- Credentials whose access tokens come ready made.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.token

local check = require("partnercenter.util").check
local endpoint = require "partnercenter.sign_in.token_endpoint"
local provider = require "partnercenter.sign_in.provider"
local sha256 = require("partnercenter.util").sha256

local M = {}

local function is_token(value)
  return check.header(value) and not value:find(" ", 1, true)
end

local function from_text(token)
  return function(context)
    context.secret(token)
    if context.rejected == token then return nil end
    return { access_token = token }
  end
end

local function from_function(source)
  return function(context)
    local token, expires_at = source(context.rejected)
    if type(token) == "string" then context.secret(token) end
    local ok, err = endpoint.given(context, "token", token, expires_at)
    if not ok then return nil, err end
    if not is_token(token) then
      return nil, endpoint.sign_in_error("the function token gave a text that fits in no header")
    end
    if expires_at ~= nil and type(expires_at) ~= "number" then
      return nil, endpoint.sign_in_error("the function token gave a time of expiry that is a "
        .. type(expires_at) .. ", not a number of seconds")
    end
    return { access_token = token, expires_at = expires_at }
  end
end

--- A provider of ready tokens.
-- @tparam string|function source
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn Provider
-- @raise source is neither a token nor a function
function M.new(source, level)
  if type(source) ~= "function" and not is_token(source) then
    error("credentials.token takes an access token (a text without spaces and control "
      .. "characters) or a function that gives one", level + 1)
  end
  local acquire = type(source) == "function" and from_function(source) or from_text(source)
  local digest = type(source) == "string" and sha256.hex(source)
  return provider.new({ name = "token", digest = digest }, acquire)
end

return M
