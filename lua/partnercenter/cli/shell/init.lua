--- What the command asks of the shell.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.shell

local M = {}

--- A word as the shell takes it, whatever is in it.
-- @tparam string word
-- @treturn string
function M.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Makes a directory, and those above it, for its owner alone.
-- @tparam string path
-- @tparam[opt] boolean quietly mkdir does not say why it cannot
-- @treturn boolean whether it is there
function M.make_directory(path, quietly)
  local done = os.execute("mkdir -p -m 700 -- " .. M.quote(path)
    .. (quietly and " 2>/dev/null" or ""))
  return done == true or done == 0 -- 0: Lua 5.1
end

return M
