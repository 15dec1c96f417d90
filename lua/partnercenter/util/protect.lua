--- A protected call that a wait may cross.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.protect

-- PUC 5.1 cannot yield across pcall.
local PCALL_YIELDS = _VERSION ~= "Lua 5.1" or type(rawget(_G, "jit")) == "table"

local M = {}

--- As `pcall`; but in a coroutine of PUC 5.1 the function is called without
-- protection, so that it may wait, and an error goes straight up.
-- @tparam function f
-- @param ... its arguments
-- @treturn boolean true, or false and the error
-- @return what f returned
function M.call(f, ...)
  if PCALL_YIELDS or coroutine.running() == nil then return pcall(f, ...) end
  return true, f(...)
end

--- May `call` let an error pass, here and now?
-- @treturn boolean
function M.leaks()
  return not PCALL_YIELDS and coroutine.running() ~= nil
end

return M
