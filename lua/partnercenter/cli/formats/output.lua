--- Where rows go: the standard output, or a file that appears all at once.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.output

local failure = require "partnercenter.cli.failure"

local M = {}

-- What was written so far; it takes the file's place at the end.
local PARTIAL = ".partial"

local function refuse(path, why)
  failure.raise("failed", ("cannot write %s: %s"):format(path, why))
end

local function writer(file, path)
  return function(text)
    local ok, why = file:write(text)
    if not ok then refuse(path, why) end
  end
end

local function standard_output()
  return {
    path = "-",
    write = writer(io.stdout, "the standard output"),
    close = function()
      local ok, why = io.stdout:flush()
      if not ok then refuse("the standard output", why) end
    end,
    drop = function() end,
  }
end

-- A device or a pipe must be written to, not replaced.
local function device(path)
  local file, why = io.open(path, "w")
  if not file then refuse(path, why) end
  return {
    path = path,
    write = writer(file, path),
    close = function()
      local ok, reason = file:close()
      if not ok then refuse(path, reason) end
    end,
    drop = function() file:close() end,
  }
end

--- Opens a place to write to.
-- @tparam ?string path nil or "-" is the standard output; what is below /dev/ is
--   written to directly
-- @treturn table `write(text)`; `close(whole)`: with true the file takes the place
--   of the one that was there, else what is there stays in a file beside it, whose
--   path is returned; `drop()`: nothing came
-- @raise a failure
function M.open(path)
  if not path or path == "-" then return standard_output() end
  if path:find("^/dev/") then return device(path) end
  local partial = path .. PARTIAL
  os.remove(partial)     -- of an earlier run, or a link that leads elsewhere
  local file, why = io.open(partial, "wb")
  if not file then refuse(path, why) end
  return {
    path = path,
    write = writer(file, path),
    close = function(whole)
      local ok, reason = file:close()
      if ok and whole then ok, reason = os.rename(partial, path) end
      if not ok then refuse(path, reason) end
      return not whole and partial or nil
    end,
    drop = function()
      file:close()
      os.remove(partial)
    end,
  }
end

return M
