--- Rows as CSV (RFC 4180): a line of names, then one line for each row. For programs
-- values are written as they came; for a spreadsheet text that it would take for a
-- formula is made harmless, and dates and numbers are such that it knows them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.csv

local columns_of = require "partnercenter.cli.formats.columns"

local M = {}

-- A spreadsheet that knows the file for UTF-8 by this reads every name right.
local MARK = "\239\187\191"

-- Languages whose spreadsheets write 0,5 and part cells by semicolons.
local DECIMAL_COMMA = {}
for language in ("bg cs da de el es et fi fr hr hu it lt lv nb nl no pl pt ro ru sk sl sr sv tr uk")
    :gmatch("%a+") do
  DECIMAL_COMMA[language] = true
end

local function quoted(text, comma)
  if not text:find('["\r\n\t]') and not text:find("^ ") and not text:find(" $")
    and not text:find(comma, 1, true) then
    return text
  end
  return '"' .. text:gsub('"', '""') .. '"'
end

-- Text that begins like a formula, also behind spaces or in wide letters, begins with
-- an apostrophe: a spreadsheet shows it as it is.
local function harmless(text)
  local start = text:gsub("^[%s%z]+", "")
  if text:find("^[=+@\t\r\n-]") or start:find("^[=+@-]")
    or start:find("^\239\188[\157\139\141]") or start:find("^\239\188\160") then
    return "'" .. text
  end
  return text
end

local function new(write, columns, cell_of, comma)
  local kept, begun = {}, false
  local function line(cells) write(table.concat(cells, comma) .. "\r\n") end
  local function head(wanted)
    local names = {}
    for i, column in ipairs(wanted) do names[i] = quoted(column.name, comma) end
    line(names)
  end
  local function put(row, wanted)
    local cells = {}
    for i, column in ipairs(wanted) do cells[i] = quoted(cell_of(column, row), comma) end
    line(cells)
  end
  local function begin()
    if not begun then head(columns) end
    begun = true
  end
  return {
    row = function(row)
      if not columns then
        kept[#kept + 1] = row
        return
      end
      begin()
      put(row, columns)
    end,
    finish = function()
      if columns then begin() return end
      if #kept == 0 then return end
      local wanted = columns_of.of_rows(kept)
      head(wanted)
      for _, row in ipairs(kept) do put(row, wanted) end
    end,
  }
end

--- A writer of CSV.
-- @tparam function write takes a text
-- @tparam ?table columns nil takes the fields of all rows, in alphabetical order, at
--   the end
-- @treturn table `row(row)` and `finish()`
function M.new(write, columns)
  return (new(write, columns, columns_of.plain, ","))
end

--- A writer of CSV for spreadsheets.
-- @tparam function write takes a text
-- @tparam ?table columns as for `new`
-- @tparam ?string locale such as "de-DE": its language decides on commas
-- @treturn table `row(row)` and `finish()`
function M.excel(write, columns, locale)
  local language = (locale or ""):lower():match("^%a+")
  local decimal = DECIMAL_COMMA[language] and "," or "."
  local begun = false
  local function mark(text)
    if not begun then write(MARK) end
    begun = true
    write(text)
  end
  local function cell(column, row)
    local value = columns_of.value(column, row)
    local text = column.kind == "date" and columns_of.day(value) or columns_of.plain(column, row)
    if type(value) == "number" then return (text:gsub("%.", decimal)) end
    return harmless(text)
  end
  return (new(mark, columns, cell, decimal == "," and ";" or ","))
end

return M
