--- Who may send now: the `limiter`, by what the `throttle` has learnt of the service,
-- or a `shared_throttle` with a `quota` that a fleet uses together; and `single_flight`,
-- a piece of work that one call does and others wait for. Each is a function that makes
-- one.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow

local throttle = require "partnercenter.flow.throttle"

return {
  limiter = require "partnercenter.flow.limiter".new,
  quota = require "partnercenter.flow.quota".new,
  shared_throttle = require "partnercenter.flow.shared_throttle".new,
  single_flight = require "partnercenter.flow.single_flight".new,
  throttle = throttle.new,
  --- Calls in flight that a client without a limit of its own may have.
  MOST = throttle.MOST,
}
