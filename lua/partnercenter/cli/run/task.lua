--- What every command that asks the service has: settings, a client, somebody who
-- tells how far it is, and an orderly end.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.task

local config = require "partnercenter.cli.config"
local errors = require "partnercenter.errors"
local failure = require "partnercenter.cli.failure"
local terminal = require "partnercenter.cli.terminal"

local M = {}

-- Failures that are remembered for a report; all are told when they happen.
local MOST_FAILURES = 100

--- Run a function with a client, and end in order whatever happens.
-- @tparam table given the options of the command line
-- @tparam function work takes a task: `given`, `settings`, `partner`, `status`,
--   `failed` (how many calls have), `failures` (the first of them, in words);
--   gives an exit code, or nil
-- @treturn number the exit code
-- @raise a failure, before anything was sent
function M.run(given, work)
  local task = {
    given = given, failed = 0, failures = {},
    status = terminal.status.new { verbose = given.verbose },
  }
  task.settings = config.settings.read(given)
  local credentials
  credentials, task.origin = config.account.credentials(task.settings)
  task.partner = config.account.client(task.settings, credentials,
    function(event) task.status:event(event) end)
  local ok, result = pcall(work, task)
  task.partner:close()
  task.status:clear()
  if not ok then error(result, 0) end
  return result or failure.codes[task.failed > 0 and "failed" or "done"]
end

--- Run what may be interrupted: what it has done so far stays good.
-- @tparam table task `interrupted` is set by Ctrl-C
-- @tparam function work
-- @raise any other error
function M.interruptible(task, work)
  local ok, why = pcall(work)
  if ok then return end
  if not failure.is_interrupt(why) then error(why, 0) end
  task.interrupted = true
end

--- Note a call that failed. What all calls would meet ends the command.
-- @tparam table task
-- @tparam string what failed
-- @tparam Error|string err
-- @raise a failure, if a sign-in is needed or a setting is wrong
function M.note(task, what, err)
  if failure.is_interrupt(err) then error(err, 0) end
  if not errors.is(err) then error(err, 0) end
  if err.kind == "sign_in" or err.kind == "config" then failure.fail(err) end
  task.failed = task.failed + 1
  local line = what .. ": " .. tostring(err)
  if task.failed <= MOST_FAILURES then task.failures[task.failed] = line end
  task.status:complain(line)
end

return M
