--- A store in a shared dictionary of an nginx.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.dictionary

local object = require "partnercenter.store.object"
local wire = require("partnercenter.util").wire

-- Another worker holds it for some instructions; one that was killed there, so long.
local MUTEX, TRIES = 0.05, 1000000

local M = {}

local back = { kind = "dictionary" }
local mt = { __index = back }

local function text_of(value)
  return type(value) == "number" and wire.fixed(value, 0) or value
end

function back:get(key)
  local value, why = self.dict:get(key)
  if value == nil then return nil, type(why) == "string" and why or nil end
  return text_of(value)
end

function back:set(key, text, seconds)
  local ok, why = self.dict:set(key, text, seconds)
  if ok then return true end
  return nil, why
end

function back:add(key, text, seconds)
  local ok, why = self.dict:add(key, text, seconds)
  if ok then return true end
  if why == "exists" then return false end
  return nil, why
end

-- A dictionary has nothing that looks and changes at once.
local function locked(self, key, change)
  local mutex, tries = key .. ":mutex", 0
  repeat
    tries = tries + 1
    local mine = self.dict:add(mutex, true, MUTEX)
  until mine or tries == TRIES
  local done, why = change(self.dict:get(key))
  self.dict:delete(mutex)
  return done, why
end

function back:replace(key, old, text, seconds)
  return locked(self, key, function(there)
    if there == nil or text_of(there) ~= old then return false end
    return self:set(key, text, seconds)
  end)
end

function back:delete(key, owner)
  return locked(self, key, function(there)
    local found = there ~= nil and (owner == nil or text_of(there) == owner)
    if found then self.dict:delete(key) end
    return found
  end)
end

function back:incr(key, by, seconds)
  local now, why = self.dict:incr(key, by, 0, seconds)
  if now then return now end
  return nil, why == "not a number" and "the value is no number" or why
end

--- A store.
-- @tparam string|table dict
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn Store
function M.new(dict, level)
  local shared = type(dict) == "table" and dict or ngx.shared[dict or ""]
  if not shared then
    error(("store.dictionary needs 'lua_shared_dict %s 1m;' in nginx.conf"):format(
      type(dict) == "string" and dict or "NAME"), level)
  end
  return object.new(setmetatable({ dict = shared }, mt))
end

return M
