--- Where rows go: the standard output, or a file that appears all at once.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.output

local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"

local M = {}

-- What is kept of a file that did not become whole.
local PARTIAL = ".partial"

local function refuse(path, why)
  failure.raise("failed", ("cannot write %s: %s"):format(path, why))
end

local BROKEN_PIPE = 32      -- EPIPE, the same on Linux, macOS and the BSDs

local function check_standard_output(ok, why, number)
  if ok then return end
  if number == BROKEN_PIPE then failure.raise("unread", "nobody reads the standard output") end
  refuse("the standard output", why)
end

--- Prints.
-- @param ... texts and numbers
-- @raise a failure
function M.print(...)
  check_standard_output(io.stdout:write(...))
end

--- Sees to it that what was printed has arrived.
-- @raise a failure
function M.flush()
  check_standard_output(io.stdout:flush())
end

local function standard_output()
  return {
    path = "-",
    write = M.print,
    close = M.flush,
    drop = function() end,
  }
end

local REFUSED = {
  link = "it is a symbolic link, which may lead anywhere; name the file itself",
  directory = "it is a directory", socket = "it is a socket",
}

--- Opens a place to write to.
-- @tparam ?string path nil or "-" is the standard output; devices and pipes are
--   written to directly
-- @treturn table `terminal`: a person sees it, by another name than the standard output's;
--   `write(text)`; `close(whole)`: with true the file takes the place
--   of the one that was there, and has its mode (a new one 0600); else what is there
--   stays in a file beside it, whose path is returned; `drop()`: nothing came
-- @raise a failure
function M.open(path)
  if not path or path == "-" or path == "/dev/stdout" then return standard_output() end
  local file, why = core.output_open(path)
  if not file then refuse(path, REFUSED[why] or why) end
  local function check(result, reason)
    if result == nil then refuse(path, reason) end
    return result
  end
  return {
    path = path, terminal = file:is_terminal(),
    write = function(text) check(file:write(text)) end,
    close = function(whole)
      if not whole then return check(file:keep(path .. PARTIAL)) or nil end
      check(file:finish(path))
    end,
    drop = function() file:drop() end,
  }
end

return M
