--- How many columns of a terminal a text takes: two for a wide (Chinese, Japanese,
-- Korean) character, none for a mark that stands on the one before.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.terminal.width

local M = {}

-- One UTF-8 character; texts come from the decoder, which has checked them.
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

-- First and last code points: East Asian Width W and F of Unicode, with what
-- lies between them unassigned.
local WIDE = {
  0x1100, 0x115F, 0x231A, 0x231B, 0x2329, 0x232A, 0x23E9, 0x23EC, 0x23F0, 0x23F0,
  0x23F3, 0x23F3, 0x25FD, 0x25FE, 0x2614, 0x2615, 0x2648, 0x2653, 0x267F, 0x267F,
  0x2693, 0x2693, 0x26A1, 0x26A1, 0x26AA, 0x26AB, 0x26BD, 0x26BE, 0x26C4, 0x26C5,
  0x26CE, 0x26CE, 0x26D4, 0x26D4, 0x26EA, 0x26EA, 0x26F2, 0x26F3, 0x26F5, 0x26F5,
  0x26FA, 0x26FA, 0x26FD, 0x26FD, 0x2705, 0x2705, 0x270A, 0x270B, 0x2728, 0x2728,
  0x274C, 0x274C, 0x274E, 0x274E, 0x2753, 0x2755, 0x2757, 0x2757, 0x2795, 0x2797,
  0x27B0, 0x27B0, 0x27BF, 0x27BF, 0x2B1B, 0x2B1C, 0x2B50, 0x2B50, 0x2B55, 0x2B55,
  0x2E80, 0x303E, 0x3041, 0x3247, 0x3250, 0x4DBF, 0x4E00, 0xA4CF, 0xA960, 0xA97F,
  0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE10, 0xFE19, 0xFE30, 0xFE6B, 0xFF01, 0xFF60,
  0xFFE0, 0xFFE6, 0x16FE0, 0x18CFF, 0x18D00, 0x18D08, 0x1AFF0, 0x1B2FF, 0x1F004, 0x1F004,
  0x1F0CF, 0x1F0CF, 0x1F18E, 0x1F18E, 0x1F191, 0x1F19A, 0x1F200, 0x1F320, 0x1F32D, 0x1F335,
  0x1F337, 0x1F37C, 0x1F37E, 0x1F393, 0x1F3A0, 0x1F3CA, 0x1F3CF, 0x1F3D3, 0x1F3E0, 0x1F3F0,
  0x1F3F4, 0x1F3F4, 0x1F3F8, 0x1F3FA, 0x1F400, 0x1F43E, 0x1F440, 0x1F440, 0x1F442, 0x1F4FC,
  0x1F4FF, 0x1F53D, 0x1F54B, 0x1F54E, 0x1F550, 0x1F567, 0x1F57A, 0x1F57A, 0x1F595, 0x1F596,
  0x1F5A4, 0x1F5A4, 0x1F5FB, 0x1F64F, 0x1F680, 0x1F6C5, 0x1F6CC, 0x1F6CC, 0x1F6D0, 0x1F6DF,
  0x1F6EB, 0x1F6EC, 0x1F6F4, 0x1F6FC, 0x1F7E0, 0x1F7EB, 0x1F7F0, 0x1F7F0, 0x1F90C, 0x1F9FF,
  0x1FA70, 0x1FAFF, 0x20000, 0x3FFFD,
}

-- Combining marks of the scripts that names are written in, joiners, variation
-- selectors, marks of the writing direction.
local NONE = {
  0x00AD, 0x00AD, 0x0300, 0x036F, 0x0483, 0x0489, 0x0591, 0x05BD, 0x05BF, 0x05BF,
  0x05C1, 0x05C2, 0x05C4, 0x05C5, 0x05C7, 0x05C7, 0x0610, 0x061A, 0x061C, 0x061C,
  0x064B, 0x065F, 0x0670, 0x0670, 0x06D6, 0x06DC, 0x06DF, 0x06E4, 0x06E7, 0x06E8,
  0x06EA, 0x06ED, 0x0711, 0x0711, 0x0730, 0x074A, 0x07A6, 0x07B0, 0x0900, 0x0902,
  0x093A, 0x093A, 0x093C, 0x093C, 0x0941, 0x0948, 0x094D, 0x094D, 0x0951, 0x0957,
  0x0962, 0x0963, 0x09BC, 0x09BC, 0x09C1, 0x09C4, 0x09CD, 0x09CD, 0x0A3C, 0x0A3C,
  0x0A41, 0x0A51, 0x0ABC, 0x0ABC, 0x0AC1, 0x0AC8, 0x0ACD, 0x0ACD, 0x0BC0, 0x0BC0,
  0x0BCD, 0x0BCD, 0x0C3E, 0x0C40, 0x0C46, 0x0C56, 0x0CCC, 0x0CCD, 0x0D41, 0x0D44,
  0x0D4D, 0x0D4D, 0x0E31, 0x0E31, 0x0E34, 0x0E3A, 0x0E47, 0x0E4E, 0x0EB1, 0x0EB1,
  0x0EB4, 0x0EBC, 0x0EC8, 0x0ECE, 0x102D, 0x1030, 0x1032, 0x1037, 0x1039, 0x103A,
  0x1160, 0x11FF, 0x135D, 0x135F, 0x17B4, 0x17B5, 0x17B7, 0x17BD, 0x17C6, 0x17C6,
  0x17C9, 0x17D3, 0x1AB0, 0x1AFF, 0x1DC0, 0x1DFF, 0x200B, 0x200F, 0x202A, 0x202E,
  0x2060, 0x206F, 0x20D0, 0x20F0, 0x302A, 0x302D, 0x3099, 0x309A, 0xFB1E, 0xFB1E,
  0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0xFEFF, 0xFEFF, 0x1F3FB, 0x1F3FF, 0xE0001, 0xE01EF,
}

local function code_point(character)
  local a, b, c, d = character:byte(1, 4)
  if d then return (a - 240) * 262144 + (b - 128) * 4096 + (c - 128) * 64 + d - 128 end
  if c then return (a - 224) * 4096 + (b - 128) * 64 + c - 128 end
  if b then return (a - 192) * 64 + b - 128 end
  return a
end

-- Is the code point in one of the ranges? Binary search.
local function within(ranges, code)
  local low, high = 1, #ranges / 2
  while low <= high do
    local middle = math.floor((low + high) / 2)
    if code < ranges[2 * middle - 1] then
      high = middle - 1
    elseif code > ranges[2 * middle] then
      low = middle + 1
    else
      return true
    end
  end
  return false
end

local function width_of(character)
  if #character == 1 then return 1 end
  local code = code_point(character)
  if within(NONE, code) then return 0 end
  return within(WIDE, code) and 2 or 1
end

--- The columns that a text takes.
-- @tparam string text without control characters
-- @treturn number
function M.of(text)
  if not text:find("[\128-\255]") then return #text end
  local total = 0
  for character in text:gmatch(CHARACTER) do total = total + width_of(character) end
  return total
end

--- The text cut in the middle to so many columns, an ellipsis included: names that
-- differ at their end stay apart.
-- @tparam string text
-- @tparam number most columns
-- @tparam[opt="..."] string ellipsis; without one it is the end that is cut
-- @treturn string
-- @treturn number the columns it takes
function M.cut(text, most, ellipsis)
  local total = M.of(text)
  if total <= most then return text, total end
  ellipsis = ellipsis or "..."
  local room = most - M.of(ellipsis)
  if room < 0 then return (" "):rep(most), most end
  local characters, widths = {}, {}
  for character in text:gmatch(CHARACTER) do
    characters[#characters + 1], widths[#widths + 1] = character, width_of(character)
  end
  local tail_room = ellipsis == "" and 0 or math.floor(room / 2)
  local first, last, head, tail = 0, #characters + 1, 0, 0
  while head + widths[first + 1] <= room - tail_room do
    first = first + 1
    head = head + widths[first]
  end
  while tail + widths[last - 1] <= room - head do
    last = last - 1
    tail = tail + widths[last]
  end
  -- A mark stands on the character before it, which is gone.
  while characters[last] and widths[last] == 0 do last = last + 1 end
  return table.concat(characters, "", 1, first) .. ellipsis .. table.concat(characters, "", last),
    head + M.of(ellipsis) + tail
end

-- Characters of scripts that run from right to left, by their first bytes:
-- Hebrew, Arabic and their neighbours, presentation forms, U+1E800 on.
local RIGHT_TO_LEFT = {
  "[\214-\223]", "\224[\160-\163]", "\239[\172-\183]", "\239\185[\176-\191]", "\239[\186\187]",
  "\240\158[\160-\187]",
}

--- Has the text characters of a script that runs from right to left?
-- @tparam string text
-- @treturn boolean
function M.is_right_to_left(text)
  if not text:find("[\214-\240]") then return false end
  for _, pattern in ipairs(RIGHT_TO_LEFT) do
    if text:find(pattern) then return true end
  end
  return false
end

--- The text between marks that keep its writing direction from reaching its
-- neighbours (FIRST STRONG ISOLATE, POP DIRECTIONAL ISOLATE), if it needs them.
-- @tparam string text
-- @treturn string
function M.isolate(text)
  if not M.is_right_to_left(text) then return text end
  return "\226\129\168" .. text .. "\226\129\169"
end

return M
