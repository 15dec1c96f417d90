--- The lines for the person who waits, on the standard error: how far it is, and
-- with `--verbose` what happens.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.terminal.status

local core = require "partnercenter.core"
local terminal = require "partnercenter.cli.terminal.screen"
local text = require("partnercenter.util").text
local width = require "partnercenter.cli.terminal.width"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.terminal.status", __index = methods }

-- Seconds between two drawings, and before the first: what is done soon needs none.
local INTERVAL, PATIENCE = 0.1, 0.5
local BAR = 20             -- columns
local MAX_LINE = 300       -- bytes of an event

--- What went wrong as one line of JSON.
-- @tparam string message
-- @tparam[opt="failed"] string kind
-- @treturn string
function M.json(message, kind)
  local function quoted(value)
    return '"' .. value:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
  end
  return ('{"kind":%s,"message":%s}'):format(quoted(kind or "failed"), quoted(message))
end

local function duration(seconds)
  seconds = math.floor(seconds + 0.5)
  if seconds < 60 then return seconds .. " s" end
  local minutes = (seconds - seconds % 60) / 60
  if minutes < 60 then return ("%d:%02d min"):format(minutes, seconds % 60) end
  return ("%d:%02d h"):format((minutes - minutes % 60) / 60, minutes % 60)
end

--- A status: all lines for the person go through it.
-- @tparam table options
-- @tparam boolean options.verbose
-- @tparam[opt] boolean options.quiet only what went wrong
-- @tparam[opt] boolean options.json what went wrong as objects, one a line
-- @tparam[opt] table options.screen of the standard error
-- @tparam[opt] function options.clock steady seconds
-- @treturn Status
function M.new(options)
  local clock = options.clock or core.now
  return setmetatable({
    screen = options.screen or terminal.look(io.stderr),
    verbose = options.verbose,
    quiet = options.quiet,
    json = options.json,
    clock = clock,
    started = clock(),
    drawn_at = -math.huge,
  }, mt)
end

local function erase(self)
  if not self.drawn then return end
  io.stderr:write("\r\27[K")
  self.drawn = false
end

--- The progress of a long work in one line of at most so many columns.
-- @tparam table work `what`, `done`, `total` (or nil), `seconds` since it began,
--   `waiting` (seconds that the service asks to wait, or nil)
-- @tparam table screen
-- @treturn string
function M.line(work, screen)
  local parts = {}
  if work.total and work.total > 0 then
    local filled = math.floor(work.done / work.total * BAR)
    local full, track = "#", "."
    if screen.unicode then full, track = "\226\148\129", "\194\183" end
    parts[1] = screen.paint(full:rep(filled), "cyan") .. track:rep(BAR - filled)
    parts[2] = ("%d/%d %s"):format(work.done, work.total, work.what)
  else
    parts[1] = ("%d %s"):format(work.done, work.what)
  end
  local rate = work.seconds > 0 and work.done / work.seconds or 0
  if rate > 0 then parts[#parts + 1] = (rate < 10 and "%.1f/s" or "%.0f/s"):format(rate) end
  if rate > 0 and work.total and not work.waiting then
    parts[#parts + 1] = duration((work.total - work.done) / rate) .. " left"
  end
  if work.waiting then
    parts[#parts + 1] = screen.paint("throttled", "yellow")
      .. (work.waiting > 0 and (", waits %s"):format(duration(work.waiting)) or "")
  end
  return table.concat(parts, "  ")
end

-- On a narrow terminal the line would wrap and not be erased.
local function fits(line, screen)
  return width.of((line:gsub("\27%[%d*m", ""))) < screen.width()
end

--- Draw how far the work is, if there is a terminal, not too often.
-- @tparam string what is counted
-- @tparam number done
-- @tparam ?number total
-- @tparam ?boolean throttled
-- @tparam[opt] boolean at_once however early it is
function methods:progress(what, done, total, throttled, at_once)
  if not self.screen.terminal or self.verbose or self.quiet then return end
  local now = self.clock()
  self.last = { what, done, total }
  if self.what ~= what then self.what, self.started = what, now end
  local early = now - self.drawn_at < INTERVAL or now - self.started < PATIENCE
  if early and not at_once then return end
  if not throttled then self.waits_until = nil end
  local waiting = throttled and math.max(0, (self.waits_until or now) - now) or nil
  local line = M.line({
    what = what, done = done, total = total, seconds = now - self.started, waiting = waiting,
  }, self.screen)
  if not fits(line, self.screen) then line = ("%d/%s"):format(done, total or "?") end
  io.stderr:write("\r\27[K", line)
  io.stderr:flush()
  self.drawn, self.drawn_at = true, now
end

--- Tell what is waited for: a line that the next one replaces; without a terminal one
-- that stays, whenever the state is another.
-- @tparam string what such as the name of a report
-- @tparam string state
-- @tparam number seconds so far
-- @tparam string usual how long it takes, in words
function methods:waiting(what, state, seconds, usual)
  if self.quiet or self.json then return end
  if not self.screen.terminal or self.verbose then
    if self.state ~= state then self:say(("%s: %s"):format(what, state), "dim") end
    self.state = state
    return
  end
  local spent = seconds < 60 and duration(seconds)
    or ("%d min"):format(math.floor(seconds / 60))
  local line = ("%s: %s %s, %s"):format(what, state, spent, usual)
  if not fits(line, self.screen) then line = ("%s %s"):format(state, spent) end
  io.stderr:write("\r\27[K", line)
  io.stderr:flush()
  self.drawn = true
end

--- A line that stays.
-- @tparam string line
-- @tparam[opt] string colour
function methods:say(line, colour)
  erase(self)
  io.stderr:write(self.screen.paint(line, colour), "\n")
  io.stderr:flush()
end

--- A line that helps, but is missed by nobody who asked for quiet.
-- @tparam string line
function methods:note(line)
  if not self.quiet and not self.json then self:say(line, "dim") end
end

--- The line of what went wrong.
-- @tparam string line
-- @tparam[opt="failed"] string kind of failure, for programs
function methods:complain(line, kind)
  if not self.json then return self:say("partnercenter: " .. line, "red") end
  erase(self)
  io.stderr:write(M.json(line, kind), "\n")
end

--- Erases the line of progress.
function methods:clear()
  erase(self)
end

local SHOWN = {
  "resource", "method", "url", "status", "error", "credentials", "seconds", "retry_after",
  "expires_in", "attempts", "rows", "request_id",
}

--- The line of an event, without what only support asks for.
-- @tparam table event of the client
-- @treturn string
function M.event_line(event)
  local parts = { event.name }
  for _, name in ipairs(SHOWN) do
    local value = event[name]
    local skipped = name == "resource" and event.url or name == "attempts" and value == 1
    if value ~= nil and not skipped then
      if type(value) == "number" and value % 1 ~= 0 then value = ("%.2f"):format(value) end
      local bare = name == "url" or name == "method" or name == "resource" or name == "status"
      parts[#parts + 1] = bare and tostring(value) or name .. "=" .. tostring(value)
    end
  end
  local timings = event.timings
  if type(timings) == "table" and timings.total then
    parts[#parts + 1] = ("%.0f ms"):format(1000 * timings.total)
  end
  return text.line(table.concat(parts, " "), MAX_LINE)
end

--- Listens to a client.
-- @tparam table event
function methods:event(event)
  if event.name == "throttled" then
    self.waits_until = self.clock() + (tonumber(event.retry_after) or 0)
    if self.last then self:progress(self.last[1], self.last[2], self.last[3], true, true) end
  end
  if self.verbose then self:say(M.event_line(event), "dim") end
end

return M
