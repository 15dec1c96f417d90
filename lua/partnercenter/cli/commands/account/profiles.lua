--- `profiles`: the profiles, and which of them are signed in.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.account.profiles

local config = require "partnercenter.cli.config"
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local options = require "partnercenter.cli.options"

local COLUMNS = {
  formats.columns.column("profile", "PROFILE"), formats.columns.column("tenant", "TENANT"),
  formats.columns.column("client_id", "CLIENT ID", "id"),
  formats.columns.column("signedIn", "SIGNED IN", "flag"),
}

-- The names that logins have made: each has a token file.
local function of_logins(state)
  local names = {}
  local pipe = io.popen(("ls '%s' 2>/dev/null"):format(state:gsub("'", "'\\''")))
  for file in pipe:lines() do
    local name = file:match("^token%-([%w_.-]+)$")
    if name and not name:find("%.settings$") and not name:find("%.lock$") then
      names[#names + 1] = name
    end
  end
  pipe:close()
  return names
end

local function describe(given, name)
  local settings = config.read { command = "profiles", config = given.config,
    profile = name ~= "default" and name or nil }
  return {
    profile = name, tenant = settings.values.tenant, client_id = settings.values.client_id,
    signedIn = core.file_read(settings.values.token_file) ~= nil,
  }
end

local function run(given)
  local settings = config.read { command = "profiles", config = given.config }
  local names, seen = {}, {}
  local function add(name)
    if not seen[name] then names[#names + 1] = name end
    seen[name] = true
  end
  for name in pairs(settings.profiles) do add(name) end
  for _, name in ipairs(of_logins(settings.state)) do add(name) end
  table.sort(names)
  table.insert(names, 1, "default")
  local sink = formats.rows.plan { given = given, columns = COLUMNS }:open()
  for _, name in ipairs(names) do sink.row(describe(given, name)) end
  sink.finish(true)
  return failure.codes.done
end

return {
  name = "profiles",
  summary = "List the profiles.",
  description = "List the profiles of the configuration file and of logins.",
  examples = { "profiles" },
  options = function(command)
    options.groups.rows(command, "table")
    command:option("--config"):argname "<file>":description "Another configuration file."
  end,
  run = run,
}
