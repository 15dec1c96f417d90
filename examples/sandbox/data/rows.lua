-- Rows of a source as JSON text: which rows (a filter really evaluated),
-- groups of them with sums, and their order.
local json = require "sandbox.answers.json"
local times = require "sandbox.server.times"

local M = {}

local quote, concat = json.quote, table.concat

local function literal(value)
  local kind = type(value)
  if kind == "string" then return quote(value) end
  if kind == "nil" then return "null" end
  if kind == "number" and value ~= math.floor(value) then return json.double(value) end
  return tostring(value)
end

-- The numbers of the rows that pass, in order; nil stands for all of them.
function M.select(source, test)
  if not test then return nil end
  local found, n, locate = {}, 0, source.rows.locate
  for r = 0, source.rows.total() - 1 do
    if test(locate(r)) then
      n = n + 1
      found[n] = r
    end
  end
  return found
end

-- A function that writes the members of neighbouring columns. The text that
-- is the same for all rows of a customer or product is made once.
local function writer(columns, of)
  local heads = {}
  for i, column in ipairs(columns) do
    local name = column.wire_name and column.wire_name() or column.name
    heads[i] = (i > 1 and "," or "") .. quote(name) .. ":"
  end
  local function make(...)
    local parts = {}
    for i, column in ipairs(columns) do parts[i] = heads[i] .. literal(column.get(...)) end
    return concat(parts)
  end
  if of == "row" and #columns == 1 then
    local head, get = heads[1], columns[1].get
    return function(...) return head .. literal(get(...)) end
  end
  if of ~= "customer" then return make end
  local last, text
  return function(c, ...)
    if c ~= last then last, text = c, make(c, ...) end
    return text
  end
end

-- Product columns depend on customer and number; their text is kept by the
-- text of the first of them that tells products apart.
local function product_writer(columns, product)
  local make, kept = writer(columns, "product"), {}
  return function(c, k, ...)
    local key = product(c, k)
    local text = kept[key]
    if not text then
      text = make(c, k, ...)
      kept[key] = text
    end
    return text
  end
end

local function writers(source)
  local list, run = {}, nil
  for _, column in ipairs(source.columns) do
    if not column.only_grouped then
      if not run or run.of ~= column.of or column.of == "row" then
        run = { of = column.of }
        list[#list + 1] = run
      end
      run[#run + 1] = column
    end
  end
  local product = require("sandbox.data.data").product
  for i, columns in ipairs(list) do
    list[i] = columns.of == "product" and product_writer(columns, product)
      or writer(columns, columns.of)
  end
  return list
end

-- The text of `count` rows from the `first` (0-based) of the selected ones.
function M.text(source, selected, first, count)
  local list, locate = writers(source), source.rows.locate
  local parts, n = {}, 0
  for i = first, first + count - 1 do
    local r = selected and selected[i + 1] or i
    local c, k, w, code = locate(r)
    parts[n + 1] = i > first and ",{" or "{"
    n = n + 1
    for j = 1, #list do
      if j > 1 then
        n = n + 1
        parts[n] = ","
      end
      n = n + 1
      parts[n] = list[j](c, k, w, code)
    end
    n = n + 1
    parts[n] = "}"
  end
  return concat(parts)
end

local function value_of(column, level, ...)
  local value = column.get(...)
  if column.date then return times.floor(value, level) end
  return value
end

-- One entry for each different combination of the columns' values, with the
-- sums over its rows. `level` makes dates coarser.
function M.group(source, selected, columns, level)
  local groups, order, sums = {}, {}, {}
  for _, column in ipairs(source.columns) do
    if column.sum then sums[#sums + 1] = column end
  end
  local locate, parts = source.rows.locate, {}
  for i = 1, selected and #selected or source.rows.total() do
    local c, k, w, code = locate(selected and selected[i] or i - 1)
    for j, column in ipairs(columns) do
      parts[j] = literal(value_of(column, level, c, k, w, code))
    end
    local key = concat(parts, ",", 1, #columns)
    local group = groups[key]
    if not group then
      group = { rows = 0 }
      for _, column in ipairs(columns) do
        group[column.name:lower()] = value_of(column, level, c, k, w, code)
      end
      for _, column in ipairs(sums) do group[column] = 0 end
      groups[key], order[#order + 1] = group, group
    end
    group.rows = group.rows + 1
    for _, column in ipairs(sums) do group[column] = group[column] + column.get(c, k, w, code) end
  end
  return order, sums
end

-- The text of groups: the chosen columns, then the sums and the number of
-- rows; as texts where the service sends them so.
function M.group_text(source, groups, sums, columns, range, as_text)
  local items = {}
  local function measure(value)
    return as_text and quote(literal(value)) or literal(value)
  end
  for i = range.first + 1, range.first + range.count do
    local group, parts = groups[i], {}
    for _, column in ipairs(columns) do
      parts[#parts + 1] = quote(column.name) .. ":" .. literal(group[column.name:lower()])
    end
    local counted = source.count and quote(source.count) .. ":" .. measure(group.rows)
    if source.count_first then parts[#parts + 1] = counted end
    for _, column in ipairs(sums) do
      parts[#parts + 1] = quote(column.name) .. ":" .. measure(group[column])
    end
    if counted and not source.count_first then parts[#parts + 1] = counted end
    items[#items + 1] = "{" .. concat(parts, ",") .. "}"
  end
  return concat(items, ",")
end

-- Missing values come first; equal ones keep their order.
local function precedes(a, b)
  if a == b then return nil end
  if a == nil then return true end
  if b == nil then return false end
  if type(a) == "boolean" then return b end
  return a < b
end

-- Sort by keys = { { get = function(entry), descending = bool }, … }.
function M.sort(entries, keys)
  local place = {}
  for i, entry in ipairs(entries) do place[entry] = i end
  table.sort(entries, function(x, y)
    for _, key in ipairs(keys) do
      local before = precedes(key.get(x), key.get(y))
      if before ~= nil then
        if key.descending then return not before end
        return before
      end
    end
    return place[x] < place[y]
  end)
end

return M
