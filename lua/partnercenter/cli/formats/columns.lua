--- What of a row is shown, under which name, and how.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.columns

local fields = require "partnercenter.fields"
local json = require "partnercenter.cli.formats.json"
local partnercenter = require "partnercenter"
local text = require("partnercenter.util").text

local M = {}

local LONGEST = 2000        -- bytes of a cell for a person; more is no name

-- A column: `name` (in CSV), `title` (of a table), `kind`, `field` (of the row).
-- kind: "text", "id" (never cut), "count", "share" (0 to 1), "date", "flag",
-- "difference" (with its sign)
local function column(name, title, kind, field)
  field = field or name
  return { name = name, title = title, kind = kind or "text", field = field,
    get = fields.getter(field) }
end

local CUSTOMER_ID = column("customerId", "CUSTOMER ID")
local CUSTOMER = column("customerName", "CUSTOMER")
local PRODUCT = column("productName", "PRODUCT")
local SERVICE = column("serviceName", "SERVICE")
local CHANNEL = column("channel", "CHANNEL")
local PROCESSED = column("processedDateTime", "PROCESSED", "date")
local SOLD = column("licensesSold", "SOLD", "count")
local DEPLOYED = column("licensesDeployed", "DEPLOYED", "count")
local DEPLOYED_SHARE = column("deployedShare", "SHARE", "share")
local WORKLOAD = column("workloadName", "WORKLOAD")
local QUALIFIED = column("licensesQualified", "QUALIFIED", "count")
local ACTIVE = column("licensesActive", "ACTIVE", "count")
local USED_SHARE = column("usedShare", "SHARE", "share")
local LICENSES = column("licenseCount", "LICENSES", "count")

-- Of each command: the columns of the table and those of CSV, and the counts
-- that groups have.
local SETS = {
  customers = {
    table = {
      column("companyName", "COMPANY", "text", "CompanyName"),
      column("domain", "DOMAIN", "text", "Domain"),
      column("relationshipToPartner", "RELATIONSHIP"), column("id", "ID", "id"),
    },
    csv = {
      column("id", "ID"), column("companyName", "COMPANY", "text", "CompanyName"),
      column("domain", "DOMAIN", "text", "Domain"),
      column("relationshipToPartner", "RELATIONSHIP"),
    },
    counts = {},
  },
  deployment = {
    table = { CUSTOMER, PRODUCT, SOLD, DEPLOYED, DEPLOYED_SHARE, PROCESSED },
    csv = {
      CUSTOMER_ID, CUSTOMER, PRODUCT, SERVICE, CHANNEL, SOLD, DEPLOYED, DEPLOYED_SHARE, PROCESSED,
    },
    counts = { SOLD, DEPLOYED, DEPLOYED_SHARE },
  },
  usage = {
    table = { CUSTOMER, PRODUCT, WORKLOAD, QUALIFIED, ACTIVE, USED_SHARE, PROCESSED },
    csv = {
      CUSTOMER_ID, CUSTOMER, PRODUCT, WORKLOAD, SERVICE, CHANNEL, QUALIFIED, ACTIVE, USED_SHARE,
      PROCESSED,
    },
    counts = { QUALIFIED, ACTIVE, USED_SHARE },
  },
  subscriptions = {
    table = {
      CUSTOMER, PRODUCT, column("subscriptionType", "TYPE"), column("status", "STATUS"), LICENSES,
      column("autoRenewEnabled", "RENEWS", "flag"), column("commitmentEndDate", "ENDS", "date"),
    },
    csv = {
      column("id", "ID"), column("customerTenantId", "CUSTOMER ID"), CUSTOMER,
      column("customerMarket", "MARKET"), PRODUCT, column("friendlyName", "NAME"),
      column("subscriptionType", "TYPE"), column("status", "STATUS"), LICENSES,
      column("autoRenewEnabled", "RENEWS", "flag"), column("creationDate", "CREATED", "date"),
      column("effectiveStartDate", "STARTS", "date"), column("commitmentEndDate", "ENDS", "date"),
    },
    counts = { LICENSES },
  },
}

--- A column that no command has in its list.
-- @function column
-- @tparam string name in CSV
-- @tparam string title in a table
-- @tparam[opt="text"] string kind "text", "id", "count", "share", "date", "flag"
--   or "difference"
-- @tparam[opt] string field of the row; default is the name
-- @treturn table
M.column = column

--- The columns of a command's rows.
-- @tparam string command
-- @tparam string form "table" or "csv"
-- @treturn ?table array of columns; nil when the rows decide
function M.of(command, form)
  local set = SETS[command]
  return set and set[form == "table" and "table" or "csv"]
end

--- The columns of groups.
-- @tparam string command
-- @tparam table groups the fields that rows were grouped by
-- @treturn ?table array of columns; nil when the rows decide
function M.of_groups(command, groups)
  local set = SETS[command]
  if not set then return nil end
  local list = M.named(command, groups)
  -- In a group the keys stand under the names of fields.
  for i, each in ipairs(list) do
    local field = groups[i]
    list[i] = { name = each.name, title = each.title, kind = each.kind, field = field,
      get = function(row) return row[field] end }
  end
  list[#list + 1] = column("rows", "ROWS", "count")
  for _, each in ipairs(set.counts) do list[#list + 1] = each end
  return list
end

--- Columns for fields.
-- @tparam string|table command its name, or its columns
-- @tparam table names array of fields
-- @treturn table array of columns: those of the command, where it has them
function M.named(command, names)
  local known, list = {}, {}
  local set = SETS[command] or { csv = type(command) == "table" and command or {}, table = {},
    counts = {} }
  for _, columns in ipairs { set.csv, set.table, set.counts } do
    for _, each in ipairs(columns) do known[each.field] = each end
  end
  for i, name in ipairs(names) do list[i] = known[name] or column(name, name:upper()) end
  return list
end

-- Arrays are one value; objects are looked into, to this depth.
local DEEPEST = 4

-- Members that say nothing about the row itself; their columns come last.
local function rank(name)
  local head = name:match("^[^.]*")
  return (head == "links" and 2) or (head == "attributes" and 1) or 0
end

local function note(seen, name, value, depth)
  local object = type(value) == "table" and value[1] == nil and next(value) ~= nil
  if object and depth < DEEPEST then
    for inner, each in pairs(value) do
      note(seen, name .. "." .. tostring(inner), each, depth + 1)
    end
    return
  end
  if seen[name] == nil then seen[#seen + 1] = name end
  seen[name] = type(value) == "number" and seen[name] ~= "text" and "count" or "text"
end

--- A column for every field that the rows have; those of nested objects have dots.
-- @tparam table rows
-- @treturn table array of columns, in alphabetical order
function M.of_rows(rows)
  local seen, list = {}, {}
  for _, row in ipairs(rows) do
    for name, value in pairs(row) do note(seen, tostring(name), value, 1) end
  end
  table.sort(seen, function(a, b)
    if rank(a) ~= rank(b) then return rank(a) < rank(b) end
    return a < b
  end)
  for i, name in ipairs(seen) do list[i] = column(name, name, seen[name]) end
  return list
end

--- The value that a column shows of a row.
-- @tparam table each a column
-- @tparam table row
-- @return value, or nil
function M.value(each, row)
  local value = each.get(row)
  if value == partnercenter.null then return nil end
  return value
end

--- A number with so many decimals; halves go up on every Lua, which C's and
-- LuaJIT's own formatting do not agree on.
-- @tparam number number not negative
-- @tparam number decimals
-- @treturn string
function M.fixed(number, decimals)
  local scale = 10 ^ decimals
  return ("%." .. decimals .. "f"):format(math.floor(number * scale + 0.5) / scale)
end

--- The value of a column as text for programs.
-- @tparam table each a column
-- @tparam table row
-- @treturn string empty when there is no value
function M.plain(each, row)
  local value = M.value(each, row)
  if value == nil then return "" end
  if type(value) == "number" and each.kind == "share" then return M.fixed(value, 4) end
  if type(value) == "string" then return value end
  return json.encode(value)
end

--- The day of a point in time. The last days that .NET knows, 9999-12-31 and what the
-- service puts for it, stand for no end.
-- @param value as the service writes it
-- @treturn ?string such as "2018-05-30", or "never"; nil for no date
function M.day(value)
  if type(value) == "string" and value:find("^9999%-12%-%d%d") then return "never" end
  local ok, seconds = pcall(partnercenter.datetime, value)
  return ok and seconds and os.date("!%Y-%m-%d", math.floor(seconds)) or nil
end

--- The value of a column as text for a person.
-- @tparam table each a column
-- @tparam table row
-- @treturn string a dash when there is no value
function M.readable(each, row)
  local value = M.value(each, row)
  if value == nil then return "-" end
  if each.kind == "share" and type(value) == "number" then
    return M.fixed(100 * value, 1) .. " %"
  end
  if each.kind == "difference" and type(value) == "number" and value > 0 then
    return "+" .. M.plain(each, row)
  end
  if each.kind == "flag" then return value == true and "yes" or "no" end
  if each.kind == "date" then return M.day(value) or "-" end
  return text.line(M.plain(each, row), LONGEST)
end

return M
