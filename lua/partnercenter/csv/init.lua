--- CSV and TSV as Lua rows: a whole text, or a file of any size row by row. The
-- decoder is the core's; this gives it bytes, and words to its errors.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.csv
-- @usage for row in partnercenter.csv.each(io.open("seats.csv", "rb"), { numbers = { "Seats" } })
-- do
--   print(row.Customer, row.Seats)
-- end

local check = require("partnercenter.util").check
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local text_of = require("partnercenter.util").text

local PIECE = 65536 -- bytes read, and decoded, at once
local MOST = 60     -- bytes of a name in a message
local MARK = "\239\187\191"

local M = {}

--- A decoder of the core.
-- @function decoder
-- @see partnercenter.core.csv
M.decoder = core.csv

--- The error object of what a decoder said.
-- @tparam CsvDecoder decoder
-- @tparam string message
-- @tparam number line
-- @tparam number byte in the line
-- @tparam string|number column its name or number
-- @treturn Error of kind protocol
function M.failure(decoder, message, line, byte, column)
  local words = ("CSV, line %d, byte %d (column %s): %s"):format(line, byte, tostring(column),
    message)
  if message:find("asked for", 1, true) then
    words = words .. check.hint(column, decoder:headings() or {})
  end
  return errors.from_failure("protocol", words, { retryable = false })
end

local function what_is_wrong(headings, separator)
  local first = headings[1]
  if first:sub(1, #MARK) == MARK then return "a second byte order mark stands before the names" end
  local shown = text_of.line(first, MOST)
  if first:find("^%s*[<{%[]") then return "it is no CSV, it begins with " .. shown end
  if headings[2] then return nil end
  if first:find("^[sS][eE][pP]=.?$") then
    return ("'%s' is a spreadsheet's word for the separator: leave that line out, and give the "
      .. "option 'separator'"):format(shown)
  end
  local between = not separator and first:match("[;\t|]")
  if not between then return nil end
  return ("its only column is called '%s': if a %s stands between columns, give the option "
    .. "'separator'"):format(shown, between == "\t" and "tab" or between)
end

--- The error of a first line that has no names of columns: rows by such names are what
-- nobody has meant.
-- @tparam {string,...} headings
-- @tparam ?string separator that the caller has given
-- @treturn ?Error of kind protocol
function M.check_headings(headings, separator)
  local why = what_is_wrong(headings, separator)
  if not why then return nil end
  return errors.from_failure("protocol", "CSV, line 1: " .. why, { retryable = false })
end

local function check_first_line(decoder, options)
  local headings = decoder:headings()
  if not headings then return nil end
  return M.check_headings(headings, options and options.separator)
end

local function check_reader(source)
  if type(source) == "function" then return source end
  local readable = io.type(source) == "file"
    or type(source) == "table" and type(source.read) == "function"
  if not readable then
    error("csv.each takes an open file, or a function that gives pieces of text", 3)
  end
  return function() return source:read(PIECE) end
end

--- The rows of a text that arrives in pieces, in constant memory.
-- @tparam file|function source an open file (it stays open), or a function that
--   gives the next piece, and nil behind the last
-- @tparam[opt] table options those of `partnercenter.core.csv`: `separator`,
--   `numbers`, `dates`, `arrays`, `headings`, `nulls`, `max_field`, `max_line`,
--   `max_columns`
-- @treturn function iterator; gives a row; raises the error object, whose message
--   has the line, the byte in it and the column
-- @raise a wrong source or option
function M.each(source, options)
  local read = check_reader(source)
  local decoder = core.csv(options)
  local rows, at, ended, checked = {}, 0, false, false
  local function more()
    local piece, why = read()
    if piece == nil and why then error(errors.from_failure("config", tostring(why)), 0) end
    ended = piece == nil
    local ok, message, line, byte, column
    if ended then
      ok, message, line, byte, column = decoder:finish()
    else
      ok, message, line, byte, column = decoder:feed(piece)
    end
    rows, at = decoder:rows(), 0
    local wrong = not checked and check_first_line(decoder, options)
    checked = checked or decoder:headings() ~= nil
    if wrong then
      rows, ended = {}, wrong
    elseif not ok then
      ended = M.failure(decoder, message, line, byte, column)
    end
  end
  return function()
    while at == #rows do
      if ended == true then return nil end
      if ended then error(ended, 0) end
      more()
    end
    at = at + 1
    local row = rows[at]
    rows[at] = false
    return row
  end
end

--- The rows of a whole text.
-- @tparam string text
-- @tparam[opt] table options as for `each`
-- @treturn[1] {table,...} rows
-- @treturn[1] ?{string,...} names of the columns, in their order
-- @treturn[2] nil
-- @treturn[2] Error kind protocol; its message has the line, the byte and the column
-- @raise a wrong option
function M.decode(text, options)
  if type(text) ~= "string" then error("csv.decode takes a text", 2) end
  local decoder = core.csv(options)
  local ok, message, line, byte, column = decoder:feed(text)
  if ok then ok, message, line, byte, column = decoder:finish() end
  local wrong = check_first_line(decoder, options)
  if wrong then return nil, wrong end
  if not ok then return nil, M.failure(decoder, message, line, byte, column) end
  return decoder:rows(), decoder:headings()
end

return check.strict(M, "partnercenter.csv")
