-- A server that has only TLS 1.1 is not spoken to, even where the system would allow it.
local process = require "spec.support.process"
local nginx = require "spec.support.nginx"
local shell = require "spec.support.shell"

local run = shell.run

-- The system of Debian refuses such a server by itself: this takes all.
local PERMISSIVE = [[
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = any
[any]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
]]

describe("a server of TLS 1.1", function()
  local dir, port, pid

  local function write(name, text)
    local file = assert(io.open(dir .. "/" .. name, "w"))
    file:write(text)
    file:close()
  end

  -- The status that curl gets, whose newer versions have to be told.
  local function curl()
    return run(("OPENSSL_CONF=%s/any.cnf curl -s --tlsv1.0 --max-time 20 --cacert %s/ca.pem"
      .. " -o /dev/null -w '%%{http_code}' https://127.0.0.1:%d/"):format(dir, dir, port))
  end

  setup(function()
    dir = run("mktemp -d"):match("%S+")
    write("any.cnf", PERMISSIVE)
    run(("openssl req -x509 -newkey rsa:2048 -nodes -keyout %s/key.pem -out %s/ca.pem -days 2"
      .. " -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>&1"):format(dir, dir))
    port = nginx.choose_port()
    pid = run((shell.CLEAN .. "OPENSSL_CONF=%s/any.cnf timeout 120 openssl s_server -quiet -www"
      .. " -accept 127.0.0.1:%d -cert %s/ca.pem -key %s/key.pem -tls1_1"
      .. " -cipher 'ALL:@SECLEVEL=0' >%s/log 2>&1 & echo $!"):format(dir, port, dir, dir, dir))
      :match("%d+")
  end)
  teardown(function() run(("kill %s; rm -rf %s"):format(pid, dir)) end)

  it("is refused, with what is needed", function()
    local deadline = os.time() + 20
    repeat local status = curl() until status == "200" or os.time() > deadline
    assert.equal("200", curl())
    local code, output = process.run_lua(([[
      local partnercenter = require "partnercenter"
      local partner = partnercenter.new { retries = 0, base_url = "https://127.0.0.1:%d",
        ca_file = %q, credentials = partnercenter.credentials.token "nobodys-token" }
      local page, err = partner.customers:get()
      print(page, err.kind, err.message)]]):format(port, dir .. "/ca.pem"),
      ("OPENSSL_CONF=%s/any.cnf"):format(dir))
    assert.equal(0, code, output)
    assert.truthy(output:find("nil\ttls\t", 1, true), output)
    assert.truthy(output:find("TLS 1.2 or later is needed", 1, true), output)
  end)
end)
