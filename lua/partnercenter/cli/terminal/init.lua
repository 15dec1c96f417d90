--- The person's side of the command: the terminal, its width, the lines of progress.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.terminal

return {
  screen = require "partnercenter.cli.terminal.screen",
  status = require "partnercenter.cli.terminal.status",
  width = require "partnercenter.cli.terminal.width",
}
