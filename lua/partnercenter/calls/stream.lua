--- The rows of one answer, as they arrive.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.stream

local attempt = require "partnercenter.calls.attempt"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.stream", __index = methods }

-- Read the rows that have arrived, at least one. The first are read before they are
-- asked for, so that an answer which breaks off before them can still be asked for
-- again.
local function advance(self)
  local ok, rows, scalars, same = attempt.read(self.call, self.transfer, "rows")
  if not ok then return ok, rows end
  self.rows, self.scalars, self.same = rows, scalars, same
  return true
end

-- After the last row: the rest of the document.
local function read_rest(self)
  local ok, document, _, digest = attempt.read(self.call, self.transfer, "value")
  if not ok then return nil, document end
  self.document, self.digest = document, digest
  attempt.conclude(self.call, self.transfer)
  return true
end

--- Opens a stream, for `attempt.once`.
-- @tparam table call
-- @tparam Transfer transfer
-- @treturn[1] Stream
-- @treturn[2] nil
-- @treturn[2] Error the answer failed before its first row
function M.open(call, transfer)
  local self = setmetatable({ call = call, transfer = transfer }, mt)
  local ok, err = advance(self)
  -- No rows at all: the rest decides whether this is an answer.
  if ok == nil and not err then ok, err = read_rest(self) end
  if not ok then return nil, err end
  return self
end

--- The next rows.
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
-- @treturn[1] {value,...} at least one
-- @treturn[1] boolean whether a row so far is no table
-- @treturn[1] boolean whether all so far may be those of the page before
-- @treturn[2] nil no more rows
-- @treturn[3] nil
-- @treturn[3] Error the answer broke off
function methods:next(iterating)
  if self.err or self.document ~= nil then return nil, self.err end
  self.call.iterating = iterating
  if not self.rows then
    local ok, err = advance(self)
    if ok == nil and not err then ok, err = read_rest(self) end
    if not ok then
      self.err = err
      attempt.conclude(self.call, self.transfer, err)
      return nil, err
    end
  end
  local rows = self.rows
  if not rows then return nil end
  self.rows = nil
  return rows, self.scalars, self.same
end

--- What the document holds beside its rows, after the last one.
-- @treturn value
-- @treturn table the facts of the answer
-- @treturn ?string the digest of the rows, where the request has `before`
function methods:envelope()
  return self.document, self.call.facts, self.digest
end

return M
