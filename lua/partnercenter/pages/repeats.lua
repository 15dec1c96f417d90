--- Notices a page that is the page before it once more, before any of its rows
-- is given out: a server that ignores `skip` or a token answers so.
--
-- The first rows of a page are compared with those of the page before. While
-- all are equal the caller holds them back; one that differs clears the page.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.repeats

-- Rows that are compared: so many equal rows in a row are no coincidence.
local DEPTH = 8
-- Levels of a row that are compared.
local MAX_LEVEL = 4

-- The numerals of most lengths: they are needed for each member of each row.
local LENGTHS = {}
for length = 0, 99 do LENGTHS[length] = ("%d"):format(length) end

local methods = {}
local mt = { __name = "partnercenter.repeats", __index = methods }
local M = { DEPTH = DEPTH }

-- A text that differs where rows differ, whatever the order of their members.
local function fingerprint(value, level)
  if type(value) ~= "table" then return type(value) .. ":" .. tostring(value) end
  if level >= MAX_LEVEL then return "table" end
  local parts = {}
  for key, member in pairs(value) do
    local text = fingerprint(member, level + 1)
    local length = LENGTHS[#text] or ("%d"):format(#text)
    parts[#parts + 1] = tostring(key) .. "=" .. length .. ":" .. text
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

--- A watch over the pages of one walk.
-- @treturn table
function M.new()
  return setmetatable({ before = {}, rows_before = 0, prints = {}, rows = 0, same = false }, mt)
end

--- Looks at the next row of a page.
-- @param row as it came, before anybody may have changed it
-- @treturn boolean whether this and all rows before it on this page are those of
--   the page before: hold it back
function methods:row(row)
  local at = self.rows + 1
  self.rows = at
  if at > DEPTH then return false end
  local print = fingerprint(row, 1)
  self.prints[at] = print
  self.same = self.same and self.before[at] == print
  return self.same
end

--- Is the page sure to be a repeated one, though it has not ended yet?
-- @treturn boolean
function methods:certain()
  return self.same and self.rows >= DEPTH
end

--- Has the page been compared as far as pages are? Then its rows need not be
-- shown any more: counting them in `rows` is enough.
-- @treturn boolean
function methods:clear()
  return self.rows >= DEPTH and not self.same
end

--- Ends a page.
-- @treturn boolean whether it was the page before once more
function methods:end_page()
  local repeated = self.same and self.rows > 0
    and (self.rows == self.rows_before or self.rows >= DEPTH)
  self.before, self.rows_before = self.prints, self.rows
  self.prints, self.rows = {}, 0
  self.same = self.rows_before > 0
  return repeated
end

--- Looks at all rows of a page.
-- @tparam table rows
-- @treturn boolean whether it was the page before once more
function methods:page(rows)
  for i = 1, math.min(#rows, DEPTH) do self:row(rows[i]) end
  self.rows = #rows
  return self:end_page()
end

return M
