--- `logout`: the kept sign-in is removed.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.account.logout

local config = require "partnercenter.cli.config"
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local kept_of = require "partnercenter.cli.kept"
local options = require "partnercenter.cli.options"
local output = require "partnercenter.cli.output"

local function run(given)
  local settings = config.read(given)
  local path = settings.values.token_file
  local kind = core.file_kind(path)
  if not kind then
    output.print("nobody was signed in\n")
    return failure.codes.done
  end
  local ok, why = nil, "it is a directory"
  if kind ~= "directory" then ok, why = os.remove(path) end
  if not ok then failure.raise("failed", "the sign-in cannot be removed: " .. why) end
  os.remove(path .. ".lock")
  os.remove(config.memory_path(path))
  kept_of.file.forget(settings)
  output.print("signed out: ", path, " is gone. Microsoft lets the token itself end when it is "
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
