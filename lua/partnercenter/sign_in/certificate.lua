--- An application's proof by a certificate: a JWT that its key has signed (RFC 7523,
-- PS256), in place of a secret. Made by luaossl, which is loaded when it is needed.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.certificate

local base64 = require("partnercenter.util").base64
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local text = require("partnercenter.util").text

-- Seconds that an assertion is good: what Microsoft asks for at most.
local LIFETIME = 600
-- Of SHA-256, in bytes; a salt is as long (RFC 7518, section 3.5).
local HASH = 32
-- What no certificate or key is larger than.
local MAX_FILE = 65536

local M = {}

local function config_error(message)
  return errors.from_failure("config", "client_certificate: " .. message)
end

-- The modules of luaossl, or nil and an error.
local function load_library()
  local library = {}
  for _, name in ipairs { "digest", "pkey", "rand", "x509" } do
    local ok, module = pcall(require, "openssl." .. name)
    if not ok then
      return nil, config_error("signing needs luaossl, which is not installed for " .. _VERSION
        .. ": install it (Debian: lua-luaossl, LuaRocks: luaossl), or sign elsewhere and pass "
        .. "client_assertion")
    end
    library[name] = module
  end
  return library
end

local function read_file(what, path, demand)
  local content, why = core.file_read(path, demand, MAX_FILE)
  if content then return content end
  return nil, config_error(("the %s %s cannot be read: %s"):format(what, text.line(path, 300), why))
end

-- The key, or nil and an error. An encrypted one would have OpenSSL ask at the
-- terminal.
local function read_key(library, path)
  local pem, err = read_file("key", path, "key")
  if not pem then return nil, err end
  if pem:find("ENCRYPTED", 1, true) then
    return nil, config_error(("the key in %s is encrypted: write it without a password "
      .. "(openssl pkey -in FILE), in a file that nobody else can read"):format(path))
  end
  local ok, key = pcall(library.pkey.new, pem)
  local is_rsa = ok and key:type() == "rsaEncryption" and pem:find("PRIVATE KEY", 1, true)
  if not is_rsa then
    return nil, config_error(("%s holds no private RSA key in PEM form"):format(path))
  end
  return key
end

local function read_certificate(library, path)
  local pem, err = read_file("certificate", path, "plain")
  if not pem then return nil, err end
  -- A file may hold the key as well, or those of the authorities behind it.
  pem = pem:match("%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-.-%-%-%-%-%-END CERTIFICATE%-%-%-%-%-")
  local ok, certificate = pcall(library.x509.new, pem or "")
  if not pem or not ok then
    return nil, config_error(("%s holds no certificate in PEM form"):format(path))
  end
  return certificate
end

local function sha256(library, bytes)
  return library.digest.new("sha256"):final(bytes)
end

local function xor_byte(a, b)
  local result, bit = 0, 1
  while a > 0 or b > 0 do
    if a % 2 ~= b % 2 then result = result + bit end
    a, b, bit = math.floor(a / 2), math.floor(b / 2), bit * 2
  end
  return result
end

local function xor(a, b)
  local parts = {}
  for i = 1, #a do parts[i] = string.char(xor_byte(a:byte(i), b:byte(i))) end
  return table.concat(parts)
end

-- RFC 8017, appendix B.2.1.
local function mask_of(library, seed, length)
  local parts = {}
  for counter = 0, math.ceil(length / HASH) - 1 do
    parts[#parts + 1] = sha256(library, seed .. "\0\0\0" .. string.char(counter))
  end
  return table.concat(parts):sub(1, length)
end

-- RFC 8017, section 9.1.1: what is signed, for a modulus of so many bytes, the first
-- of which is `lead`. luaossl pads by version 1.5 only, and leaves the rest to RSA.
local function encode_pss(library, message, bytes, lead)
  local bits = (bytes - 1) * 8 - 1
  while lead > 0 do lead, bits = math.floor(lead / 2), bits + 1 end
  local length = math.ceil(bits / 8)
  local salt = library.rand.bytes(HASH)
  local hash = sha256(library, ("\0"):rep(8) .. sha256(library, message) .. salt)
  local block = ("\0"):rep(length - 2 * HASH - 2) .. "\1" .. salt
  local masked = xor(block, mask_of(library, hash, #block))
  local first = masked:byte() % 2 ^ (8 - (8 * length - bits))
  return ("\0"):rep(bytes - length) .. string.char(first) .. masked:sub(2) .. hash .. "\188"
end

local function sign(library, key, message)
  local modulus = key:getParameters().n:toBinary()
  local encoded = encode_pss(library, message, #modulus, modulus:byte())
  -- With what is padded already, decryption is RSA's private operation alone.
  return key:decrypt(encoded, { rsaPadding = library.pkey.RSA_NO_PADDING })
end

--- A signed assertion. Reads both files each time, so that they can be replaced.
-- @tparam table options `certificate` and `key`: paths of PEM files
-- @tparam string client_id
-- @tparam string url of the token endpoint, which is the audience
-- @tparam number now seconds since the epoch
-- @treturn[1] string JWT
-- @treturn[2] nil
-- @treturn[2] Error of kind config
function M.assertion(options, client_id, url, now)
  now = math.floor(now)
  local library, err = load_library()
  if not library then return nil, err end
  local key, certificate
  key, err = read_key(library, options.key)
  if not key then return nil, err end
  certificate, err = read_certificate(library, options.certificate)
  if not certificate then return nil, err end
  if certificate:getPublicKey():toPEM() ~= key:toPEM("public") then
    return nil, config_error(("the key in %s is not that of the certificate in %s")
      :format(options.key, options.certificate))
  end
  local thumbprint = base64.url(sha256(library, certificate:tostring("DER")))
  local header = ('{"alg":"PS256","typ":"JWT","x5t#S256":"%s"}'):format(thumbprint)
  local claims = ('{"aud":"%s","iss":"%s","sub":"%s","jti":"%s","iat":%d,"nbf":%d,"exp":%d}')
    :format(url, client_id, client_id, core.guid(), now, now, now + LIFETIME)
  local message = base64.url(header) .. "." .. base64.url(claims)
  return message .. "." .. base64.url(sign(library, key, message))
end

return M
