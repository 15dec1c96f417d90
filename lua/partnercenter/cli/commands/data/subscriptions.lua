--- `subscriptions`: the subscriptions of all customers.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.subscriptions

local fields = require "partnercenter.fields"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"

return {
  name = "subscriptions",
  summary = "List the subscriptions.",
  description = "List the subscriptions of all customers.",
  examples = {
    "subscriptions --sort commitmentEndDate",
    "subscriptions --group-by status,subscriptionType",
  },
  fields = fields.of "analytics.subscriptions",
  options = function(command)
    command:group("Main options", options.groups.grouping(command))
    options.groups.rows(command, "table")
    options.groups.settings(command)
  end,
  run = function(given)
    return (run.listing.all(given, "subscriptions", "analytics.subscriptions",
      function(partner) return partner.analytics.subscriptions end))
  end,
}
