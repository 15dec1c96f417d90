--- Texts encrypted at rest by AES-256-GCM, which luaossl does. Each is bound to its
-- name, so that none can be put in another one's place.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.shared.seal

local wire = require("partnercenter.util").wire

-- NIST SP 800-38D: an initialization vector of 96 bits, a tag of 128.
local KEY, IV, TAG = 32, 12, 16
local MARK = "gcm1:"

local M = {}

--- Is it a key: 32 bytes, or 64 hexadecimal digits?
-- @param value any value
-- @treturn[1] string its bytes
-- @treturn[2] nil
function M.key(value)
  if type(value) ~= "string" then return nil end
  if #value == KEY then return value end
  if #value ~= 2 * KEY or value:find("%X") then return nil end
  return (value:gsub("%x%x", function(pair) return string.char(wire.digits(pair, 16)) end))
end

--- luaossl, or nil and what is missing.
-- @treturn[1] table `cipher`, `rand`
-- @treturn[2] nil
-- @treturn[2] string
function M.library()
  local ok, cipher = pcall(require, "openssl.cipher")
  local fine, rand = pcall(require, "openssl.rand")
  if ok and fine then return { cipher = cipher, rand = rand } end
  return nil, "encryption needs luaossl, which is not installed for " .. _VERSION
    .. ": install it (Debian: lua-luaossl, LuaRocks: luaossl), or leave the option 'key' out"
end

--- Encrypts.
-- @tparam table library
-- @tparam string key
-- @tparam string name what the text is bound to
-- @tparam string text
-- @treturn string
function M.close(library, key, name, text)
  local iv = library.rand.bytes(IV)
  local cipher = library.cipher.new("aes-256-gcm"):encrypt(key, iv)
  local body = cipher:update(name .. "\n" .. text) .. cipher:final()
  return MARK .. iv .. cipher:getTag(TAG) .. body
end

--- Decrypts.
-- @tparam table library
-- @tparam string key
-- @tparam string name
-- @tparam string sealed
-- @treturn[1] string
-- @treturn[2] nil it was not encrypted with this key under this name, or was changed
function M.open(library, key, name, sealed)
  if sealed:sub(1, #MARK) ~= MARK or #sealed < #MARK + IV + TAG then return nil end
  local at = #MARK + IV + TAG
  local cipher = library.cipher.new("aes-256-gcm"):decrypt(key, sealed:sub(#MARK + 1, #MARK + IV))
  cipher:setTag(sealed:sub(#MARK + IV + 1, at))
  local text = cipher:update(sealed:sub(at + 1))
  local rest = text and cipher:final()
  if not rest then return nil end
  text = text .. rest
  return text:sub(1, #name + 1) == name .. "\n" and text:sub(#name + 2) or nil
end

return M
