--- How waits are waited: the dispatcher, which holds a client's session and knows
-- who waits for what on it, and a driver for each event loop.
--
-- Others use `dispatcher`, `named` and `names` (loops by their names, loaded when
-- asked for), and `yields` (where a coroutine can wait).
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop

local dispatcher = require "partnercenter.loop.dispatcher"
local yields = require "partnercenter.loop.yields"

local M = {}

--- A dispatcher over a session, and the bytes to decode per call in a loop.
-- @see partnercenter.loop.dispatcher
M.dispatcher, M.slice = dispatcher.new, dispatcher.slice

--- Where a coroutine can wait.
-- @see partnercenter.loop.yields
M.yields = yields

--- The names of all loops, as keys.
M.names = { block = true, cqueues = true, luv = true, ngx = true }

--- A loop. Its library is loaded now.
-- @tparam string name
-- @treturn table
function M.named(name)
  return require("partnercenter.loop." .. name)
end

return M
