-- The certificates and TLS contexts of the fault server, made by openssl.
-- Runs in Lua 5.4 with luaossl only.
local context = require "openssl.ssl.context"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"

local M = {}

local CONFIG = [[
[req]
distinguished_name = name
prompt = no
[name]
CN = %s
[ca]
basicConstraints = critical, CA:true
[leaf]
subjectAltName = %s
]]

local function run(...)
  local command = string.format(...)
  if not os.execute(command .. " >/dev/null 2>&1") then error("failed: " .. command, 2) end
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

-- A key and a certificate for it, signed by `issuer` or by itself.
local function make(dir, name, subject, issuer, days)
  local path = dir .. "/" .. name
  write(path .. ".cnf", CONFIG:format(subject.name, subject.alt or "IP:127.0.0.1"))
  run("openssl ecparam -name prime256v1 -genkey -noout -out %s.key", path)
  run("openssl req -new -config %s.cnf -key %s.key -out %s.csr", path, path, path)
  local signer = issuer and ("-CA %s/%s.pem -CAkey %s/%s.key -CAcreateserial"):format(dir, issuer,
    dir, issuer) or ("-signkey %s.key"):format(path)
  run("openssl x509 -req -days %d -in %s.csr %s -extfile %s.cnf -extensions %s -out %s.pem",
    days or 30, path, signer, path, subject.section or "leaf", path)
end

--- Makes them all; the authority to trust is dir/ca.pem.
function M.prepare(dir)
  M.dir = dir
  make(dir, "ca", { name = "faults", section = "ca" })
  make(dir, "other", { name = "others", section = "ca" })
  make(dir, "good", { name = "127.0.0.1" }, "ca")
  make(dir, "expired", { name = "127.0.0.1" }, "ca", -1)
  make(dir, "wrong_host", { name = "example.com", alt = "DNS:example.com,IP:127.0.0.2" }, "ca")
  make(dir, "unknown", { name = "127.0.0.1" }, "other")
  make(dir, "self_signed", { name = "127.0.0.1" })
end

local made = {}

--- The context of that name: a certificate's, "old" (TLS 1.1 at most) or
-- "client" (asks for a certificate that nobody has).
function M.context(name, alpn)
  local key = name .. (alpn or "")
  if made[key] then return made[key] end
  local ctx = context.new("TLS", true)
  local files = (name == "old" or name == "client") and "good" or name
  ctx:setCertificate(x509.new(read(M.dir .. "/" .. files .. ".pem")))
  ctx:setPrivateKey(pkey.new(read(M.dir .. "/" .. files .. ".key")))
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
