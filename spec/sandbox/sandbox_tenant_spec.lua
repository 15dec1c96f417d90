-- The sandbox's subscriptions, seats and users: they agree with each other and with its
-- insights, and refuse what the service would.
local cjson = require "spec.support.json"
local csv = require "partnercenter.csv"
local sandbox = require "spec.support.sandbox"

local GROUPS = "?licenseGroupIds=Group1&licenseGroupIds=Group2"

describe("the sandbox's tenants", function()
  local box, customers

  local function get(path, options)
    local body, status = box:get(path, options)
    return cjson.decode((body:gsub("^\239\187\191", ""))), status
  end

  local function rows(path)
    local document, status = get(path)
    assert.equal(200, status)
    return document.items or document.Value
  end

  local function below(id, path) return "/v1/customers/" .. id .. path end

  setup(function()
    box = sandbox.start { customers = 12, products = 6, page_size = 10 }
    customers = rows "/v1/customers?size=10"
  end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)

  it("have the subscriptions of the analytics, by their ids and states", function()
    local known, found = {}, 0
    for _, row in ipairs(rows "/partner/v1/analytics/subscriptions?top=1000") do
      known[row.id:lower()] = row
    end
    local states = { ACTIVE = "active", SUSPENDED = "suspended", DEPROVISIONED = "deleted" }
    for i = 1, 4 do
      for _, sub in ipairs(rows(below(customers[i].id, "/subscriptions"))) do
        local row = known[sub.id:lower()]
        if row then
          found = found + 1
          assert.equal(customers[i].id, row.customerTenantId:lower())
          assert.equal(states[row.status], sub.status)
        end
      end
    end
    assert.is_true(found > 12)
  end)

  it("have seats that agree with the deployment, but for those that are over", function()
    for i = 1, 4 do
      local id, deployed, over = customers[i].id, {}, 0
      for _, row in ipairs(rows("/partner/v1/analytics/commercial/deployment/license?filter="
        .. "customerTenantId%20eq%20'" .. id:upper() .. "'")) do
        deployed[row.productId:lower()] = row.licensesDeployed
      end
      for _, sku in ipairs(rows(below(id, "/subscribedskus" .. GROUPS))) do
        assert.equal(sku.totalUnits, sku.activeUnits + sku.warningUnits)
        assert.equal(sku.availableUnits, sku.totalUnits - sku.consumedUnits)
        assert.is_true(sku.consumedUnits >= deployed[sku.productSku.id])
        if sku.consumedUnits > deployed[sku.productSku.id] then over = over + 1 end
      end
      assert.is_true(over < 4)
    end
  end)

  it("have the first licence group alone, unless both are asked for", function()
    local id = customers[2].id
    local function count(query) return #rows(below(id, "/subscribedskus" .. query)) end
    local both = count(GROUPS)
    assert.equal(both, count "" + count "?licenseGroupIds=Group2")
    assert.is_true(both > count "")
    for _, sku in ipairs(rows(below(id, "/subscribedskus?licenseGroupIds=group2"))) do
      assert.matches("^CFQ7TTC0%w%w%w%w/%d%d%d%d$", sku.productSku.skuPartNumber)
    end
    assert.equal(400, select(2, get(below(id, "/subscribedskus?licenseGroupIds=Group3"))))
    assert.equal(400, select(2, get(below(id, "/subscriptions?mpn_id=1&mpn_id=2"))))
  end)

  it("tell of one subscription, and what it provisioned", function()
    local id = customers[2].id
    local sub = rows(below(id, "/subscriptions"))[1]
    assert.same(sub, (get(below(id, "/subscriptions/" .. sub.id:upper()))))
    local status = get(below(id, "/subscriptions/" .. sub.id .. "/provisioningstatus"))
    assert.same({ "success", sub.quantity, sub.commitmentEndDate },
      { status.status, status.quantity, status.endDate })
    local names = {}
    for _, sku in ipairs(rows(below(id, "/subscribedskus" .. GROUPS))) do
      names[sku.productSku.id:upper()] = sku.productSku.name
    end
    assert.equal(1, (names[status.skuId]:find(sub.offerName, 1, true)))
    local refused, code = get(below(id, "/subscriptions/" .. customers[1].id))
    assert.same({ 404, 20003 }, { code, refused.code })
  end)

  it("have users on pages, of which those that were deleted have a list of their own", function()
    local id, seen, deleted, token = customers[2].id, 0, 0, nil
    repeat
      local document = get(below(id, "/users?size=10" .. (token and "&seekOperation=Next" or "")),
        { headers = { ["MS-ContinuationToken"] = token } })
      for _, user in ipairs(document.items) do
        seen = seen + 1
        assert.is_nil(user.softDeletionTime)
      end
      token = document.links.next and document.links.next.headers[1].value
    until not token or seen > 60
    assert.is_true(seen > 10)
    local filter = "%7B%22Field%22:%22UserState%22,%22Value%22:%22Inactive%22,"
      .. "%22Operator%22:%22equals%22%7D"
    for _, user in ipairs(rows(below(id, "/users?filter=" .. filter))) do
      deleted = deleted + 1
      assert.same({ "inactive", "string" }, { user.state, type(user.softDeletionTime) })
    end
    assert.is_true(deleted > 0)
    local one = rows(below(id, "/users?size=1"))[1]
    assert.same(one, (get(below(id, "/users/" .. one.id))))
    assert.is_true(#rows(below(id, "/users/" .. one.id .. "/licenses" .. GROUPS)) >= 0)
    for _, path in ipairs { "/users/" .. customers[1].id, "/users/me",
      "/users/" .. customers[1].id .. "/licenses" } do
      local refused, code = get(below(id, path))
      assert.same({ 404, 60002 }, { code, refused.code }, path)
    end
    assert.equal(400, select(2, get(below(id, "/users?filter=%7B%22Field%22:%22Name%22%7D"))))
  end)

  it("need a person for users and seats, and none for subscriptions", function()
    local id = customers[1].id
    for path, code in pairs { ["/subscriptions"] = 200, ["/users"] = 403,
      ["/subscribedskus"] = 403 } do
      assert.equal(code, select(2, get(below(id, path), { token = box.app_token })), path)
    end
  end)

  it("come with prices, and a matrix of what offers provision", function()
    local sheet = assert(csv.decode((box:get(
      "/v1.0/sales/pricesheets(Market='US',PricesheetView='updatedlicensebased')/$value")),
      { numbers = { "UnitPrice" } }))
    local matrix = assert(csv.decode((box:get "/v1.0/sales/offermatrix(Month='202101')/$value")))
    local offers, ids = {}, {}
    for _, row in ipairs(matrix) do
      offers[row.ProductId .. ":" .. row.SkuId], ids[row.ProvisioningId] = true, true
    end
    for _, row in ipairs(sheet) do
      assert.is_true(offers[row.ProductId .. ":" .. row.SkuId])
      assert.is_true(row.UnitPrice > 0)
    end
    for _, sku in ipairs(rows(below(customers[2].id, "/subscribedskus"))) do
      assert.is_true(ids[sku.productSku.id])
    end
    for _, sub in ipairs(rows(below(customers[2].id, "/subscriptions"))) do
      local offer = sub.offerId:match("^(%w+:%w+):")
      if offer then assert.is_true(offers[offer], offer) end
    end
  end)

  it("go on with the days: no active subscription has ended", function()
    box:control { processed = "2018-02-01" }
    for i = 1, 3 do
      for _, sub in ipairs(rows(below(customers[i].id, "/subscriptions"))) do
        local ended = sub.commitmentEndDate < "2018-02-01"
        assert.equal(sub.status ~= "active", ended, sub.id)
      end
    end
  end)
end)
