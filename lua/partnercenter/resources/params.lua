--- Checks of query parameters, by the types that `catalogue.lua` names.
--
-- A check takes the value and the entry of the resource, and returns the text
-- to send (not encoded yet), or nil and what is wrong with the value, worded to
-- follow the parameter's name.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources.params

local check = require("partnercenter.util").check
local datetime = require("partnercenter.util").datetime
local wire = require("partnercenter.util").wire

-- The most rows that a page of the analytics endpoints can have, as documented; it is
-- their default, too.
local MAX_TOP = 10000
-- Counts up to here are exact in every Lua.
local MAX_COUNT = 2 ^ 53

local M = { MAX_TOP = MAX_TOP }

local function integer(value, least, most)
  if type(value) ~= "number" or value % 1 ~= 0 or value < least or value > most then return nil end
  return ("%d"):format(value)
end

-- The elements of an array of texts or of a comma-separated string.
local function elements(value)
  local list = {}
  if type(value) == "string" then
    for part in (value .. ","):gmatch("%s*([^,]-)%s*,") do list[#list + 1] = part end
  elseif type(value) == "table" then
    for i, part in ipairs(value) do list[i] = part end
    for key in pairs(value) do
      if list[key] == nil then return nil end
    end
  end
  if #list == 0 then return nil end
  for _, part in ipairs(list) do
    if not check.text(part) or part:find(",", 1, true) then return nil end
  end
  return list
end

local function contains(list, wanted)
  for _, value in ipairs(list) do
    if value == wanted then return true end
  end
  return false
end

-- What is wrong with a field name, given the documented ones (true: no list).
local function misnamed(field, known)
  if known == true then
    if field:find("^%a[%w_]*$") then return nil end
    return ("names the field '%s', which is no field name"):format(field)
  end
  if contains(known, field) then return nil end
  return ("names the field '%s', which is not one of its fields%s"):format(field,
    check.hint(field, known))
end

-- The groupby fields and the counts, or true.
local function orderable(resource)
  if resource.groupby == true then return true end
  local known = {}
  for _, field in ipairs(resource.groupby) do known[#known + 1] = field end
  for _, field in ipairs(resource.counts or {}) do known[#known + 1] = field end
  return known
end

local types = {}

function types.top(value)
  local text = integer(value, 1, MAX_TOP)
  if not text then return nil, ("must be a whole number from 1 to %d"):format(MAX_TOP) end
  return text
end

function types.skip(value)
  local text = integer(value, 0, MAX_COUNT)
  if not text then return nil, "must be a whole number, 0 or more" end
  return text
end

types.size = types.skip

function types.text(value)
  if not check.text(value) then return nil, "must be a text without control characters" end
  return value
end

local GROUPS = { group1 = "Group1", group2 = "Group2" }

-- The parameter is repeated for each group.
function types.license_groups(value)
  local list = elements(value)
  if not list then return nil, "must be an array of 'group1' and 'group2', or one of them" end
  for i, part in ipairs(list) do
    list[i] = GROUPS[wire.lower(part)]
    if not list[i] then return nil, "must have 'group1' and 'group2' alone" end
  end
  return list
end

function types.groupby(value, resource)
  local list = elements(value)
  if not list then return nil, "must be an array of field names, or names with commas between" end
  for _, field in ipairs(list) do
    local why = misnamed(field, resource.groupby)
    if why then return nil, why end
  end
  return table.concat(list, ",")
end

function types.orderby(value, resource)
  local list = elements(value)
  if not list then return nil, "must be an array of fields, or fields with commas between" end
  local known = orderable(resource)
  for i, term in ipairs(list) do
    local field, direction = term:match("^(%S+)%s*(%S*)$")
    if not field or not (direction == "" or direction == "asc" or direction == "desc") then
      return nil, ("has '%s', which is not a field with asc or desc behind it"):format(term)
    end
    local why = misnamed(field, known)
    if why then return nil, why end
    list[i] = direction == "" and field or field .. " " .. direction
  end
  return table.concat(list, ",")
end

function types.date(value)
  local rest = type(value) == "string" and value:match("^%d%d%d%d%-%d%d%-%d%d(.*)$")
  local shaped = rest and (rest == "" or rest:find("^T%d%d:%d%d[%d:.Z+-]*$"))
  if not shaped or not datetime.parse(value) then
    return nil, "must be a date like 2018-10-14 or 2018-10-14T00:00:00Z"
  end
  return value
end

--- The text to send for a parameter.
-- @tparam string|{string,...} kind a type's name, or the allowed values
-- @param value what the caller gave
-- @tparam table resource an entry of `partnercenter.resources.catalogue`
-- @treturn[1] string|table not encoded yet; an array: the parameter is repeated for each
-- @treturn[2] nil
-- @treturn[2] string what is wrong, to follow the parameter's name
function M.text(kind, value, resource)
  if type(kind) == "string" then return types[kind](value, resource) end
  if contains(kind, value) then return value end
  return nil, "must be one of " .. table.concat(kind, ", ") .. check.hint(value, kind)
end

return M
