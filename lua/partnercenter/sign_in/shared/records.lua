--- What a fleet knows of one sign-in: numbered records, each with the refresh token
-- that replaced the one before, and the access token that came with it. A number is
-- taken once (by the store's `add`): whoever was away while another one took over
-- cannot put an older token in the place of a newer one.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared.records

local seal = require "partnercenter.sign_in.shared.seal"
local wire = require("partnercenter.util").wire

-- Seconds that a record is kept: as long as a refresh token lives without use.
local LIFE = 90 * 86400
-- Seconds before its end that a token is renewed; at most half its life.
local MARGIN = 300

-- Records that there may have been: one a second for longer than anybody waits.
local MOST = 2 ^ 50

local M = {}

local methods = {}
local mt = { __name = "partnercenter.records", __index = methods }

--- The records of a sign-in.
-- @tparam Store store
-- @tparam string name of the sign-in, for its keys
-- @tparam ?string key of the encryption, and
-- @tparam ?table library luaossl
-- @treturn Records
function M.new(store, name, key, library)
  -- The key is reached from no object.
  local function close(at, text)
    return key and seal.close(library, key, at, text) or text
  end
  local function open(at, text)
    if key then return seal.open(library, key, at, text) end
    return text
  end
  return setmetatable({
    store = store, name = name, head = name .. ":head", lock = name .. ":lock",
    close = close, open = open,
    unreadable = key and "cannot be read with this key"
      or "cannot be read: it is encrypted, or another version's",
  }, mt)
end

local function key_of(self, number)
  return ("%s:%d"):format(self.name, number)
end

--- The text of a record.
-- @tparam table record `refresh`, `access`, `stored`, `ends`: what is known
-- @treturn string
local function format(record)
  local ends, stored = record.ends or 0, record.stored or 0
  local renew_at = ends - math.min(MARGIN, math.max(0, ends - stored) / 2)
  return ("%s %s %s %s\n%s"):format(wire.fixed(stored, 3), wire.fixed(renew_at, 3),
    wire.fixed(ends, 3), record.access or "-", record.refresh or "")
end

local function parse(text)
  local stored, renew_at, ends, access, refresh = text:match("^(%S+) (%S+) (%S+) (%S+)\n(.*)$")
  local record = {
    stored = wire.number(stored), renew_at = wire.number(renew_at), ends = wire.number(ends),
    access = access ~= "-" and access or nil, refresh = refresh ~= "" and refresh or nil,
  }
  return record.stored and record.renew_at and record.ends and record or nil
end

--- The newest record.
-- @treturn[1] number its number; 0 when there is none
-- @treturn[1] ?table the record, unless it is gone
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
-- @treturn[2] boolean true where it is there and cannot be read
function methods:newest()
  local head, why = self.store:get(self.head)
  if why then return nil, why end
  -- A head that is none, or another version's, tells nothing.
  local number, text = wire.digits(head) or 0, nil
  if number > MOST then number = 0 end
  -- The head may lag behind: whoever wrote a record may have died before it.
  while true do
    local next_text
    next_text, why = self.store:get(key_of(self, number + 1))
    if why then return nil, why end
    if not next_text then break end
    number, text = number + 1, next_text
  end
  if not text and number > 0 then
    text, why = self.store:get(key_of(self, number))
    if why then return nil, why end
  end
  if not text then return number end
  text = self.open(key_of(self, number), text)
  local record = text and parse(text)
  if not record then return nil, "the sign-in there " .. self.unreadable, true end
  return number, record
end

--- A new record.
-- @tparam number number
-- @tparam table record
-- @treturn[1] boolean false when the number is taken: somebody else was quicker
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:append(number, record)
  local at = key_of(self, number)
  local added, why = self.store:add(at, self.close(at, format(record)), LIFE)
  if not added then return added, why end
  self.store:set(self.head, wire.fixed(number, 0), LIFE)
  -- The one before it may still be read by somebody; older ones serve nobody.
  if number > 2 then self.store:delete(key_of(self, number - 2)) end
  return true
end

--- More of a record that one has appended.
-- @tparam number number
-- @tparam table record
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why not
function methods:complete(number, record)
  local at = key_of(self, number)
  local done, why = self.store:set(at, self.close(at, format(record)), LIFE)
  return done, why
end

return M
