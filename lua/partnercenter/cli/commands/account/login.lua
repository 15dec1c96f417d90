--- `login`: a person signs in with a code, and the sign-in is kept.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.account.login

local config = require "partnercenter.cli.config"
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local kept_of = require "partnercenter.cli.kept"
local options = require "partnercenter.cli.options"
local partnercenter = require "partnercenter"
local shell = require "partnercenter.cli.shell"
local terminal = require "partnercenter.cli.terminal"

-- Until the sign-in is there, the one that was kept before stays.
local PENDING = ".signing-in"

local function make_directory(path)
  local directory = path:match("^(.*)/[^/]+$")
  if not directory or directory == "" then return end
  if not shell.make_directory(directory) then
    failure.raise("failed", "the directory of the token file cannot be made: " .. directory)
  end
end

local function remove(path)
  os.remove(path)
  os.remove(path .. ".lock")
end

-- One small call: it makes the library sign in.
local function try(partner)
  return partner.customers:get { size = 1 }
end

local function keep(settings, pending)
  local path = settings.values.token_file
  local ok, why = os.rename(pending, path)
  remove(pending)
  if not ok then failure.raise("failed", "the sign-in cannot be kept: " .. why) end
  ok, why = config.remember(settings)
  if not ok then
    failure.raise("failed", ("cannot write %s: %s"):format(config.memory_path(path), why))
  end
end

local QUESTIONS = {
  tenant = "the partner's tenant, such as contoso.onmicrosoft.com",
  client_id = "the application (client) id",
}

-- At a terminal a person is asked for what nobody has said.
local function ask(settings)
  for i, name in ipairs(config.account.missing(settings)) do
    local question = QUESTIONS[name]
    if i == 1 then question = ("a sign-in needs tenant and application; %s\n%s"):format(
      config.account.guide, question) end
    settings.values[name] = terminal.screen.ask(question)
    if not settings.values[name] then return end
  end
end

-- Another person's or tenant's sign-in is not replaced in silence.
local function check_kept(given, settings)
  local path = settings.values.token_file
  local kept = core.file_read(path)
  if not kept or given.replace then return end
  local tenant, client_id = kept:match("tenant=([^\n]*)"), kept:match("client_id=([^\n]*)")
  local values = settings.values
  if not tenant or tenant == values.tenant:lower() and client_id == values.client_id:lower() then
    return
  end
  failure.usage("%s holds the sign-in of tenant %s, application %s: '--profile NAME' keeps "
    .. "another one beside it, '--replace' puts this one in its place", path, tenant, client_id)
end

local function run(given)
  local settings = config.read(given)
  local status = terminal.status.new { verbose = given.verbose }
  ask(settings)
  local application = config.account.application(settings)
  check_kept(given, settings)
  local signed_in = false
  application.on_prompt = function(message) status:say(message, "bold") end
  application.on_rotate = function() signed_in = true end
  local pending = settings.values.token_file .. PENDING
  local credentials = partnercenter.credentials.file(pending,
    config.account.guarded(settings, partnercenter.credentials.device_code, application))
  local partner = config.account.client(settings, credentials,
    function(event) status:event(event) end)
  -- Only now that nothing of what was said is wrong.
  make_directory(pending)
  remove(pending)
  local ok, page, err = pcall(try, partner)
  partner:close()
  if not signed_in then
    remove(pending)
    if not ok then error(page, 0) end
    failure.fail(err)
  end
  keep(settings, pending)
  kept_of.file.forget(settings)
  if not ok then error(page, 0) end
  if not page then
    status:complain("signed in, but the first call failed")
    failure.fail(err)
  end
  status:say(("signed in to %s; the sign-in is kept in %s"):format(application.tenant,
    settings.values.token_file))
  return failure.codes.done
end

return {
  name = "login",
  summary = "Sign in with a code, and keep the sign-in.",
  description = "Sign in: a person opens a page, types a code, and passes the second factor.",
  examples = {
    "login --tenant contoso.onmicrosoft.com --client-id 1f3c2b9e-7c5d-4b86-9a51-6d0f2e8c4a73",
    "login --profile fabrikam --tenant fabrikam.onmicrosoft.com "
      .. "--client-id 1f3c2b9e-7c5d-4b86-9a51-6d0f2e8c4a73",
  },
  options = function(command)
    command:group("Main options", command:flag("--replace")
      :description "Put this sign-in in the place of another one that is kept.")
    options.groups.sign_in(command)
  end,
  run = run,
}
