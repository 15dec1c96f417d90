--- CSV files that people bring along, such as price lists: their columns are found by
-- name, in any letter case, with or without spaces.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.tables

local csv = require "partnercenter.csv"
local errors = require "partnercenter.errors"
local wire = require("partnercenter.util").wire

local M = {}

local function folded(name)
  return (wire.lower(name):gsub("[%s_%-]", ""))
end

-- Which of a row's own names stands for each column.
local function find_columns(row, columns)
  local own, found = {}, {}
  for name in pairs(row) do
    if type(name) == "string" then own[folded(name)] = name end
  end
  for _, column in ipairs(columns) do
    for _, name in ipairs(column) do
      found[column.name] = found[column.name] or own[name]
    end
  end
  return found
end

-- An iterator over the rows, and what closes it.
local function open(what, source, level)
  if type(source) == "table" then
    local i = 0
    return function()
      i = i + 1
      return source[i]
    end
  end
  if type(source) ~= "string" then
    error(("%s must be the path of a CSV file, or an array of rows"):format(what), level + 1)
  end
  local file, why = io.open(source, "rb")
  if not file then
    return nil, errors.from_failure("config", ("%s: %s"):format(what, why), { retryable = false })
  end
  return csv.each(file), file
end

--- Read a table row by row.
-- @tparam string what the option's name, for messages
-- @tparam string|table source path of a CSV file, or an array of rows
-- @tparam table columns array of { name =, … }: further elements are the names that the
--   column may have, in lower case without spaces
-- @tparam function take takes each row, by the columns' names
-- @tparam number level whom to blame
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] Error the file cannot be read, is no CSV, or lacks the columns; kind config
--   or protocol
-- @raise the source is neither
function M.each(what, source, columns, take, level)
  local next_row, file = open(what, source, level + 1)
  if not next_row then return nil, file end
  local found
  local ok, err = pcall(function()
    for row in next_row do
      found = found or find_columns(row, columns)
      local own = {}
      for name, theirs in pairs(found) do own[name] = row[theirs] end
      take(own)
    end
  end)
  if file then file:close() end
  if not ok then
    if not errors.is(err) then error(err, 0) end
    if type(source) ~= "string" then return nil, err end
    local words = ("%s: %s: %s"):format(what, source, err.message)
    return nil, errors.from_failure(err.kind, words, { retryable = false })
  end
  local missing = M.missing(found, columns)
  if missing then
    return nil, errors.from_failure("config", ("%s has no column %s"):format(what, missing),
      { retryable = false })
  end
  return true
end

--- The columns that a table lacks and needs.
-- @tparam ?table found name of a column to that in the table; nil: it has no row
-- @tparam table columns
-- @treturn ?string
function M.missing(found, columns)
  if not found then return nil end
  for _, column in ipairs(columns) do
    if not found[column.name] and not column.optional then return column[1] end
  end
  return nil
end

return M
