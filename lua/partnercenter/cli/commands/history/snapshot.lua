--- `snapshot`: what all customers have today, kept for `diff` and `trend`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.history.snapshot

local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local output = require "partnercenter.cli.output"
local run = require "partnercenter.cli.run"

return {
  name = "snapshot",
  summary = "Keep today's licences for later comparison.",
  arguments = "[deployment|usage]",
  description = "Read the licences of all customers and keep them in the history, under the day "
    .. "for which the service has processed them.",
  examples = { "snapshot", "snapshot usage --history licences.sqlite" },
  options = function(command)
    command:argument("kind"):args "?":choices { "deployment", "usage" }
      :description "What is kept; default: deployment."
    options.groups.resuming(command)
    options.groups.history(command)
    options.groups.telling(command)
    options.groups.settings(command)
  end,
  run = function(given)
    local asked = { save = true, all_customers = true, customer = {}, silent = true }
    for name, value in pairs(given) do asked[name] = value end
    local code, task = run.licenses.run(asked, given.kind or "deployment")
    if task.kept then
      output.print(("%s  %d entries  %s\n"):format(task.kept.day, task.kept.count,
        task.kept.path))
    end
    return code or failure.codes.done
  end,
}
