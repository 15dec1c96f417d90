-- A busted helper that makes the garbage collector run all the time, so that
-- a value the core forgot to anchor is gone before it is used.
local function tune(name, value)
  if not pcall(collectgarbage, "set" .. name, value) then
    collectgarbage("param", name, value)     -- Lua 5.5
  end
end

-- Pause and speed are of this way to collect; 5.4 and 5.5 begin with another.
pcall(collectgarbage, "incremental")
tune("pause", 1)
tune("stepmul", 400)
