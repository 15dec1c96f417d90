--- A store in the files of a directory: one for each key, which is named by the key's
-- digest, with the second of its end in the first line. One lock for all of them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.file

local check = require("partnercenter.util").check
local core = require "partnercenter.core"
local object = require "partnercenter.store.object"
local util = require "partnercenter.util"
local wire = util.wire

-- Bytes of a value: tokens and counts have far fewer.
local MOST = 15 * 1024
-- Seconds to wait for another process, which holds the lock for a write.
local PATIENCE = 2

-- Letters of a digest, by which a value's file is named.
local DIGEST = 64
-- Digests that are remembered, since making one takes longer than reading a file: then
-- it begins anew, as keys of windows and pages that are over do not come again.
local NAMES = 256

local M = {}

local back = { kind = "file" }
local mt = { __index = back }

local function path_of(self, key)
  local name = self.names[key]
  if not name then
    if self.named >= NAMES then self.names, self.named = {}, 0 end
    name = util.sha256.hex(key)
    self.names[key], self.named = name, self.named + 1
  end
  return self.path .. "/" .. name
end

-- The text and the second of its end; nil; or nil and why.
local function read(self, key)
  local content, why, missing = core.file_read(path_of(self, key))
  if not content then return nil, not missing and why or nil end
  local ends, at = content:match("^([0-9]+)\n()")
  if not ends then return nil, "the file of the value is none" end
  ends = wire.number(ends)
  if os.time() >= ends then return nil end
  return content:sub(at), ends
end

local function write(self, key, text, ends)
  if #text > MOST then return nil, "the value is too large for a file" end
  local ok, why = core.file_write(path_of(self, key), wire.fixed(ends, 0) .. "\n" .. text)
  return ok, why
end

-- Nobody asks again for what has ended under a key that is not used any more: it goes
-- with the first write, so that a directory does not grow for ever.
local function sweep(self)
  self.swept = true
  for _, name in ipairs(core.file_names(self.path) or {}) do
    local path = self.path .. "/" .. name
    local content = #name == DIGEST and core.file_read(path)
    local ends = wire.number(content and content:match "^([0-9]+)\n")
    if ends and os.time() >= ends then os.remove(path) end
  end
end

-- Runs with the lock, for which it looks again and again: it is held for one write.
local function locked(self, change, ...)
  local stop = core.now() + PATIENCE
  local lock, why
  repeat lock, why = core.file_lock(self.path .. "/lock") until lock ~= false or core.now() > stop
  if not lock then return nil, why or "another process holds the lock of the store" end
  if not self.swept then pcall(sweep, self) end -- what is left over harms nobody
  local ok, value, problem = pcall(change, self, ...)
  lock:close()
  if not ok then error(value, 0) end
  return value, problem
end

-- Never less than was asked for: a lock is not lost before its time.
local function end_of(seconds)
  return os.time() + math.ceil(seconds) + 1
end

function back:get(key)
  local text, why = read(self, key)
  if text then return text end
  return nil, why
end

local function set(self, key, text, seconds) return write(self, key, text, end_of(seconds)) end

function back:set(...) return locked(self, set, ...) end

local function add(self, key, text, seconds)
  local there, why = read(self, key)
  if there then return false end
  if why then return nil, why end
  return write(self, key, text, end_of(seconds))
end

function back:add(...) return locked(self, add, ...) end

local function replace(self, key, old, text, seconds)
  local there, why = read(self, key)
  if there == old then return write(self, key, text, end_of(seconds)) end
  if there == nil and why then return nil, why end
  return false
end

function back:replace(...) return locked(self, replace, ...) end

local function delete(self, key, owner)
  local there, why = read(self, key)
  if not there then
    if why then return nil, why end
    return false
  end
  if owner and there ~= owner then return false end
  return os.remove(path_of(self, key))
end

function back:delete(...) return locked(self, delete, ...) end

local function incr(self, key, by, seconds)
  local there, ends = read(self, key)
  if not there and ends then return nil, ends end
  local before = wire.number(there)
  if there and not before then return nil, "the value is no number" end
  local now = (before or 0) + by
  local ok, why = write(self, key, wire.fixed(now, 0), ends or end_of(seconds))
  if not ok then return nil, why end
  return now
end

function back:incr(...) return locked(self, incr, ...) end

--- A store.
-- @tparam string path
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn Store
function M.new(path, level)
  if not check.text(path) then error("store.file takes the path of a directory", level) end
  return object.new(setmetatable({ path = path, names = {}, named = 0 }, mt))
end

return M
