--- One sign-in for all workers of an nginx: `credentials.shared` over a shared
-- dictionary, by its older name.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.ngx.token_cache

local check = require("partnercenter.util").check
local provider = require("partnercenter.sign_in").provider
local shared = require("partnercenter.sign_in").credentials.shared
local store = require "partnercenter.store"

local M = {}

local KNOWN = { dict = "string|table", credentials = provider.is, key = check.text }

--- Credentials that share their tokens with all workers.
-- @tparam table options
-- @tparam string|table options.dict the shared dictionary, or its name in
--   `lua_shared_dict`; 100 KiB are plenty
-- @tparam Provider options.credentials how to sign in, when it has to be
-- @tparam string options.key names the sign-in: clients with the same key, tenant,
--   application, cloud and way to sign in share their tokens, so there is one for
--   each user that signs in
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown
-- @usage
-- credentials = require("partnercenter.ngx.token_cache").wrap {
--   dict = "tokens", key = "gateway",
--   credentials = partnercenter.credentials.refresh_token { … },
-- }
function M.wrap(options)
  local o = check.options("token_cache.wrap", options, KNOWN)
  for _, name in ipairs { "dict", "credentials", "key" } do
    if o[name] == nil then error("token_cache.wrap needs the option '" .. name .. "'", 2) end
  end
  return shared { store = store.dictionary(o.dict), credentials = o.credentials, name = o.key }
end

return M
