--- One report at the service: its state, its end, its rows. Its id outlives the
-- process.
-- SPDX-License-Identifier: MIT
-- @classmod partnercenter.report

local errors = require "partnercenter.errors"
local files = require "partnercenter.reports.file"
local polling = require "partnercenter.reports.polling"
local reading_of = require "partnercenter.reports.reading"
local util = require "partnercenter.util"
local yields = require("partnercenter.loop").yields

local check = util.check
local shown = reading_of.shown

local DEFAULT_WAIT = 6 * 3600

-- The names under which a report gives what it works with; nobody else has them.
local PARTS, FIELDS = {}, {}

local M = {}

local methods = {}

--- The prefix of the names that this library gives to what it makes.
M.OWN = "partnercenter "

--- A report.
-- @tparam table parts `service`, `files`, `register`
-- @tparam table fields `id`, `query_id`, `own_query`, and those of reading
-- @treturn Report
function M.new(parts, fields)
  local named = { id = fields.id, query_id = fields.query_id, name = fields.name }
  return setmetatable(named, {
    __name = "partnercenter.report",
    __index = function(_, name)
      if name == PARTS then return parts end
      if name == FIELDS then return fields end
      if name == "query_id" or name == "name" then return nil end -- not known
      if methods[name] == nil then check.unknown("a report", name, methods, 2, "member") end
      return methods[name]
    end,
    __tostring = function() return "report " .. fields.id end,
  })
end

local READING = { numbers = "table", dates = "table", nulls = "boolean", where_here = "any",
  duplicates = "boolean", seen = "table", on_run = "function" }

-- The newest run, or the one with that id; nil when there is none yet.
local function latest(self, how)
  local runs, left = self[PARTS].service:executions(self.id, how)
  if not runs then return nil, left end
  return runs[1] or false, left
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

-- What to do when the time is over and the report is not.
local function stays(self, err)
  if err.kind ~= "timeout" then return err end
  return errors.from_failure("timeout", ("%s; it is still there: partner.reports:open \"%s\"")
    :format(err.message, self.id), { cause = err.cause, retryable = true })
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
  local run, err = M.await(self, seconds or DEFAULT_WAIT, false, on_wait)
  if not run then return nil, stays(self, err) end
  return shown(run)
end

--- Wait until there is a file: for the rooms of this library.
-- @tparam Report self
-- @tparam number seconds at most
-- @tparam ?boolean iterating
-- @tparam ?function on_wait
-- @treturn[1] table the run, with its link
-- @treturn[2] nil
-- @treturn[2] Error
function M.await(self, seconds, iterating, on_wait)
  local run, err = polling.await(self[FIELDS], self[PARTS].service, seconds, iterating, on_wait)
  return run, err
end

--- The file of a report to read: for the rooms of this library.
-- @tparam Report self
-- @tparam table options those of `each`
-- @tparam table run whose file
-- @treturn table of `partnercenter.reports.file`
function M.file(self, options, run)
  return reading_of.file(self[PARTS], self.id, options, run)
end

--- End a wait for it: who waits gets an error of kind cancelled.
-- @tparam Report self
function M.leave(self)
  self[FIELDS].left = true
  self[PARTS].service.transport:wake(self[FIELDS])
end

-- Which runs are to be read.
local function runs_of(self, seen, iterating)
  if seen then
    local runs, known = reading_of.unread(self[PARTS].service, self.id, seen,
      { iterating = iterating })
    if not runs then error(known, 0) end
    if known or runs[1] then return runs end
  end
  local run, err = M.await(self, DEFAULT_WAIT, iterating)
  if not run then error(stays(self, err), 0) end
  return { run }
end

-- The next file; false when there is none.
local function begin(self, walk, options, iterating)
  walk.runs = walk.runs or runs_of(self, walk.seen, iterating)
  walk.run = table.remove(walk.runs, 1)
  if not walk.run then return false end
  if options.on_run then options.on_run(shown(walk.run)) end
  walk.file = M.file(self, options, walk.run)
  return true
end

--- The rows of its newest file, while they arrive; waits for it when it is not there.
-- @tparam[opt] table options
-- @tparam ?{string,...} options.numbers columns that become numbers
-- @tparam ?{string,...} options.dates columns that become seconds since the epoch
-- @tparam[opt=false] boolean options.nulls keep empty numbers and dates as null
-- @tparam ?expression options.where_here decided on the rows that come
-- @tparam[opt=false] boolean options.duplicates give the rows that stand for another
--   location as well
-- @tparam ?table options.seen execution ids as keys. With it come the rows of every run of
--   the last 90 days that is not in it, the oldest first; each that was read to its end
--   is added, so that a nightly job reads each run once, those that it missed as well
-- @tparam ?function options.on_run called before the rows of a run, with it as from
--   `status`
-- @treturn function iterator; raises the error object
-- @treturn nil
-- @treturn nil
-- @treturn table with `close()`, and `headings()`: the names of the columns in their
--   order, nil before the first row
-- @raise an unknown or wrong option
function methods:each(options)
  options = check.options("report:each", options, READING, 2)
  for name, value in pairs(self[FIELDS].reading or {}) do
    if options[name] == nil then options[name] = value end
  end
  local walk = { runs = nil, file = nil, run = nil, seen = options.seen }
  local function iterate(...)
    local iterating = yields.iterating(...)
    while true do
      if not walk.file and not begin(self, walk, options, iterating) then return nil end
      local row, err = files.next(walk.file, iterating)
      if err then error(err, 0) end
      if row ~= nil or walk.file.left then return row end
      if walk.seen then walk.seen[walk.run.executionId] = true end
      if not walk.runs[1] then return nil end
      walk.file = nil
    end
  end
  local function stop()
    walk.runs = {}
    if walk.file then files.close(walk.file) else M.leave(self) end
  end
  local function headings() return walk.file and files.headings(walk.file) end
  return iterate, nil, nil, setmetatable({ close = stop, headings = headings },
    { __close = stop })
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
