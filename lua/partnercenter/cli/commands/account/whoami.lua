--- `whoami`: the settings, and whether they serve.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.account.whoami

local client = require "partnercenter.client"
local config = require "partnercenter.cli.config"
local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local task_of = require("partnercenter.cli.run").task

local function show(name, value, from)
  io.stdout:write(("%-12s  %s%s\n"):format(name, value, from and " (" .. from .. ")" or ""))
end

local function show_settings(task)
  local shown = client.settings(task.partner)
  shown.cloud = "global"
  for _, name in ipairs(config.settings.names) do
    local value = task.settings.values[name] or shown[name]
    if value then show(name, value, task.settings.from[name] or "default") end
  end
  show("credentials", task.origin)
end

local function show_factor(task)
  local status, err = task.partner:mfa_status()
  if not status then failure.fail(err) end
  show("signed in", status.user or "the token does not say who")
  show("in tenant", status.tenant or "the token does not say where")
  show("application", status.application or "the token does not say which")
  show("in the token", status.in_token and "the second factor" or "no second factor")
  show("compliant", status.compliant == nil and "the service did not say"
    or status.compliant and "yes" or "no")
  show("what to do", status.advice)
end

local function run(given)
  return task_of.run(given, function(task)
    show_settings(task)
    io.stdout:flush()
    if given.mfa then return show_factor(task) end
    local page, err = task.partner.customers:get { size = 1 }
    if not page then failure.fail(err) end
    show("answer", "the service knows these credentials")
  end)
end

return {
  name = "whoami",
  summary = "Show settings, and try the sign-in.",
  description = "Show every setting and where it comes from, then sign in and make one call.",
  examples = { "whoami", "whoami --mfa" },
  options = function(command)
    command:flag "--mfa":description "Show who is signed in, and whether by a second factor."
    options.groups.settings(command)
  end,
  run = run,
}
