local errors = require "partnercenter.errors"
local partnercenter = require "partnercenter"
local proxies = require "partnercenter.client.proxies"

local GLOBAL = "https://api.partnercenter.microsoft.com"

local function settle(own, environment)
  local settings = { base_url = GLOBAL, cloud = { authority = "https://login.example" } }
  for name, value in pairs(own) do settings[name] = value end
  local register = errors.register()
  local ok, why = proxies.settle(settings, register, function(name)
    return (environment or {})[name]
  end)
  return ok and settings, why, register.mask
end

describe("partnercenter.client.proxies", function()
  -- From: where such addresses are met.
  for _, c in ipairs {
    { "a common one", "http://proxy.example:8080", "http://proxy.example:8080" },
    { "one with a path of nothing", "http://proxy.example:8080/", "http://proxy.example:8080" },
    { "one without a scheme (.curlrc)", "user:pw@host:1", "http://user:pw@host:1" },
    { "a bare host", "proxy", "http://proxy" },
    { "a slash in the password", "http://user:p/w@host:1", "http://user:p%2Fw@host:1" },
    { "an @ in the password", "http://user:p@ss@host:1", "http://user:p%40ss@host:1" },
    { "colons in the password", "http://user:a:b:c@host", "http://user:a%3Ab%3Ac@host" },
    { "a password that is encoded", "http://user:p%2Fw%40@host:1", "http://user:p%2Fw%40@host:1" },
    { "all of them, without a scheme", "user:p@/:ss@host:1", "http://user:p%40%2F%3Ass@host:1" },
    { "an encoded domain user (Windows)", "http://dom%5Cuser:pw@host:1",
      "http://dom%5Cuser:pw@host:1" },
    { "a plain domain user (Windows)", "http://dom\\user:pw@host:1",
      "http://dom%5Cuser:pw@host:1" },
    { "no user", "http://:pw@host:1", "http://:pw@host:1" },
    { "no password", "http://user@host:1", "http://user@host:1" },
    { "IPv6", "http://user:pw@[::1]:3128", "http://user:pw@[::1]:3128" },
    { "SOCKS", "socks5h://user:pw@host:1080", "socks5h://user:pw@host:1080" },
    { "capitals", "HTTP://Host:1", "http://Host:1" },
  } do
    it("takes " .. c[1], function()
      assert.equal(c[3], settle({ proxy = c[2] }).proxy)
    end)
  end

  for _, address in ipairs { "ht!tp://??", "http://", "http://host:0", "http://host:65536",
    "http://host:port", "ftp://host", "http://ho st", "http://user:pass-word@", "http://a/b",
    "http://[::1", "://x", "http://user:pass-word@ho|st:1" } do
    it("refuses " .. address .. " at once, and does not show it", function()
      local own, why, mask = settle { proxy = address }
      assert.is_nil(own)
      assert.truthy(why:find("the option proxy is not the address of a proxy", 1, true))
      assert.truthy(why:find("http://user:password@host:port", 1, true))
      assert.is_nil(mask(why):find("pass-word", 1, true))
      local client, err = partnercenter.new {
        credentials = partnercenter.credentials.token "t0ken", proxy = address,
      }
      assert.is_nil(client)
      assert.equal("config", err.kind)
    end)
  end

  it("looks where libcurl looks, and names the variable", function()
    for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
      assert.equal("http://a:b%2Fc@host:1", settle({}, { [name] = "a:b/c@host:1" }).proxy)
      local _, why = settle({}, { [name] = "ht!tp://??" })
      assert.truthy(why:find("the environment's " .. name .. " is not", 1, true))
    end
    assert.is_nil(settle({}, { http_proxy = "host:1", HTTP_PROXY = "host:1" }).proxy)
    assert.equal("http://own", settle({ proxy = "own" }, { https_proxy = "ht!tp://??" }).proxy)
  end)

  for _, c in ipairs {
    { "the whole", "http://user:s3/cr@t@host:1" },
    { "without a scheme", "user:s3/cr@t@host:1" },
    { "Basic authentication", "Basic dXNlcjpzMy9jckB0" },
    { "the password", "407 for s3/cr@t" },
    { "the password, encoded", "s3%2Fcr%40t" },
    { "what libcurl says", "Unsupported proxy syntax in 'http://user:s3/cr@t@host:1'" },
  } do
    it("knows its secrets: " .. c[1], function()
      for _, environment in ipairs { {}, { https_proxy = "user:s3/cr@t@host:1" } } do
        local proxy = not environment.https_proxy and "http://user:s3%2Fcr%40t@host:1" or nil
        local _, _, mask = settle({ proxy = proxy }, environment)
        local masked = mask(c[2])
        for _, part in ipairs { "s3", "cr", "dXNlcjpz", "MvY3" } do
          assert.is_nil(masked:gsub("Unsupported proxy syntax", ""):find(part, 1, true), masked)
        end
      end
    end)
  end

  it("knows a short password by what stands around it", function()
    local _, _, mask = settle { proxy = "user:pw@host:1" }
    assert.equal("http://[redacted]@host:1 Basic [redacted]",
      mask("http://user:pw@host:1 Basic dXNlcjpwdw=="))
  end)

  it("reaches this machine directly, unless it is told which hosts", function()
    assert.equal("localhost,127.0.0.1,127.0.0.0/8,::1,[::1]", settle({}).no_proxy)
    assert.equal("a.example,localhost,127.0.0.1,127.0.0.0/8,::1,[::1]",
      settle({}, { NO_PROXY = "a.example" }).no_proxy)
    assert.equal("*", settle({}, { no_proxy = "*" }).no_proxy)
    assert.equal("b.example", settle({ no_proxy = "b.example" }, { NO_PROXY = "a" }).no_proxy)
  end)

  it("reaches a plain http:// address directly, whatever it is told", function()
    assert.equal("b.example,127.0.0.9,127.0.0.9",
      settle({ no_proxy = "b.example", base_url = "http://127.0.0.9:1" }).no_proxy)
    assert.equal("b.example,[::1],::1",
      settle({ no_proxy = "b.example", cloud = { authority = "http://[::1]:1" } }).no_proxy)
  end)
end)
