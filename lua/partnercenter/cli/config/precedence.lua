--- What the command is told, and by whom: its options go before the environment
-- (PARTNERCENTER_NAME), that before the configuration file, that before what
-- `login` remembered, that before the library's defaults.
--
-- Secrets come from the environment or from the token file, never from an option
-- (everybody can see a process's arguments) or from the configuration file.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.config.precedence

local check = require("partnercenter.util").check
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"
local file = require "partnercenter.cli.config.file"

local M = {}

-- In the order in which `whoami` shows them.
local NAMES = {
  "base_url", "authority", "ca_file", "cloud", "locale", "tenant", "client_id", "token_file",
  "concurrency", "profile",
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

local KNOWN, OF_LOGIN = set_of(NAMES), set_of(REMEMBERED)

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

local function read_config(given, getenv)
  local named = given.config or getenv "PARTNERCENTER_CONFIG"
  local path = named or place(getenv, "XDG_CONFIG_HOME", ".config", "config")
  local text = file.read(path, true)
  if not text and named then failure.usage("there is no configuration file %s", path) end
  local sections, lines = file.lines(path, text or "", KNOWN, SECRETS)
  return sections, lines, path
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
  local text = file.read(path, false)
  return text and file.lines(path, text, OF_LOGIN, SECRETS)[""] or {}
end

-- A login goes where the last one went, unless anything else is said about it: parts of
-- two sign-ins make none. A memory that cannot be used is none: it will be replaced.
local function last_login(values)
  local ok, memory = pcall(read_memory, values.token_file)
  if not ok then return nil end
  for name, value in pairs(memory) do
    if values[name] and values[name]:lower() ~= value:lower() then return nil end
  end
  return memory
end

--- Remembers where a login went, for the commands to come.
-- @tparam table settings
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why it cannot be written
function M.remember(settings)
  local lines = { "# Where 'partnercenter login' signed in." }
  for _, name in ipairs(REMEMBERED) do
    local value = settings.values[name]
    if value then lines[#lines + 1] = name .. " = " .. value end
  end
  return core.file_write(M.memory_path(settings.values.token_file),
    table.concat(lines, "\n") .. "\n")
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

-- The profile that is asked for, and the file of its sign-in. A profile is one of the
-- configuration file, or one that a login has made.
local function find_profile(given, getenv, sections)
  local name = given.profile or getenv "PARTNERCENTER_PROFILE" or sections[""].profile
  local token = place(getenv, "XDG_STATE_HOME", ".local/state", "token")
  if not name or name == "" then return "", token end
  if not name:find("^[%w_.-]+$") then
    failure.usage("a profile's name has letters, digits, dots and dashes, not '%s'", name)
  end
  token = token .. "-" .. name
  if not sections[name] and not file.exists(token) and given.command ~= "login" then
    failure.usage("there is no profile '%s'%s: 'partnercenter profiles' lists them", name,
      check.hint(name, sections))
  end
  return name, token
end

local function check_concurrency(values)
  if not values.concurrency then return end
  local number = tonumber(values.concurrency)
  if not number or number % 1 ~= 0 or number < 1 or number > 10000 then
    failure.usage("concurrency must be a whole number from 1 to 10000")
  end
  values.concurrency = number
end

--- All settings.
-- @tparam table given the options of the command line
-- @tparam[opt=os.getenv] function getenv
-- @treturn table `state` (the directory for what is kept), `values` by name, `from` (who
--   said it: "option", "environment", "configuration file", "login", "default"),
--   `secrets` by name, `config` (path), `lines` (of the configuration file, by name),
--   `profiles` (their values by name)
-- @raise a failure of use
function M.read(given, getenv)
  getenv = getenv or os.getenv
  local sections, lines, path = read_config(given, getenv)
  local profile, token_file = find_profile(given, getenv, sections)
  local secrets = read_environment(getenv, SECRETS)
  for _, name in ipairs { "token", "refresh_token" } do
    if given.profile and secrets[name] then
      failure.usage("PARTNERCENTER_%s is set, and would be used in place of the sign-in of the "
        .. "profile '%s': unset one of them", name:upper(), profile)
    end
  end
  local own = { name = "configuration file", values = sections[profile] or {} }
  local layers = {
    { name = "option", values = given },
    -- A profile that the person names on the command line goes before the environment.
    given.profile and own or { values = {} },
    { name = "environment", values = read_environment(getenv, NAMES) },
    own,
    { name = "configuration file", values = sections[""] },
    { name = "default", values = { token_file = token_file } },
  }
  local values, from = merge(layers, getenv)
  -- A token from the environment must not go where someone logged in once.
  local memory
  if given.command == "login" then
    memory = last_login(values)
  elseif not secrets.token and not secrets.refresh_token then
    memory = read_memory(values.token_file)
  end
  if memory then
    table.insert(layers, 6, { name = "login", values = memory })
    values, from = merge(layers, getenv)
  end
  check_concurrency(values)
  sections[""] = nil
  return {
    values = values, from = from, secrets = secrets, config = path, profiles = sections,
    lines = setmetatable(lines[profile] or {}, { __index = lines[""] }),
    state = (place(getenv, "XDG_STATE_HOME", ".local/state", ""):gsub("/$", "")),
  }
end

--- Where a setting was said, in words.
-- @tparam table settings
-- @tparam string name
-- @treturn string such as "--tenant", "PARTNERCENTER_TENANT" or "FILE, line 3: tenant"
function M.origin(settings, name)
  local from = settings.from[name]
  if from == "environment" then return "PARTNERCENTER_" .. name:upper() end
  if from == "configuration file" and settings.lines[name] then
    return ("%s, line %d: %s"):format(settings.config, settings.lines[name], name)
  end
  if from == "login" then
    return ("%s: %s"):format(M.memory_path(settings.values.token_file), name)
  end
  return "--" .. name:gsub("_", "-")
end

return M
