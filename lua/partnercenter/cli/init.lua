--- The `partnercenter` command: reads its arguments, runs one of its parts, and
-- says how it ended.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli

local commands = require "partnercenter.cli.commands"
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local output = require "partnercenter.cli.output"
local terminal = require "partnercenter.cli.terminal"
local version = require "partnercenter.version"

local M = {}

local function complain(message, kind, as_json)
  if as_json then
    io.stderr:write(terminal.status.json(message, kind), "\n")
  else
    io.stderr:write("partnercenter: ", message, "\n")
  end
end

-- Also for a command line that cannot be read otherwise.
local function wants_json(words)
  for i, word in ipairs(words) do
    if word == "--errors=json" or word == "--errors" and words[i + 1] == "json" then return true end
  end
  return false
end

local function run(words, where)
  if words[1] == "--version" then
    output.print("partnercenter ", version, "\n")
    return failure.codes.done
  end
  local parser, by_name = options.parser(commands.sections(words[1]))
  local ok, given = parser:pparse(words)
  if not ok then failure.usage("%s", options.explain(given, words, by_name)) end
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
  return entry.run(given, where, parser)
end

-- A signal that ended the run has its exit code, whatever failed by it.
local function code_of(code)
  local signal = core.signals_caught()
  return signal and code ~= failure.codes.done and 128 + signal or code
end

--- Run the command.
-- @tparam table words its arguments
-- @tparam table where `root`: of the checkout it runs from, or nil; `script`: its
--   own path; `lua`: the interpreter
-- @treturn number the exit code
function M.run(words, where)
  -- A sandbox takes its signals itself; this process waits for it.
  if words[1] ~= "sandbox" then core.signals_catch() end
  local done, result = pcall(function()
    local code = run(words, where)
    -- What was printed and did not arrive is a failure, whatever the command thinks.
    if code == failure.codes.done then output.flush() end
    return code
  end)
  -- Whatever ended the command, nothing half-written stays.
  core.output_drop_all()
  if done then return code_of(result) end
  local code, message, kind = failure.explain(result)
  -- Who reads no more has what he wants, as from `head`.
  if kind ~= "unread" then complain(message, kind, wants_json(words)) end
  return code_of(code)
end

return M
