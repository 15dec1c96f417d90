--- The history file of the command: where it is, and whose rows are in it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.history

local failure = require "partnercenter.cli.failure"
local history = require "partnercenter.history"
local shell = require "partnercenter.cli.shell"

local M = {}

--- The path of the file.
-- @tparam table given the options of the command line
-- @tparam table settings
-- @treturn string
function M.path(given, settings)
  if given.history then return given.history end
  local profile = settings.values.profile
  return ("%s/history%s.sqlite"):format(settings.state, profile and "-" .. profile or "")
end

-- Two tenants never mix, whatever file they share.
local function source_of(settings)
  local values = settings.values
  return (values.tenant or values.base_url or "default"):lower()
end

--- Opens the history.
-- @tparam table given the options of the command line
-- @tparam table settings
-- @treturn History
-- @treturn string its path
-- @raise a failure
function M.open(given, settings)
  local path = M.path(given, settings)
  local directory = path:match("^(.*)/[^/]*$")
  if directory and directory ~= "" then
    shell.make_directory(directory)
  end
  local store, err = history.open(path, { source = source_of(settings) })
  if not store then failure.fail(err) end
  return store, path
end

--- Reads what a report shows of a history: the sums of each day, and what changed
-- between the last two.
-- @tparam table task `trend` and `changes` ({ from, to, list }) are set
-- @tparam History store
-- @tparam string kind "deployment" or "usage"
function M.read(task, store, kind)
  task.trend = store:trend(kind)
  local days = store:days(kind) or {}
  local from, to = days[#days - 1], days[#days]
  if not from then return end
  local list = store:between(kind, from, to)
  task.changes = list and { from = from, to = to, list = list }
end

--- Something that takes the rows of a run and keeps a snapshot of them at its end.
-- @tparam table task
-- @tparam string kind "deployment" or "usage"
-- @treturn table as an output: `row(row)`, `finish(whole)`, `drop()`
function M.keeper(task, kind)
  local rows = {}
  return {
    row = function(row)
      rows[#rows + 1] = row
      return false
    end,
    drop = function() end,
    finish = function(whole)
      if not whole or task.failures.count > 0 then
        task.status:complain("no snapshot is kept: not all customers are in it")
        return
      end
      local store, path = M.open(task.given, task.settings)
      local day, count = store:take(kind, rows)
      if day then M.read(task, store, kind) end
      store:close()
      if not day then failure.raise("failed", "no snapshot is kept: " .. tostring(count)) end
      task.kept = { day = day, count = count, path = path }
      if task.given.silent then return end
      task.status:note(("%s: a snapshot of %d entries is kept in %s"):format(day, count, path))
    end,
  }
end

--- The days of which there are snapshots, at least so many.
-- @tparam History store
-- @tparam string kind
-- @tparam number least
-- @treturn table array of strings
-- @raise a failure
function M.days(store, kind, least)
  local days, err = store:days(kind)
  if not days then failure.fail(err) end
  if #days < least then
    failure.usage("the history has %s of %s; 'partnercenter snapshot' keeps one for each day that "
      .. "the service has processed", #days == 0 and "no snapshot" or "one snapshot", kind)
  end
  return days
end

--- The snapshot that a person means by a day: the last one up to it.
-- @tparam table days
-- @tparam string text
-- @treturn string
-- @raise a failure of use
function M.pick(days, text)
  if not text:find("^%d%d%d%d%-%d%d%-%d%d$") then
    failure.usage("'%s' is no day such as %s", text, days[#days])
  end
  local found
  for _, day in ipairs(days) do
    if day <= text then found = day end
  end
  if not found then
    failure.usage("there is no snapshot up to %s; there are %s", text, table.concat(days, ", "))
  end
  return found
end

return M
