--- `logout`: the kept sign-in is removed.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.account.logout

local config = require "partnercenter.cli.config"
local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"

local function run(given)
  local path = config.settings.read(given).values.token_file
  local file = io.open(path)
  if not file then
    io.stdout:write("nobody was signed in\n")
    return failure.codes.done
  end
  file:close()
  local ok, why = os.remove(path)
  if not ok then failure.raise("failed", "the sign-in cannot be removed: " .. why) end
  os.remove(path .. ".lock")
  os.remove(config.settings.memory_path(path))
  io.stdout:write("signed out: ", path, " is gone. Microsoft lets the token itself end when it is "
    .. "unused; an administrator can revoke it before.\n")
  return failure.codes.done
end

return {
  name = "logout",
  summary = "Forget the sign-in.",
  description = "Remove the kept sign-in from this machine.",
  examples = { "logout" },
  options = options.groups.files,
  run = run,
}
