--- Tokens that the register does not know: those in an answer of the token endpoint that
-- could not be used, and those of others that a server shows.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.strays

local encodings = require "partnercenter.errors.encodings"
local masking = require "partnercenter.errors.masking"

local MEMBERS = {
  "access_token", "refresh_token", "id_token", "device_code", "client_secret",
  "client_assertion", "code_verifier",
}

local M = {}

-- The header of a JWT in JSON begins so in base64.
local JWT = "eyJ[A-Za-z0-9_-]+%.[A-Za-z0-9_-]+%.[A-Za-z0-9_-]*"

--- Masks such tokens.
-- @tparam string text JSON, a form, or anything else
-- @treturn function as `mask` of a register; nil when there are none
function M.mask(text)
  local register, found = masking.register(), false
  for _, form in ipairs { text, encodings.plain(text) } do
    local function note(pattern)
      for token in form:gmatch(pattern) do
        register.add(token)
        found = true
      end
    end
    for _, name in ipairs(MEMBERS) do note(name .. "[\"']?%s*[:=]%s*[\"']?([^\"'&%s,}<\\]+)") end
    note(JWT)
    if form == text and not text:find("[%%\\&]") then break end
  end
  return found and register.mask or nil
end

return M
