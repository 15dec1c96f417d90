--- Addresses of Partner Center and of its sign-in service in each national
-- cloud.
--
-- What is marked *unconfirmed* below stands in Microsoft's own client or in third-party
-- clients, but on no page of the REST documentation: set `base_url` and `authority`
-- yourself where it matters.
--
-- | cloud | base URL | authority | resource and scope |
-- |---|---|---|---|
-- | `global` | documented | documented | documented |
-- | `china` (21Vianet) | documented | unconfirmed (1) | documented |
-- | `us_government` | as global | unconfirmed | unconfirmed |
--
-- (1) Newer texts name `https://login.partner.microsoftonline.cn`. The licence insights
-- are documented for the global cloud alone.
--
-- Microsoft Cloud Germany closed in October 2021: its name is refused.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.clouds

local check = require("partnercenter.util").check

local GERMANY = "the cloud 'germany' is deprecated: Microsoft Cloud Germany closed in 2021, and "
  .. "its tenants have moved to the global cloud; leave the option cloud out"

local M = {}

local GLOBAL = "https://api.partnercenter.microsoft.com"
local CHINA = "https://partner.partnercenterapi.microsoftonline.cn"

local clouds = {
  global = { base_url = GLOBAL, authority = "https://login.microsoftonline.com" },
  china = { base_url = CHINA, authority = "https://login.chinacloudapi.cn" },
  us_government = { base_url = GLOBAL, authority = "https://login.microsoftonline.us" },
}

--- The addresses of one cloud, as a table of the caller's own.
--
-- `base_url` is where the API answers, `authority` where tokens come from,
-- `resource` the audience of a token (version 1 of the token endpoint), and
-- `scope` the same for a signed-in user and version 2. None ends in a slash.
-- @tparam[opt="global"] string name `"global"`, `"china"` or `"us_government"`
-- @treturn {base_url=string,authority=string,resource=string,scope=string} the
--   addresses
-- @raise if there is no cloud of that name; the message names the nearest
-- @usage local cloud = partnercenter.clouds.get("china")
function M.get(name)
  if name == nil then name = "global" end
  if name == "germany" then error(GERMANY, 2) end
  local cloud = clouds[name]
  if not cloud then check.unknown("partnercenter.clouds", name, clouds, 2, "cloud") end
  return {
    base_url = cloud.base_url,
    authority = cloud.authority,
    resource = cloud.base_url,
    scope = cloud.base_url .. "/user_impersonation",
  }
end

--- The names of all clouds, sorted.
-- @treturn {string,...} a new array
function M.names()
  local names = {}
  for name in pairs(clouds) do names[#names + 1] = name end
  table.sort(names)
  return names
end

return M
