--- What rows become: a table, CSV, JSON, a report.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats

return {
  chart = require "partnercenter.cli.formats.chart",
  columns = require "partnercenter.cli.formats.columns",
  condition = require "partnercenter.cli.formats.condition",
  json = require "partnercenter.cli.formats.json",
  report = require "partnercenter.cli.formats.report",
  rows = require "partnercenter.cli.formats.rows",
  writers = require "partnercenter.cli.formats.writers",
}
