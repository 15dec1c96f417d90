--- What the command is told, and by whom: its options go before the environment
-- (PARTNERCENTER_NAME), that before the configuration file, that before what
-- `login` remembered, that before the library's defaults.
--
-- Secrets come from the environment or from the token file, never from an option
-- (everybody can see a process's arguments) or from the configuration file.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.config.settings

local check = require("partnercenter.util").check
local failure = require "partnercenter.cli.failure"

local M = {}

-- In the order in which `whoami` shows them.
local NAMES = {
  "base_url", "authority", "ca_file", "cloud", "locale", "tenant", "client_id", "token_file",
  "concurrency",
}
local SECRETS = { "token", "refresh_token", "client_secret" }
local PATHS = { ca_file = true, token_file = true }

-- What `login` remembers beside its token.
local REMEMBERED = { "tenant", "client_id", "cloud", "base_url", "authority", "ca_file" }

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

local KNOWN, SECRET, OF_LOGIN = set_of(NAMES), set_of(SECRETS), set_of(REMEMBERED)

--- The names of all settings but the secrets.
M.names = NAMES

local function home_of(getenv)
  local home = getenv "HOME"
  return home and home ~= "" and home or "."
end

local function place(getenv, variable, default, name)
  local base = getenv(variable)
  if not base or base:sub(1, 1) ~= "/" then base = home_of(getenv) .. "/" .. default end
  return base .. "/partnercenter/" .. name
end

local function expand(getenv, name, value)
  if not PATHS[name] then return value end
  return (value:gsub("^~/", function() return home_of(getenv) .. "/" end))
end

local function refuse_name(path, number, name)
  if SECRET[name] then
    failure.usage("%s, line %d: %s is a secret; set PARTNERCENTER_%s, or use 'partnercenter login'",
      path, number, name, name:upper())
  end
  local near = check.nearest(name, KNOWN)
  failure.usage("%s, line %d: unknown setting '%s'%s", path, number, name,
    near and (" (did you mean '%s'?)"):format(near) or "")
end

-- Lines of `name = value`; empty ones and those that begin with # say nothing.
local function read_lines(path, file, known)
  local found, number = {}, 0
  for line in file:lines() do
    number = number + 1
    local text = line:gsub("^%s+", ""):gsub("%s+$", "")
    if text ~= "" and text:sub(1, 1) ~= "#" then
      local name, value = text:match("^([%w_-]+)%s*=%s*(.*)$")
      if not name then failure.usage("%s, line %d: 'name = value' is due", path, number) end
      name = name:gsub("-", "_")
      if not known[name] then refuse_name(path, number, name) end
      found[name] = value ~= "" and value or nil
    end
  end
  file:close()
  return found
end

local function read_config(given, getenv)
  local named = given.config or getenv "PARTNERCENTER_CONFIG"
  local path = named or place(getenv, "XDG_CONFIG_HOME", ".config", "config")
  local file, why = io.open(path)
  if not file then
    if named then failure.usage("the configuration file cannot be read: %s", why) end
    return {}, path
  end
  return read_lines(path, file, KNOWN), path
end

local function read_environment(getenv, names)
  local found = {}
  for _, name in ipairs(names) do
    local value = getenv("PARTNERCENTER_" .. name:upper())
    if value and value ~= "" then found[name] = value end
  end
  return found
end

--- Where the memory of a login is.
-- @tparam string token_file
-- @treturn string
function M.memory_path(token_file)
  return token_file .. ".settings"
end

local function read_memory(token_file)
  local path = M.memory_path(token_file)
  local file = io.open(path)
  return file and read_lines(path, file, OF_LOGIN) or {}
end

--- Remembers where a login went, for the commands to come.
-- @tparam table settings
-- @treturn boolean false if it cannot be written
function M.remember(settings)
  local lines = { "# Where 'partnercenter login' signed in." }
  for _, name in ipairs(REMEMBERED) do
    local value = settings.values[name]
    if value then lines[#lines + 1] = name .. " = " .. value end
  end
  local file = io.open(M.memory_path(settings.values.token_file), "w")
  if not file then return false end
  local ok = file:write(table.concat(lines, "\n"), "\n")
  return file:close() and ok and true or false
end

local function merge(layers, getenv)
  local values, from = {}, {}
  for _, name in ipairs(NAMES) do
    for _, layer in ipairs(layers) do
      local value = layer.values[name]
      if value ~= nil and values[name] == nil then
        values[name], from[name] = expand(getenv, name, tostring(value)), layer.name
      end
    end
  end
  return values, from
end

--- All settings.
-- @tparam table given the options of the command line
-- @tparam[opt=os.getenv] function getenv
-- @treturn table `state` (the directory for what is kept), `values` by name, `from` (who
--   said it: "option", "environment", "configuration file", "login", "default"), `secrets` by
--   name, `config` (path)
-- @raise a failure of use
function M.read(given, getenv)
  getenv = getenv or os.getenv
  local config, path = read_config(given, getenv)
  local secrets = read_environment(getenv, SECRETS)
  local layers = {
    { name = "option", values = given },
    { name = "environment", values = read_environment(getenv, NAMES) },
    { name = "configuration file", values = config },
    { name = "default",
      values = { token_file = place(getenv, "XDG_STATE_HOME", ".local/state", "token") } },
  }
  local values, from = merge(layers, getenv)
  -- A token from the environment must not go where someone logged in once.
  if not secrets.token and not secrets.refresh_token and given.command ~= "login" then
    table.insert(layers, 4, { name = "login", values = read_memory(values.token_file) })
    values, from = merge(layers, getenv)
  end
  if values.concurrency then
    local number = tonumber(values.concurrency)
    if not number or number % 1 ~= 0 or number < 1 or number > 10000 then
      failure.usage("concurrency must be a whole number from 1 to 10000")
    end
    values.concurrency = number
  end
  return {
    values = values, from = from, secrets = secrets, config = path,
    state = (place(getenv, "XDG_STATE_HOME", ".local/state", ""):gsub("/$", "")),
  }
end

return M
