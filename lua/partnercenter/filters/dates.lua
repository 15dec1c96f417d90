--- Points in time that filters compare with. What is sent and what is decided here
-- are the same.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.filters.dates

local datetime = require("partnercenter.util").datetime
local odata = require "partnercenter.filters.odata"

local M = {}

-- A private key: what a date holds cannot be reached, or changed, by name.
local NODE = {}

local mt = { __name = "partnercenter.filter.date" }
function mt.__tostring(date) return odata.literal(date[NODE]) end
function mt.__newindex() error("a filter expression cannot be changed", 2) end

local function text_of(seconds)
  local ok, text = pcall(datetime.format, seconds)
  if not ok then return nil end
  local fraction = ("%07d"):format(math.floor(seconds % 1 * 1e7)):gsub("0+$", "")
  return fraction == "" and text or (text:gsub("Z$", "." .. fraction .. "Z"))
end

--- A point in time.
-- @tparam string|number value a text that `partnercenter.util.datetime` reads, or
--   seconds since the epoch
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function M.new(value)
  local text = value
  if type(value) == "number" then
    text = text_of(value)
    if not text then return nil, "the number is no date" end
  end
  local seconds, why = datetime.parse(text)
  if not seconds then return nil, why or "never cannot be compared" end
  return setmetatable({ [NODE] = { text = text, seconds = seconds } }, mt)
end

--- Is it one of these?
-- @param value any value
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == mt
end

--- Its `text` and `seconds`.
-- @tparam table date
-- @treturn table
function M.node(date)
  return date[NODE]
end

return M
