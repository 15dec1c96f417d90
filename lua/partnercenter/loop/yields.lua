--- Where a coroutine can wait.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.yields

-- PUC 5.1 cannot yield across the call of an iterator in a `for` loop.
local ITERATORS_YIELD = _VERSION ~= "Lua 5.1" or type(rawget(_G, "jit")) == "table"

local M = {}

local function tell()
  error("this is no row: the coroutine that was to give one waits for the network. With loop = "
    .. "\"luv\" read rows in the coroutine that libuv's callbacks resume, or give a generator a "
    .. "client with loop = \"block\"", 2)
end

-- What a coroutine yields that waits. Whoever takes it for a value of the coroutine's
-- own is told so.
local WAITING = setmetatable({}, {
  __index = tell, __newindex = tell, __call = tell, __tostring = tell, __len = tell,
  __concat = tell, __pairs = tell,
})

--- Yield until somebody resumes the running coroutine: a loop's callback, or
-- whoever takes it for a generator and is told so.
function M.wait()
  coroutine.yield(WAITING)
end

--- Can what runs yield?
-- @tparam[opt] boolean iterating it is the iterator of a `for`
-- @treturn boolean
function M.can(iterating)
  return ITERATORS_YIELD or not iterating
end

--- Was an iterator called by a `for` loop? The loop passes two values; who calls
-- it without any may wait anywhere.
-- @param ... what the iterator was called with
-- @treturn boolean
function M.iterating(...)
  return select("#", ...) > 0
end

return M
