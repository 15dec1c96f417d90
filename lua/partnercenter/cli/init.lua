--- The `partnercenter` command: reads its arguments, runs one of its parts, and
-- says how it ended.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli

local commands = require "partnercenter.cli.commands"
local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local terminal = require "partnercenter.cli.terminal"
local version = require "partnercenter.version"

local M = {}

local function complain(message)
  io.stderr:write("partnercenter: ", message, "\n")
end

--- Run the command.
-- @tparam table words its arguments
-- @tparam table where `root`: of the checkout it runs from, or nil; `script`: its
--   own path; `lua`: the interpreter
-- @treturn number the exit code
function M.run(words, where)
  local parser, by_name = options.parser(commands.sections())
  local ok, given = parser:pparse(words)
  if not ok then
    complain(options.explain(given, words, by_name))
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
  where.commands = by_name
  local entry = options.entry(by_name, given.command, given.action)
  if not entry.run then
    io.stderr:write(entry.parser:get_help(), "\n")
    return failure.codes.usage
  end
  local done, result = pcall(entry.run, given, where, parser)
  if done then return result end
  local code, message, kind = failure.explain(result)
  if given.errors == "json" then
    io.stderr:write(terminal.status.json(message, kind), "\n")
  else
    complain(message)
  end
  return code
end

return M
