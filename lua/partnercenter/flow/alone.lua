--- What a process may send of a quota that it shares, while it cannot ask the others: its
-- share of a window, a few calls at once and the rest spread over the time that is left.
-- What was sent in a rush nobody could count in time. Pure: the time is a parameter.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.alone

-- What of the share may be sent at once.
local AT_ONCE = 1 / 8

local M = {}

local methods = {}
local mt = { __name = "partnercenter.flow.alone", __index = methods }

local function begin(self, now, ends, left)
  self.began, self.ends, self.left, self.used = now, ends, left, 0
end

--- A share.
-- @tparam table options
-- @tparam number options.share calls in a window
-- @tparam number options.used of them in this one, before
-- @tparam number options.ends of this window
-- @tparam number options.length seconds of each other one
-- @tparam number now seconds
-- @treturn Alone
function M.new(options, now)
  local self = setmetatable({ share = options.share, length = options.length }, mt)
  begin(self, now, options.ends, options.share - options.used)
  return self
end

--- Takes a place for one call.
-- @tparam number now seconds
-- @treturn number 0, or the seconds until there is one
function methods:take(now)
  if now >= self.ends then begin(self, now, now + self.length, self.share) end
  local wanted = self.used + 1
  if wanted > self.left then return self.ends - now end
  local at_once = math.max(1, self.left * AT_ONCE)
  if wanted > at_once then
    local part = (wanted - at_once) / (self.left - at_once)
    local due = self.began + part * (self.ends - self.began)
    if due > now then return due - now end
  end
  self.used = wanted
  return 0
end

--- A place that was taken is not used after all.
function methods:give_back()
  self.used = math.max(0, self.used - 1)
end

return M
