--- Checks of what a caller passes in. A mistake raises an error that names the
-- argument, points at the caller's line and, for an unknown name, tells the
-- nearest known one. No value is ever printed, because it may be a secret.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.check

local core = require "partnercenter.core"
local wire = require "partnercenter.util.wire"

-- Longer names are not compared: no option has such a name, and the work grows
-- with the square of the length.
local LONGEST_NAME = 64

local M = {}

-- How many insertions, deletions, replacements and swaps of neighbours turn a
-- into b (optimal string alignment: no part is edited twice).
local function distance(a, b)
  local before, last = {}, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      local swapped = i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j)
      if swapped then row[j] = math.min(row[j], before[j - 2] + 1) end
    end
    before, last = last, row
  end
  return last[#b]
end

-- The string names of an array or of the keys of a map, in alphabetical order.
local function sorted_names(names)
  local list = {}
  if rawget(names, 1) ~= nil then
    for _, name in ipairs(names) do list[#list + 1] = name end
  else
    for name in pairs(names) do
      if type(name) == "string" then list[#list + 1] = name end
    end
  end
  table.sort(list)
  return list
end

-- A key as it may stand in a message: one line, no control characters.
local function quoted(key)
  if type(key) ~= "string" then return "[" .. tostring(key) .. "]" end
  local text = key:gsub("[^\32-\126\128-\255]", "?")
  if #text > LONGEST_NAME then text = text:sub(1, LONGEST_NAME) .. "..." end
  return "'" .. text .. "'"
end

--- The known name nearest to a misspelt one. Letter case does not count; at
-- most a third of the letters (and at least one) may differ.
-- @tparam string name what was written
-- @tparam table names the known names: an array, or a map keyed by name
-- @treturn[1] string the nearest name; of equally near ones the first by alphabet
-- @treturn[2] nil nothing is near
function M.nearest(name, names)
  if type(name) ~= "string" or #name > LONGEST_NAME then return nil end
  local wanted = wire.fold(name)
  local limit = math.max(1, math.floor(#name / 3))
  local best, best_distance
  for _, known in ipairs(sorted_names(names)) do
    if math.abs(#known - #name) <= limit then
      local d = distance(wanted, wire.fold(known))
      -- A name of which no letter is left is not a misspelling.
      local near = d == 0 or (d <= limit and d < #name)
      if near and (not best or d < best_distance) then best, best_distance = known, d end
    end
  end
  return best
end

--- The nearest known name, to follow what is said of a misspelt one.
-- @tparam string name what was written
-- @tparam table names the known names: an array, or a map keyed by name
-- @tparam[opt] table shown what is said in place of a known name, by that
-- @treturn string " (did you mean 'x'?)", or "" when nothing is near
function M.hint(name, names, shown)
  local near = M.nearest(name, names)
  if shown then near = near and shown[near] end
  return near and (" (did you mean '%s'?)"):format(near) or ""
end

--- Refuses an unknown name.
-- @tparam string what whose name it is, for example "partnercenter.new"
-- @param name the unknown name (any key of a table)
-- @tparam table names the known names: an array, or a map keyed by name
-- @tparam[opt=2] number level whom to blame, as in Lua's `error`, seen from the
--   function that calls this one: 1 is that function, 2 the one that called it
--   (a tail call loses a level)
-- @tparam[opt="option"] string noun what the name is: option, parameter, resource
-- @raise always: "unknown option 'x' in WHAT (did you mean 'y'?)"
function M.unknown(what, name, names, level, noun)
  error(("unknown %s %s in %s%s"):format(noun or "option", quoted(name), what, M.hint(name, names)),
    (level or 2) + 1)
end

-- Is the value of the named type? Beyond Lua's own names: "integer" (a number
-- without a fraction) and "any" (everything but nil).
local function has_type(value, name)
  if name == "any" then return true end
  if name == "integer" then return type(value) == "number" and value % 1 == 0 end
  return type(value) == name
end

-- Why the value does not fit the rule, or nil.
local function misfit(value, rule)
  if type(rule) == "function" then
    local ok, why = rule(value)
    if ok then return nil end
    return why or "has a value that is not allowed"
  end
  for name in rule:gmatch("[^|]+") do
    if has_type(value, name) then return nil end
  end
  local wanted = "must be a " .. rule:gsub("integer", "whole number"):gsub("|", " or a ")
  if type(value) == "number" and rule:find("integer", 1, true) then return wanted end
  return wanted .. ", not a " .. type(value)
end

-- The keys in an order that does not change from run to run, so that of two
-- mistakes the same one is always reported.
local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then return type(a) < type(b) end
    if type(a) == "string" or type(a) == "number" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

--- A checked copy of a table of options. The copy is one level deep.
-- @tparam string what whose options they are, for messages
-- @tparam ?table given the options; nil stands for none
-- @tparam table known per option what is allowed: type names joined by `|`
--   ("string", "number|string"; also "integer" and "any"), or a function that
--   takes the value and returns true, or false and what is wrong, worded to
--   follow the option's name ("must be positive")
-- @tparam[opt=2] number level whom to blame, as for `unknown`
-- @treturn table a new table with the same options
-- @raise given is not a table, has an unknown option, or one of a wrong type
function M.options(what, given, known, level)
  level = (level or 2) + 1
  if given == nil then return {} end
  if type(given) ~= "table" then
    error(("%s takes a table of options, not a %s"):format(what, type(given)), level)
  end
  local copy = {}
  for _, key in ipairs(sorted_keys(given)) do
    local value, rule = given[key], known[key]
    if rule == nil then M.unknown(what, key, known, level) end
    local why = misfit(value, rule)
    if why then error(("option %s of %s %s"):format(quoted(key), what, why), level) end
    copy[key] = value
  end
  return copy
end

--- Is it a GUID in the form 8-4-4-4-12, in either letter case? Nothing around
-- it is allowed: it goes into paths as it is.
-- @param text any value
-- @treturn boolean
function M.guid(text)
  return core.is_guid(text)
end

--- Is it a string with something in it and no control characters?
-- @param value any value
-- @treturn boolean
function M.text(value)
  return type(value) == "string" and value ~= "" and not value:find("[^\32-\126\128-\255]")
end

--- May it be sent as the value of a header, and arrive as it is? That is text
-- without a space at either end, since those are cut off on the way.
-- @param value any value
-- @treturn boolean
function M.header(value)
  return M.text(value) and not value:find("^ ") and not value:find(" $")
end

--- Makes a table of functions raise for a name that it does not have.
-- @tparam table members
-- @tparam string what it is called
-- @treturn table the same
function M.strict(members, what)
  return setmetatable(members, {
    __index = function(_, name) M.unknown(what, name, members, 2, "member") end,
  })
end

return M
