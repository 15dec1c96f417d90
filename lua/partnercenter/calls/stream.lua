--- The rows of one answer, as they arrive.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.stream

local attempt = require "partnercenter.calls.attempt"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.stream", __index = methods }

-- Read the rows that have arrived, at least one. That is done before they are asked
-- for, so that an answer which breaks off before its first row can still be asked for
-- again.
local function advance(self)
  local ok, rows = attempt.read(self.call, self.transfer, "rows")
  self.at = 0
  self.rows = ok and rows or nil
  return ok, rows
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
  if not ok and err then return nil, err end
  if ok then return self end
  -- No rows at all: the rest decides whether this is an answer.
  local document
  ok, document = attempt.read(call, transfer, "value")
  if not ok then return nil, document end
  self.document = document
  attempt.conclude(call, transfer)
  return self
end

local function fail(self, err)
  self.err = err
  attempt.conclude(self.call, self.transfer, err)
  return nil, err
end

-- After the last row: the rest of the document, read once.
local function read_rest(self)
  if self.document == nil then
    local ok, document = attempt.read(self.call, self.transfer, "value")
    if not ok then return fail(self, document) end
    self.document = document
    attempt.conclude(self.call, self.transfer)
  end
  return nil
end

--- The next row.
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
-- @treturn[1] boolean true
-- @treturn[1] value the row
-- @treturn[2] nil no more rows
-- @treturn[3] nil
-- @treturn[3] Error the answer broke off
function methods:next(iterating)
  local rows, at = self.rows, self.at + 1
  if rows and rows[at] ~= nil then
    self.at = at
    return true, rows[at]
  end
  if self.err then return nil, self.err end
  self.call.iterating = iterating
  if not rows then return read_rest(self) end
  local ok, err = advance(self)
  if not ok then
    if err then return fail(self, err) end
    return read_rest(self)
  end
  self.at = 1
  return true, self.rows[1]
end

--- What the document holds beside its rows, after the last one.
-- @treturn value
-- @treturn table the facts of the answer
function methods:envelope()
  return self.document, self.call.facts
end

return M
