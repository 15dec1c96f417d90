--- Where in a file an answer of its store begins, and whether it is of the same file as
-- the bytes that came before it: those of two files never become one.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.place

local wire = require("partnercenter.util").wire

local M = {}

local CHANGED = "it has changed while it was read"

-- What the answer says of the file: a mark that no other version has, and its length.
-- Compressed on the way it is the same file, by a mark that says so.
local function describe(stream, packed)
  local mark = stream.etag and stream.etag:gsub("^W/", "") or stream.modified
  local from, length = nil, nil
  if stream.status == 206 then
    from, length = (stream.range or ""):match("^bytes (%d+)%-%d+/([%d*]+)$")
  elseif not packed then
    from, length = "0", stream.length
  end
  return mark, wire.digits(from), wire.digits(length)
end

--- Take an answer.
-- @tparam table place what is known of the file: `count` bytes of it have come. Gets its
--   `mark`, its `length`, how many bytes of the answer to `skip`, and `loose` when nothing
--   tells whether what comes behind them is of the same file
-- @tparam Bytes stream
-- @treturn ?string why it is of no use
function M.take(place, stream)
  local packed = stream.encoding ~= nil and stream.encoding ~= "identity"
  local mark, from, length = describe(stream, packed)
  local partial = stream.status == 206
  if partial and from ~= place.count then return "the rest begins in the wrong place" end
  if place.count == 0 then
    place.mark, place.length = mark, length
  else
    if packed then return "it broke off, and the rest only comes compressed" end
    if mark ~= place.mark and mark and place.mark then return CHANGED end
    if length and place.length and length ~= place.length then return CHANGED end
    place.length = length or place.length
  end
  -- A store that knows no ranges begins anew.
  place.skip = partial and 0 or place.count
  place.loose = place.count > 0 and (not mark or not place.mark)
  return nil
end

--- Take the bytes of an answer that were not there before.
-- @tparam table place
-- @tparam string piece
-- @treturn[1] string may be empty
-- @treturn[2] nil
-- @treturn[2] string why they are of no use
function M.advance(place, piece)
  local n = math.min(place.skip, #piece)
  place.skip = place.skip - n
  if n == #piece then return "" end
  if place.loose then return nil, "it broke off, and nothing tells whether the rest is of it" end
  place.count = place.count + #piece - n
  return n == 0 and piece or piece:sub(n + 1)
end

--- Whether an answer that has ended goes to the end of the file.
-- @tparam table place
-- @treturn[1] boolean false: something is missing
-- @treturn[2] nil
-- @treturn[2] string why the file is of no use
function M.is_whole(place)
  if place.length and place.count > place.length then return nil, CHANGED end
  return place.skip == 0 and (not place.length or place.count == place.length)
end

return M
