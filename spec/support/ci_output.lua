-- A busted output handler: what plainTerminal prints (PC_OUTPUT names another),
-- then the counts alone on the last line. A spec file in which no test ran
-- counts as a failure: busted itself says nothing about it.
-- PC_COUNTS names a file to which "passed failed skipped" is appended, so that
-- several runs can be added up.
local busted = require "busted"

local function count_files(empty)
  local tests, name
  busted.subscribe({ "file", "start" }, function(file)
    tests, name = 0, file.name
    return nil, true
  end)
  busted.subscribe({ "test", "end" }, function()
    tests = (tests or 0) + 1
    return nil, true
  end)
  busted.subscribe({ "file", "end" }, function()
    if tests == 0 then empty[#empty + 1] = name end
    return nil, true
  end)
end

return function(options)
  local name = os.getenv "PC_OUTPUT" or "plainTerminal"
  local handler = require("busted.outputHandlers." .. name)(options)
  local empty = {}
  count_files(empty)
  busted.subscribe({ "exit" }, function()
    for _, spec in ipairs(empty) do io.stdout:write("no test ran in ", tostring(spec), "\n") end
    local passed, skipped = handler.successesCount, handler.pendingsCount
    local failed = handler.failuresCount + handler.errorsCount + #empty
    io.stdout:write(("%d passed, %d failed, %d skipped\n"):format(passed, failed, skipped))
    io.stdout:flush()
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
