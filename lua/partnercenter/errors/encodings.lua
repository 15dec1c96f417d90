--- What stands in a text behind its escapes: percent-encoding, JSON's, HTML's and
-- those of mail, one level at a time, with the place that each byte came from.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.encodings

local text = require("partnercenter.util").text
local wire = require("partnercenter.util").wire

-- An escape in an escape in an escape: what a proxy made of a page that quotes
-- JSON inside JSON is no deeper.
local MAX_LEVELS = 6

-- Where an escape may begin. NUL (UTF-16) and line breaks (folded headers, wrapped
-- base64) stand for nothing: no secret has one.
-- Written as what is none of them: a pattern of Lua 5.1 cannot hold a NUL.
local BEGINS = "[^\1-\9\11\12\14-\36\39-\91%]\94-\255]"

-- The same for quoted-printable, as mail and its gateways write it. It is read beside
-- the others: in a query, "=ab" is mostly the beginning of a value.
local QUOTED = "=[%x\r\n]"

local M = {}

local function byte_of(digits)
  return string.char(wire.digits(digits, 16))
end

-- The names of HTML that need no semicolon, and go on with whatever follows.
local BARE = { "amp", "AMP", "lt", "LT", "gt", "GT", "quot", "QUOT" }

local function bare_at(source, at)
  for _, name in ipairs(BARE) do
    if source:sub(at + 1, at + #name) == name then
      return 1 + #name, text.unescape("&" .. name .. ";")
    end
  end
  return nil
end

-- Of JSON, JavaScript, Perl and C; a backslash before anything else stands for that.
local function after_backslash(source, at)
  local digits = source:match("^u(%x%x%x%x)", at + 1)
  if digits then return 6, text.unescape("&#x" .. digits .. ";") end
  digits = source:match("^[ux]{(%x+)}", at + 1) or source:match("^U(%x%x%x%x%x%x%x%x)", at + 1)
  if digits then
    local braces = source:sub(at + 2, at + 2) == "{" and 2 or 0
    return 2 + braces + #digits, text.unescape("&#x" .. digits .. ";")
  end
  digits = source:match("^[0-3][0-7][0-7]", at + 1) or source:match("^[0-7][0-7]?", at + 1)
  if digits then return 1 + #digits, string.char(wire.digits(digits, 8)) end
  digits = source:match("^x(%x%x)", at + 1)
  if digits then return 4, byte_of(digits) end
  local letter = source:sub(at + 1, at + 1)
  if letter == "r" or letter == "n" then return 2, "" end
  if letter:find("^%W$") then return 2, letter end
  return nil
end

-- The length of the escape at a place, and what it stands for; nil: it is none.
local function escape_at(source, at)
  local first = source:sub(at, at)
  if first == "%" then
    local digits = source:match("^%x%x", at + 1)
    if digits then return 3, byte_of(digits) end
    digits = source:match("^[uU](%x%x%x%x)", at + 1) -- of old IIS
    if digits then return 6, text.unescape("&#x" .. digits .. ";") end
  elseif first == "&" then
    local entity = source:match("^&#?%w+;", at)
    local plain = entity and text.unescape(entity)
    if plain and plain ~= entity then return #entity, plain end
    -- Browsers read a number without its semicolon, too.
    entity = source:match("^&#%d+", at) or source:match("^&#[xX]%x+", at)
    plain = entity and text.unescape(entity .. ";")
    if plain and plain ~= entity .. ";" then return #entity, plain end
    return bare_at(source, at)
  elseif first == "\\" then
    return after_backslash(source, at)
  else
    return 1, ""
  end
  return nil
end

local function quoted_at(source, at)
  local digits = source:match("^%x%x", at + 1)
  if digits then return 3, byte_of(digits) end
  local line_break = source:match("^\r?\n", at + 1)
  if line_break then return 1 + #line_break, "" end
  return nil
end

-- The text with one level of escapes resolved, and the escapes: where each one
-- stands in both. nil when there is none.
local function resolve(source, begins, escape_of)
  local parts, escapes, from, shift = {}, {}, 1, 0
  local at = source:find(begins)
  while at do
    local length, plain = escape_of(source, at)
    if length then
      parts[#parts + 1] = source:sub(from, at - 1)
      parts[#parts + 1] = plain
      escapes[#escapes + 1] = {
        at = at + shift, size = #plain, source = at, last = at + length - 1,
      }
      shift = shift + #plain - length
      from = at + length
    end
    at = source:find(begins, length and from or at + 1)
  end
  if not escapes[1] then return nil end
  parts[#parts + 1] = source:sub(from)
  return table.concat(parts), escapes
end

-- The last escape that begins at or before a place. What stands for nothing lies
-- before the byte at its place.
local function escape_before(escapes, place)
  local low, high = 0, #escapes
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if escapes[middle].at <= place then low = middle else high = middle - 1 end
  end
  return escapes[low]
end

-- The first and the last place in the source of what came to stand at one place.
local function origin(escapes, place)
  local escape = escape_before(escapes, place)
  if not escape then return place, place end
  local beyond = place - (escape.at + escape.size)
  if beyond < 0 then return escape.source, escape.last end
  local there = escape.last + 1 + beyond
  return there, there
end

--- A text level by level: itself, then with its escapes resolved, again and
-- again until none is left; and each level once more as quoted-printable.
-- @tparam string source
-- @tparam function visit takes the text of a level, and a function that turns a
--   first and last place in it into those of the source
function M.levels(source, visit)
  local stack = {}
  local function place(first, last)
    for i = #stack, 1, -1 do
      first = origin(stack[i], first)
      last = select(2, origin(stack[i], last))
    end
    return first, last
  end
  local walk
  local function descend(quoted, plain, escapes)
    if not plain then return end
    stack[#stack + 1] = escapes
    walk(plain, quoted)
    stack[#stack] = nil
  end
  function walk(level, quoted)
    visit(level, place)
    if #stack >= MAX_LEVELS then return end
    if not quoted then descend(true, resolve(level, QUOTED, quoted_at)) end
    descend(quoted, resolve(level, BEGINS, escape_at))
  end
  walk(source, false)
end

--- The text with all levels of escapes resolved; what may be quoted-printable stays.
-- @tparam string source
-- @treturn string
function M.plain(source)
  local plain = source
  for _ = 1, MAX_LEVELS do
    local next_level = resolve(plain, BEGINS, escape_at)
    if not next_level then break end
    plain = next_level
  end
  return plain
end

return M
