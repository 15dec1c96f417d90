-- Builds a C file of the specs for the running Lua, once, and gives what it
-- opens: library("spec/support/process.c", "luaopen_spec_process").
local ABI = _VERSION:match("%d%.%d")
local BUILD = os.getenv "PC_BUILD" or "build/" .. ABI

-- Under another name until it is whole: others may build or use it. A thread of it
-- may outlive the state that has loaded it, so it is never unloaded.
local COMMAND = [[[ %s -nt %s ] || { cc -O1 -shared -fPIC -pthread -Wl,-z,nodelete \
  $(pkg-config --cflags lua%s) -o %s.$$ %s 2>&1 && mv %s.$$ %s; }]]

return function(source, opener)
  local library = ("%s/%s.so"):format(BUILD, (opener:gsub("^luaopen_", "")))
  local pipe = assert(io.popen(COMMAND:format(library, source, ABI, library, source, library,
    library)))
  local log = pipe:read("*a")
  pipe:close()
  return assert(package.loadlib(library, opener), log)()
end
