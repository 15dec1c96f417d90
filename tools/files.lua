-- What tools read of the tree.
-- SPDX-License-Identifier: MIT
local M = {}

--- The lines that a command writes.
-- @tparam string command
-- @treturn {string,...}
function M.list(command)
  local names = {}
  local pipe = assert(io.popen(command))
  for name in pipe:lines() do names[#names + 1] = name end
  pipe:close()
  return names
end

--- The text of a file.
-- @tparam string path
-- @treturn string
function M.read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

--- The lines of a file.
-- @tparam string path
-- @treturn {string,...}
function M.lines_of(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

return M
