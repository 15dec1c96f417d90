--- Rows as an aligned table: with colour, a bar for each share and no more
-- columns than there are on a terminal, plain elsewhere.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.table

local columns = require "partnercenter.cli.formats.columns"
local text = require "partnercenter.util.text"
local width = require("partnercenter.cli.terminal").width

local M = {}

local GAP = "  "
local BAR = 10              -- columns of a bar
local NARROWEST = 10        -- columns that a cut text keeps at least
local LONGEST = 2000        -- bytes of a cell; more is no name

local EIGHTHS = { [0] = "", "\226\150\143", "\226\150\142", "\226\150\141", "\226\150\140",
  "\226\150\139", "\226\150\138", "\226\150\137" }
local FULL, TRACK, ELLIPSIS = "\226\150\136", "\194\183", "\226\128\166"

local function bar_of(share, unicode)
  local filled = math.max(0, math.min(1, share)) * BAR
  if not unicode then
    local whole = math.floor(filled + 0.5)
    return ("#"):rep(whole) .. ("."):rep(BAR - whole)
  end
  local eighths = math.floor(filled * 8 + 0.5)
  local whole, part = math.floor(eighths / 8), eighths % 8
  local taken = whole + (part > 0 and 1 or 0)
  return FULL:rep(whole) .. EIGHTHS[part] .. TRACK:rep(BAR - taken)
end

local function colour_of(share)
  if share < 0.5 then return "red" end
  return share < 0.8 and "yellow" or "green"
end

local function is_number(column)
  return column.kind == "count" or column.kind == "share"
end

-- The cells of all rows as texts, and how wide each column is.
local function measure(list, rows)
  local widths, cells = {}, {}
  for i, column in ipairs(list) do widths[i] = width.of(column.title) end
  for r, row in ipairs(rows) do
    local line = {}
    for i, column in ipairs(list) do
      local cell = text.line(columns.readable(column, row), LONGEST)
      line[i] = cell
      widths[i] = math.max(widths[i], width.of(cell))
    end
    cells[r] = line
  end
  return cells, widths
end

-- Narrows the widest texts until the table fits.
local function fit(list, widths, most)
  local total = #GAP * (#widths - 1)
  for i, column in ipairs(list) do
    total = total + widths[i] + (column.kind == "share" and BAR + 1 or 0)
  end
  while total > most do
    local widest
    for i, column in ipairs(list) do
      local longer = column.kind == "text" and (not widest or widths[i] > widths[widest])
      if longer and widths[i] > NARROWEST then widest = i end
    end
    if not widest then return end
    widths[widest] = widths[widest] - 1
    total = total - 1
  end
end

local function pad(cell, taken, wanted, right)
  local padding = (" "):rep(wanted - taken)
  return right and padding .. cell or cell .. padding
end

local function format_cell(cell, column, row, wanted, screen)
  local taken
  if screen.terminal then
    cell, taken = width.cut(cell, wanted, screen.unicode and ELLIPSIS or "...")
    cell = width.isolate(cell)
  else
    taken = width.of(cell)
  end
  cell = pad(cell, taken, wanted, is_number(column))
  if column.kind ~= "share" or not screen.terminal then return cell end
  local share = columns.value(column, row)
  if not share then return cell .. " " .. (" "):rep(BAR) end
  return cell .. " " .. screen.paint(bar_of(share, screen.unicode), colour_of(share))
end

local function format_head(list, widths, screen)
  local parts = {}
  for i, column in ipairs(list) do
    local title, taken = column.title, width.of(column.title)
    if screen.terminal then title, taken = width.cut(title, widths[i], "") end
    title = pad(title, taken, widths[i], is_number(column))
    if column.kind == "share" and screen.terminal then title = title .. (" "):rep(BAR + 1) end
    parts[i] = title
  end
  return screen.paint((table.concat(parts, GAP):gsub(" +$", "")), "bold")
end

--- A writer of a table. It keeps all rows until the end, to know the widths.
-- @tparam function write takes a text
-- @tparam ?table list the columns; nil takes the fields of all rows
-- @tparam table screen of `partnercenter.cli.terminal`
-- @treturn table `row(row)` and `finish()`
function M.new(write, list, screen)
  local rows = {}
  local function finish()
    if #rows == 0 and not list then return end
    local wanted = list or columns.of_rows(rows)
    local cells, widths = measure(wanted, rows)
    if screen.terminal then fit(wanted, widths, screen.width()) end
    write(format_head(wanted, widths, screen) .. "\n")
    for r, row in ipairs(rows) do
      local parts = {}
      for i, column in ipairs(wanted) do
        parts[i] = format_cell(cells[r][i], column, row, widths[i], screen)
      end
      write((table.concat(parts, GAP):gsub(" +$", "")) .. "\n")
    end
  end
  return { row = function(row) rows[#rows + 1] = row end, finish = finish }
end

return M
