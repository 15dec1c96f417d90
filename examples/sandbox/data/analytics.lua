-- The analytics resources: their parameters, pages, links and envelopes.
local data = require "sandbox.data.data"
local errors = require "sandbox.faults.errors"
local json = require "sandbox.answers.json"
local odata = require "sandbox.data.odata"
local rows = require "sandbox.data.rows"
local settings = require "sandbox.server.settings"
local tables = require "sandbox.data.tables"
local times = require "sandbox.server.times"

local M = {}

local MAX_TOP = 10000
local OLDEST_DAYS = -365     -- how far back processed data reaches
local KEPT_RESULTS = 12      -- filtered or grouped results kept per worker

local results, kept, seen = {}, 0, nil

local function whole(text, default, lowest, highest)
  if text == nil then return default end
  local n = text:find("^%d+$") and tonumber(text)
  return n and n >= lowest and n <= highest and n
end

local function refuse(name, why) return nil, { errors.api(name, why) } end

local function read_groupby(source, text)
  if not text then return nil end
  local columns = {}
  for part in text:gmatch("[^,]+") do
    local name = part:match("^%s*(.-)%s*$")
    local column = source.by_name[name:lower()]
    if not column or not column.group then return refuse("bad_property", "groupby: " .. name) end
    columns[#columns + 1] = column
  end
  if #columns == 0 then return refuse("bad_input", "groupby is empty") end
  return columns
end

local LEVELS = { day = true, week = true, month = true, daterange = true }

-- { { column, descending }, … }
local function read_order(source, text)
  if not text then return nil end
  local order = {}
  for part in text:gmatch("[^,]+") do
    local name, direction = part:match("^%s*([%a_]%w*)%s*(%a*)%s*$")
    direction = (direction or ""):lower()
    local column = name and (source.by_name[name:lower()]
      or source.count == name and { name = name, count = true })
    if not column or direction ~= "" and direction ~= "asc" and direction ~= "desc" then
      return refuse("bad_property", "orderby: " .. part)
    end
    order[#order + 1] = { column = column, descending = direction == "desc" }
  end
  return order
end

local function read_filter(source, text)
  if not text then return nil end
  local tree, why = odata.parse(text)
  if not tree then return refuse("bad_input", "filter: " .. why) end
  local test, wrong, is_field = odata.compile(tree, source.by_name)
  if not test then return refuse(is_field and "bad_property" or "bad_input", wrong) end
  return test
end

-- The days by which the asked-for state differs from the documented one;
-- false when nothing was processed then.
local function read_day(params)
  local text = params.processeddatetime
  if not text or text == "" then return data.shift() end
  if not times.parse(text) then return refuse("bad_input", "processedDateTime: " .. text) end
  local days = data.days(text)
  return days <= data.shift() and days >= OLDEST_DAYS and days
end

local READERS = { groupby = read_groupby, orderby = read_order, filter = read_filter }

-- All parameters checked; nil and the answer that refuses one.
local function read(source, params)
  local query = { top = whole(params.top, MAX_TOP, 1, MAX_TOP),
    skip = whole(params.skip, 0, 0, 2 ^ 31) }
  if not query.top then return refuse("bad_input", "top must be from 1 to 10000") end
  if not query.skip then return refuse("bad_input", "skip must be a whole number") end
  for name, reader in pairs(READERS) do
    local value, refusal = reader(source, params[name])
    if refusal then return nil, refusal end
    query[name] = value
  end
  for _, entry in ipairs(query.orderby or {}) do
    local column, chosen = entry.column, not query.groupby and not entry.column.count
    for _, grouped in ipairs(query.groupby or {}) do chosen = chosen or grouped == column end
    if not chosen and not (query.groupby and (column.sum or column.count)) then
      return refuse("bad_property", "orderby: " .. column.name)
    end
  end
  local level = (params.aggregationlevel or source.level or "day"):lower()
  if not LEVELS[level] then return refuse("bad_enum", "aggregationLevel: " .. level) end
  query.level = level
  local days, refusal = read_day(params)
  if refusal then return nil, refusal end
  query.days = days
  return query
end

local function sort_keys(query, grouped, locate)
  local keys = {}
  for i, entry in ipairs(query.orderby) do
    local column = entry.column
    local get
    if grouped then
      get = function(group)
        if column.count then return group.rows end
        if column.sum then return group[column] end
        return group[column.name:lower()]
      end
    else
      get = function(r) return column.get(locate(r)) end
    end
    keys[i] = { get = get, descending = entry.descending }
  end
  return keys
end

-- The selected, grouped and sorted rows: { groups =, sums = } or { selected =,
-- total = }.
local function evaluate(source, query)
  local selected = rows.select(source, query.filter)
  if query.groupby then
    local groups, sums = rows.group(source, selected, query.groupby, query.level)
    if query.orderby then rows.sort(groups, sort_keys(query, true)) end
    return { groups = groups, sums = sums, total = #groups }
  end
  if query.orderby then
    if not selected then
      selected = {}
      for r = 0, source.rows.total() - 1 do selected[r + 1] = r end
    end
    rows.sort(selected, sort_keys(query, false, source.rows.locate))
  end
  return { selected = selected, total = selected and #selected or source.rows.total() }
end

local KEYS = { "filter", "groupby", "orderby", "aggregationlevel" }

local function result_of(req, source, query, params)
  local _, generation = settings.get()
  if generation ~= seen or kept >= KEPT_RESULTS then results, kept, seen = {}, 0, generation end
  local parts = { req.route.source, tostring(query.days) }
  for _, name in ipairs(KEYS) do parts[#parts + 1] = params[name] or "" end
  local key = table.concat(parts, "\n")
  if not results[key] then results[key], kept = evaluate(source, query), kept + 1 end
  return results[key]
end

-- The query of the next page: as it was given, in its order, with top and
-- skip at the end.
local function next_query(req, query, encoded)
  local parts = {}
  for part in req.query:gmatch("[^&]+") do
    local name = part:match("^[^=]*"):lower()
    if name ~= "top" and name ~= "skip" then
      parts[#parts + 1] = encoded and part or ngx.unescape_uri(part)
    end
  end
  parts[#parts + 1] = "top=" .. query.top
  parts[#parts + 1] = "skip=" .. query.skip + query.top
  return table.concat(parts, "&")
end

local function next_link(req, query, total)
  local form = settings.get().next_link
  if query.skip + query.top >= total or form == "null" then return "null" end
  local base = ngx.shared.settings:get("base_url")
  if form == "loop" then return json.quote(req.uri) end
  if form == "foreign" then base, form = "https://partner.example.com", "absolute" end
  if form == "absolute" then
    return json.quote(base .. req.path .. "?" .. next_query(req, query, true))
  end
  local path = form == "root" and req.path or req.path:match("[^/]*/?$")
  return json.quote(path .. "?" .. next_query(req, query, false))
end

local function envelope(req, source, query, result, items, count)
  local form = settings.get().envelope
  if not source.bare or query.groupby then form = "e2" end
  if form == "e1" then
    return ('{"totalCount":%d,"items":[%s],"attributes":{"objectType":"Collection"}}')
      :format(count, items)
  end
  if form == "e4" then return count == 1 and items or "[" .. items .. "]" end
  return ('{"Value":[%s],"@nextLink":%s,"TotalCount":%d}')
    :format(items, next_link(req, query, result.total), result.total)
end

local EMPTY = { total = 0, selected = {}, groups = {}, sums = {} }

function M.serve(req, params)
  local source = tables.find(req.route.source)
  local query, refusal = read(source, params)
  if not query then return refusal[1], refusal[2] end
  local now_at = data.shift()
  if query.days then data.at(query.days) end
  local result = query.days and result_of(req, source, query, params) or EMPTY
  local range = { first = query.skip,
    count = math.max(0, math.min(query.top, result.total - query.skip)) }
  local items
  if query.groupby then
    items = rows.group_text(source, result.groups, result.sums, query.groupby, range,
      source.text_counts and settings.get().string_counts)
  else
    items = rows.text(source, result.selected, range.first, range.count)
  end
  data.at(now_at)
  return 200, envelope(req, source, query, result, items, range.count)
end

return M
