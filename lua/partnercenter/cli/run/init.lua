--- What commands that ask the service have in common.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run

return {
  customers = require "partnercenter.cli.run.customers",
  findings = require "partnercenter.cli.run.findings",
  gather = require "partnercenter.cli.run.gather",
  history = require "partnercenter.cli.run.history",
  licenses = require "partnercenter.cli.run.licenses",
  listing = require "partnercenter.cli.run.listing",
  picture = require "partnercenter.cli.run.picture",
  task = require "partnercenter.cli.run.task",
  walk = require "partnercenter.cli.run.walk",
}
