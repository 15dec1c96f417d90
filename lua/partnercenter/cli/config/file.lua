--- Files of settings: lines of `name = value`, and of `[profile]`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.config.file

local check = require("partnercenter.util").check
local core = require "partnercenter.core"
local failure = require "partnercenter.cli.failure"

local M = {}

--- Is there anything of that name? What it is shows when it is read.
-- @tparam string path
-- @treturn boolean
function M.exists(path)
  return core.file_kind(path) ~= nil
end

--- The text of a file.
-- @tparam string path
-- @tparam boolean trusted it says where the sign-in is sent: nobody else may write it
-- @treturn ?string nil: there is none
-- @raise a failure of use
function M.read(path, trusted)
  local text, why, missing = core.file_read(path, trusted and "trusted" or "secret")
  if not text and not missing then
    failure.usage("%s cannot be used: %s", path, why)
  end
  return text
end

local function refuse(path, number, name, known, secrets)
  for _, secret in ipairs(secrets) do
    if secret == name then
      failure.usage("%s, line %d: %s is a secret; set PARTNERCENTER_%s, or use 'partnercenter "
        .. "login'", path, number, name, name:upper())
    end
  end
  failure.usage("%s, line %d: unknown setting '%s'%s", path, number, name, check.hint(name, known))
end

--- What the lines say. Empty ones and those that begin with # say nothing; those behind
-- a line [name] are of that profile.
-- @tparam string path for messages
-- @tparam string text
-- @tparam table known set of names
-- @tparam {string,...} secrets names that a file must not have
-- @treturn table values by name, by profile ("" for those that stand before any)
-- @treturn table the numbers of their lines, likewise
-- @raise a failure of use
function M.lines(path, text, known, secrets)
  local sections, lines, section, number = { [""] = {} }, { [""] = {} }, "", 0
  for given in (text .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    local line = given:match("^%s*(.-)%s*$")
    local profile = line:match("^%[([%w_.-]+)%]$")
    if profile then
      section = profile
      sections[section], lines[section] = sections[section] or {}, lines[section] or {}
    elseif line ~= "" and line:sub(1, 1) ~= "#" then
      local name, value = line:match("^([%w_-]+)%s*=%s*(.*)$")
      if not name then
        failure.usage("%s, line %d: 'name = value' or '[profile]' is due", path, number)
      end
      name = name:gsub("-", "_")
      if not known[name] then refuse(path, number, name, known, secrets) end
      sections[section][name] = value ~= "" and value or nil
      lines[section][name] = number
    end
  end
  return sections, lines
end

return M
