--- `customers`: the customers of the partner.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.customers

local fields = require "partnercenter.fields"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

return {
  name = "customers",
  summary = "List the customers.",
  examples = {
    "customers",
    [[customers --filter "startswith(CompanyName,'cont')"]],
    "customers --sort companyName --format csv --output customers.csv",
  },
  fields = fields.of "customers",
  options = function(command)
    options.groups.rows(command, "table")
    options.groups.settings(command)
  end,
  run = function(given)
    return (run.listing.all(given, "customers", "customers",
      function(partner) return partner.customers end))
  end,
}
