-- An application's assertion (RFC 7523): is it signed by the key of the certificate
-- that is registered, for this endpoint, and now?
local cjson = require "cjson.safe"
local ffi = require "ffi"
local pkce = require "sandbox.sign_in.pkce"
local jwt = require "sandbox.sign_in.jwt"

local M = {}

local LONGEST, SKEW = 600, 300     -- seconds

ffi.cdef [[
void *BIO_new_mem_buf(const void *buf, int len);
int BIO_free(void *bio);
void *PEM_read_bio_X509(void *bio, void **x, void *callback, void *u);
void X509_free(void *x);
void *X509_get_pubkey(void *x);
int i2d_X509(void *x, unsigned char **out);
void EVP_PKEY_free(void *key);
void *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(void *ctx);
const void *EVP_sha256(void);
int EVP_DigestVerifyInit(void *ctx, void **pctx, const void *type, void *engine, void *key);
int EVP_PKEY_CTX_ctrl_str(void *pctx, const char *type, const char *value);
int EVP_DigestVerify(void *ctx, const unsigned char *sig, size_t siglen,
  const unsigned char *message, size_t length);
]]

local function decode(part)
  return ngx.decode_base64((part:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
    .. ("="):rep(-#part % 4)))
end

local function read_certificate(crypto, path)
  local file = assert(io.open(path, "rb"))
  local pem = file:read("*a")
  file:close()
  local bio = crypto.BIO_new_mem_buf(pem, #pem)
  local certificate = crypto.PEM_read_bio_X509(bio, nil, nil, nil)
  crypto.BIO_free(bio)
  assert(certificate ~= nil, "the application's certificate cannot be read")
  return ffi.gc(certificate, crypto.X509_free)
end

local function thumbprint(crypto, certificate)
  local size = crypto.i2d_X509(certificate, nil)
  local bytes = ffi.new("unsigned char[?]", size)
  crypto.i2d_X509(certificate, ffi.new("unsigned char *[1]", bytes))
  return jwt.url64(pkce.sha256(ffi.string(bytes, size)))
end

local function is_signed(crypto, certificate, message, signature)
  local key = ffi.gc(crypto.X509_get_pubkey(certificate), crypto.EVP_PKEY_free)
  local context = ffi.gc(crypto.EVP_MD_CTX_new(), crypto.EVP_MD_CTX_free)
  local parameters = ffi.new("void *[1]")
  if crypto.EVP_DigestVerifyInit(context, parameters, crypto.EVP_sha256(), nil, key) ~= 1 then
    return false
  end
  -- In this order: a salt is for that padding alone.
  for _, pair in ipairs { { "rsa_padding_mode", "pss" }, { "rsa_pss_saltlen", "32" } } do
    if crypto.EVP_PKEY_CTX_ctrl_str(parameters[0], pair[1], pair[2]) <= 0 then return false end
  end
  return crypto.EVP_DigestVerify(context, signature, #signature, message, #message) == 1
end

-- nil when it proves the client, else an error's name.
function M.refuse(assertion, path, client_id, audience)
  local message, signature = assertion:match("^([%w_-]+%.[%w_-]+)%.([%w_-]+)$")
  if not message then return "malformed_assertion" end
  local header = cjson.decode(decode(message:match("^[^.]+")) or "")
  local claims = cjson.decode(decode(message:match("[^.]+$")) or "")
  if type(header) ~= "table" or type(claims) ~= "table" then return "malformed_assertion" end
  local crypto = pkce.crypto()
  local certificate = read_certificate(crypto, path)
  if header.alg ~= "PS256" or header["x5t#S256"] ~= thumbprint(crypto, certificate)
      or not is_signed(crypto, certificate, message, decode(signature) or "") then
    return "bad_signature"
  end
  if claims.iss ~= client_id or claims.sub ~= client_id or claims.aud ~= audience
      or not claims.jti then
    return "malformed_assertion"
  end
  local now, starts, ends = ngx.time(), tonumber(claims.nbf), tonumber(claims.exp)
  if not starts or not ends or ends < now - SKEW or starts > now + SKEW
      or ends - starts > LONGEST then
    return "assertion_time"
  end
end

return M
