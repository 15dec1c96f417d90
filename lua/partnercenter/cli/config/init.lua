--- What the command is told, and who calls.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.config

return {
  account = require "partnercenter.cli.config.account",
  settings = require "partnercenter.cli.config.settings",
}
