--- Failures as they are kept: for how long, and as a text.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.ngx.failures

local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local json = require("partnercenter.util").json

-- Seconds for which a failure is remembered, by its kind: who is not there now will
-- hardly be in a minute, a service that is down may be back soon.
local REMEMBERED = { not_found = 60, forbidden = 30, config = 30 }
local REMEMBERED_ELSE, LONGEST = 5, 60
-- What is kept of an error: all of it but for texts without a bound.
local KEPT = { "kind", "message", "status", "code", "description", "source", "request_id",
  "correlation_id", "ms_cv", "server_id", "retry_after", "attempts", "url", "retryable" }

local M = {
  --- Seconds for which the failure of another nginx is kept near.
  NEAR = REMEMBERED_ELSE,
}

--- A failure as a text.
-- @param err
-- @treturn string
-- @treturn number seconds; a service that wants to be left alone says for how long
function M.encode(err)
  local fields = { message = tostring(err) }
  if errors.is(err) then
    for _, name in ipairs(KEPT) do fields[name] = err[name] end
  end
  local seconds = math.max(REMEMBERED[fields.kind] or REMEMBERED_ELSE, fields.retry_after or 0)
  return json.encode(fields), math.min(LONGEST, seconds)
end

--- The failure that a text stands for, as an error of the caller's own.
-- @tparam ?string text
-- @return nil when there is none, or it is another version's
function M.decode(text)
  local fields = text and core.decode(text)
  if type(fields) ~= "table" or type(fields.message) ~= "string" then return nil end
  if type(fields.kind) ~= "string" then return fields.message end
  return errors.new(fields)
end

return M
