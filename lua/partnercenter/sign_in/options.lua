--- What the constructors of credentials take, checked.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.options

local check = require "partnercenter.util.check"

-- RFC 1035, section 2.3.4.
local LONGEST_DOMAIN, LONGEST_LABEL = 253, 63

local M = {}

local function is_domain(text)
  if #text > LONGEST_DOMAIN or not text:find(".", 1, true) then return false end
  for label in (text .. "."):gmatch("([^.]*)%.") do
    if #label > LONGEST_LABEL or not label:find("^[A-Za-z0-9%-]+$") then return false end
    if label:find("^%-") or label:find("%-$") then return false end
  end
  return true
end

local function tenant(value)
  return type(value) == "string" and (check.guid(value) or is_domain(value)),
    "must be a GUID or a domain name, such as contoso.onmicrosoft.com"
end

local function guid(value)
  return check.guid(value), "must be a GUID"
end

local function text(value)
  if check.text(value) then return true end
  if type(value) == "string" and value:find("[\r\n]$") then
    return false, "must not end in a line break (cut it off after reading a file)"
  end
  return false, "must be a text without control characters"
end

local function text_or_function(value)
  if type(value) == "function" then return true end
  if type(value) ~= "string" then return false, "must be a text or a function" end
  return text(value)
end

local function version(value)
  return value == 1 or value == 2, "must be 1 or 2"
end

M.rules = {
  tenant = tenant,
  client_id = guid,
  text = text,
  text_or_function = text_or_function,
  version = version,
}

--- The rules of all that sign in at Microsoft Entra, and some more.
-- @tparam table more option name to rule
-- @treturn table
function M.entra(more)
  local known = {
    tenant = tenant, client_id = guid, version = version, scope = text, resource = text,
  }
  for name, rule in pairs(more) do known[name] = rule end
  return known
end

--- Options checked, with nothing missing.
-- @tparam string what the constructor's name
-- @tparam ?table given
-- @tparam table known the rules
-- @tparam table required names of options that must be there
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn table a copy
-- @raise naming the option that is wrong, unknown or missing
function M.take(what, given, known, required, level)
  local options = check.options(what, given, known, level + 1)
  for _, name in ipairs(required) do
    if options[name] == nil then
      error(("%s needs the option '%s'"):format(what, name), level + 1)
    end
  end
  if options.client_secret and options.client_assertion then
    error(what .. " takes client_secret or client_assertion, not both", level + 1)
  end
  local odd = options.version == 1 and "scope" or "resource"
  if known.version and options[odd] ~= nil then
    local wanted = odd == "scope" and 2 or 1
    error(("option '%s' of %s goes with version %d of the token endpoint")
      :format(odd, what, wanted), level + 1)
  end
  return options
end

return M
