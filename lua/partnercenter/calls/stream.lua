--- The rows of one answer, as they arrive.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.stream

local attempt = require "partnercenter.calls.attempt"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.stream", __index = methods }

-- Read one row ahead, so that an answer which breaks off before its first row
-- can still be asked for again.
local function advance(self)
  self.ok, self.row = attempt.read(self.call, self.transfer, "next")
end

--- Opens a stream, for `attempt.once`.
-- @tparam table call
-- @tparam Transfer transfer
-- @treturn[1] Stream
-- @treturn[2] nil
-- @treturn[2] Error the answer failed before its first row
function M.open(call, transfer)
  local self = setmetatable({ call = call, transfer = transfer }, mt)
  advance(self)
  if not self.ok and self.row then return nil, self.row end
  if self.ok then return self end
  -- No rows at all: the rest decides whether this is an answer.
  local ok, document = attempt.read(call, transfer, "value")
  if not ok then return nil, document end
  self.document = document
  attempt.finish(call, transfer)
  return self
end

-- After the last row: the rest of the document, read once.
local function finish(self)
  if self.document == nil and not self.err then
    local ok, document = attempt.read(self.call, self.transfer, "value")
    if ok then self.document = document else self.err = document end
    attempt.finish(self.call, self.transfer, self.err)
  end
  return nil, self.err
end

--- The next row.
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
-- @treturn[1] boolean true
-- @treturn[1] value the row
-- @treturn[2] nil no more rows
-- @treturn[3] nil
-- @treturn[3] Error the answer broke off
function methods:next(iterating)
  self.call.iterating = iterating
  if self.err then return nil, self.err end
  if not self.ok then return finish(self) end
  local row = self.row
  if self.taken then
    advance(self)
    if self.ok then return true, self.row end
    if self.row then
      self.err = self.row
      attempt.finish(self.call, self.transfer, self.err)
      return nil, self.err
    end
    return finish(self)
  end
  self.taken = true
  return true, row
end

--- What the document holds beside its rows, after the last one.
-- @treturn value
-- @treturn table the facts of the answer
function methods:envelope()
  return self.document, self.call.facts
end

return M
