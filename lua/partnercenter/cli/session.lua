--- The commands of the sign-in: `login`, `logout` and `whoami`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.session

local account = require "partnercenter.cli.account"
local failure = require "partnercenter.cli.failure"
local partnercenter = require "partnercenter"
local settings_of = require "partnercenter.cli.settings"
local status_of = require "partnercenter.cli.status"
local task_of = require "partnercenter.cli.task"

local M = {}

-- Until the sign-in is there, the one that was kept before stays.
local PENDING = ".signing-in"

local function quoted(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function make_directory(path)
  local directory = path:match("^(.*)/[^/]+$")
  if not directory or directory == "" then return end
  local done = os.execute("mkdir -p -m 700 -- " .. quoted(directory))
  if done ~= true and done ~= 0 then
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
  if not settings_of.remember(settings) then
    failure.raise("failed", "cannot write " .. settings_of.memory_path(path))
  end
end

--- Sign in with a device code, and keep the refresh token.
-- @tparam table given the options of the command line
-- @treturn number exit code
function M.login(given)
  local settings = settings_of.read(given)
  local status = status_of.new { verbose = given.verbose }
  local options = account.application(settings)
  local signed_in = false
  options.on_prompt = function(message) status:say(message, "bold") end
  options.on_rotate = function() signed_in = true end
  local pending = settings.values.token_file .. PENDING
  make_directory(pending)
  remove(pending)
  local credentials = partnercenter.credentials.file(pending,
    account.guarded(partnercenter.credentials.device_code, options))
  local partner = account.client(settings, credentials, function(event) status:event(event) end)
  local ok, page, err = pcall(try, partner)
  partner:close()
  if not signed_in then
    remove(pending)
    if not ok then error(page, 0) end
    failure.fail(err)
  end
  keep(settings, pending)
  if not ok then error(page, 0) end
  if not page then
    status:complain("signed in, but the first call failed")
    failure.fail(err)
  end
  status:say(("signed in to %s; the sign-in is kept in %s"):format(options.tenant,
    settings.values.token_file))
  return failure.codes.done
end

--- Forget the kept sign-in.
-- @tparam table given the options of the command line
-- @treturn number exit code
function M.logout(given)
  local path = settings_of.read(given).values.token_file
  local file = io.open(path)
  if not file then
    io.stdout:write("nobody was signed in\n")
    return failure.codes.done
  end
  file:close()
  local ok, why = os.remove(path)
  if not ok then failure.raise("failed", "the sign-in cannot be removed: " .. why) end
  remove(path)
  os.remove(settings_of.memory_path(path))
  io.stdout:write("signed out: ", path, " is gone. Microsoft lets the token itself end when it is "
    .. "unused; an administrator can revoke it before.\n")
  return failure.codes.done
end

local function show(name, value, from)
  io.stdout:write(("%-12s  %s%s\n"):format(name, value, from and " (" .. from .. ")" or ""))
end

local function show_settings(task)
  local partner = task.partner
  local own = partner.settings
  local shown = {
    base_url = own.base_url, authority = own.cloud.authority, cloud = "global",
    locale = own.locale, concurrency = own.concurrency,
  }
  for _, name in ipairs(settings_of.names) do
    local value = task.settings.values[name] or shown[name]
    if value then show(name, value, task.settings.from[name] or "default") end
  end
  show("credentials", task.origin)
end

--- Show the settings, sign in, and make one call.
-- @tparam table given the options of the command line
-- @treturn number exit code
function M.whoami(given)
  return task_of.run(given, function(task)
    show_settings(task)
    io.stdout:flush()
    local page, err = try(task.partner)
    if not page then failure.fail(err) end
    show("answer", "the service knows these credentials")
  end)
end

return M
