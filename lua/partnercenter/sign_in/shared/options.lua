--- What a shared sign-in is told.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared.options

local check = require("partnercenter.util").check
local provider = require "partnercenter.sign_in.provider"
local seal = require "partnercenter.sign_in.shared.seal"
local stores = require "partnercenter.store"

local KNOWN = {
  store = function(value) return stores.is(value), "must be one of partnercenter.store" end,
  credentials = function(value)
    return provider.is(value), "must come from partnercenter.credentials"
  end,
  name = check.text,
  key = function(value)
    return seal.key(value) ~= nil, "must be 32 bytes, or 64 hexadecimal digits"
  end,
  lease = function(value)
    return type(value) == "number" and value >= 1 and value < math.huge,
      "must be a number of seconds, at least 1"
  end,
}

--- The options checked.
-- @tparam table options as `partnercenter.credentials.shared` says
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn table
-- @treturn ?string the key's bytes, where one is given, and
-- @treturn ?table luaossl
return function(options, level)
  local o = check.options("credentials.shared", options, KNOWN, level + 1)
  for _, name in ipairs { "store", "credentials" } do
    if not o[name] then
      error(("credentials.shared needs the option '%s'"):format(name), level + 1)
    end
  end
  if not o.key then return o end
  local library, why = seal.library()
  if not library then error("credentials.shared: " .. why, level + 1) end
  return o, seal.key(o.key), library
end
