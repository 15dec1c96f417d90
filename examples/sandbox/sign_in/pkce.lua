-- Proof key for code exchange: does the verifier belong to the challenge?
local ffi = require "ffi"
local jwt = require "sandbox.sign_in.jwt"

local M = {}

ffi.cdef [[
unsigned char *SHA256(const unsigned char *data, size_t length, unsigned char *digest);
]]

local library

-- libcrypto is what nginx has its TLS from.
function M.crypto()
  if not library then
    library = pcall(function() return ffi.C.SHA256 end) and ffi.C or ffi.load("crypto")
  end
  return library
end

function M.sha256(text)
  local digest = ffi.new("unsigned char[32]")
  M.crypto().SHA256(text, #text, digest)
  return ffi.string(digest, 32)
end

-- kept = { challenge =, method = } of the authorization request. Without a
-- challenge no verifier is asked for.
function M.verify(kept, verifier)
  if not kept.challenge then return true end
  if type(verifier) ~= "string" or #verifier < 43 or #verifier > 128 then return false end
  if kept.method == "plain" then return verifier == kept.challenge end
  return jwt.url64(M.sha256(verifier)) == kept.challenge
end

return M
