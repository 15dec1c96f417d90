--- Where rows go: the standard output, or a file that appears all at once.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.output

local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"

local M = {}

-- What is kept of a file that did not become whole.
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

-- A device or a pipe is written to, not replaced.
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

local REFUSED = {
  link = "it is a symbolic link, which may lead anywhere; name the file itself",
  directory = "it is a directory", socket = "it is a socket",
}

--- Opens a place to write to.
-- @tparam ?string path nil or "-" is the standard output; devices and pipes are
--   written to directly
-- @treturn table `write(text)`; `close(whole)`: with true the file takes the place
--   of the one that was there, and has its mode (a new one 0600); else what is there
--   stays in a file beside it, whose path is returned; `drop()`: nothing came
-- @raise a failure
function M.open(path)
  if not path or path == "-" then return standard_output() end
  if path:find("^/dev/") then return device(path) end
  local name, why = core.output_new(path)
  if name == false then
    if not REFUSED[why] then return device(path) end
    refuse(path, REFUSED[why])
  end
  local file = name and io.open(name, "wb")
  if not file then refuse(path, why or "the new file cannot be opened") end
  return {
    path = path,
    write = writer(file, path),
    close = function(whole)
      local ok, reason = file:close()
      if ok and whole then ok, reason = os.rename(name, path) end
      if not ok then
        os.remove(name)
        refuse(path, reason)
      end
      return not whole and core.output_keep(name, path .. PARTIAL) or nil
    end,
    drop = function()
      file:close()
      os.remove(name)
    end,
  }
end

return M
