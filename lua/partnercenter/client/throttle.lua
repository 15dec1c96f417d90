--- The throttle of a client: what it has learnt of the quota, or what it knows of it
-- together with all that share a store.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.throttle

local flow = require "partnercenter.flow"
local identity = require("partnercenter.sign_in").provider.identity
local key = require("partnercenter.util").key
local stores = require "partnercenter.store"

--- A throttle.
-- @tparam table own the client's settings
-- @tparam table register of its secrets
-- @tparam ?function tell takes an event
-- @treturn Throttle
return function(own, register, tell)
  local throttle = flow.throttle(own)
  if not own.store then return throttle end
  stores.note(own.store, register.add)
  return flow.shared_throttle(throttle, flow.quota {
    store = own.store,
    key = key("quota", own.base_url, identity(own.credentials, own.cloud.authority)),
    rate = own.requests_per_minute, time = stores.clock(own.store, own.time),
    tell = function(why)
      if not tell then return end
      tell { name = "store", store = own.store.kind, operation = "quota", reason = why }
    end,
  })
end
