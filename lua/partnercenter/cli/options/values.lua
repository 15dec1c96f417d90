--- What an option's value may be: each function takes the text of the command line
-- and gives the value, or nil and what is wrong with it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.options.values

local datetime = require("partnercenter.util").datetime

local M = {}

--- A number within bounds.
-- @tparam number least
-- @tparam number most
-- @tparam string what such as "a percentage"
-- @treturn function
function M.number(least, most, what)
  return function(text)
    local value = tonumber(text)
    if value and value >= least and value <= most then return value end
    return nil, ("'%s' is not %s from %d to %d"):format(text, what, least, most)
  end
end

--- A whole number from 1 on.
-- @tparam number most
-- @treturn function
function M.whole(most)
  return function(text)
    local value = tonumber(text)
    if value and value % 1 == 0 and value >= 1 and value <= most then return value end
    return nil, ("'%s' is not a whole number from 1 to %d"):format(text, most)
  end
end

--- Names, separated by commas.
-- @tparam string text
-- @treturn table array of strings
function M.list(text)
  local names = {}
  for part in text:gmatch("[^,]+") do
    local name = part:match("^%s*(.-)%s*$")
    if name ~= "" then names[#names + 1] = name end
  end
  if #names == 0 then return nil, "no field is named" end
  return names
end

--- A day.
-- @tparam string text such as "2017-03-14"
-- @treturn[1] number seconds since the epoch
-- @treturn[2] nil
-- @treturn[2] string
function M.day(text)
  local ok, seconds = pcall(datetime.parse, text)
  if ok and seconds then return seconds end
  return nil, ("'%s' is no day such as 2017-03-14"):format(text)
end

--- A field, and perhaps ":desc" or ":asc", in either letter case.
-- @tparam string text
-- @treturn table `field` and `direction`
function M.order(text)
  local field, direction = text:match("^(.-):(%a*)$")
  field, direction = field or text, (direction or "asc"):lower()
  if field == "" or direction ~= "asc" and direction ~= "desc" then
    return nil, ("'%s' is not FIELD or FIELD:desc"):format(text)
  end
  return { field = field, direction = direction }
end

return M
