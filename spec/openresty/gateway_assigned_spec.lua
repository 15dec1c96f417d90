-- The assigned licences that the example gateway tells Prometheus, when it is asked to.
local gateways = require "spec.support.gateway"
local sandbox = require "spec.support.sandbox"

if not gateways.available() then
  describe("examples/openresty, assigned licences,", function()
    pending("needs the build for 5.1")
  end)
  return
end

describe("the gateway's assigned licences", function()
  local box, gateway

  local function start(most)
    gateway = gateways.start(box, nil, "PARTNERCENTER_ASSIGNED=" .. most)
  end

  local function calls()
    local count = 0
    for _, request in ipairs(box:stats().requests) do
      if request.uri:find("/subscribedskus", 1, true) then count = count + 1 end
    end
    return count
  end

  setup(function() box = sandbox.start { customers = 5, products = 3 } end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)
  after_each(function() gateway:stop() end)

  it("are the sums of all customers', asked for once", function()
    local sums = {}
    local partner = box:partner()
    for row in partner.customers:each() do
      for sku in partner.customers:by_id(row.id).subscribedskus:each {
        licenseGroupIds = { "group1", "group2" } } do
        local name = sku.productSku.name
        local sum = sums[name] or { 0, 0 }
        sums[name] = { sum[1] + sku.consumedUnits,
          sum[2] + math.max(0, sku.totalUnits - sku.consumedUnits) }
      end
    end
    start(5)
    box:reset()
    for _ = 1, 3 do
      local body = gateway:get "/metrics"
      for name, sum in pairs(sums) do
        for i, what in ipairs { "assigned", "unassigned" } do
          local line = ('partnercenter_licenses_%s{product="%s"} %d\n'):format(what, name, sum[i])
          assert.truthy(body:find(line, 1, true), line .. body)
        end
      end
      assert.truthy(body:find("partnercenter_licenses_assigned_known 1\n", 1, true))
      assert.truthy(body:find("partnercenter_licenses_assigned_customers_failed 0\n", 1, true))
    end
    assert.equal(5, calls())
  end)

  it("count the customers who could not be asked", function()
    box:control { faults = { { match = "/subscribedskus", times = 2, error = "no_rights" } } }
    start(5)
    local body = gateway:get "/metrics"
    assert.truthy(body:find("partnercenter_licenses_assigned_customers_failed 2\n", 1, true), body)
  end)

  it("cost no more calls than the operator allows", function()
    start(4)
    local body = gateway:get "/metrics"
    assert.truthy(body:find("partnercenter_licenses_assigned_known 0\n", 1, true), body)
    assert.truthy(body:find("partnercenter_licenses_known 1\n", 1, true), body)
    assert.is_nil(body:find("licenses_assigned{", 1, true))
    assert.equal(0, calls())
  end)
end)
