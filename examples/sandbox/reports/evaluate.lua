-- A query's rows: one after the other where nothing has to be known of the
-- others, so that a million costs no memory; else sorted, grouped, made distinct.
local data = require "sandbox.data.data"
local datasets = require "sandbox.reports.datasets"
local query = require "sandbox.reports.query"

local M = {}

local BATCH = 500    -- rows computed without a break

-- The months to look at, back from the newest: those of the query, or those whose
-- first day lies between two dates.
local function months_of(q, from, to)
  if not from then return 0, q.months - 1 end
  local newest, oldest
  for back = 0, 35 do
    local month = datasets.month_of(back)
    if month >= from:sub(1, 10) and month <= to:sub(1, 10) then
      newest, oldest = newest or back, back
    end
  end
  return newest or 1, oldest or 0
end

local function is_wanted(q, row)
  for _, condition in ipairs(q.where) do
    local column = condition.column
    if not column.metric and not query.meets(condition, column.get(row)) then return false end
  end
  return true
end

local function values_of(q, row)
  local values = {}
  for i, column in ipairs(q.columns) do values[i] = column.get and column.get(row) or 0 end
  return values
end

-- Rows in batches: next() gives an array, or nil at the end.
local function stream(q, newest, oldest)
  local from = 0
  return function()
    if not from then return nil end
    data.follow()
    local batch = {}
    from = datasets.each(q.set, from, newest, oldest, function(row)
      if is_wanted(q, row) then batch[#batch + 1] = values_of(q, row) end
      return #batch >= BATCH
    end)
    return batch
  end
end

local function key_of(values, columns)
  local parts = {}
  for i, value in ipairs(values) do
    if not (columns and columns[i].metric) then parts[#parts + 1] = tostring(value) end
  end
  return table.concat(parts, "\0")
end

-- Add a row up in its group.
local function add(q, group, row, by_month)
  for i, column in ipairs(q.columns) do
    local metric = column.metric
    if metric and metric.distinct then
      group.seen = group.seen or {}
      if not group.seen[row.c] then group[i] = (group[i] or 0) + 1 end
    elseif metric and (by_month or not metric.stock or row.back == q.newest) then
      group[i] = group[i] + metric.get(row)
    end
  end
  if group.seen then group.seen[row.c] = true end
end

local function grouped(q, newest, oldest)
  local groups, order, by_month = {}, {}, false
  q.newest = newest
  for _, column in ipairs(q.columns) do by_month = by_month or column.name == "Month" end
  data.follow()
  datasets.each(q.set, 0, newest, oldest, function(row)
    if not is_wanted(q, row) then return end
    local values = values_of(q, row)
    local key = key_of(values, q.columns)
    if not groups[key] then
      groups[key] = values
      order[#order + 1] = values
    end
    add(q, groups[key], row, by_month)
  end)
  return order
end

local function distinct(rows)
  local seen, kept = {}, {}
  for _, row in ipairs(rows) do
    local key = key_of(row)
    if not seen[key] then
      seen[key] = true
      kept[#kept + 1] = row
    end
  end
  return kept
end

-- Only what is selected can be sorted by.
local function sort(q, rows)
  local keys = {}
  for _, entry in ipairs(q.order) do
    for i, column in ipairs(q.columns) do
      if column == entry.column then keys[#keys + 1] = { i, entry.ascending } end
    end
  end
  for n, row in ipairs(rows) do row.n = n end
  table.sort(rows, function(a, b)
    for _, key in ipairs(keys) do
      local x, y = a[key[1]], b[key[1]]
      if x ~= y then
        if key[2] then return x < y end
        return x > y
      end
    end
    return a.n < b.n
  end)
end

local function metric_conditions(q, rows)
  local kept = {}
  for _, row in ipairs(rows) do
    local wanted = true
    for _, condition in ipairs(q.where) do
      for i, column in ipairs(q.columns) do
        if column == condition.column and column.metric then
          wanted = wanted and query.meets(condition, row[i])
        end
      end
    end
    if wanted then kept[#kept + 1] = row end
  end
  return kept
end

local function gather(next_batch)
  local rows = {}
  for batch in next_batch do
    for _, row in ipairs(batch) do rows[#rows + 1] = row end
  end
  return rows
end

-- The rows of a query in batches: a function that gives arrays of values, then
-- nil. `from` and `to` replace its time span.
function M.rows(q, from, to)
  local newest, oldest = months_of(q, from, to)
  local left = q.limit or math.huge
  local next_batch
  if q.grouped or q.distinct or #q.order > 0 then
    local rows = q.grouped and metric_conditions(q, grouped(q, newest, oldest))
      or gather(stream(q, newest, oldest))
    if q.distinct then rows = distinct(rows) end
    if #q.order > 0 then sort(q, rows) end
    next_batch = function()
      local all = rows
      rows = nil
      return all
    end
  else
    next_batch = stream(q, newest, oldest)
  end
  return function()
    local batch = left > 0 and next_batch()
    if not batch then return nil end
    while #batch > left do batch[#batch] = nil end
    left = left - #batch
    return batch
  end
end

return M
