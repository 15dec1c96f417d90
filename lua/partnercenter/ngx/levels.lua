--- Where the entries of a cache are: near, in the dictionary of this nginx, and far, in a
-- store that a fleet shares; either alone is fine. What is far is compressed where it
-- is large and lua-zlib is there. A store that is away is told, and left out.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.ngx.levels

-- Bytes from which compressing spares more than it costs.
local LARGE = 4096
local PACKED, PLAIN = "z", "="

local M = {}

local methods = {}
local mt = { __name = "partnercenter.ngx.levels", __index = methods }

--- The levels of a cache.
-- @tparam ?Store near
-- @tparam ?Store far
-- @tparam function away is told of a store that could not be reached
-- @treturn Levels
function M.new(near, far, away)
  local ok, zlib = pcall(require, "zlib")
  return setmetatable({
    near = near, far = far, away = away, zlib = ok and type(zlib) == "table" and zlib or nil,
  }, mt)
end

local function pack(self, text)
  if self.zlib and #text >= LARGE then
    return PACKED .. self.zlib.deflate(self.zlib.BEST_SPEED)(text, "finish")
  end
  return PLAIN .. text
end

-- nil: it is none of ours, or packed, and there is no lua-zlib here.
local function unpack_text(self, kept)
  local mark, text = kept:sub(1, 1), kept:sub(2)
  if mark == PLAIN then return text end
  if mark ~= PACKED or not self.zlib then return nil end
  local ok, whole = pcall(function() return (self.zlib.inflate()(text, "finish")) end)
  return ok and whole or nil
end

local function ask(self, store, method, ...)
  local value, why = store[method](store, ...)
  if why then self.away(why) end
  return value, why
end

--- The text under a key.
-- @tparam string key
-- @tparam function life takes a text from afar; gives the seconds for which it is kept
--   near
-- @treturn ?string
function methods:get(key, life)
  local text = self.near and ask(self, self.near, "get", key)
  if text or not self.far then return text end
  local kept = ask(self, self.far, "get", key)
  text = kept and unpack_text(self, kept)
  local seconds = text and self.near and life(text) or 0
  if seconds > 0 then ask(self, self.near, "set", key, text, seconds) end
  return text
end

--- Keep a text, at both levels.
-- @tparam string key
-- @tparam string text
-- @tparam number seconds
function methods:set(key, text, seconds)
  if self.near then ask(self, self.near, "set", key, text, seconds) end
  if self.far then ask(self, self.far, "set", key, pack(self, text), seconds) end
end

--- Take a text away, at both levels.
-- @tparam string key
function methods:delete(key)
  if self.near then ask(self, self.near, "delete", key) end
  if self.far then ask(self, self.far, "delete", key) end
end

-- Where locks are: with all others, as long as they can be reached.
local function lock_store(self) return self.far or self.near end

--- Lock a key for all who share it.
-- @tparam string key
-- @tparam string owner
-- @tparam number seconds
-- @treturn boolean true as well when the store is away: then each one works for itself
function methods:lock(key, owner, seconds)
  local taken, why = ask(self, lock_store(self), "add", key, owner, seconds)
  return taken == true or why ~= nil
end

--- Is it locked?
-- @tparam string key
-- @treturn boolean
function methods:is_locked(key)
  return ask(self, lock_store(self), "get", key) ~= nil
end

--- Unlock a key, if it is still one's own.
-- @tparam string key
-- @tparam string owner
function methods:unlock(key, owner)
  ask(self, lock_store(self), "delete", key, owner)
end

return M
