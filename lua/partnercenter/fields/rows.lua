--- Rows in any of the forms in which callers have them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.fields.rows

local M = {}

--- A value; JSON null, as any other userdata, stands for nothing, and so does NaN.
-- @param value
-- @return the value, or nil
function M.known(value)
  if type(value) == "userdata" or value ~= value then return nil end
  return value
end

--- An iterator over rows in any of their forms.
-- @tparam string what which function takes them, for errors
-- @param rows an array, a page, or an iterator
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn function
-- @raise they are none of these
function M.each(what, rows, level)
  if type(rows) == "function" then return rows end
  if type(rows) ~= "table" then
    error(("%s: rows must be a table or an iterator, not a %s"):format(what, type(rows)), level + 1)
  end
  local list, i = type(rows.items) == "table" and rows.items or rows, 0
  return function()
    i = i + 1
    return list[i]
  end
end

return M
