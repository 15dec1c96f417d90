--- What rows become: a table, CSV, JSON, a report.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats

return {
  columns = require "partnercenter.cli.formats.columns",
  output = require "partnercenter.cli.formats.output",
  report = require "partnercenter.cli.formats.report",
  rows = require "partnercenter.cli.formats.rows",
}
