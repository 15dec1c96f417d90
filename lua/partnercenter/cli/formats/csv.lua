--- Rows as CSV (RFC 4180): a line of names, then one line for each row. Values
-- are written as they came, never changed for a spreadsheet's sake.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.csv

local columns = require "partnercenter.cli.formats.columns"

local M = {}

local function quoted(text)
  if not text:find('[",\r\n]') and not text:find("^ ") and not text:find(" $") then return text end
  return '"' .. text:gsub('"', '""') .. '"'
end

--- A writer of CSV.
-- @tparam function write takes a text
-- @tparam ?table list the columns; nil takes the fields of all rows, in
--   alphabetical order, at the end
-- @treturn table `row(row)` and `finish()`
function M.new(write, list)
  local kept = {}
  local function put(row, wanted)
    local cells = {}
    for i, column in ipairs(wanted) do cells[i] = quoted(columns.plain(column, row)) end
    write(table.concat(cells, ",") .. "\r\n")
  end
  local function head(wanted)
    local names = {}
    for i, column in ipairs(wanted) do names[i] = quoted(column.name) end
    write(table.concat(names, ",") .. "\r\n")
  end
  local begun = false
  local function begin()
    if not begun then head(list) end
    begun = true
  end
  return {
    row = function(row)
      if not list then
        kept[#kept + 1] = row
        return
      end
      begin()
      put(row, list)
    end,
    finish = function()
      if list then begin() return end
      if #kept == 0 then return end
      local wanted = columns.of_rows(kept)
      head(wanted)
      for _, row in ipairs(kept) do put(row, wanted) end
    end,
  }
end

return M
