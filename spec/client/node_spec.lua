local custom = require "partnercenter.resources.custom"
local resource = require "partnercenter.client.node"
local resources = require "partnercenter.resources.catalogue"

local ID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

-- Nothing is sent here: the client has what is looked at before sending.
local partner = resource.root {
  settings = { base_url = "https://api.example.com", locale = "en-US" },
}

local function message_of(fn)
  local fine, message = pcall(fn)
  assert.is_false(fine)
  return message
end

describe("partnercenter.resource", function()
  describe("reaches by the URL's path", function()
    local customer = partner.customers:by_id(ID)
    for _, c in ipairs {
      { partner.customers, "customers" },
      { customer, "customers:by_id(" .. ID .. ")" },
      { customer.analytics.licenses.deployment,
        "customers:by_id(" .. ID .. ").analytics.licenses.deployment" },
      { customer.analytics.licenses.usage,
        "customers:by_id(" .. ID .. ").analytics.licenses.usage" },
      { customer.subscribedskus, "customers:by_id(" .. ID .. ").subscribedskus" },
      { partner.analytics.licenses.deployment, "analytics.licenses.deployment" },
      { partner.analytics.licenses.usage, "analytics.licenses.usage" },
      { partner.analytics.commercial.deployment.license,
        "analytics.commercial.deployment.license" },
      { partner.analytics.commercial.usage.license, "analytics.commercial.usage.license" },
      { partner.analytics.subscriptions, "analytics.subscriptions" },
      { partner.analytics.usage.azure, "analytics.usage.azure" },
      { partner.analytics.indirectresellers, "analytics.indirectresellers" },
      { partner.analytics.referrals, "analytics.referrals" },
      { partner.analytics.search, "analytics.search" },
    } do
      it(c[2], function()
        assert.equal(c[2], tostring(c[1]):match("^(.*): "))
        assert.is_function(c[1].get)
      end)
    end
  end)

  it("gives collections four verbs and single things get alone", function()
    for _, verb in ipairs { "get", "pages", "each", "all" } do
      assert.is_function(partner.customers[verb])
    end
    assert.is_function(partner.customers:by_id(ID).get)
    for _, verb in ipairs { "pages", "each", "all" } do
      assert.matches("'" .. verb .. "'",
        message_of(function() return partner.customers:by_id(ID)[verb] end), 1, true)
    end
  end)

  describe("raises on a wrong name and tells the nearest:", function()
    for _, c in ipairs {
      { "custmers", function() return partner.custmers end, "'customers'" },
      { "licences", function() return partner.analytics.licences end, "'licenses'" },
      { "license", function() return partner.analytics.commercial.deployment.licence end,
        "'license'" },
      { "geet", function() return partner.customers.geet end, "'get'" },
      { "byid", function() return partner.customers.byid end, "'by_id'" },
      { "subscribedSkus", function() return partner.customers:by_id(ID).subscribedSkus end,
        "'subscribedskus'" },
      { "get of a path that only leads on", function() return partner.analytics.get end, "'get'" },
    } do
      it(c[1], function() assert.matches(c[3], message_of(c[2]), 1, true) end)
    end
  end)

  it("raises at the line that has the mistake", function()
    local node = partner.customers
    for _, mistake in ipairs {
      function() local x = node.nope return x end,
      function() local x = node:by_id("x") return x end,
      function() local x = node:get({ nope = 1 }) return x end,
      function() local x = node:pages({ size = -1 }) return x end,
      function() local x = node:each("size") return x end,
      function() local x = node:all({ filter = 7 }) return x end,
      function() local x = node.get({ size = 1 }) return x end,
      function() local x = resource.child(node, "nope", 1) return x end,
      function()
        local x = node:by_id(ID).analytics.licenses.usage:get({ source = "x" })
        return x
      end,
      function()
        local x = node:by_id(ID).analytics.licenses.usage:get({ source = "commercial", a = 1 })
        return x
      end,
      function()
        local x = node:by_id(ID).analytics.licenses.usage:get({ source = "commercial", top = 0 })
        return x
      end,
      function()
        local x = partner.analytics.subscriptions:get({ groupby = "x" })
        return x
      end,
    } do
      assert.matches("^[^:]*node_spec.lua:%d+: ", message_of(mistake))
    end
  end)

  for _, id in ipairs { "", "x", ID .. "/..", ID:sub(2), 7, {} } do
    it("refuses a customer id that is the " .. type(id) .. " " .. tostring(id):sub(1, 8), function()
      assert.matches("customer-id", message_of(function() return partner.customers:by_id(id) end),
        1, true)
    end)
  end

  it("refuses no customer id at all", function()
    assert.matches("customer-id", message_of(function() return partner.customers:by_id() end), 1,
      true)
  end)

  describe("refuses of a customer's insights from the successor", function()
    local node = partner.customers:by_id(ID).analytics.licenses.deployment
    for _, c in ipairs {
      { "an unknown source", { source = "comercial" }, "'commercial'" },
      { "a source that is no name", { source = 7 }, "source" },
      { "groupby", { source = "commercial", groupby = "channel" }, "'groupby'" },
      { "a filter text", { source = "commercial", filter = "channel eq 'x'" }, "'filter'" },
      { "parameters of the successor without it", { top = 5 }, "'top'" },
    } do
      it(c[1], function()
        assert.matches(c[3], message_of(function() return node:get(c[2]) end), 1, true)
      end)
    end
  end)

  it("cannot be changed", function()
    assert.is_false(pcall(function() partner.customers.size = 1 end))
    assert.is_false(pcall(function() partner.customers.get = print end))
  end)

  it("makes a node for any other GET", function()
    local node = resource.custom(partner, custom.new { path = "/v1/invoices" })
    assert.equal("/v1/invoices: get, pages, each, all", tostring(node))
    assert.is_function(node.each)
    assert.is_false(pcall(function() return node.customers end))
  end)

  it("has a node for every entry of the data", function()
    for _, entry in ipairs(resources) do
      local node = partner
      for segment in entry.path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do
        node = segment:find("^{") and node:by_id(ID) or node[segment]
      end
      assert.is_function(node.get)
    end
  end)
end)
