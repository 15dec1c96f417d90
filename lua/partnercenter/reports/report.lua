--- One report at the service: its state, its end, its rows. Its id outlives the
-- process.
-- SPDX-License-Identifier: MIT
-- @classmod partnercenter.report

local errors = require "partnercenter.errors"
local files = require "partnercenter.reports.file"
local filters = require "partnercenter.filters"
local query = require "partnercenter.reports.query"
local util = require "partnercenter.util"
local yields = require("partnercenter.loop").yields

local check, wire = util.check, util.wire

-- Seconds from one look to the next: the service takes ten calls in its window, and
-- reports take minutes.
local FIRST_PAUSE, LONGEST_PAUSE, SHORTEST_PAUSE = 15, 300, 6
local DEFAULT_WAIT = 6 * 3600
local FEW_CALLS = 2

-- Private keys: what a report works with cannot be reached by name.
local PARTS, FIELDS = {}, {}

local M = {}

local methods = {}
local mt = { __name = "partnercenter.report", __index = methods }

--- The prefix of the names that this library gives to what it makes.
M.OWN = "partnercenter "

--- A report.
-- @tparam table parts `service`, `files`, `register`
-- @tparam table fields `id`, `query_id`, `own_query`, and those of reading
-- @treturn Report
function M.new(parts, fields)
  return setmetatable({ id = fields.id, query_id = fields.query_id, name = fields.name,
    [PARTS] = parts, [FIELDS] = fields }, mt)
end

function mt.__tostring(self) return "report " .. self.id end

local READING = { numbers = "table", dates = "table", nulls = "boolean", where_here = "any",
  duplicates = "boolean", seen = "table" }

-- The newest run, or the one with that id; nil when there is none yet.
local function latest(self, how)
  local runs, left = self[PARTS].service:executions(self.id, how)
  if not runs then return nil, left end
  return runs[1] or false, left
end

local function is_ready(run)
  return run and run.executionStatus == "Completed" and type(run.reportAccessSecureLink) == "string"
end

-- A run as it is shown: without the link, which is a secret.
local function shown(run)
  local copy = {}
  for name, value in pairs(run) do
    if name ~= "reportAccessSecureLink" then copy[name] = value end
  end
  copy.ready = is_ready(run)
  return copy
end

--- How far it is.
-- @treturn[1] string the state of its newest run: "Pending", "Running", "Paused",
--   "Completed", one that the documentation does not know; "None" before the first run
-- @treturn[1] ?table the run: `executionId`, `executionStatus`, `reportGeneratedTime`,
--   `ready`
-- @treturn[2] nil
-- @treturn[2] Error
function methods:status()
  local run, err = latest(self, {})
  if run == nil then return nil, err end
  if not run then return "None" end
  return run.executionStatus, shown(run)
end

--- Its runs of the last 90 days, the newest first.
-- @treturn[1] {table,...} as from `status`
-- @treturn[2] nil
-- @treturn[2] Error
function methods:executions()
  local runs, err = self[PARTS].service:executions(self.id, { all = true })
  if not runs then return nil, err end
  for i, run in ipairs(runs) do runs[i] = shown(run) end
  return runs
end

local function too_late(self, state, seconds)
  return errors.from_failure("timeout", ("report %s is %s after %d seconds of waiting; it is "
    .. "still there: partner.reports:open \"%s\""):format(self.id,
    state and ("in the state " .. state) or "not yet begun", math.floor(seconds), self.id),
      { retryable = true })
end

-- Wait until there is a file. Returns its run.
local function await(self, seconds, iterating, on_wait)
  local transport = self[PARTS].service.transport
  local clock = transport.dispatcher.clock
  local began, pause = clock(), FIRST_PAUSE
  self.left = nil
  local due = began + seconds
  while true do
    local run, left = latest(self, { iterating = iterating, deadline = due })
    if run == nil then return nil, left end
    if is_ready(run) then return run end
    local state = run and tostring(run.executionStatus) or nil
    local now = clock()
    if on_wait then on_wait(state or "None", now - began) end
    if left and left <= FEW_CALLS then pause = math.max(pause, 60) end
    if now + SHORTEST_PAUSE > due then return nil, too_late(self, state, now - began) end
    if not transport:sleep(math.min(pause, due - now), iterating, self) then
      return nil, errors.from_failure("cancelled", "report " .. self.id
        .. ": the client was closed")
    end
    if self.left then
      return nil, errors.from_failure("cancelled", "report " .. self.id
        .. ": the iterator was closed")
    end
    pause = math.min(pause * 2, now - began > 1800 and LONGEST_PAUSE or 60)
  end
end

--- Wait until its file is there.
-- @tparam[opt=21600] number seconds at most
-- @tparam[opt] function on_wait is called after each look with the state and the seconds
--   so far
-- @treturn[1] table the run, as from `status`
-- @treturn[2] nil
-- @treturn[2] Error kind timeout: it names the state, and the report is still there
function methods:wait(seconds, on_wait)
  if seconds ~= nil and not (type(seconds) == "number" and seconds > 0) then
    error("report:wait takes seconds", 2)
  end
  local run, err = await(self, seconds or DEFAULT_WAIT, false, on_wait)
  if not run then return nil, err end
  return shown(run)
end

-- What decides on rows here.
local function keeper(options)
  local here = options.where_here
  if here then here = select(2, filters.split(here, {}, 4)) end
  return function(row)
    if not options.duplicates and query.is_duplicate(row) then return false end
    return not here or here(row)
  end
end

--- The file of a report to read: for the rooms of this library.
-- @tparam Report self
-- @tparam table options those of `each`
-- @tparam table run whose file
-- @treturn table of `partnercenter.reports.file`
function M.file(self, options, run)
  local link = run.reportAccessSecureLink
  return files.new {
    transport = self[PARTS].files, register = self[PARTS].register, keep = keeper(options),
    csv = {
      separator = wire.lower(tostring(run.format)) == "tsv" and "\t" or ",",
      numbers = options.numbers, dates = options.dates, nulls = options.nulls,
    },
    find_link = function(iterating)
      local known = link
      link = nil
      if known then return known end
      local runs, err = self[PARTS].service:executions(self.id, { all = true,
        iterating = iterating })
      if not runs then return nil, err end
      for _, other in ipairs(runs) do
        if other.executionId == run.executionId and is_ready(other) then
          return other.reportAccessSecureLink
        end
      end
      return nil, errors.from_failure("not_found",
        ("report %s has no run %s any more"):format(self.id,
        tostring(run.executionId)), { retryable = false })
    end,
  }
end

M.await = await

--- End a wait for it: who waits gets an error of kind cancelled.
-- @tparam Report self
function M.leave(self)
  self.left = true
  self[PARTS].service.transport:wake(self)
end

--- The rows of its newest file, while they arrive; waits for it when it is not there.
-- @tparam[opt] table options
-- @tparam ?{string,...} options.numbers columns that become numbers
-- @tparam ?{string,...} options.dates columns that become seconds since the epoch
-- @tparam[opt=false] boolean options.nulls keep empty numbers and dates as null
-- @tparam ?expression options.where_here decided on the rows that come
-- @tparam[opt=false] boolean options.duplicates give the rows that stand for another
--   location as well
-- @tparam ?table options.seen execution ids as keys: a run that is in it has no rows, and
--   one that was read to its end is added, so that a nightly job reads each once
-- @treturn function iterator; raises the error object
-- @treturn nil
-- @treturn nil
-- @treturn table with `close()`
-- @raise an unknown or wrong option
function methods:each(options)
  options = check.options("report:each", options, READING, 2)
  for name, value in pairs(self[FIELDS].reading or {}) do
    if options[name] == nil then options[name] = value end
  end
  local file, run, seen = nil, nil, options.seen or {}
  local function iterate(...)
    local iterating = yields.iterating(...)
    if not file then
      local err
      run, err = await(self, DEFAULT_WAIT, iterating)
      if not run then error(err, 0) end
      if seen[run.executionId] then return nil end
      file = M.file(self, options, run)
    end
    local row, err = files.next(file, iterating)
    if err then error(err, 0) end
    if row == nil and not file.left then seen[run.executionId] = true end
    return row
  end
  local function stop()
    if file then files.close(file) else M.leave(self) end
  end
  return iterate, nil, nil, setmetatable({ close = stop }, { __close = stop })
end

-- The query of a report that another process made.
local function find_query(self)
  if self[FIELDS].own_query ~= nil then return self[FIELDS].own_query and self.query_id end
  local service = self[PARTS].service
  local report = service:find("ScheduledReport", { reportId = self.id }, {})
  local made = report and service:find("ScheduledQueries", { queryId = report.queryId }, {})
  local own = made and tostring(made.name):sub(1, #M.OWN) == M.OWN
  return own and made.queryId
end

--- Take it away, with all its runs, and the query if this library made that for it.
-- What is gone already is fine.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] Error which names what is left
function methods:delete() return M.delete(self, false) end

--- The same, within an iterator.
-- @tparam Report self
-- @tparam ?boolean iterating
function M.delete(self, iterating)
  local service = self[PARTS].service
  local own = find_query(self)
  local ok, err = service:delete("ScheduledReport/" .. self.id, iterating)
  local left = ok and "" or " report " .. self.id
  if own then
    local gone, why = service:delete("ScheduledQueries/" .. own, iterating)
    if not gone then left, err = left .. " query " .. own, why end
  end
  if left == "" then return true end
  return nil, errors.from_failure(err.kind, "could not be taken away:" .. left .. ": "
    .. err.message,
    { status = err.status, retryable = true })
end

return M
