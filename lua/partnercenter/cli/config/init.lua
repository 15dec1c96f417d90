--- What the command is told, and who calls.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.config

local precedence = require "partnercenter.cli.config.precedence"

return {
  account = require "partnercenter.cli.config.account",
  read = precedence.read,
  names = precedence.names,
  remember = precedence.remember,
  memory_path = precedence.memory_path,
}
