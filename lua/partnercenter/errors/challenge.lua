--- What the header WWW-Authenticate says (RFC 9110 section 11.6.1, RFC 6750).
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.challenge

local base64 = require("partnercenter.util").base64
local wire = require("partnercenter.util").wire

local LONGEST = 16384  -- bytes: claims are a few hundred

local M = {}

-- A quoted text without its quotes, and where it ends.
local function quoted(header, at)
  local parts, from = {}, at + 1
  while true do
    local stop = header:find('["\\]', from)
    if not stop then return nil end
    parts[#parts + 1] = header:sub(from, stop - 1)
    if header:sub(stop, stop) == '"' then return table.concat(parts), stop + 1 end
    parts[#parts + 1] = header:sub(stop + 1, stop + 1)
    from = stop + 2
  end
end

-- The challenges in turn: a scheme, and its parameters by names in lower case.
local function challenges(header)
  local list, current, at = {}, nil, 1
  while at and at <= #header do
    local name, after = header:match("^[%s,]*([A-Za-z0-9!#$&'*+.^_`|~%-]+)%s*()", at)
    if not name then break end
    if header:sub(after, after) == "=" then
      at = header:match("^=%s*()", after)
      local value
      if header:sub(at, at) == '"' then
        value, at = quoted(header, at)
      else
        value, at = header:match("^([^%s,]*)()", at)
      end
      if current and value then
        name = wire.lower(name)
        current[name] = current[name] or value
      end
    else
      current = { scheme = wire.lower(name) }
      list[#list + 1] = current
      at = after
    end
  end
  return list
end

-- Claims travel as base64 of JSON, and as JSON in a sign-in's request.
local function claims_of(value)
  local decoded = value and base64.decode(value)
  if decoded and decoded:find("^%s*{") then return decoded end
  return value and value:find("^%s*{") and value or nil
end

--- Reads the challenge for a Bearer token.
-- @tparam ?string header
-- @treturn ?table `error`, `description` and `claims` (JSON text), as far as they are
--   there; nil when there is no such challenge
function M.read(header)
  if type(header) ~= "string" or #header > LONGEST then return nil end
  local found
  for _, challenge in ipairs(challenges(header)) do
    if challenge.scheme == "bearer" then
      found = {
        error = challenge.error ~= "" and challenge.error or nil,
        description = challenge.error_description ~= "" and challenge.error_description or nil,
        claims = claims_of(challenge.claims),
      }
      -- One may only name the realm, and the next one say what is wrong.
      if next(found) then return found end
    end
  end
  return found
end

return M
