--- What commands that ask the service have in common.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run

return {
  licenses = require "partnercenter.cli.run.licenses",
  listing = require "partnercenter.cli.run.listing",
  task = require "partnercenter.cli.run.task",
}
