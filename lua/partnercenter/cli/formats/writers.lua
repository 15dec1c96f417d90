--- A writer for each form of output: all have `row(row)` and `finish()`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.writers

local columns_of = require "partnercenter.cli.formats.columns"
local csv = require "partnercenter.cli.formats.csv"
local failure = require "partnercenter.cli.failure"
local json = require "partnercenter.cli.formats.json"
local tables = require "partnercenter.cli.formats.table"
local terminal = require "partnercenter.cli.terminal"

local M = {}

-- What a file's name says of its form.
local ENDINGS = {
  csv = "csv", json = "json", ndjson = "ndjson", jsonl = "ndjson", txt = "table", html = "html",
  htm = "html",
}

--- The form that a file's name stands for.
-- @tparam ?string path
-- @treturn ?string
-- @raise a failure of use, for a workbook, which is not written
function M.form_of(path)
  local ending = path and path:match("%.(%w+)$")
  if not ending then return nil end
  if ending:lower():find("^xlsx?$") or ending:lower() == "ods" then
    failure.usage("workbooks are not written; '--format excel --output FILE.csv' writes a file "
      .. "that a spreadsheet opens")
  end
  return ENDINGS[ending:lower()]
end

local PLAIN = { terminal = false, paint = function(text) return text end }

-- What steers a terminal, or turns the writing direction, is shown as a mark.
local function tame(text)
  return (text:gsub("[%z\1-\8\11\12\14-\31\127]", "?"):gsub("\194[\128-\159]", "?")
    :gsub("\216\156", "?"):gsub("\226\128[\142\143\168-\174]", "?")
    :gsub("\226\129[\166-\169]", "?"))
end

-- A writer that gets only the wanted columns of each row.
local function picking(writer, list)
  local function row(value)
    local picked = {}
    for _, each in ipairs(list) do picked[each.name] = columns_of.value(each, value) end
    writer.row(picked)
  end
  return { row = row, finish = writer.finish }
end

--- A writer of the form that was asked for.
-- @tparam string form "table", "csv", "excel", "json" or "ndjson"
-- @tparam table place of `partnercenter.cli.output`
-- @tparam ?table columns nil: those that the rows have
-- @tparam table options
-- @tparam[opt] string options.locale for a spreadsheet
-- @tparam[opt] boolean options.chosen the columns are a person's choice
-- @treturn table `row(row)` and `finish(errors, from)`, see `partnercenter.cli.formats.json`
function M.new(form, place, columns, options)
  local screen = place.path == "-" and terminal.screen.look(io.stdout) or PLAIN
  if form == "json" or form == "ndjson" then
    local writer = (form == "json" and json.array or json.lines)(place.write)
    return options.chosen and picking(writer, columns) or writer
  end
  if form == "table" then return tables.new(place.write, columns, screen, options.chosen) end
  local write = place.write
  if screen.terminal or place.terminal then write = function(text) place.write(tame(text)) end end
  if form == "csv" then return csv.new(write, columns) end
  return csv.excel(write, columns, options.locale)
end

return M
