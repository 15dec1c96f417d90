--- `help`: how a command is used.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.tools.help

local check = require("partnercenter.util").check
local failure = require "partnercenter.cli.failure"
local output = require "partnercenter.cli.output"

return {
  name = "help",
  summary = "Show the help of a command.",
  arguments = "[<command> ...]",
  examples = { "help", "help deployment", "help reports run" },
  options = function(command)
    command:argument("about"):args "*":argname "<command>":description "Which one; default: all."
  end,
  run = function(given, where, parser)
    local page = parser
    local about = table.concat(given.about, " ")
    if about ~= "" then
      page = where.commands[about]
      if not page then
        failure.usage("there is no command '%s'%s", about, check.hint(about, where.commands))
      end
      page = page.parser
    end
    output.print(page:get_help(), "\n")
    return failure.codes.done
  end,
}
