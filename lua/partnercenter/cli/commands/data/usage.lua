--- `usage`: licences qualified and in use.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.usage

local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

return {
  name = "usage",
  summary = "Licences qualified and in use.",
  arguments = "[<customer> ...]",
  examples = {
    "usage --all-customers --below 20",
    "usage --all-customers --group-by productName,workloadName --sort usedShare",
  },
  fields = run.licenses.fields "usage",
  options = function(command)
    options.groups.licenses(command, "Only where less than this is used.")
  end,
  run = function(given) return (run.licenses.run(given, "usage")) end,
}
