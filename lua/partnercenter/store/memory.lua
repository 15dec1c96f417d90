--- A store in the memory of one Lua state.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.memory

local check = require("partnercenter.util").check
local core = require "partnercenter.core"
local object = require "partnercenter.store.object"
local wire = require("partnercenter.util").wire

local MOST = 10000

local KNOWN = { max_entries = "integer", clock = "function" }

local M = {}

local back = { kind = "memory" }
local mt = { __index = back }

local function find(self, key)
  local entry = self.entries[key]
  if entry and self.clock() < entry.ends then return entry end
  return nil
end

-- What has ended, or else what ends first, makes room.
local function make_room(self)
  local now, first = self.clock(), nil
  for key, entry in pairs(self.entries) do
    if entry.ends <= now then
      self.entries[key] = nil
      self.count = self.count - 1
    elseif not first or entry.ends < self.entries[first].ends then
      first = key
    end
  end
  if self.count < self.most then return end
  self.entries[first] = nil
  self.count = self.count - 1
end

local function put(self, key, text, ends)
  if not self.entries[key] then
    if self.count >= self.most then make_room(self) end
    self.count = self.count + 1
  end
  self.entries[key] = { text = text, ends = ends }
  return true
end

function back:get(key)
  local entry = find(self, key)
  return entry and entry.text
end

function back:set(key, text, seconds)
  return put(self, key, text, self.clock() + seconds)
end

function back:add(key, text, seconds)
  if find(self, key) then return false end
  return put(self, key, text, self.clock() + seconds)
end

function back:replace(key, old, text, seconds)
  local entry = find(self, key)
  if not entry or entry.text ~= old then return false end
  return put(self, key, text, self.clock() + seconds)
end

function back:delete(key, owner)
  local entry = find(self, key)
  if not entry or owner and entry.text ~= owner then return false end
  self.entries[key] = nil
  self.count = self.count - 1
  return true
end

function back:incr(key, by, seconds)
  local entry = find(self, key)
  local before = entry and wire.number(entry.text)
  if entry and not before then return nil, "the value is no number" end
  local now = (before or 0) + by
  put(self, key, wire.fixed(now, 0), entry and entry.ends or self.clock() + seconds)
  return now
end

--- A store.
-- @tparam ?table options
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn Store
function M.new(options, level)
  local o = check.options("store.memory", options, KNOWN, level)
  return object.new(setmetatable({
    entries = {}, count = 0, most = o.max_entries or MOST, clock = o.clock or core.now,
  }, mt))
end

return M
