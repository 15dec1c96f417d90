-- Processes, threads and descriptors, for the specs:
--
--   process.fork(), .wait(pid), .kill(pid, signal), .pid()
--   process.threads()       ids of the threads of this process
--   process.descriptors()   how many are open
--   process.run_lua(code)   a new Lua: its exit code, output, seconds
local M = {}

local ABI = _VERSION:match("%d%.%d")
local BUILD = os.getenv "PC_BUILD" or "build/" .. ABI

local function output_of(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

local function load_helper()
  local library = BUILD .. "/spec_process.so"
  local log = output_of(("cc -O1 -shared -fPIC $(pkg-config --cflags lua%s) -o %s "
    .. "spec/support/process.c 2>&1"):format(ABI, library))
  local open = assert(package.loadlib(library, "luaopen_spec_process"), log)
  for name, f in pairs(open()) do M[name] = f end
end

load_helper()

function M.threads()
  return M.list("task")
end

function M.descriptors()
  return #M.list("fd")
end

-- The value of a line of a thread's status, such as its signal mask.
function M.thread_status(id, name)
  local file = assert(io.open(("/proc/%d/task/%s/status"):format(M.pid(), id)))
  local text = file:read("*a")
  file:close()
  return text:match(name .. ":%s*(%S+)")
end

function M.interpreter()
  return type(rawget(_G, "jit")) == "table" and "luajit" or "lua" .. ABI
end

function M.run_lua(code)
  local core = require "partnercenter.core"
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(code)
  file:close()
  local started = core.now()
  local output = output_of(("%s %s 2>&1; echo \"exit $?\""):format(M.interpreter(), path))
  local seconds = core.now() - started
  os.remove(path)
  local text, status = output:match("^(.*)exit (%d+)\n$")
  return tonumber(status), text, seconds
end

return M
