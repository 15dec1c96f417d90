--- What runs have read today, for those that go on with them: `file` keeps lines, and
-- `journal` the answers of customers in them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.kept

return {
  file = require "partnercenter.cli.kept.file",
  journal = require "partnercenter.cli.kept.journal",
}
