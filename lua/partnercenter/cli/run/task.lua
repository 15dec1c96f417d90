--- What every command that asks the service has: settings, a client, somebody who
-- tells how far it is, and an orderly end.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.task

local client = require "partnercenter.client"
local config = require "partnercenter.cli.config"
local errors = require "partnercenter.errors"
local failure = require "partnercenter.cli.failure"
local failures_of = require "partnercenter.cli.run.failures"
local terminal = require "partnercenter.cli.terminal"

local M = {}

--- Run a function with a client, and end in order whatever happens.
-- @tparam table given the options of the command line
-- @tparam function work takes a task: `given`, `settings`, `partner`, `own` (the
--   client's settings), `status`, `failures`; gives an exit code, or nil
-- @treturn number the exit code
-- @raise a failure, before anything was sent
function M.run(given, work)
  local task = {
    given = given, failures = failures_of.new(), began = os.time(),
    status = terminal.status.new { verbose = given.verbose, quiet = given.quiet,
      json = given.errors == "json" },
  }
  task.settings = config.read(given)
  local credentials
  credentials, task.origin = config.account.credentials(task.settings)
  task.app_only = credentials.app_only
  task.partner = config.account.client(task.settings, credentials,
    function(event) task.status:event(event) end)
  task.own = client.settings(task.partner)
  local ok, result = pcall(work, task)
  task.partner:close()
  task.status:clear()
  if not ok then error(result, 0) end
  return result or failure.codes[task.failures.count > 0 and "failed" or "done"]
end

--- Has a run all that it was to read?
-- @tparam table task
-- @treturn boolean
function M.is_whole(task)
  return not (task.interrupted or task.full or task.failures.count > 0)
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

-- Would every other call fail in the same way?
local function is_systemic(task, err)
  return err.kind == "sign_in" or err.kind == "config"
    or err.kind == "forbidden" and task.app_only == true
end

--- Notes a call that failed. Where every other call would fail, too, the command ends.
-- @tparam table task
-- @tparam table customer `id`, and perhaps `name`
-- @tparam Error|string err
-- @tparam[opt] string source which of a customer's answers is missing, if not all
-- @raise a failure, if a sign-in is needed, a setting is wrong, or the credentials are
--   not allowed to ask
function M.note(task, customer, err, source)
  if failure.is_interrupt(err) then error(err, 0) end
  if not errors.is(err) then error(err, 0) end
  if is_systemic(task, err) then failure.fail(err) end
  task.failures:add(customer, err, source)
end

--- Tell what failed, equal causes in one line.
-- @tparam table task
function M.tell_failures(task)
  for i, line in ipairs(task.failures:lines()) do
    task.status:complain(line, task.failures.causes[i].kind)
  end
  local whole = task.failures.count - task.failures.parts
  if whole > 0 and task.customers > 1 then
    task.status:complain(("%d of %d %ss failed"):format(whole, task.customers,
      task.failures.noun))
  end
end

return M
