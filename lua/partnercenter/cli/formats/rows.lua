--- From rows to what is printed: filtered, left out below a share, grouped, ordered,
-- cut to a number, written in the form that was asked for.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.rows

local columns = require "partnercenter.cli.formats.columns"
local condition = require "partnercenter.cli.formats.condition"
local failure = require "partnercenter.cli.failure"
local insights = require "partnercenter.insights"
local names_of = require "partnercenter.cli.formats.names"
local output = require "partnercenter.cli.output"
local writers = require "partnercenter.cli.formats.writers"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.rows", __index = methods }

local function resolve_all(names, list, option)
  local fields = {}
  for i, text in ipairs(list) do fields[i] = names:resolve(text, option) end
  return fields
end

-- What groups have: their keys, and sums.
local function names_of_groups(self)
  local list = columns.of_groups(self.command, self.groups) or columns.named("", self.groups)
  return names_of.new(list, { "rows" })
end

local function resolve(self)
  local given = self.given
  if given.filter then
    self.filter = condition.read(given.filter,
      function(text) return (self.names:resolve(text, "--filter")) end)
  end
  if given.group_by then
    self.groups = resolve_all(self.names, given.group_by, "--group-by")
    for _, own in ipairs { "rows", "deployedShare", "usedShare" } do
      for _, field in ipairs(self.groups) do
        if field == own then failure.usage("--group-by: '%s' is computed for each group", own) end
      end
    end
    self.grouped = names_of_groups(self)
  end
  local last = self.grouped or self.names
  if given.sort then self.sort = last:resolve(given.sort.field, "--sort") end
  if given.columns then self.columns = resolve_all(last, given.columns, "--columns") end
end

--- What is to be done with rows. Every name is resolved here, before anything is sent.
-- @tparam table options
-- @tparam table options.given of the command line: `filter`, `below`, `group_by`,
--   `sort`, `limit`, `columns`, `format`, `output`
-- @tparam table options.known further fields that may be named
-- @tparam[opt] string options.command in place of that of the command line
-- @tparam[opt] string options.default_form
-- @tparam[opt] table options.columns those of the command, if it has them not by name
-- @tparam[opt] table options.table_columns those of a table, if they are others
-- @treturn Plan `filter` is the expression for the service, unless names wait for rows
-- @raise a failure of use
function M.plan(options)
  local given = options.given
  local self = setmetatable({
    given = given, command = options.command or given.command,
    own = options.columns, own_table = options.table_columns,
  }, mt)
  self.form = given.format or writers.form_of(given.output) or options.default_form or "table"
  if self.form == "html" then
    failure.usage("%s writes no web page; 'deployment' and 'usage' do", given.command)
  end
  self.names = names_of.new(self.own or columns.of(self.command, "csv") or {}, options.known or {})
  resolve(self)
  self.waits = self.names:waits()
  self.later = self.waits and self.filter
  if self.waits then self.filter = nil end
  return self
end

--- Is the row's share below what was asked for? A row without a share is not.
-- @tparam table row
-- @treturn boolean
function methods:passes(row)
  if not self.given.below then return true end
  local share = insights.share(row)
  return share ~= nil and share < self.given.below / 100
end

local function columns_shown(self, rows)
  if self.columns then
    self.chosen = true
    local last = self.grouped or self.names
    local fields = resolve_all(last, self.given.columns, "--columns")
    if not self.groups then return columns.named(self.own or self.command, fields) end
    local list, known = {}, {}
    for _, each in ipairs(columns.of_groups(self.command, self.groups) or columns.of_rows(rows)) do
      known[each.field] = each
    end
    for i, field in ipairs(fields) do list[i] = known[field] or columns.column(field, field) end
    return list
  end
  if self.groups then return columns.of_groups(self.command, self.groups) end
  return self.form == "table" and self.own_table or self.own or columns.of(self.command, self.form)
end

-- Settles the names that waited for rows.
local function settle(self, rows)
  if not self.waits then return rows end
  self.names:settle(rows)
  if not self.later then
    resolve(self)
    return rows
  end
  resolve(self)
  local kept = {}
  for _, row in ipairs(rows) do
    if self.filter(row) then kept[#kept + 1] = row end
  end
  return kept
end

-- Rows that were kept, as they are to be written.
local function arrange(self, rows)
  rows = settle(self, rows)
  if self.groups then
    rows = insights.summarize(rows, self.groups)
    self.grouped:settle(rows)
    local kept = {}
    for _, row in ipairs(rows) do
      if self:passes(row) then kept[#kept + 1] = row end
    end
    rows = kept
  end
  if self.sort and rows[1] then
    self.sort = (self.grouped or self.names):resolve(self.given.sort.field, "--sort")
    rows = insights.sort(rows, self.sort, self.given.sort.direction)
  end
  return rows
end

--- Open where the rows go. Those that need not be arranged are written as they come,
-- but for a table, which keeps them.
-- @tparam[opt] string locale for a spreadsheet
-- @treturn table `row(row)`, true when no more are wanted; `finish(whole, errors,
--   task)`: false when rows are missing, gives the path of what was kept then; `drop()`: there
--   are no rows, and no answer
-- @raise a failure
function methods:open(locale)
  local place = output.open(self.given.output)
  local kept = (self.groups or self.sort or self.waits) and {}
  local limit, count, writer = self.given.limit or math.huge, 0, nil
  local function begin(rows)
    local shown = columns_shown(self, rows)
    writer = writer or writers.new(self.form, place, shown,
      { locale = locale, chosen = self.chosen })
  end
  local function put(row)
    if count >= limit then return true end
    if not writer then begin {} end
    writer.row(row)
    count = count + 1
    return count >= limit
  end
  return {
    row = function(row)
      -- For groups, the sums are tested.
      if not self.groups and not self:passes(row) then return false end
      if not kept then return put(row) end
      kept[#kept + 1] = row
      return false
    end,
    finish = function(whole, errors, task)
      local ok, rows = pcall(arrange, self, kept or {})
      if not ok then
        place.drop()
        error(rows, 0)
      end
      begin(rows)
      for _, row in ipairs(rows) do put(row) end
      -- Where the person is told, the data are as if they had been asked for now.
      local untold = task and (task.status.quiet or task.status.json)
      writer.finish(errors, untold and task.reused_from or nil)
      return place.close(whole)
    end,
    drop = place.drop,
  }
end

return M
