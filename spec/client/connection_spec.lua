-- How the service is reached: by which way, and what is kept for the next time.
local clients_of = require "spec.support.clients"
local faultserver = require "spec.support.faultserver"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

local function deployment(client)
  return client.customers:by_id(CUSTOMER).analytics.licenses.deployment:get()
end

describe("the way to the service", function()
  local server
  local clients = clients_of(function()
    return {
      credentials = partnercenter.credentials.token "t", ca_file = server.ca_file, retries = 0,
      base_url = server:url "well",
    }
  end)

  setup(function() server = faultserver.start() end)
  teardown(function() server:stop() end)
  after_each(clients.close)

  local new_client = clients.new

  local function proxy_at(name)
    return "http://spec-user:pr0xy%2Fp%40ss@127.0.0.1:" .. server.ports[name]
  end

  it("leads through the proxy, once for all calls", function()
    local client, mark = new_client { proxy = proxy_at "proxy", no_proxy = "x.invalid" },
      server:mark()
    for _ = 1, 3 do assert(deployment(client)) end
    local counts = server:since(mark)
    assert.same({ connection = 1, request = 1, tokens = 0 }, counts.proxy)
    assert.same({ connection = 1, request = 3, tokens = 3 }, counts.well)
  end)

  for _, hosts in ipairs { "127.0.0.1", "nobody.invalid,127.0.0.1", "*" } do
    it("leads past the proxy to a host of no_proxy: " .. hosts, function()
      local client = new_client { proxy = proxy_at "proxy-hangs-up", no_proxy = hosts }
      local mark = server:mark()
      assert(deployment(client))
      assert.is_nil(server:since(mark)["proxy-hangs-up"])
    end)
  end

  it("leads through the proxy to a host that no_proxy does not name", function()
    local client = new_client { proxy = proxy_at "proxy-hangs-up", no_proxy = "127.0.0.2" }
    local mark = server:mark()
    local page, err = deployment(client)
    assert.is_nil(page)
    assert.equal("network", err.kind)
    assert.equal(1, server:since(mark)["proxy-hangs-up"].connection)
  end)

  it("leads past the proxy to this machine, unless no_proxy is given", function()
    local client = new_client { proxy = proxy_at "proxy-hangs-up" }
    local mark = server:mark()
    assert(deployment(client))
    assert.is_nil(server:since(mark)["proxy-hangs-up"])
  end)

  -- Whoever runs the proxy could read the token.
  it("leads past the proxy to a plain http:// address, whatever no_proxy says", function()
    local box = sandbox.start { customers = 2, plain = true }
    local client = box:partner { base_url = box.plain_url, authority = box.plain_url,
      proxy = "http://127.0.0.1:1", no_proxy = "x.invalid" }
    local page, err = client.customers:get()
    client:close()
    box:stop()
    assert(page, err)
  end)

  it("leads through a socket of this machine, with TLS as anywhere", function()
    local client = new_client { unix_socket = server.dir .. "/well-unix.sock",
      base_url = server:url "refused" }
    local mark = server:mark()
    assert.equal(1, #assert(deployment(client)).items)
    assert.equal(1, server:since(mark)["well-unix"].tokens)
  end)

  it("ends where nobody listens on the socket of this machine", function()
    local client = new_client { unix_socket = server.dir .. "/nobody.sock" }
    local page, err = deployment(client)
    assert.is_nil(page)
    assert.equal("network", err.kind)
  end)
end)

describe("a host", function()
  local box, client

  setup(function() box = sandbox.start { customers = 20 } end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)
  after_each(function() client:close() end)

  local function at_localhost(more)
    local options = { base_url = box.base_url:gsub("127%.0%.0%.1", "localhost"), retries = 0 }
    for name, value in pairs(more or {}) do options[name] = value end
    client = box:partner(options)
    return client
  end

  -- libcurl knows both addresses of localhost, whatever the system says of it,
  -- and tries ::1 first, where the sandbox does not listen.
  it("is reached at its IPv4 address when nobody answers at the other", function()
    assert.equal(3, #assert(deployment(at_localhost())).items)
  end)

  -- libcurl itself asks again when a connection that was kept ends in silence.
  it("gives the TLS session again when a connection is made anew", function()
    at_localhost { http_version = "1.1" }
    assert(deployment(client))
    for _ = 1, 3 do
      box:control { faults = { { match = "licenses", close = -1, times = 1 } } }
      assert(deployment(client))
    end
    local stats = box:stats()
    assert.equal(4, stats.connections)
    -- OpenSSL forgets a session whose connection ended badly, as a reset does.
    assert.is_true(stats.resumed >= 1)
  end)

  -- One at a time, since TLS 1.3 has a session used once, and only a connection
  -- that is made brings the next.
  it("gives the TLS session to each connection that is made beside others", function()
    at_localhost { http_version = "1.1" }
    assert(deployment(client))
    box:control { faults = { { match = "licenses/usage", times = 1000, delay = 30 } } }
    for _ = 1, 3 do
      local next_result = client:map({ "holds the connection", "needs another" }, function(name)
        local licenses = client.customers:by_id(CUSTOMER).analytics.licenses
        return (name == "needs another" and licenses.deployment or licenses.usage):get()
      end)
      local name, page, err = next_result()
      assert(page, err)
      assert.equal("needs another", name)
    end
    local stats = box:stats()
    assert.equal(4, stats.connections)
    assert.equal(3, stats.resumed)
  end)

  it("never gets the TLS session of another", function()
    at_localhost { http_version = "1.1",
      credentials = partnercenter.credentials.refresh_token {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
        refresh_token = box.refresh_token,
      } }
    assert(deployment(client))
    local stats = box:stats()
    assert.equal(2, stats.connections)
    assert.equal(0, stats.resumed)
  end)
end)
