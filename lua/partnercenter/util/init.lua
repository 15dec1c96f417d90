--- Helpers that know nothing of the service: `check` (what callers pass in),
-- `text` (one line of a message), `wire` (numbers and letter case), `url`, `datetime`,
-- `json` (writing it), `key` (under which something is kept), `base64`, `sha256`,
-- `protect` (a protected call that a wait may cross). Every room may use them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util

return {
  base64 = require "partnercenter.util.base64",
  check = require "partnercenter.util.check",
  datetime = require "partnercenter.util.datetime",
  json = require "partnercenter.util.json",
  key = require "partnercenter.util.key",
  protect = require "partnercenter.util.protect",
  sha256 = require "partnercenter.util.sha256",
  text = require "partnercenter.util.text",
  url = require "partnercenter.util.url",
  wire = require "partnercenter.util.wire",
}
