-- A busted output handler: a line for each spec file while it runs, then what
-- plainTerminal says of failures, then the counts alone on the last line. A file
-- in which no test ran counts as a failure: busted itself says nothing about it.
-- PC_COUNTS names a file to which "passed failed skipped" is appended, so that
-- several runs can be added up.
local busted = require "busted"
local plain = require "busted.outputHandlers.plainTerminal"
local system = require "system"

local function say(...)
  io.stdout:write(...)
  io.stdout:flush()
end

-- Tells of the files as they come, so that a crash can be found.
local function follow_files(empty)
  local tests, name, started = 0, nil, 0
  busted.subscribe({ "file", "start" }, function(file)
    tests, name, started = 0, tostring(file.name), system.gettime()
    say(("%-36s"):format(name))
    return nil, true
  end)
  busted.subscribe({ "test", "end" }, function()
    tests = tests + 1
    return nil, true
  end)
  busted.subscribe({ "file", "end" }, function()
    say(("%6d %8.2f s\n"):format(tests, system.gettime() - started))
    if tests == 0 then empty[#empty + 1] = name end
    return nil, true
  end)
end

return function(options)
  options.deferPrint = true
  local handler, empty = plain(options), {}
  follow_files(empty)
  busted.subscribe({ "exit" }, function()
    for _, spec in ipairs(empty) do say("no test ran in ", spec, "\n") end
    local passed, skipped = handler.successesCount, handler.pendingsCount
    local failed = handler.failuresCount + handler.errorsCount + #empty
    say(("%d passed, %d failed, %d skipped\n"):format(passed, failed, skipped))
    local file = os.getenv "PC_COUNTS"
    local counts = file and assert(io.open(file, "a"))
    if counts then
      counts:write(("%d %d %d\n"):format(passed, failed, skipped))
      counts:close()
    end
    return nil, true
  end)
  return handler
end
