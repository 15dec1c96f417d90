--- What all who share a quota know of it, in their store: its windows, and what is counted
-- in each.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.flow.ledger

local windows = require "partnercenter.flow.window"
local wire = require("partnercenter.util").wire

-- Seconds that what is known is kept, and what is counted in a window.
local LIFE, COUNTED = 7 * 86400, 1800

local M = { COUNTED = COUNTED }

local methods = {}
local mt = { __name = "partnercenter.flow.ledger", __index = methods }

--- A ledger.
-- @tparam Store store
-- @tparam string key whose quota it is
-- @tparam function tell takes why the store is not to be had
-- @treturn Ledger
function M.new(store, key, tell)
  return setmetatable({ store = store, key = key, tell = tell }, mt)
end

--- What the store answers; a failure is told, and is no answer.
-- @tparam string method of the store
-- @tparam string name below the quota's key
-- @param ... for the method
-- @return what the method gives
function methods:ask(method, name, ...)
  local value, why = self.store[method](self.store, self.key .. ":" .. name, ...)
  if why then self.tell(why) end
  return value, why
end

--- What is counted in a window.
-- @tparam string what "sent", "refused" or "more"
-- @tparam number number of the window
-- @treturn number
function methods:count(what, number)
  local count = wire.number((self:ask("get", windows.name(what, number))))
  return count and count < math.huge and count or 0
end

--- Count something in a window.
-- @tparam string what
-- @tparam number number of the window
-- @tparam number by
-- @treturn ?number nil: the store is away
function methods:add(what, number, by)
  return (self:ask("incr", windows.name(what, number), by, COUNTED))
end

--- Calls that a window has taken.
-- @tparam table window one that is over
-- @treturn number
function methods:passed(window)
  local passed = self:count("sent", window.number) - self:count("refused", window.number)
  -- A place that was taken as the store went away may be counted twice.
  if not window.budget then return passed end
  return math.min(passed, window.budget + self:count("more", window.number))
end

--- A window is begun once: whoever comes second has the first one's.
-- @tparam table window
-- @treturn ?table nil: the store is away
function methods:begin(window)
  local text = windows.format(window)
  local added, why = self:ask("add", windows.name("window", window.number), text, COUNTED)
  if added == nil and why then return nil end
  if not added then
    text = self:ask("get", windows.name("window", window.number)) or text
  elseif window.number > 2 then
    for _, what in ipairs { "window", "sent", "refused", "more", "try" } do
      self:ask("delete", windows.name(what, window.number - 2))
    end
  end
  self:ask("set", "window", text, LIFE)
  return windows.parse(text) or window
end

--- Tells all of a window until whose end the service takes nothing.
-- @tparam table window
function methods:announce(window)
  local text = windows.format(window)
  self:ask("set", windows.name("window", window.number), text, COUNTED)
  self:ask("set", "window", text, LIFE)
end

return M
