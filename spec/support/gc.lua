-- A busted helper that makes the garbage collector run all the time, so that
-- a value the core forgot to anchor is gone before it is used.
collectgarbage("setpause", 1)
collectgarbage("setstepmul", 400)
