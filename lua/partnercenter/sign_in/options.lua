--- What the constructors of credentials take, checked.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.options

local check = require("partnercenter.util").check

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

-- JSON, as `err.claims` has it.
local function claims(value)
  local ok = check.text(value) and value:find("^%s*{.*}%s*$")
  return ok and true or false, "must be JSON text, as the field claims of an error"
end

-- What is around a token by accident: a byte order mark, quotes, blanks, a line break at
-- the end. None of it can be part of one.
local function clean_token(value)
  value = value:gsub("^\239\187\191", ""):gsub("^%s+", ""):gsub("%s+$", "")
  return value:match('^"(.*)"$') or value:match("^'(.*)'$") or value
end

local function is_token(value)
  return type(value) == "string" and value ~= "" and not value:find("[^\33-\126]")
    and not value:find("[\"'<>]")
end

local function token_or_function(value)
  if type(value) == "function" then return true end
  if type(value) ~= "string" then return false, "must be a text or a function" end
  return is_token(clean_token(value)), "must be a token: a text without blanks, quotes and "
    .. "control characters inside (was a file or a variable read that holds more?)"
end

local FILES = { certificate = text, key = text }

local function certificate(value)
  if type(value) ~= "table" then
    return false, "must be a table with the paths of two PEM files, certificate and key"
  end
  for name, path in pairs(value) do
    if not FILES[name] or not check.text(path) then
      return false, "must have the paths of two PEM files, certificate and key, and nothing else"
    end
  end
  return value.certificate ~= nil and value.key ~= nil,
    "must have the paths of two PEM files, certificate and key"
end

local function version(value)
  return value == 1 or value == 2, "must be 1 or 2"
end

M.rules = {
  tenant = tenant,
  client_id = guid,
  text = text,
  text_or_function = text_or_function,
  token_or_function = token_or_function,
  claims = claims,
  certificate = certificate,
  version = version,
}

M.clean_token, M.is_token = clean_token, is_token

-- How an application proves itself: at most one of them.
local PROOFS = { "client_secret", "client_assertion", "client_certificate" }

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
  local proof
  for _, name in ipairs(PROOFS) do
    if options[name] ~= nil then
      if proof then error(("%s takes %s or %s, not both"):format(what, proof, name), level + 1) end
      proof = name
    end
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
