--- `deployment`: licences sold and deployed.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.deployment

local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

return {
  name = "deployment",
  summary = "Licences sold and deployed.",
  arguments = "[<customer> ...]",
  examples = {
    "deployment --all-customers --below 50",
    "deployment --all-customers --group-by customerName --sort deployedShare",
    "deployment --all-customers --html report.html",
    "deployment 4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04 --format csv --output deployment.csv",
  },
  fields = run.licenses.fields "deployment",
  options = function(command)
    options.groups.licenses(command, "Only where less than this is deployed.")
  end,
  run = function(given) return (run.licenses.run(given, "deployment")) end,
}
