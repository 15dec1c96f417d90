-- The keys under which pages are kept: the same only for what the same would get.
local client_of = require "partnercenter.client"
local partnercenter = require "partnercenter"

local A = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local B = "5d3cf487-70f4-4e1e-9ff1-b2bfce8d9f05"
local f = partnercenter.filter

describe("partnercenter.client.key", function()
  local clients

  before_each(function() clients = {} end)
  after_each(function()
    for _, client in ipairs(clients) do client:close() end
  end)

  local function new(options, tenant, kind)
    local all = {
      credentials = partnercenter.credentials[kind or "refresh_token"] {
        tenant = tenant or "a.example.com", client_id = A, client_secret = "s3cret-of-the-spec",
        refresh_token = (kind == nil) and "t0ken-of-the-spec" or nil,
      },
    }
    for name, value in pairs(options or {}) do all[name] = value end
    clients[#clients + 1] = assert(partnercenter.new(all))
    return clients[#clients]
  end

  local function commercial(client) return client.analytics.commercial.deployment.license end
  local function deployment(client, id)
    return client.customers:by_id(id or A).analytics.licenses.deployment
  end

  it("is the same whatever the order and the form of the parameters", function()
    local client = new()
    local one = client_of.key(commercial(client), { top = 5, groupby = { "channel", "productId" } })
    assert.equal(one,
      client_of.key(commercial(new()), { groupby = "channel,productId", top = 5 }))
    assert.is_nil(one:find("[%s%c]"))
    assert.is_nil(one:find("s3cret", 1, true))
  end)

  it("differs in everything that makes the answer another one", function()
    local client, seen = new(), {}
    local here = f.eq("channel", "reseller")
    for name, key in pairs {
      plain = client_of.key(deployment(client)),
      customer = client_of.key(deployment(client, B)),
      source = client_of.key(deployment(client), { source = "commercial" }),
      filter = client_of.key(deployment(client), { filter = here }),
      other_filter = client_of.key(deployment(client), { filter = f.eq("channel", "direct") }),
      all = client_of.key(client.analytics.licenses.deployment),
      locale = client_of.key(deployment(client:with { locale = "de-DE" })),
      nulls = client_of.key(deployment(client:with { nulls = true })),
      tenant = client_of.key(deployment(new(nil, "b.example.com"))),
      kind = client_of.key(deployment(new(nil, nil, "client_secret"))),
      authority = client_of.key(deployment(new { authority = "https://login.example.com" })),
      address = client_of.key(deployment(new { base_url = "https://example.com" })),
      custom = client_of.key(client:request { path = "/v1/x", headers = { A = "1" } }),
      header = client_of.key(client:request { path = "/v1/x", headers = { A = "2" } }),
    } do
      assert.is_nil(seen[key], name .. " and " .. tostring(seen[key]))
      seen[key] = name
    end
  end)

  it("raises for a parameter that get would refuse", function()
    local ok, message = pcall(client_of.key, new().customers, { sze = 1 })
    assert.is_false(ok)
    assert.matches("'size'", message, 1, true)
  end)
end)
