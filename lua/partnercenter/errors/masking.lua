--- Secrets taken out of text, in every spelling a server may echo them in.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.masking

-- Shorter strings turn up by chance everywhere, and protect nothing.
local SHORTEST_SECRET = 4

local MASK = "[redacted]"

local function upper_percent(c) return ("%%%02X"):format(c:byte()) end
local function lower_percent(c) return ("%%%02x"):format(c:byte()) end
local function upper_unicode(c) return ("\\u%04X"):format(c:byte()) end
local function lower_unicode(c) return ("\\u%04x"):format(c:byte()) end
local function decimal_entity(c) return ("&#%d;"):format(c:byte()) end

-- How else a secret is spelt: in a URL (by RFC 3986 and by stricter encoders),
-- in a form, in JSON (a slash escaped, or everything unusual as .NET does it) and
-- in HTML.
local SPELLINGS = {
  function(s) return s end,
  function(s) return (s:gsub("[^%w%-._~]", upper_percent)) end,
  function(s) return (s:gsub("[^%w%-._~]", lower_percent)) end,
  function(s) return (s:gsub("[^%w%-._]", upper_percent)) end,
  function(s) return (s:gsub("[^%w%-._]", lower_percent)) end,
  function(s) return (s:gsub("[^%w%-._* ]", upper_percent):gsub(" ", "+")) end,
  function(s) return (s:gsub('[\\"]', "\\%0")) end,
  function(s) return (s:gsub('[\\"/]', "\\%0")) end,
  function(s) return (s:gsub("[\"&'+<>`]", upper_unicode)) end,
  function(s) return (s:gsub("[\"&'+<>`]", lower_unicode)) end,
  function(s) return (s:gsub("[&<>\"'+]", decimal_entity)) end,
}

local function add_spellings(list, seen, secret)
  -- What is made of such characters alone, as tokens are, is spelt alike
  -- everywhere. They are long and many, so this is worth a test.
  local last = secret:find("[^%w%-._]") and #SPELLINGS or 1
  for i = 1, last do
    local text = SPELLINGS[i](secret)
    if not seen[text] then
      seen[text] = true
      list[#list + 1] = text
    end
  end
end

-- All spellings of all secrets, the longest first, so that a secret that is part
-- of another one leaves nothing of it behind.
local function spellings_of(secrets)
  local list, seen = {}, {}
  for _, secret in ipairs(secrets) do
    if type(secret) == "string" and #secret >= SHORTEST_SECRET then
      add_spellings(list, seen, secret)
    end
  end
  table.sort(list, function(a, b)
    if #a ~= #b then return #a > #b end
    return a < b
  end)
  return list
end

local function mask_text(text, needles)
  for _, needle in ipairs(needles) do
    if #needle <= #text and text:find(needle, 1, true) then
      local pieces, from = {}, 1
      repeat
        local first, last = text:find(needle, from, true)
        pieces[#pieces + 1] = text:sub(from, (first or 0) - 1)
        from = first and last + 1
      until not first
      text = table.concat(pieces, MASK)
    end
  end
  return text
end

-- Keys hold a server's words too. A key is exchanged after the walk, since a
-- table must not gain keys during it.
local function mask_table(map, needles, seen)
  if seen[map] then return map end
  seen[map] = true
  local changed
  for key, value in next, map do
    if type(value) == "string" then
      map[key] = mask_text(value, needles)
    elseif type(value) == "table" then
      mask_table(value, needles, seen)
    end
    if type(key) == "string" and mask_text(key, needles) ~= key then
      changed = changed or {}
      changed[#changed + 1] = key
    end
  end
  for _, key in ipairs(changed or {}) do
    local value = map[key]
    map[key] = nil
    map[mask_text(key, needles)] = value
  end
  return map
end

local M = {}

--- A function that takes these secrets out of one value after another; finding
-- their spellings once is most of the work.
-- @tparam table secrets array of strings; those under 4 bytes are ignored. Later
--   changes of the array are not seen.
-- @treturn function takes a value, gives what `redact` gives
function M.redactor(secrets)
  local needles = spellings_of(secrets)
  return function(value)
    if type(value) == "string" then return mask_text(value, needles) end
    if type(value) == "table" then return mask_table(value, needles, {}) end
    return value
  end
end

--- The value with every secret in it replaced by `[redacted]`.
-- @param value a string; or a table, in which every string at any depth is
--   replaced in place (error objects with their causes included); anything else
--   is handed back as it is
-- @tparam table secrets as for `redactor`
-- @return the new string, or the same table
function M.redact(value, secrets)
  if type(value) ~= "string" and type(value) ~= "table" then return value end
  return M.redactor(secrets)(value)
end

return M
