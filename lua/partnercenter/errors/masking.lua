--- Secrets taken out of what leaves, in whatever encoding a server echoes them.
--
-- A *register* knows the secrets of one client: everything that becomes known as
-- one is added to it, and everything that leaves the library is masked by it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.masking

local base64 = require("partnercenter.util").base64
local encodings = require "partnercenter.errors.encodings"
local object = require "partnercenter.errors.object"
local wire = require("partnercenter.util").wire

-- Shorter strings turn up by chance everywhere, and protect nothing.
local SHORTEST_SECRET = 4

-- Secrets that a register remembers: those of the last few sign-ins, and those
-- that it was told to keep.
local MAX_SECRETS = 32

local MASK = "[redacted]"

local M = {}

-- All characters of base64, in both alphabets, that depend on the secret alone,
-- with so many bytes before it.
local function inner_base64(secret, before)
  local digits = base64.encode(("\0"):rep(before) .. secret)
  local first = math.ceil(before * 8 / 6) + 1
  return digits:sub(first, math.floor((before + #secret) * 8 / 6))
end

local function hexadecimal(secret)
  return (secret:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- Beside the secret itself: what its own escapes stand for, a form's plus signs.
local function plain_needles(secret, plain)
  local needles = { secret }
  if plain ~= secret and #plain >= SHORTEST_SECRET then needles[2] = plain end
  for i = 1, #needles do
    if needles[i]:find(" ", 1, true) then needles[#needles + 1] = needles[i]:gsub(" ", "+") end
  end
  return needles
end

-- A secret as the register knows it. Its base64 and hexadecimal forms are made when
-- a text is long enough to hold them: access tokens are long, most texts are not.
local function prepare(secret)
  local plain = encodings.plain(secret)
  return {
    secret = secret,
    shortest = math.min(#secret, #plain),
    needles = plain_needles(secret, plain),
  }
end

local function add_encoded(known)
  known.base64, known.hex = {}, {}
  for _, form in ipairs(known.needles) do
    for before = 0, 2 do known.base64[#known.base64 + 1] = inner_base64(form, before) end
    known.hex[#known.hex + 1] = hexadecimal(form)
  end
end

-- The whole run of base64 around a place: its neighbours hold bits of the secret,
-- and what else is in it is mostly a user's name.
local function widen(text, first, last)
  while first > 1 and text:find("^[A-Za-z0-9+/]", first - 1) do first = first - 1 end
  local _, beyond = text:find("^[A-Za-z0-9+/]*=*", last + 1)
  return first, math.max(last, beyond or 0)
end

-- Note each place of the needles in a text.
local function find_all(ranges, text, needles, place, around)
  for _, needle in ipairs(needles) do
    local first, last
    if #needle <= #text then first, last = text:find(needle, 1, true) end
    while first do
      if around then first, last = around(text, first, last) end
      ranges[#ranges + 1] = { place(first, last) }
      first, last = text:find(needle, last + 1, true)
    end
  end
end

-- Note the places of one secret in one level of a text.
local function find_secret(ranges, level, known, place)
  local text = level.text
  if #text < known.shortest then return end
  find_all(ranges, text, known.needles, place)
  if #text < known.shortest * 8 / 6 - 3 then return end
  if not known.base64 then add_encoded(known) end
  level.standard = level.standard or text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
  find_all(ranges, level.standard, known.base64, place, widen)
  if #text < known.shortest * 2 then return end
  level.lower = level.lower or wire.lower(text)
  find_all(ranges, level.lower, known.hex, place)
end

-- The text with the ranges replaced; those that overlap are one.
local function cut_out(text, ranges)
  table.sort(ranges, function(a, b) return a[1] < b[1] end)
  local parts, from, reached = {}, 1, 0
  for _, range in ipairs(ranges) do
    if range[1] > reached then
      parts[#parts + 1] = text:sub(from, range[1] - 1)
      parts[#parts + 1] = MASK
    end
    reached = math.max(reached, range[2])
    from = reached + 1
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end

local function mask_text(text, secrets)
  -- No encoding is shorter than what it stands for.
  if #text < secrets.shortest then return text end
  local ranges = {}
  encodings.levels(text, function(level, place)
    local forms = { text = level }
    for _, known in ipairs(secrets) do find_secret(ranges, forms, known, place) end
  end)
  return ranges[1] and cut_out(text, ranges) or text
end

-- Keys hold a server's words too. A key is exchanged after the walk, since a
-- table must not gain keys during it. But the names and the kind of an error object are
-- ours: a server that calls "message" a token must not take them away.
local function mask_table(map, secrets, seen)
  if seen[map] then return map end
  seen[map] = true
  local changed
  local ours = object.is(map)
  for key, value in next, map do
    if type(value) == "string" and not (ours and key == "kind") then
      map[key] = mask_text(value, secrets)
    elseif type(value) == "table" then
      mask_table(value, secrets, seen)
    end
    local masked = type(key) == "string" and not ours and mask_text(key, secrets)
    if masked and masked ~= key then
      changed = changed or {}
      changed[key] = masked
    end
  end
  for key, masked in pairs(changed or {}) do
    map[masked], map[key] = map[key], nil
  end
  return map
end

local function forget(list, secret)
  for i = #list, 1, -1 do
    if list[i].secret == secret then return table.remove(list, i) end
  end
  return nil
end

--- A new register. Nothing that is in it can be reached from it.
-- @treturn table `add`, `mask`
function M.register()
  local secrets, kept = { shortest = math.huge }, 0
  return {
    --- Note a secret; of those that are not kept the last 32 are remembered.
    -- @function add
    -- @param secret strings under 4 bytes, and what is no string, are ignored
    -- @tparam[opt] boolean keep for as long as the register lives
    add = function(secret, keep)
      if type(secret) ~= "string" or #secret < SHORTEST_SECRET then return end
      for i = 1, kept do
        if secrets[i].secret == secret then return end
      end
      local known = forget(secrets, secret) or prepare(secret)
      secrets.shortest = math.min(secrets.shortest, known.shortest)
      if keep then
        kept = kept + 1
        table.insert(secrets, kept, known)
      else
        if #secrets - kept >= MAX_SECRETS then table.remove(secrets, kept + 1) end
        secrets[#secrets + 1] = known
      end
    end,

    --- The value with every secret in it replaced by `[redacted]`.
    -- @function mask
    -- @param value a string; or a table, in which every string at any depth is
    --   replaced in place (keys, and error objects with their causes, included, but not
    --   the names and the kind of an error); anything else is handed back as it is
    -- @return the new string, or the same table
    mask = function(value)
      if type(value) == "string" then return mask_text(value, secrets) end
      if type(value) == "table" then return mask_table(value, secrets, {}) end
      return value
    end,
  }
end

return M
