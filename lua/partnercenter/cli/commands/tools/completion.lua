--- `completion`: a script that completes the command in a shell.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.tools.completion

local failure = require "partnercenter.cli.failure"

return {
  name = "completion",
  summary = "Print a completion script for a shell.",
  arguments = "bash|zsh|fish",
  description = "Print a script that completes this command in a shell.",
  examples = { "completion bash" },
  options = function(command)
    command:argument("shell"):choices { "bash", "zsh", "fish" }
  end,
  run = function(given, _, parser)
    io.stdout:write(parser["get_" .. given.shell .. "_complete"](parser))
    return failure.codes.done
  end,
}
