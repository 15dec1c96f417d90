--- Rows as JSON: an array, or one object a line. Members are in alphabetical
-- order and numbers exact, so that equal rows give equal bytes.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.json

local json = require("partnercenter.util").json

local M = {}

M.encode = json.encode

-- What stands behind the rows.
local function tail_of(errors, from)
  local failed = errors and errors[1]
  return (failed or from) and { errors = failed and errors, reusedFrom = from }
end

--- A writer of one array with a row on each line. When something failed, or a time
-- is given at which rows were read, its last element is an object with `errors` and `reusedFrom`.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish(errors, from)`: an array or nil, a time or nil
function M.array(write)
  local first = true
  local function row(value)
    write((first and "[\n" or ",\n") .. json.encode(value))
    first = false
  end
  return {
    row = row,
    finish = function(errors, from)
      local tail = tail_of(errors, from)
      if tail then row(tail) end
      write(first and "[]\n" or "\n]\n")
    end,
  }
end

--- A writer of one object a line; what failed comes last, each as an object with
-- `error` alone, and then one with `reusedFrom`, if a time is given.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish(errors, from)`: an array or nil, a time or nil
function M.lines(write)
  return {
    row = function(row) write(json.encode(row) .. "\n") end,
    finish = function(errors, from)
      for _, failed in ipairs(errors or {}) do write(json.encode { error = failed } .. "\n") end
      if from then write(json.encode(tail_of(nil, from)) .. "\n") end
    end,
  }
end

return M
