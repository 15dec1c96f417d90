--- What a run reads, kept for the rest of its day (UTC): a run that was cut off goes on
-- with `--resume`, and one that was whole need not ask again. A line of JSON for each
-- thing that was read, in a file that nobody else reads; no two processes write one.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.kept.file

local client = require "partnercenter.client"
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local partnercenter = require "partnercenter"
local shell = require "partnercenter.cli.shell"
local util = require "partnercenter.util"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.kept", __index = methods }

-- Bytes of a file: some 200,000 rows. A run that reads more is not kept.
local MOST = 64 * 1024 * 1024

-- The first line tells when the run began; the last, once it is whole, how many lines
-- stand between them. A line that was cut off gets an end by which it is none: no JSON of
-- an object ends so.
local FIRST, LAST = "# %s\n", "# whole: %d\n"
local FIRST_IS, LAST_IS = "^# (%d+%-%d+%-%d+T%d+:%d+:%d+Z)\n()", "\n# whole: (%d+)\n$"
local LONGEST_LAST = 40
local LINE, CUT_OFF = "({[^\n]*})\n", "#\n"
-- Bytes that are written at once: each time the file is looked at and opened.
local MOST_WAITING = 8 * 1024

local function directory_of(settings) return settings.state .. "/runs" end

-- What is asked, and who asks: whoever asks anything else has another file. A refresh
-- token names nobody, so that its place, or its digest, has to.
local function name_of(task, ...)
  local settings = task.settings
  local refresh_token = settings.secrets.refresh_token
  return util.sha256.hex(util.key((client.key(task.partner.customers)), settings.values.token_file,
    refresh_token and util.sha256.hex(refresh_token) or "", ...))
end

-- The file of an earlier run: its start, and how many lines it has if it is whole.
local function look(self)
  local text, why, missing = core.file_read(self.path, "secret", MOST)
  if not text then
    self.refused = not missing
    if self.refused then
      self.task.status:complain(("%s cannot be used: %s; all are asked again"):format(self.path,
        why))
    end
    return
  end
  local started, at = text:match(FIRST_IS)
  if not started then return end
  self.started, self.text, self.bytes = started, text:sub(at), #text
  self.whole, self.cut_off = tonumber(text:match(LAST_IS, -LONGEST_LAST)), text:sub(-1) ~= "\n"
end

-- Rows that were read earlier are given without being asked for only to somebody who is
-- told, and who does not keep them as those of now.
local function is_told(given)
  return not (given.save or given.quiet or given.errors == "json")
end

local function decide(self, task)
  local given = task.given
  if self.whole then
    self.used = given.resume or is_told(given)
  elseif given.resume and self.lock == false then
    task.status:note("--resume: that run is still under way; all is asked here, too")
  elseif given.resume and self.text then
    self.used = true
  elseif given.resume and not self.refused then
    task.status:note("--resume: there is no run of this day (UTC) to go on with; all is asked")
  end
end

--- What an earlier run of this day has read, and the place for what this one does.
-- @tparam table task
-- @param ... what is asked: texts, or arrays of texts
-- @treturn Kept `used`: what was read goes into this run; `whole`: nothing is missing
function M.open(task, ...)
  local directory = ("%s/%s"):format(directory_of(task.settings), os.date "!%Y-%m-%d")
  local self = setmetatable({
    directory = directory, path = ("%s/%s.ndjson"):format(directory, name_of(task, ...)),
    task = task, used = false, open = false, count = 0, bytes = 0, buffer = {}, waiting = 0,
  }, mt)
  task.kept_run = self
  if task.given.fresh then return self end
  if task.given.resume then self.lock = core.file_lock(self.path .. ".lock") end
  look(self)
  decide(self, task)
  if self.used then task.reused_from = self.started else self.whole = nil end
  return self
end

--- Forget what all runs have read: somebody else signs in.
-- @tparam table settings
function M.forget(settings)
  shell.empty(directory_of(settings))
end

--- How many things were read, without a look into them.
-- @treturn number
-- @treturn ?string the line of the last one
function methods:lines()
  local count, last = 0, nil
  for line in self.text:gmatch(LINE) do count, last = count + 1, line end
  return count, last
end

--- What was read, from the beginning.
-- @treturn function iterator; gives a table
-- @raise a failure: a line is none, or missing in a file that was whole
function methods:each()
  local count, next_line = 0, self.text:gmatch(LINE)
  return function()
    local line = next_line()
    local entry = line and partnercenter.decode(line)
    if not entry and (line or self.whole and count ~= self.whole) then
      failure.raise("failed", ("%s is damaged; --fresh asks again"):format(self.path))
    end
    if entry then count = count + 1 else self.count = count end
    return entry
  end
end

--- Tell the person of when it is.
-- @tparam string what such as "the rows are"
function methods:tell(what)
  self.task.status:note(("%s of %s UTC today; --fresh asks again"):format(what,
    self.started:sub(12, 16)))
end

--- What was read is no good any more: the run begins anew.
-- @tparam string why
function methods:begin_anew(why)
  self.used, self.whole, self.cut_off, self.count, self.bytes = false, nil, nil, 0, 0
  self.task.reused_from = nil
  self.task.status:note(why .. ": all is read anew")
end

local function take_lock(self)
  local path = self.path .. ".lock"
  local lock, why = core.file_lock(path)
  if lock == nil and why then
    -- There is none of this day yet: those of other days go.
    if not shell.make_directory(self.directory, true) then return false end
    shell.empty(self.directory:match("^(.*)/"), self.directory:match("[^/]*$"))
    lock = core.file_lock(path)
  end
  return lock or false
end

-- The run goes on all the same.
local function give_up(self, why)
  self.open = false
  self.task.status:complain(("an interrupted run cannot be resumed: %s: %s"):format(self.path, why))
end

-- The file is made with the first line. Where there is no directory for it, and while
-- another process writes it, nobody expects one.
local function start(self)
  self.tried = true
  self.lock = self.lock or take_lock(self)
  if not self.lock then return end
  self.open = true
  if self.used then
    self.buffer = { self.cut_off and CUT_OFF or "" }
    return
  end
  local first = FIRST:format(os.date("!%Y-%m-%dT%H:%M:%SZ", self.task.began))
  local ok, why = core.file_write(self.path, first)
  if not ok then give_up(self, why) end
end

--- Keep something that was read.
-- @tparam string line JSON of an object
function methods:put(line)
  if not self.tried then start(self) end
  if not self.open then return end
  self.count, self.bytes, self.waiting = self.count + 1, self.bytes + #line + 1,
    self.waiting + #line + 1
  if self.bytes > MOST then
    self.open = false
    os.remove(self.path)
    return
  end
  self.buffer[#self.buffer + 1] = line .. "\n"
  if self.waiting >= MOST_WAITING then self:flush() end
end

--- See to it that it is there even if the process is killed.
function methods:flush()
  if not self.open then return end
  local ok, why = core.file_append(self.path, table.concat(self.buffer))
  self.buffer, self.waiting = {}, 0
  if not ok then give_up(self, why) end
end

--- The end of the run.
-- @tparam boolean whole nothing is missing
function methods:close(whole)
  if whole and self.count > 0 and not self.whole then
    if not self.tried then start(self) end
    self.buffer[#self.buffer + 1] = LAST:format(self.count)
  end
  self:flush()
  self.is_left = not whole and self.count > 0 and (self.open or self.used and not self.tried)
  if self.lock then self.lock:close() end
  self.open, self.text, self.lock = false, nil, nil
end

return M
