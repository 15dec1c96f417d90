--- What of a row is shown, under which name, and how.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.columns

local partnercenter = require "partnercenter"

local M = {}

-- kind: "text", "id" (never cut), "count", "share" (0 to 1), "date", "flag"
local function column(name, title, kind, path)
  return { name = name, title = title, kind = kind or "text", path = path }
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
      column("companyName", "COMPANY", "text", "companyProfile"),
      column("domain", "DOMAIN", "text", "companyProfile"),
      column("relationshipToPartner", "RELATIONSHIP"), column("id", "ID", "id"),
    },
    csv = {
      column("id", "ID"), column("companyName", "COMPANY", "text", "companyProfile"),
      column("domain", "DOMAIN", "text", "companyProfile"),
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

--- The columns of a command's rows.
-- @tparam string command
-- @tparam string format "table" or "csv"
-- @tparam ?table groups the fields that rows were grouped by
-- @treturn ?table array of columns; nil when the rows decide
function M.of(command, format, groups)
  local set = SETS[command]
  if not set then return nil end
  if not groups then return set[format] end
  local known, list = {}, {}
  for _, each in ipairs(set.csv) do known[each.name] = each end
  for i, name in ipairs(groups) do list[i] = known[name] or column(name, name:upper()) end
  list[#list + 1] = column("rows", "ROWS", "count")
  for _, each in ipairs(set.counts) do list[#list + 1] = each end
  return list
end

--- A column for every field that the rows have.
-- @tparam table rows
-- @treturn table array of columns, in alphabetical order
function M.of_rows(rows)
  local seen, names, list = {}, {}, {}
  for _, row in ipairs(rows) do
    for name, value in pairs(row) do
      if seen[name] == nil then names[#names + 1] = name end
      seen[name] = type(value) == "number" and seen[name] ~= "text" and "count" or "text"
    end
  end
  table.sort(names)
  for i, name in ipairs(names) do list[i] = column(name, name, seen[name]) end
  return list
end

--- The value that a column shows of a row.
-- @tparam table each a column
-- @tparam table row
-- @return value, or nil
function M.value(each, row)
  local value = row[each.name]
  if value == nil and each.path and type(row[each.path]) == "table" then
    value = row[each.path][each.name]
  end
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

local function number_text(number)
  if number % 1 == 0 then return ("%d"):format(number) end
  return ("%.14g"):format(number)
end

--- The value of a column as text for programs.
-- @tparam table each a column
-- @tparam table row
-- @treturn string empty when there is no value
function M.plain(each, row)
  local value = M.value(each, row)
  if value == nil then return "" end
  if type(value) == "table" then return require("partnercenter.cli.formats.json").encode(value) end
  if type(value) ~= "number" then return tostring(value) end
  if each.kind == "share" then return M.fixed(value, 4) end
  return number_text(value)
end

--- The value of a column as text for a person.
-- @tparam table each a column
-- @tparam table row
-- @treturn string a dash when there is no value
function M.readable(each, row)
  local value = M.value(each, row)
  if value == nil then return "-" end
  if each.kind == "share" then return M.fixed(100 * value, 1) .. " %" end
  if each.kind == "flag" then return value == true and "yes" or "no" end
  if each.kind == "date" then
    local ok, seconds = pcall(partnercenter.datetime, value)
    return ok and seconds and os.date("!%Y-%m-%d", math.floor(seconds)) or "-"
  end
  return M.plain(each, row)
end

return M
