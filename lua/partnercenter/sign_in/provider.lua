--- What credentials are to a client: an object that gets tokens. It holds no
-- secret that a walk over it would find; what it learns lives in the client's
-- own `context.state`, so that clients can share it and never mix.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.provider

local M = {}

local mt = { __name = "partnercenter.credentials" }

mt.__tostring = function(self)
  local whose = self.tenant and (" of tenant %s, client %s"):format(self.tenant, self.client_id)
  return "credentials." .. self.name .. (whose or "")
end

--- A provider.
-- @tparam table fields
-- @tparam string fields.name of the constructor
-- @tparam ?boolean fields.app_only whether its tokens name no user; nil when
--   that is not known
-- @tparam[opt] string fields.tenant
-- @tparam[opt] string fields.client_id
-- @tparam[opt] string|boolean fields.digest of a token that alone tells who asks;
--   false when nobody knows
-- @tparam[opt] boolean fields.renews it lives on a refresh token, which
--   `credentials.file` can keep
-- @tparam function acquire takes a context; gives `{ access_token, expires_at }`,
--   or nil and an error, or nil alone when there is nothing but the token that
--   was rejected. May wait
-- @treturn Provider
function M.new(fields, acquire)
  return setmetatable({
    name = fields.name,
    app_only = fields.app_only,
    tenant = fields.tenant,
    client_id = fields.client_id,
    digest = fields.digest,
    renews = fields.renews,
    acquire = function(_, context) return acquire(context) end,
  }, mt)
end

--- Who asks with some credentials, as far as they know.
-- @tparam Provider provider
-- @tparam[opt] string authority who vouches for it: equal tenants of two are two
-- @treturn {string,...} kind, tenant, client, authority; `unknown` is true where a function
--   gives the token, which may be anybody's
function M.identity(provider, authority)
  local who = { provider.name, provider.tenant or "", provider.client_id or "" }
  if provider.digest then who[#who + 1] = provider.digest end
  if authority then who[#who + 1] = authority end
  who.unknown = provider.digest == false
  return who
end

--- Does the value come from here?
-- @param value any value
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == mt
end

return M
