--- `sandbox`: a Partner Center with made-up customers, on this machine.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.tools.sandbox

local failure = require "partnercenter.cli.failure"
local output = require "partnercenter.cli.output"
local shell = require "partnercenter.cli.shell"

local HELP = [[
Usage: partnercenter sandbox [--<option>=<value> ...] [<command> ...]

Run a Partner Center with made-up customers on this machine until Ctrl-C; with a
command of partnercenter, run that against it and end. Options are the sandbox's
own, such as --customers=2000 or --latency=50: examples/sandbox/README.md has
all of them.
]]

-- A signal that ends this process must not leave what it has started: that looks
-- whether this one, the parent of the shell, is there.
local PARENT = "--parent=\"$PPID\""

-- 5.1 gives the status as the system packs it, or true, kind and code.
local function code_of(result, kind, code)
  if type(result) == "number" then
    if result % 128 ~= 0 then return failure.codes.interrupted end
    return (result - result % 256) / 256
  end
  return kind == "signal" and failure.codes.interrupted or code
end

local function run(given, where)
  if given.words[1] == "--help" or given.words[1] == "-h" then
    output.print(HELP)
    return failure.codes.done
  end
  if not where.root then
    failure.usage("the sandbox comes with the source: run bin/partnercenter of a checkout")
  end
  local options, at = {}, 1
  while given.words[at] and given.words[at]:sub(1, 2) == "--" do
    options[at] = shell.quote(given.words[at])
    at = at + 1
  end
  local words = { "exec", shell.quote(where.root .. "/tools/with-sandbox"), PARENT,
    table.concat(options, " ") }
  if given.words[at] then
    words[#words + 1] = shell.quote(where.lua or "lua") .. " " .. shell.quote(where.script)
    for i = at, #given.words do words[#words + 1] = shell.quote(given.words[i]) end
  else
    local directory = shell.quote(where.root .. "/build/sandbox-run")
    words = { "mkdir -p", shell.quote(where.root .. "/build"), "&& exec",
      shell.quote(where.root .. "/examples/sandbox/sandbox"), "run", directory, PARENT,
      table.concat(options, " ") }
  end
  return code_of(os.execute(table.concat(words, " ")))
end

return {
  name = "sandbox",
  summary = "Run a Partner Center on this machine.",
  arguments = "[<command> ...]",
  description = "Run the local Partner Center of a checkout until Ctrl-C; or for as long as a "
    .. "command takes, which is run against it.",
  examples = { "sandbox --customers=20 deployment --all-customers" },
  options = function(command)
    command:handle_options(false)
    command:argument("words"):args "*":argname "<word>"
      :description "The sandbox's options, then a command of partnercenter with its own."
  end,
  run = run,
}
