-- Commands of the shell.
local M = {}

--- A text as one word of a command.
function M.quoted(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

-- A sanitizer that the specs run under stays out of commands.
M.CLEAN = "unset LD_PRELOAD; "

--- What a command writes to its standard output.
function M.run(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

return M
