-- A busted helper that makes the garbage collector run all the time, so that
-- a value the core forgot to anchor is gone before it is used.
local function tune(name, value)
  if not pcall(collectgarbage, "set" .. name, value) then
    collectgarbage("param", name, value)     -- Lua 5.5
  end
end

tune("pause", 1)
tune("stepmul", 400)
