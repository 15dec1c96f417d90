--- What a cache keeps of a text: a line of what is known of it, and the text. Pure.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.ngx.entries

local wire = require("partnercenter.util").wire

local M = {}

-- A time as it was written, and nothing that is none.
local function time_of(word)
  local time = wire.number(word)
  return time and time < math.huge and time or nil
end

--- An entry.
-- @tparam string text
-- @tparam table info `stored_at`, `fresh_until`, `processed_at` (nil: not known; all in
--   seconds since the epoch), `etag` (a word)
-- @treturn string
function M.format(text, info)
  return ("%s %s %s %s\n%s"):format(wire.fixed(info.stored_at, 0), wire.fixed(info.fresh_until, 0),
    info.processed_at and wire.fixed(info.processed_at, 0) or "-", info.etag, text)
end

--- What an entry says.
-- @tparam string kept
-- @treturn[1] string the text
-- @treturn[1] table as above
-- @treturn[2] nil it is none, or another version's
function M.parse(kept)
  local stored, fresh, processed, etag, at = kept:match("^(%S+) (%S+) (%S+) (%S+)\n()")
  local info = {
    stored_at = time_of(stored), fresh_until = time_of(fresh), processed_at = time_of(processed),
    etag = etag,
  }
  if not info.stored_at or not info.fresh_until then return nil end
  return kept:sub(at), info
end

return M
