--- The commands that ask no service: `sandbox` and `completion`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.tools

local failure = require "partnercenter.cli.failure"

local M = {}

local HELP = [[
Usage: partnercenter sandbox [--<option>=<value> ...] [<command> ...]

Run a Partner Center with made-up customers on this machine until Ctrl-C; with a
command of partnercenter, run that against it and end. Options are the sandbox's
own, such as --customers=2000 or --latency=50: examples/sandbox/README.md has
all of them.
]]

local function quoted(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

-- 5.1 gives the status as the system packs it, or true, kind and code.
local function code_of(result, kind, code)
  if type(result) == "number" then
    if result % 128 ~= 0 then return failure.codes.interrupted end
    return (result - result % 256) / 256
  end
  return kind == "signal" and failure.codes.interrupted or code
end

--- Run the sandbox of a checkout, until Ctrl-C or around a command.
-- @tparam table given the options of the command line: `words`
-- @tparam table where `root`, `lua` and `script`, as in `partnercenter.cli.main`
-- @treturn number exit code
function M.sandbox(given, where)
  if given.words[1] == "--help" or given.words[1] == "-h" then
    io.stdout:write(HELP)
    return failure.codes.done
  end
  if not where.root then
    failure.usage("the sandbox comes with the source: run bin/partnercenter of a checkout")
  end
  local options, at = {}, 1
  while given.words[at] and given.words[at]:sub(1, 2) == "--" do
    options[at] = quoted(given.words[at])
    at = at + 1
  end
  local words = { quoted(where.root .. "/tools/with-sandbox"), table.concat(options, " ") }
  if given.words[at] then
    words[#words + 1] = quoted(where.lua or "lua") .. " " .. quoted(where.script)
    for i = at, #given.words do words[#words + 1] = quoted(given.words[i]) end
  else
    local directory = quoted(where.root .. "/build/sandbox-run")
    words = { "mkdir -p", quoted(where.root .. "/build"), "&& exec",
      quoted(where.root .. "/examples/sandbox/sandbox"), "run", directory, words[2] }
  end
  return code_of(os.execute(table.concat(words, " ")))
end

--- Print the completion script of a shell.
-- @tparam table given the options of the command line: `shell`
-- @tparam table _ where
-- @tparam table parser of `partnercenter.cli.options`
-- @treturn number exit code
function M.completion(given, _, parser)
  io.stdout:write(parser["get_" .. given.shell .. "_complete"](parser))
  return failure.codes.done
end

return M
