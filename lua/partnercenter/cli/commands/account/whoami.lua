--- `whoami`: the settings, and whether they serve.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.account.whoami

local client = require "partnercenter.client"
local config = require "partnercenter.cli.config"
local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local output = require "partnercenter.cli.output"
local task_of = require("partnercenter.cli.run").task

local function show(name, value, from)
  output.print(("%-12s  %s%s\n"):format(name, value, from and " (" .. from .. ")" or ""))
end

local function show_settings(settings, shown)
  for _, name in ipairs(config.names) do
    local value = settings.values[name] or shown[name]
    if value then show(name, value, settings.from[name] or "default") end
  end
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

-- One call, and who makes it: an application has no name in its token.
local function show_user(task)
  local known, err
  if task.app_only then
    known, err = task.partner.customers:get { size = 1 }
  else
    known, err = task.partner:mfa_status()
  end
  if not known then failure.fail(err) end
  show("signed in", not task.app_only and known.user or "an application")
  show("answer", "the service knows these credentials")
end

local function run(given)
  -- Settings are shown also when nobody is signed in.
  local settings = config.read(given)
  local ok, why = pcall(config.account.credentials, settings)
  if not ok then
    show_settings(settings, { cloud = "global" })
    show("signed in", "no")
    io.stdout:flush()
    error(why, 0)
  end
  return task_of.run(given, function(task)
    local shown = client.settings(task.partner)
    shown.cloud = "global"
    show_settings(task.settings, shown)
    show("credentials", task.origin)
    io.stdout:flush()
    if given.mfa then show_factor(task) else show_user(task) end
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
