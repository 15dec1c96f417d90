-- The certificates and TLS contexts of the fault server, made with luaossl: the
-- openssl command of one release refuses what that of another asks for.
-- Runs in Lua 5.4 with luaossl only.
local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local context = require "openssl.ssl.context"
local extension = require "openssl.x509.extension"
local distinguished = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"

local M = {}

local DAY = 24 * 60 * 60

local identities = {}     -- by name: a key and its certificate
local serial = 0

-- Makes a key and a certificate for it, signed by `issuer` or by itself. It is
-- good for the given days; one that ended a day ago has -1.
local function make(which, subject, issuer, days)
  local key, cert = pkey.new { type = "EC", curve = "prime256v1" }, x509.new()
  local signer = issuer and identities[issuer] or { key = key, cert = cert }
  serial = serial + 1
  cert:setVersion(3)
  cert:setSerial(bignum.new(serial))
  cert:setSubject(distinguished.new():add("CN", subject.name))
  cert:setIssuer(signer.cert:getSubject())
  local now = os.time()
  cert:setLifetime(now - 2 * DAY, now + (days or 30) * DAY)
  cert:setPublicKey(key)
  if subject.authority then
    cert:addExtension(extension.new("basicConstraints", "critical,CA:TRUE"))
  else
    local alt = altname.new()
    alt:add("IP", subject.address or "127.0.0.1")
    if subject.host then alt:add("DNS", subject.host) end
    cert:setSubjectAlt(alt)
  end
  cert:sign(signer.key)
  identities[which] = { key = key, cert = cert }
end

--- Makes them all; the authority to trust is dir/ca.pem.
function M.prepare(dir)
  make("ca", { name = "faults", authority = true })
  make("other", { name = "others", authority = true })
  make("good", { name = "127.0.0.1" }, "ca")
  make("expired", { name = "127.0.0.1" }, "ca", -1)
  make("wrong_host", { name = "example.com", host = "example.com", address = "127.0.0.2" }, "ca")
  make("unknown", { name = "127.0.0.1" }, "other")
  make("self_signed", { name = "127.0.0.1" })
  local file = assert(io.open(dir .. "/ca.pem", "w"))
  file:write(identities.ca.cert:toPEM())
  file:close()
end

local made = {}

--- The context of that name: a certificate's, "old" (TLS 1.1 at most) or
-- "client" (asks for a certificate that nobody has).
function M.context(name, alpn)
  local key = name .. (alpn or "")
  if made[key] then return made[key] end
  local ctx = context.new("TLS", true)
  local certificate = (name == "old" or name == "client") and "good" or name
  ctx:setCertificate(identities[certificate].cert)
  ctx:setPrivateKey(identities[certificate].key)
  if name == "old" then
    ctx:setCipherList("ALL:@SECLEVEL=0")
    ctx:setOptions(context.OP_NO_TLSv1_2 | context.OP_NO_TLSv1_3)
  elseif name == "client" then
    ctx:setVerify(context.VERIFY_PEER | context.VERIFY_FAIL_IF_NO_PEER_CERT)
  end
  if alpn then
    ctx:setAlpnSelect(function(_, offered)
      for _, name_offered in ipairs(offered) do
        if name_offered == alpn then return alpn end
      end
    end)
  end
  made[key] = ctx
  return ctx
end

return M
