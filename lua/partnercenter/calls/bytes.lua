--- The body of one answer as bytes, as they arrive.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.bytes

local attempt = require "partnercenter.calls.attempt"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.bytes", __index = methods }

--- Opens it, for `attempt.once`. An answer that breaks off before its first byte can
-- still be asked for again.
-- @tparam table call
-- @tparam Transfer transfer
-- @treturn[1] Bytes with `status`, what its headers say (`range`, `etag`, `encoding`,
--   `length`, `modified`), and `next`
-- @treturn[2] nil
-- @treturn[2] Error
function M.open(call, transfer)
  local self = setmetatable({ call = call, transfer = transfer, status = transfer:status() }, mt)
  self.range, self.etag, self.encoding, self.length, self.modified = transfer:header(
    "Content-Range", "ETag", "Content-Encoding", "Content-Length", "Last-Modified")
  self.ok, self.piece = attempt.read(call, transfer, "piece")
  if not self.ok and self.piece then return nil, self.piece end
  return self
end

--- The next piece.
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
-- @treturn[1] boolean true
-- @treturn[1] string bytes
-- @treturn[2] nil the end; the field `unsure` says whether it may have broken off
-- @treturn[3] nil
-- @treturn[3] Error the answer broke off
function methods:next(iterating)
  self.call.iterating = iterating
  if self.first_taken then
    if not self.ok then return nil, self.piece end
    self.ok, self.piece = attempt.read(self.call, self.transfer, "piece")
  end
  self.first_taken = true
  if self.ok then return true, self.piece end
  -- libcurl 7.88 takes a stream of HTTP/2 that was reset for a whole body now and then.
  self.unsure = not self.piece and not self.length and self.transfer:timings().http == "2"
  attempt.conclude(self.call, self.transfer, self.piece)
  return nil, self.piece
end

return M
