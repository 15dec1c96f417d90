-- Whom a client trusts: the option, then the environment, then the system.
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

describe("the authorities that a client trusts", function()
  local box

  setup(function() box = sandbox.start { customers = 2 } end)
  teardown(function() box:stop() end)

  -- One call in a Lua of its own: the kind of its error, or "ok".
  local function call(environment, option)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(([[
      local partnercenter = require "partnercenter"
      local partner = partnercenter.new { retries = 0, base_url = %q, ca_file = %s,
        credentials = partnercenter.credentials.token %q }
      local page, err = partner.customers:get()
      print(page and "ok" or err.kind)]]):format(box.base_url,
      option and ("%q"):format(option) or "nil", box.token))
    file:close()
    local pipe = io.popen("env -u CURL_CA_BUNDLE -u SSL_CERT_FILE " .. environment .. " "
      .. process.interpreter() .. " " .. path .. " 2>&1")
    local output = pipe:read("*a")
    pipe:close()
    os.remove(path)
    return output:match("%S+")
  end

  it("are the system's when nothing is said", function()
    assert.equal("tls", call(""))
  end)

  for _, c in ipairs {
    { "CURL_CA_BUNDLE", "CURL_CA_BUNDLE=%s" }, { "SSL_CERT_FILE", "SSL_CERT_FILE=%s" },
    { "CURL_CA_BUNDLE first", "CURL_CA_BUNDLE=%s SSL_CERT_FILE=/nonexistent.pem" },
    { "SSL_CERT_FILE where the other is empty", "CURL_CA_BUNDLE= SSL_CERT_FILE=%s" },
  } do
    it("may come from the environment: " .. c[1], function()
      assert.equal("ok", call(c[2]:format(box.ca_file)))
    end)
  end

  it("are the option's before the environment's", function()
    assert.equal("ok", call("SSL_CERT_FILE=/nonexistent.pem", box.ca_file))
    assert.equal("config", call("SSL_CERT_FILE=/nonexistent.pem"))
  end)
end)
