--- What a fleet knows of one sign-in: a record of the refresh token that replaced the one
-- before, the access token that came with it, and when it was issued. A record takes the
-- place of another one only by comparing what is there (by the store's `replace`), so
-- that whoever was away while another one took over, or knows only of an older one when
-- the store has lost the newest, cannot put an older token in the place of a newer one.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared.records

local seal = require "partnercenter.sign_in.shared.seal"
local wire = require("partnercenter.util").wire

-- Seconds that a record is kept: as long as a refresh token lives without use.
local LIFE = 90 * 86400
-- Seconds before its end that a token is renewed; at most half its life.
local MARGIN = 300
-- Seconds for which a record that was given back waits for a newer one.
local SETTLING = 3
-- Looks at what others have written meanwhile: no fleet is as quick.
local TRIES = 8

local M = {}

local methods = {}
local mt = { __name = "partnercenter.records", __index = methods }

--- The record of a sign-in.
-- @tparam Store store
-- @tparam string name of the sign-in, for its keys
-- @tparam ?string key of the encryption, and
-- @tparam ?table library luaossl
-- @treturn Records
function M.new(store, name, key, library)
  local at = name .. ":record"
  -- The key is reached from no object.
  local function close(text)
    return key and seal.close(library, key, at, text) or text
  end
  local function open(text)
    if key then return seal.open(library, key, at, text) end
    return text
  end
  return setmetatable({
    store = store, at = at, lock = name .. ":lock", mark = name .. ":settling",
    close = close, open = open,
    unreadable = key and "cannot be read with this key"
      or "cannot be read: it is encrypted, or another version's",
  }, mt)
end

--- The text of a record.
-- @tparam table record `issued`, `ends` (by the clock of all who share the store),
--   `access`, `refresh`: what is known
-- @treturn string
local function format(record)
  return ("%s %s %s %s\n%s"):format(wire.fixed(record.issued, 3), wire.fixed(record.renew_at, 3),
    wire.fixed(record.ends, 3), record.access or "-", record.refresh or "")
end

local function parse(text)
  local issued, renew_at, ends, access, refresh = text:match("^(%S+) (%S+) (%S+) (%S+)\n(.*)$")
  local record = {
    issued = wire.number(issued), renew_at = wire.number(renew_at), ends = wire.number(ends),
    access = access ~= "-" and access or nil, refresh = refresh ~= "" and refresh or nil,
  }
  return record.issued and record.renew_at and record.ends and record or nil
end

--- A record.
-- @tparam number issued when, by the clock of all
-- @tparam ?string refresh
-- @tparam ?string access
-- @tparam ?number ends when the access token does
-- @treturn table with `renew_at`
function M.record(issued, refresh, access, ends)
  ends = ends or 0
  -- As it is read again: to the millisecond.
  issued = wire.number(wire.fixed(issued, 3))
  return {
    issued = issued, refresh = refresh, access = access, ends = ends,
    renew_at = ends - math.min(MARGIN, math.max(0, ends - issued) / 2),
  }
end

--- The record that is there.
-- @treturn[1] ?table nil: there is none; `text` is what the store has
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
-- @treturn[2] boolean true where it is there and cannot be read
function methods:newest()
  local kept, why = self.store:get(self.at)
  if not kept then return nil, why, false end
  local text = self.open(kept)
  local record = text and parse(text)
  if not record then return nil, "the sign-in there " .. self.unreadable, true end
  record.text = kept
  return record
end

--- Puts a record there.
-- @tparam table record
-- @tparam function beats takes the one that is there; may it go?
-- @treturn[1] boolean false: the one that is there stays
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:offer(record, beats)
  local text = self.close(format(record))
  for _ = 1, TRIES do
    local there, done, why
    there, why = self:newest()
    if why then return nil, why end
    if not there then
      done, why = self.store:add(self.at, text, LIFE)
    elseif beats(there) then
      done, why = self.store:replace(self.at, there.text, text, LIFE)
    else
      return false
    end
    if done or done == nil then return done, why end
  end
  return nil, "the sign-in there changes all the time"
end

--- The store has lost something: whoever has a newer record than what is given back to
-- it has some seconds to say so, before a refresh token is redeemed that may be old.
-- @treturn[1] boolean
-- @treturn[2] nil
-- @treturn[2] string why not
function methods:settle()
  return self.store:set(self.mark, "1", SETTLING)
end

--- Is that time not over yet?
-- @treturn[1] boolean
-- @treturn[2] nil
-- @treturn[2] string why nobody knows
function methods:is_settling()
  local mark, why = self.store:get(self.mark)
  if why then return nil, why end
  return mark ~= nil
end

return M
