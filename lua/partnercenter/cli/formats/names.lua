--- The names that a person may write for a field: that of the field, of the column in
-- CSV, of the heading in a table, in either letter case. One place for `--filter`,
-- `--sort`, `--group-by` and `--columns`.
--
-- A name that nobody documents may be a field that the service has added, or one of
-- a path that is not known here: it is looked for in the rows when they are there.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.names

local check = require("partnercenter.util").check
local columns = require "partnercenter.cli.formats.columns"
local failure = require "partnercenter.cli.failure"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.names", __index = methods }

-- The other ways to write one: "CUSTOMER ID" as customer-id, customer_id, customerid.
local function folded(name)
  return (name:lower():gsub("[%s_-]", ""))
end

--- The names of the fields that a person may write.
-- @tparam table shown array of the columns that are shown
-- @tparam table known array of further names of fields
-- @treturn Names
function M.new(shown, known)
  local self = setmetatable({ list = {}, listed = {}, by_word = {}, later = {}, settled = {} }, mt)
  for _, column in ipairs(shown) do self:add(column.field, column.name, column.title) end
  for _, name in ipairs(known) do self:add(name, name) end
  return self
end

--- Adds a field with the words that mean it.
-- @tparam string field
-- @param ... the words for it, the first of which is listed
function methods:add(field, ...)
  local first = ...
  if not self.by_word[folded(field)] and not self.by_word[folded(first)] then
    self.list[#self.list + 1] = first
  end
  for _, word in ipairs { field, ... } do
    self.by_word[folded(word)] = self.by_word[folded(word)] or field
    self.listed[word] = self.listed[word] or first
  end
end

local function refuse(option, text, hint, names)
  table.sort(names)
  failure.usage("%s: there is no field '%s'%s\nThere are %s", option, text, hint,
    table.concat(names, ", "))
end

--- The field that a person means.
-- @tparam string text
-- @tparam string option where it was written, for the message
-- @treturn string the field; the text itself when only rows can tell, see `settle`
-- @raise a failure of use: no field is called so, but one nearly
function methods:resolve(text, option)
  local field = self.by_word[folded(text)] or self.settled[text]
  if field then return field end
  local hint = check.hint(text, self.listed, self.listed)
  if hint ~= "" then refuse(option, text, hint, self.list) end
  if not self.later[text] then
    self.later[text], self.later[#self.later + 1] = option, text
  end
  return text
end

--- Are there names that only rows can settle?
-- @treturn boolean
function methods:waits()
  return self.later[1] ~= nil
end

--- Settles the names that waited for rows: each is a field of these, or wrong.
-- @tparam table rows
-- @raise a failure of use, if no row has one of them
function methods:settle(rows)
  if not self:waits() or not rows[1] then return end
  local own, list = {}, {}
  local function note(name)
    if own[folded(name)] then return end
    own[folded(name)], list[#list + 1] = name, name
  end
  for _, each in ipairs(columns.of_rows(rows)) do
    note(each.field)
    for head in each.field:gmatch("()%.") do note(each.field:sub(1, head - 1)) end
  end
  for _, text in ipairs(self.later) do
    local name = own[folded(text)]
    if not name then refuse(self.later[text], text, check.hint(text, list), list) end
    self.settled[text] = name
  end
end

return M
