--- Rows as JSON: an array, or one object a line. Members are in alphabetical
-- order and numbers exact, so that equal rows give equal bytes.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.json

local json = require("partnercenter.util").json

local M = {}

M.encode = json.encode

--- A writer of one array with a row on each line. When something failed, its last
-- element is an object with `errors` alone.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish(errors)`, an array or nil
function M.array(write)
  local first = true
  local function row(value)
    write((first and "[\n" or ",\n") .. json.encode(value))
    first = false
  end
  return {
    row = row,
    finish = function(errors)
      if errors and errors[1] then row { errors = errors } end
      write(first and "[]\n" or "\n]\n")
    end,
  }
end

--- A writer of one object a line; what failed comes last, each as an object with
-- `error` alone.
-- @tparam function write takes a text
-- @treturn table `row(row)` and `finish(errors)`, an array or nil
function M.lines(write)
  return {
    row = function(row) write(json.encode(row) .. "\n") end,
    finish = function(errors)
      for _, failed in ipairs(errors or {}) do write(json.encode { error = failed } .. "\n") end
    end,
  }
end

return M
