--- How a report looks and what it does in a browser: its style and its script.
-- Both stand in the page itself; the page asks nothing of any network.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.page

local script = require "partnercenter.cli.formats.report.script"
local style = require "partnercenter.cli.formats.report.style"
local util = require "partnercenter.util"

local M = {}

--- The style.
M.style = style

--- The script. Without it the page is whole, in the order it was written in.
M.script = script

--- What the page's policy knows the script by: the SHA-256 of a line break and it. It is
-- computed when a report is written: most runs of the command write none.
-- @treturn string
function M.script_hash()
  -- A digest of 32 bytes is one "=" short of whole groups of four.
  return "sha256-" .. util.base64.encode(util.sha256.sha256("\n" .. script)) .. "="
end

return M
