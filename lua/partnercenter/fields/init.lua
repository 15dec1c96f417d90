--- The fields of rows: what they are called, and how to get at them. Whoever takes a
-- field's name from somebody asks here, so that a misspelt one is told and never
-- looks like a field without values.
--
-- A name is what a row has; or a path into nested tables (`companyProfile.domain`);
-- or `deployedShare` and `usedShare`, computed from the counts where a row lacks
-- them; or a name by which the service searches (`CompanyName`, `Domain`);
-- `customerId`, which is `customerTenantId` elsewhere; `serviceCode`, which older
-- resources call `serviceName`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.fields

local check = require("partnercenter.util").check
local documented = require "partnercenter.fields.documented"
local wire = require("partnercenter.util").wire

local M = {}

--- Rows in any of the forms in which callers have them.
-- @see partnercenter.fields.rows
M.rows = require "partnercenter.fields.rows"

--- The computed shares, in the order in which they are looked for.
M.shares = {
  { name = "deployedShare", part = "licensesDeployed", whole = "licensesSold" },
  { name = "usedShare", part = "licensesActive", whole = "licensesQualified" },
}

-- Where else a value is, when the row has no field of that name.
local ELSEWHERE = {
  CompanyName = "companyProfile.companyName",
  Domain = "companyProfile.domain",
  customerId = "customerTenantId",
  serviceCode = "serviceName",
  UserState = "state",
}

-- Fields that rows of many kinds have: these do not tell of which kind a row is.
local COMMON = { id = true, name = true, status = true, links = true, attributes = true }

local DOCUMENTED, OF_SERVICE = { deployedShare = true, usedShare = true }, {}
for _, names in pairs(documented) do
  for _, name in ipairs(names) do
    DOCUMENTED[name] = true
    if not COMMON[name] then OF_SERVICE[name] = true end
  end
end

--- The documented fields of a resource's rows.
-- @tparam string resource its name in the catalogue
-- @treturn ?table array of names
function M.of(resource)
  return documented[resource]
end

--- Does the service document the field, for whatever rows?
-- @tparam string name
-- @treturn boolean
function M.is_documented(name)
  return DOCUMENTED[name] == true
end

--- A count as a number; the service writes some of them as text.
-- @tparam table row
-- @tparam string name
-- @treturn ?number nil for anything else, NaN too
function M.count(row, name)
  local value = row[name]
  if type(value) == "string" then
    value = wire.number(value)
  end
  return type(value) == "number" and value == value and value or nil
end

--- A share of a row, from its counts. A group (which has `rows`) brings its share along:
-- that is of the rows with both counts, while its sums are of all rows.
-- @tparam table row
-- @tparam table share one of `shares`
-- @treturn ?number 0 to 1; more if more are deployed than were sold
function M.share(row, share)
  if type(row.rows) == "number" then return M.count(row, share.name) end
  local part, whole = M.count(row, share.part), M.count(row, share.whole)
  if not part or not whole or whole <= 0 then return nil end
  return part / whole
end

local function follow(path)
  local names = {}
  for name in path:gmatch("[^.]+") do names[#names + 1] = name end
  return function(row)
    local value = row
    for _, name in ipairs(names) do
      if type(value) ~= "table" then return nil end
      value = value[name]
    end
    return value
  end
end

-- A function for what a row does not have under the name itself, or nil.
local function otherwise(name)
  for _, share in ipairs(M.shares) do
    if share.name == name then return function(row) return M.share(row, share) end end
  end
  local path = ELSEWHERE[name] or name:find(".", 1, true) and name
  return path and follow(path) or nil
end

--- A function that gets a field's value out of rows.
-- @tparam string name
-- @treturn function takes a row, gives the value, or nil
function M.getter(name)
  local other = otherwise(name)
  return function(row)
    local value = row[name]
    if value == nil and other then return other(row) end
    return value
  end
end

--- The message about a name that no row has as a field.
-- @tparam string name
-- @tparam table own the rows' own fields: a map by name, or a row
-- @treturn string
function M.unknown(name, own)
  local names = {}
  for known in pairs(DOCUMENTED) do names[known] = true end
  for known in pairs(own) do names[known] = true end
  return ("no row has the field '%s'%s"):format(name, check.hint(name, names))
end

--- The message about a misspelt field of a resource. Only a name that is like a
-- documented one counts as misspelt: the service may have more than it documents.
-- @tparam string name
-- @tparam string resource its name in the catalogue
-- @treturn ?string
function M.misspelt(name, resource)
  local known = documented[resource]
  if not known or M.is_documented(name) then return nil end
  local hint = check.hint(name, known)
  return hint ~= "" and ("%s documents no field '%s'%s"):format(resource, name, hint) or nil
end

--- A check whether a field's name is misspelt, made with one row at a time. It is when
-- nobody documents it, the row lacks it, and one of these holds: a documented name is
-- like it, the row is of a kind whose fields are documented, or one of the row's own names
-- is like it. An empty row tells nothing.
-- @tparam string name
-- @treturn ?function takes a row, gives nil or what is wrong; nil for a documented name
function M.guard(name)
  if M.is_documented(name) then return nil end
  local get, near, compared = M.getter(name), check.nearest(name, DOCUMENTED), {}
  local function is_misspelt(row)
    if near then return next(row) ~= nil end
    for field in pairs(row) do
      if OF_SERVICE[field] then return true end
      if type(field) == "string" and compared[field] == nil then
        compared[field] = check.nearest(name, { field }) ~= nil
      end
      if compared[field] then return true end
    end
    return false
  end
  return function(row)
    if get(row) == nil and is_misspelt(row) then return M.unknown(name, row) end
    return nil
  end
end

--- A check whether fields' names are misspelt, made with all rows. A documented field may
-- be missing in every row; any other must be in at least one.
-- @tparam table names array of strings
-- @treturn function takes each row
-- @treturn function gives nil when all is well, else what is wrong
function M.watch(names)
  local missing, count, own, rows = {}, 0, {}, 0
  for _, name in ipairs(names) do
    if not M.is_documented(name) and not missing[name] then
      missing[name], count = M.getter(name), count + 1
    end
  end
  local function see(row)
    if count == 0 then return end
    rows = rows + 1
    for name in pairs(row) do own[name] = true end
    for name, get in pairs(missing) do
      if get(row) ~= nil then missing[name], count = nil, count - 1 end
    end
  end
  local function verdict()
    if count == 0 or rows == 0 then return nil end
    for _, name in ipairs(names) do
      if missing[name] then return M.unknown(name, own) end
    end
  end
  return see, verdict
end

return M
