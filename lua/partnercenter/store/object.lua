--- What a store is to its users: six methods over a *back end*, which knows how they
-- are done. What a back end has is reached from no store: there may be a password.
-- SPDX-License-Identifier: MIT
-- @classmod partnercenter.store.object

local check = require("partnercenter.util").check
local core = require "partnercenter.core"

-- Seconds for which a server is left alone that could not be reached.
local AWAY = 1
-- A value that stays: longer than anything here is good for.
local LONGEST = 90 * 86400

local M = {}

-- The name under which a store gives its back end; nobody else has it.
local BACK = {}

local methods = {}

local function back_of(self, name)
  local back = type(self) == "table" and self[BACK]
  if not back then error(("call it with a colon: store:%s()"):format(name), 3) end
  return back
end

local function check_text(name, what, value)
  if type(value) == "string" and (what ~= "key" or check.text(value)) then return end
  error(("store:%s needs a %s that is a text"):format(name, what), 4)
end

local function seconds_of(name, seconds)
  if seconds == nil then return LONGEST end
  if type(seconds) == "number" and seconds > 0 and seconds < math.huge then
    return math.min(seconds, LONGEST)
  end
  error(("store:%s takes a positive number of seconds"):format(name), 4)
end

-- Asks the back end, unless it was away a moment ago.
local function ask(back, name, ...)
  local now = core.now()
  if now < back.away_until then return nil, back.why end
  local value, why, lost = back[name](back, ...)
  if lost then back.away_until, back.why = core.now() + AWAY, why end
  return value, why
end

local function run(self, name, key, ...)
  local back = back_of(self, name)
  check_text(name, "key", key)
  return ask(back, name, key, ...)
end

--- The text that is kept under a key.
-- @tparam string key
-- @treturn[1] string
-- @treturn[2] nil there is none
-- @treturn[3] nil
-- @treturn[3] string why nobody knows
function methods:get(key)
  local value, why = run(self, "get", key)
  return value, why
end

--- Keep a text, in place of what was there.
-- @tparam string key
-- @tparam string text any bytes
-- @tparam[opt] number seconds for how long; 90 days at most
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why not
function methods:set(key, text, seconds)
  check_text("set", "value", text)
  local value, why = run(self, "set", key, text, seconds_of("set", seconds))
  return value, why
end

--- Keep a text where there is none: of all that try, one gets true. With a name of
-- one's own for a text, that is a lock.
-- @tparam string key
-- @tparam string text
-- @tparam[opt] number seconds for how long
-- @treturn[1] boolean whether it is kept now
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:add(key, text, seconds)
  check_text("add", "value", text)
  local value, why = run(self, "add", key, text, seconds_of("add", seconds))
  return value, why
end

--- Keep a text in the place of another one, only where that is what is there: nobody's
-- change in between is lost.
-- @tparam string key
-- @tparam string old
-- @tparam string text
-- @tparam[opt] number seconds for how long
-- @treturn[1] boolean whether it is kept now
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:replace(key, old, text, seconds)
  check_text("replace", "value that was there", old)
  check_text("replace", "value", text)
  local value, why = run(self, "replace", key, old, text, seconds_of("replace", seconds))
  return value, why
end

--- Take a text away.
-- @tparam string key
-- @tparam[opt] string owner only where this is the text
-- @treturn[1] boolean whether there was one
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:delete(key, owner)
  if owner ~= nil then check_text("delete", "owner", owner) end
  local value, why = run(self, "delete", key, owner)
  return value, why
end

--- Count. Where there is no number yet it begins at 0.
-- @tparam string key
-- @tparam[opt=1] number by a whole number
-- @tparam[opt] number seconds after its beginning for which it is kept
-- @treturn[1] number what it is now
-- @treturn[2] nil
-- @treturn[2] string why not
function methods:incr(key, by, seconds)
  by = by or 1
  if type(by) ~= "number" or by % 1 ~= 0 then error("store:incr takes a whole number", 2) end
  local value, why = run(self, "incr", key, by, seconds_of("incr", seconds))
  return value, why
end

--- A store.
-- @tparam table back `kind`, `get`, `set`, `add`, `replace`, `delete` and `incr`: as above, and a
--   third value true when the server was lost; `time` and `settle`: the same, of a server
--   on another machine; `secrets`: texts that are never shown
-- @treturn Store `kind` names it
function M.new(back)
  back.away_until = -math.huge
  return setmetatable({}, {
    __name = "partnercenter.store",
    __index = function(_, name)
      if name == BACK then return back end
      if name == "kind" then return back.kind end
      return methods[name]
    end,
    __tostring = function() return "store." .. back.kind end,
  })
end

--- The time by the server's clock, where there is one: a machine's own is all its own.
-- @tparam Store self
-- @treturn ?number seconds since the epoch
function M.time(self)
  local back = self[BACK]
  return back.time and ask(back, "time") or nil
end

--- Wait until what was written outlives the server, where that has replicas.
-- @tparam Store self
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function M.settle(self)
  local back = self[BACK]
  if not back.settle then return true end
  return ask(back, "settle")
end

--- Is the value a store?
-- @param value any value
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and value[BACK] ~= nil
end

--- Tells the secrets of a store to a register.
-- @tparam Store self
-- @tparam function secret takes one
function M.note(self, secret)
  for _, text in ipairs(self[BACK].secrets or {}) do secret(text) end
end

return M
