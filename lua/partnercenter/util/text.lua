--- Text from outside made fit for one line of a message.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.text

local wire = require "partnercenter.util.wire"

local ENTITIES = {
  amp = "&", lt = "<", gt = ">", quot = '"', apos = "'", nbsp = " ", plus = "+", equals = "=",
  sol = "/", bsol = "\\", period = ".", comma = ",", colon = ":", semi = ";", commat = "@",
  lowbar = "_", excl = "!", num = "#", dollar = "$", percnt = "%", ast = "*", quest = "?",
  lpar = "(", rpar = ")", Hat = "^", grave = "`", verbar = "|", AMP = "&", LT = "<", GT = ">",
  QUOT = '"', Tab = "\t", NewLine = "\n", midast = "*", lsqb = "[", lbrack = "[", rsqb = "]",
  rbrack = "]", UnderBar = "_", DiacriticalGrave = "`", lcub = "{", lbrace = "{", rcub = "}",
  rbrace = "}", vert = "|", VerticalLine = "|",
}

-- Bytes after the first one, and the least second byte, where it tells an
-- overlong form from a proper one.
local LEAST_SECOND = { [0xE0] = 0xA0, [0xF0] = 0x90 }

local M = {}

local function tail_length(lead)
  if lead < 0xC2 or lead > 0xF4 then return nil end
  return lead < 0xE0 and 1 or lead < 0xF0 and 2 or 3
end

-- One character, or stray bytes, of the part beyond ASCII; each byte that is
-- not UTF-8 becomes a question mark.
local function mend_character(lead, tail)
  if lead == "" then return (tail:gsub(".", "?")) end
  local length = tail_length(lead:byte())
  local least = LEAST_SECOND[lead:byte()]
  local broken = not length or #tail < length or (least and tail:byte() < least)
  if broken then return "?" .. tail:gsub(".", "?") end
  return lead .. tail:sub(1, length) .. tail:sub(length + 1):gsub(".", "?")
end

local function mend_utf8(run)
  return (run:gsub("([\192-\255]?)([\128-\191]*)", mend_character))
end

--- Is the text UTF-8?
-- @tparam string text
-- @treturn boolean
function M.is_utf8(text) return text:gsub("[\128-\255]+", mend_utf8) == text end

--- The text cut to at most so many bytes, three dots included, never inside a
-- UTF-8 character.
-- @tparam string text
-- @tparam number max bytes, at least 4
-- @treturn string
function M.cut(text, max)
  if #text <= max then return text end
  local last = max - 3
  while last > 0 and text:byte(last + 1) >= 128 and text:byte(last + 1) < 192 do last = last - 1 end
  return text:sub(1, last) .. "..."
end

--- The text as one line: runs of white space and control characters (those of
-- Unicode and the marks that turn the writing direction included) become one
-- space, bytes that are not UTF-8 question marks, and a long text is cut.
-- @tparam string text
-- @tparam[opt] number max bytes; nil for no limit
-- @treturn string
function M.line(text, max)
  -- Nothing beyond this can be seen after the cut; the margin is for what the
  -- clean-up takes out.
  if max and #text > 4 * max then text = text:sub(1, 4 * max) .. "..." end
  text = text:gsub("[\128-\255]+", mend_utf8)
  text = text:gsub("\194[\128-\160]", " "):gsub("\226\128[\142\143\168-\174]", " ")
  text = text:gsub("\216\156", " ")
  text = text:gsub("\226\129[\166-\169]", " "):gsub("\239\187\191", " ")
  text = text:gsub("[^\33-\126\128-\255]+", " ")
  text = text:gsub("^ ", ""):gsub(" $", "")
  return max and M.cut(text, max) or text
end

-- UTF-8 of a code point; nil for what is none, so that it stays as it was.
local function encode_utf8(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then
    return string.char(0xC0 + math.floor(code / 0x40), 0x80 + code % 0x40)
  end
  if code > 0xFFFF or (code >= 0xD800 and code <= 0xDFFF) then return nil end
  return string.char(0xE0 + math.floor(code / 0x1000),
    0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

--- The text with HTML's entities replaced by the characters they stand for:
-- numbers up to U+FFFF and the names of what is in ASCII. Done once, so
-- `&amp;lt;` becomes `&lt;`.
-- @tparam string text
-- @treturn string
function M.unescape(text)
  return (text:gsub("&(#?[xX]?)(%w+);", function(kind, name)
    if kind == "" then return ENTITIES[name] end
    -- An entity such as &xi; begins like a number.
    if kind:sub(1, 1) ~= "#" then return ENTITIES[kind .. name] end
    name = name:gsub("^0+(%w)", "%1")
    local code = #name <= 6 and wire.digits(name, #kind == 2 and 16 or 10)
    return code and encode_utf8(code)
  end))
end

--- What a person would read of an HTML page or plain text, on one line.
-- @tparam string body
-- @tparam number max bytes
-- @treturn string
function M.excerpt(body, max)
  -- A page's first few kilobytes hold its heading; more is not searched.
  body = body:sub(1, 16 * max)
  for _, element in ipairs { "[sS][cC][rR][iI][pP][tT]", "[sS][tT][yY][lL][eE]" } do
    body = body:gsub("<" .. element .. ".-</" .. element .. "%s*>", " ")
  end
  body = body:gsub("<!%-%-.-%-%->", " "):gsub("</?[%a!][^>]*>", " ")
  return M.line(M.unescape(body), max)
end

return M
