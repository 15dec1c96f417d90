--- Snapshots of rows, by the day for which the service has processed them, and what
-- changed between two of them. They live in an SQLite file, which needs LuaSQL
-- (Debian: lua-sql-sqlite3); nothing else of the library does.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.history
-- @usage
-- local history = assert(require "partnercenter.history".open "licences.db")
-- history:take("deployment", partner.analytics.commercial.deployment.license:each())
-- for _, change in ipairs(history:between("deployment", "2017-03-14", "2017-03-21")) do
--   print(change.change, change.customerName, change.productName)
-- end

local fields = require "partnercenter.fields"
local core = require "partnercenter.core"
local insights = require "partnercenter.insights"
local store_of = require "partnercenter.history.store"
local util = require "partnercenter.util"

local check, json, datetime, wire = util.check, util.json, util.datetime, util.wire

local M = {}

local methods = {}
local mt = { __name = "partnercenter.history", __index = methods }

--- What is kept: `key` tells rows apart, `names` are for people, `counts` are compared.
M.kinds = {
  deployment = {
    key = { "customerId", "productName", "channel" }, names = { "customerName" },
    counts = { "licensesSold", "licensesDeployed" },
  },
  usage = {
    key = { "customerId", "productName", "workloadName", "channel" }, names = { "customerName" },
    counts = { "licensesQualified", "licensesActive" },
  },
}

local function kind_of(what, kind)
  local known = M.kinds[kind]
  if not known then
    error(("history:%s: the kind must be 'deployment' or 'usage'"):format(what), 3)
  end
  return known
end

--- Opens a history.
-- @tparam string path of the file, made when it is missing (mode 0600)
-- @tparam[opt] table options
-- @tparam[opt="default"] string options.source whose rows they are, such as a tenant:
--   those of others in the same file are not seen
-- @treturn[1] History
-- @treturn[2] nil
-- @treturn[2] Error config: LuaSQL is missing, or the file is none of ours
-- @raise an unknown or wrong option
function M.open(path, options)
  if not check.text(path) then error("history.open takes the path of a file", 2) end
  options = check.options("history.open", options, { source = "string" }, 2)
  local store, err = store_of.open(path)
  if not store then return nil, err end
  return setmetatable({ store = store, source = options.source or "default" }, mt)
end

function mt.__tostring(self)
  return ("partnercenter.history (%s, source %s)"):format(self.store.path, self.source)
end

local function day_of(row)
  local seconds = datetime.parse(row.processedDateTime)
  return seconds and datetime.format(seconds):sub(1, 10) or nil
end

-- What is kept of rows: an entry for each key, with the counts of its rows added up; the
-- keys in order; and the latest day.
local function digest(kind, rows)
  local entries, order, latest = {}, {}, nil
  for row in rows do
    local day = day_of(row)
    if day and (not latest or day > latest) then latest = day end
    local kept = {}
    for _, list in ipairs { kind.key, kind.names } do
      for _, name in ipairs(list) do
        local value = fields.getter(name)(row)
        kept[name] = value ~= nil and tostring(value) or nil
      end
    end
    kept.customerId = kept.customerId and wire.lower(kept.customerId)
    local parts = {}
    for i, name in ipairs(kind.key) do parts[i] = kept[name] or "" end
    local key = json.encode(parts)
    local entry = entries[key]
    if not entry then
      entry = kept
      entries[key], order[#order + 1] = entry, key
    end
    for _, name in ipairs(kind.counts) do
      local count = fields.count(row, name)
      if count then entry[name] = (entry[name] or 0) + count end
    end
  end
  return entries, order, latest
end

local function write(self, name, day, entries, order)
  local store = self.store
  return store:all_or_nothing(function()
    local ok, err = store:run([[DELETE FROM entry WHERE snapshot IN (SELECT id FROM snapshot
      WHERE source = ? AND kind = ? AND day = ?)]], self.source, name, day)
    if ok then
      ok, err = store:run("INSERT OR IGNORE INTO snapshot (source, kind, day) VALUES (?, ?, ?)",
        self.source, name, day)
    end
    local found
    if ok then
      found, err = store:rows("SELECT id FROM snapshot WHERE source = ? AND kind = ? AND day = ?",
        self.source, name, day)
    end
    if not found then return nil, err end
    local id = wire.number(tostring(found[1][1]))
    for _, key in ipairs(order) do
      ok, err = store:run("INSERT INTO entry (snapshot, key, row) VALUES (?, ?, ?)", id, key,
        json.encode(entries[key]))
      if not ok then return nil, err end
    end
    return true
  end)
end

--- Keeps a snapshot, under the latest day that its rows were processed on. One of the
-- same day is replaced. All of it is kept, or nothing.
-- @tparam string kind "deployment" or "usage"
-- @param rows an array, a page, or an iterator, whose error is raised
-- @treturn[1] string the day, such as "2017-03-14"
-- @treturn[1] number how many entries there are
-- @treturn[2] nil
-- @treturn[2] string|Error why nothing was kept: no row has a day; the file failed
-- @raise another kind
function methods:take(kind, rows)
  local known = kind_of("take", kind)
  local entries, order, day = digest(known, fields.rows.each("history:take", rows, 2))
  if not day then return nil, "no row says when it was processed" end
  local ok, err = write(self, kind, day, entries, order)
  if not ok then return nil, err end
  return day, #order
end

--- The days of which there are snapshots.
-- @tparam string kind
-- @treturn[1] table array of strings, the oldest first
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise another kind
function methods:days(kind)
  kind_of("days", kind)
  local rows, err = self.store:rows("SELECT day FROM snapshot WHERE source = ? AND kind = ? "
    .. "ORDER BY day", self.source, kind)
  if not rows then return nil, err end
  for i, row in ipairs(rows) do rows[i] = row[1] end
  return rows
end

local function read(self, kind, day)
  local rows, err = self.store:rows([[SELECT key, row FROM entry WHERE snapshot = (SELECT id
    FROM snapshot WHERE source = ? AND kind = ? AND day = ?) ORDER BY key]], self.source, kind, day)
  if not rows then return nil, err end
  local entries, order = {}, {}
  for i, row in ipairs(rows) do
    entries[row[1]], order[i] = core.decode(row[2]), row[1]
  end
  return entries, order
end

-- The change of an entry, or nil when there is none.
local function change_of(known, before, after)
  local change = { change = not before and "added" or not after and "gone" or "changed" }
  local any = change.change ~= "changed"
  for _, list in ipairs { known.key, known.names } do
    for _, name in ipairs(list) do change[name] = (after or before)[name] end
  end
  for _, name in ipairs(known.counts) do
    local old, new = before and before[name] or 0, after and after[name] or 0
    change[name], change[name .. "Before"], change[name .. "Change"] = new, old, new - old
    if old ~= new then any = true end
  end
  return any and change or nil
end

--- What changed between two days.
-- @tparam string kind
-- @tparam string from a day of `days`
-- @tparam string to another
-- @treturn[1] table array of changes: `change` ("added", "gone" or "changed"), the key
--   and names of the row, each count on the later day (0 when it is gone), and with
--   `Before` and `Change` behind its name on the earlier one, and the difference
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise another kind
function methods:between(kind, from, to)
  local known = kind_of("between", kind)
  local before, order = read(self, kind, from)
  if not before then return nil, order end
  local after, later = read(self, kind, to)
  if not after then return nil, later end
  local changes = {}
  for _, key in ipairs(order) do
    changes[#changes + 1] = change_of(known, before[key], after[key])
  end
  for _, key in ipairs(later) do
    if not before[key] then changes[#changes + 1] = change_of(known, nil, after[key]) end
  end
  return changes
end

--- The sums of each day.
-- @tparam string kind
-- @tparam[opt] function wanted takes an entry (key, names and counts), true to count it
-- @treturn[1] table array of `day`, and what `insights.summarize` gives: `rows`, the
--   counts added up, the shares
-- @treturn[2] nil
-- @treturn[2] Error
-- @raise another kind
function methods:trend(kind, wanted)
  local known = kind_of("trend", kind)
  local days, err = self:days(kind)
  if not days then return nil, err end
  local trend = {}
  for i, day in ipairs(days) do
    local entries, order = read(self, kind, day)
    if not entries then return nil, order end
    local rows = {}
    for _, entry in pairs(entries) do
      if not wanted or wanted(entry) then rows[#rows + 1] = entry end
    end
    local sum = insights.summarize(rows)[1] or { rows = 0 }
    sum.day = day
    for _, name in ipairs(known.counts) do sum[name] = sum[name] or 0 end
    trend[i] = sum
  end
  return trend
end

--- Closes the file; may be called again.
function methods:close()
  self.store:close()
end

return check.strict(M, "partnercenter.history")
