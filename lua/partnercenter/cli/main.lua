--- The `partnercenter` command: reads its arguments, runs one of its parts, and
-- says how it ended.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.main

local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local version = require "partnercenter.version"

local M = {}

local COMMANDS = {
  login = "session", logout = "session", whoami = "session",
  customers = "listing", subscriptions = "listing", get = "listing",
  deployment = "licenses", usage = "licenses",
  sandbox = "tools", completion = "tools",
}

local function complain(message)
  io.stderr:write("partnercenter: ", message, "\n")
end

--- Run the command.
-- @tparam table words its arguments
-- @tparam table where `root`: of the checkout it runs from, or nil; `script`: its
--   own path; `lua`: the interpreter
-- @treturn number the exit code
function M.run(words, where)
  local parser = options.parser()
  local ok, given = parser:pparse(words)
  if not ok then
    io.stderr:write(parser:get_usage(), "\n\n")
    complain(given)
    return failure.codes.usage
  end
  if given.version then
    io.stdout:write("partnercenter ", version, "\n")
    return failure.codes.done
  end
  if not given.command then
    io.stderr:write(parser:get_help(), "\n")
    return failure.codes.usage
  end
  local part = require("partnercenter.cli." .. COMMANDS[given.command])
  local done, result = pcall(part[given.command], given, where, parser)
  if done then return result end
  local code, message = failure.explain(result)
  complain(message)
  return code
end

return M
