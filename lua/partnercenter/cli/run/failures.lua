--- The calls of a run that failed: each in the data, equal causes in one line.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.failures

local core = require "partnercenter.core"
local customers_of = require "partnercenter.cli.run.customers"
local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local output = require "partnercenter.cli.output"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.failures", __index = methods }

--- An empty list of failures.
-- @treturn Failures `count`; `parts` of which concern one source of a customer; `noun` is
--   what the calls are about; `list` is an array for the data: `customerId`,
--   `customerName`, `kind`, `message` and what support asks for
function M.new()
  return setmetatable({ count = 0, parts = 0, noun = "customer", list = {}, causes = {},
    by_cause = {} }, mt)
end

local GUID = ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12)

-- The text by which failures of one cause are the same: without the ids of the call.
local function cause_of(err, source)
  local words = tostring(err.description or err.message):gsub(GUID, "")
  return table.concat({ err.kind, tostring(err.status), tostring(err.code), tostring(err.error),
    words, source or "" }, "\n")
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
    cause = { customers = {}, message = message, kind = err.kind }
    self.by_cause[id], self.causes[#self.causes + 1] = cause, cause
  end
  cause.customers[#cause.customers + 1] = customer
end

local NAMES = {
  "customerId", "customerName", "kind", "status", "code", "message", "correlationId", "requestId",
}

-- The path of the file beside an output.
local function path_beside(path)
  local stem, ending = path:match("^(.*)(%.[^./]*)$")
  return (stem or path) .. ".errors" .. (ending or ".csv")
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
    local file = core.file_kind(beside) == "file" and io.open(beside)
    local ours = file and file:read(#head + 1) == head .. "\r"
    if file then file:close() end
    if ours then os.remove(beside) end
    return
  end
  for i, name in ipairs(NAMES) do columns[i] = formats.columns.column(name, name) end
  local place = output.open(beside)
  local writer = formats.writers.new("csv", place, columns, {})
  for _, entry in ipairs(self.list) do writer.row(entry) end
  writer.finish()
  place.close(true)
end

--- The failures for a person: a line for each cause.
-- @treturn table array of strings
function methods:lines()
  local lines = {}
  for i, cause in ipairs(self.causes) do
    local count, names = #cause.customers, customers_of.enumerate(cause.customers)
    if count == 1 then
      lines[i] = ("%s %s: %s"):format(self.noun, names, cause.message)
    else
      lines[i] = ("%d %ss: %s: %s"):format(count, self.noun, cause.message, names)
    end
  end
  return lines
end

return M
