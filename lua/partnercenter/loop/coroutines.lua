--- Coroutines that are used again: making one costs more than many a small task.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.loop.coroutines

-- So many are kept for further tasks.
local MOST = 64

local M = {}

--- What a coroutine yields, before the results, when its task has ended.
M.DONE = {}

local methods = {}
local mt = { __name = "partnercenter.coroutines", __index = methods }

local function results_of(_, ...)
  return ...
end

-- No tail call: the coroutine keeps the record of its task alive, and nothing else does.
local function perform(record, f, ...)
  return results_of(record, f(...))
end

-- A call of it with many nils leaves nothing of others in the caller's stack, which
-- LuaJIT's collector would find there.
local function clear() end

-- What a coroutine runs. While it waits for a task it keeps nothing of those before.
local function work()
  while true do
    clear(nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil)
    coroutine.yield(M.DONE, perform(coroutine.yield()))
  end
end

--- A place for coroutines between two tasks.
-- @treturn Coroutines
function M.new()
  return setmetatable({}, mt)
end

--- A coroutine that waits for a task: resume it with a value that it keeps alive, a
-- function, and its arguments.
-- @treturn thread
function methods:take()
  for i = #self, 1, -1 do
    local co = self[i]
    self[i] = nil
    -- A caller may have ended one that it knew.
    if coroutine.status(co) == "suspended" then return co end
  end
  local co = coroutine.create(work)
  coroutine.resume(co)
  return co
end

--- Take one back that has yielded `DONE`.
-- @tparam thread co
function methods:give(co)
  if #self >= MOST then return end
  coroutine.resume(co)
  self[#self + 1] = co
end

return M
