--- The calls of a run that failed: each in the data, equal causes in one line.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.failures

local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.failures", __index = methods }

-- Customers that a line names.
local MOST_NAMES = 5

--- None yet.
-- @treturn Failures `count`; `parts` of which concern one source of a customer; `noun` is
--   what the calls are about; `list` is an array for the data: `customerId`,
--   `customerName`, `kind`, `message` and what support asks for
function M.new()
  return setmetatable({ count = 0, parts = 0, noun = "customer", list = {}, causes = {},
    by_cause = {} }, mt)
end

local GUID = ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12)

-- What two failures share when their cause is the same: ids are each call's own.
local function cause_of(err, source)
  local words = tostring(err.description or err.message):gsub(GUID, "")
  return table.concat({ err.kind, tostring(err.status), tostring(err.code), tostring(err.error),
    words, source or "" }, "\n")
end

local function name_of(customer)
  return customer.name and ("%s (%s)"):format(customer.name, customer.id) or customer.id
end

--- Note that the call for a customer failed.
-- @tparam table customer `id` and perhaps `name`
-- @tparam Error err
-- @tparam[opt] string source which of a customer's answers is missing, if not all
function methods:add(customer, err, source)
  self.count, self.parts = self.count + 1, self.parts + (source and 1 or 0)
  local message = (source and source .. ": " or "") .. failure.words(err)
  self.list[self.count] = {
    customerId = customer.id, customerName = customer.name, kind = err.kind,
    message = message, status = err.status, code = err.code,
    correlationId = err.correlation_id, requestId = err.request_id,
  }
  local id = cause_of(err, source)
  local cause = self.by_cause[id]
  if not cause then
    cause = { count = 0, names = {}, message = message, kind = err.kind }
    self.by_cause[id], self.causes[#self.causes + 1] = cause, cause
  end
  cause.count = cause.count + 1
  if cause.count <= MOST_NAMES then cause.names[cause.count] = name_of(customer) end
end

local NAMES = {
  "customerId", "customerName", "kind", "status", "code", "message", "correlationId", "requestId",
}

-- The path of the file beside an output.
local function path_beside(output)
  local stem, ending = output:match("^(.*)(%.[^./]*)$")
  return (stem or output) .. ".errors" .. (ending or ".csv")
end

--- Write what failed into a file beside the rows, `x.errors.csv` beside `x.csv`; one of
-- an earlier run goes when all is well.
-- @tparam ?string path of the rows
-- @tparam string form of the rows; JSON holds the failures itself
function methods:write(path, form)
  if not path or path == "-" or form == "json" or form == "ndjson" then return end
  local columns, head = {}, table.concat(NAMES, ",")
  local beside = path_beside(path)
  if self.count == 0 then
    local file = io.open(beside)
    local ours = file and file:read("*l") == head .. "\r"
    if file then file:close() end
    if ours then os.remove(beside) end
    return
  end
  for i, name in ipairs(NAMES) do columns[i] = formats.columns.column(name, name) end
  local place = formats.output.open(beside)
  local writer = formats.writers.new("csv", place, columns, {})
  for _, entry in ipairs(self.list) do writer.row(entry) end
  writer.finish()
  place.close(true)
end

--- A line for each cause.
-- @treturn table array of strings
function methods:lines()
  local lines = {}
  for i, cause in ipairs(self.causes) do
    local names = table.concat(cause.names, ", ")
    if cause.count == 1 then
      lines[i] = ("%s %s: %s"):format(self.noun, names, cause.message)
    else
      local more = cause.count - #cause.names
      lines[i] = ("%d %ss: %s: %s%s"):format(cause.count, self.noun, cause.message, names,
        more > 0 and (" and %d more"):format(more) or "")
    end
  end
  return lines
end

return M
