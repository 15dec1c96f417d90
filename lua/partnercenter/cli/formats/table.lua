--- Rows as an aligned table: with colour, a bar for each share and no more
-- columns than there are on a terminal, plain elsewhere.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.table

local columns = require "partnercenter.cli.formats.columns"
local text = require("partnercenter.util").text
local width = require("partnercenter.cli.terminal").width

local M = {}

local GAP = "  "
local BAR = 10              -- columns of a bar
local NARROWEST = 10        -- columns that a cut text keeps at least

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
  return column.kind == "count" or column.kind == "share" or column.kind == "difference"
end

-- The cells of all rows as texts, and how wide each column is.
local function measure(list, rows)
  local widths, cells = {}, {}
  for i, column in ipairs(list) do widths[i] = width.of(text.line(column.title)) end
  for r, row in ipairs(rows) do
    local line = {}
    for i, column in ipairs(list) do
      local cell = columns.readable(column, row)
      line[i] = cell
      widths[i] = math.max(widths[i], width.of(cell))
    end
    cells[r] = line
  end
  return cells, widths
end

-- What is shown: `list`, `cells` and `widths` by column, `bar` (is there one?) and
-- `left_out` (titles).
local function total(view)
  local sum = #GAP * (#view.widths - 1)
  for i, column in ipairs(view.list) do
    sum = sum + view.widths[i] + (view.bar and column.kind == "share" and BAR + 1 or 0)
  end
  return sum
end

-- Text columns that are the same in every row: nobody misses them.
local function is_constant(view, i)
  local kind = view.list[i].kind
  if kind ~= "text" and kind ~= "flag" then return false end
  for _, line in ipairs(view.cells) do
    if line[i] ~= view.cells[1][i] then return false end
  end
  return #view.cells > 1
end

local function leave_out(view, i)
  view.left_out[#view.left_out + 1] = view.list[i].title
  local list = {}
  for j, column in ipairs(view.list) do if j ~= i then list[#list + 1] = column end end
  view.list = list
  table.remove(view.widths, i)
  for _, line in ipairs(view.cells) do table.remove(line, i) end
end

-- Leaves out, from the right, the columns that a test holds for, until the rest fits.
local function leave_out_if(view, most, test)
  for i = #view.list, 2, -1 do
    if total(view) <= most then return end
    if test(view, i) then leave_out(view, i) end
  end
end

-- Narrows the widest texts until the table fits.
local function narrow(view, most)
  local sum = total(view)
  while sum > most do
    local widest
    for i, column in ipairs(view.list) do
      local longer = column.kind == "text" and (not widest or view.widths[i] > view.widths[widest])
      if longer and view.widths[i] > NARROWEST then widest = i end
    end
    if not widest then return end
    view.widths[widest] = view.widths[widest] - 1
    sum = sum - 1
  end
end

-- Fits the table to the terminal. What is missed least goes first: the bar, dates, what is
-- the same in every row. Last of all names are cut, in the middle.
local function fit(view, most, chosen)
  if total(view) > most then view.bar = false end
  if not chosen then
    leave_out_if(view, most, function(_, i) return view.list[i].kind == "date" end)
    leave_out_if(view, most, is_constant)
  end
  narrow(view, most)
end

local function pad(cell, taken, wanted, right)
  local padding = (" "):rep(wanted - taken)
  return right and padding .. cell or cell .. padding
end

local function format_cell(view, r, i, screen)
  local cell, column, wanted = view.cells[r][i], view.list[i], view.widths[i]
  local taken
  if screen.terminal then
    cell, taken = width.cut(cell, wanted, screen.unicode and ELLIPSIS or "...")
    cell = width.isolate(cell)
  else
    taken = width.of(cell)
  end
  cell = pad(cell, taken, wanted, is_number(column))
  if column.kind ~= "share" or not view.bar then return cell end
  local share = columns.value(column, view.rows[r])
  if type(share) ~= "number" then return cell .. " " .. (" "):rep(BAR) end
  return cell .. " " .. screen.paint(bar_of(share, screen.unicode), colour_of(share))
end

local function format_head(view, screen)
  local parts = {}
  for i, column in ipairs(view.list) do
    local title = text.line(column.title)
    local taken = width.of(title)
    if screen.terminal then title, taken = width.cut(title, view.widths[i], "") end
    title = pad(title, taken, view.widths[i], is_number(column))
    if column.kind == "share" and view.bar then title = title .. (" "):rep(BAR + 1) end
    parts[i] = title
  end
  return screen.paint((table.concat(parts, GAP):gsub(" +$", "")), "bold")
end

--- A writer of a table. It keeps all rows until the end, to know the widths.
-- @tparam function write takes a text
-- @tparam ?table list the columns; nil takes the fields of all rows
-- @tparam table screen of `partnercenter.cli.terminal`
-- @tparam ?boolean chosen the columns are a person's choice: none is left out
-- @treturn table `row(row)` and `finish()`
function M.new(write, list, screen, chosen)
  local rows = {}
  local function finish()
    if #rows == 0 and not list then return end
    local view = { rows = rows, list = list or columns.of_rows(rows), bar = screen.terminal,
      left_out = {} }
    view.cells, view.widths = measure(view.list, rows)
    if screen.terminal then fit(view, screen.width(), chosen) end
    write(format_head(view, screen) .. "\n")
    for r in ipairs(rows) do
      local parts = {}
      for i in ipairs(view.list) do parts[i] = format_cell(view, r, i, screen) end
      write((table.concat(parts, GAP):gsub(" +$", "")) .. "\n")
    end
    if view.left_out[1] then
      write(screen.paint(("not shown, for want of room: %s (--columns chooses)"):format(
        table.concat(view.left_out, ", ")), "dim") .. "\n")
    end
  end
  return { row = function(row) rows[#rows + 1] = row end, finish = finish }
end

return M
