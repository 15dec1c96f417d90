-- Processes, threads and descriptors, for the specs:
--
--   process.fork(), .raw_fork(), .wait(pid), .kill(pid, signal), .pid(), .alarm(seconds)
--   process.threads()       ids of the threads of this process
--   process.descriptors()   how many are open
--   process.run_lua(code, environment)   a new Lua: its exit code, output, seconds
local library = require "spec.support.library"

local M = library("spec/support/process.c", "luaopen_spec_process")

local ABI = _VERSION:match("%d%.%d")

local output_of = require("spec.support.shell").run

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

function M.run_lua(code, environment)
  local core = require "partnercenter.core"
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(code)
  file:close()
  local started = core.now()
  local output = output_of(("%s %s %s 2>&1; echo \"exit $?\""):format(environment or "",
    M.interpreter(), path))
  local seconds = core.now() - started
  os.remove(path)
  local text, status = output:match("^(.*)exit (%d+)\n$")
  return tonumber(status), text, seconds
end

return M
