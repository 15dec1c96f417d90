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

--- Makes a directory, and those above it that are missing, for its owner alone.
-- @tparam string path
-- @tparam[opt] boolean quietly mkdir does not say why it cannot
-- @treturn boolean whether it is there
function M.make_directory(path, quietly)
  local done = os.execute("umask 077; mkdir -p -- " .. M.quote(path)
    .. (quietly and " 2>/dev/null" or ""))
  return done == true or done == 0 -- 0: Lua 5.1
end

--- Removes what is in a directory.
-- @tparam string path
-- @tparam[opt] string spared the name of what stays
function M.empty(path, spared)
  local others = spared and "! -name " .. M.quote(spared) or ""
  os.execute(("find %s -mindepth 1 -maxdepth 1 %s -exec rm -rf {} + 2>/dev/null"):format(
    M.quote(path), others))
end

--- A number by which the contents of files can be told apart, as `cksum` prints it.
-- @tparam string path
-- @treturn string empty if the file cannot be read
function M.checksum(path)
  local pipe = io.popen("cksum <" .. M.quote(path) .. " 2>/dev/null")
  local text = pipe:read("*l")
  pipe:close()
  return text or ""
end

return M
