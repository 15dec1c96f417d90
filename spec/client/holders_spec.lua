-- Who holds which licence: as many as the SKU has assigned, each asked for once.
local errors = require "partnercenter.errors"
local sandbox = require "spec.support.sandbox"

describe("holders", function()
  local box, partner, customer

  setup(function()
    box = sandbox.start { customers = 4, products = 4, page_size = 20 }
    partner = box:partner { retries = 0 }
    local second = assert(partner.customers:get { size = 2 }).items[2].id
    customer = partner.customers:by_id(second)
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  before_each(function() box:reset() end)

  local BOTH = { licenseGroupIds = { "group1", "group2" } }

  -- What all users hold, by user, and how many rows of each SKU.
  local function collect(options)
    local held, counts, users = {}, {}, 0
    for user, rows, err in customer:holders(options) do
      assert(rows, err)
      assert.is_nil(held[user.id], "a user comes once")
      held[user.id], users = rows, users + 1
      for _, row in ipairs(rows) do counts[row.skuId] = (counts[row.skuId] or 0) + 1 end
    end
    return held, counts, users
  end

  it("are as many as the SKU has assigned, of both groups, one call for each user", function()
    local _, counts, users = collect()
    local stats = box:stats().classes
    assert.equal(users, stats.user_licenses)
    assert.is_true(stats.users > 2) -- pages, and the deleted ones
    local groups = {}
    for _, row in ipairs(assert(customer.subscribedskus:all(BOTH))) do
      assert.equal(row.consumedUnits, counts[row.productSku.id] or 0, row.productSku.name)
      groups[row.productSku.licenseGroupId] = true
    end
    assert.same({ group1 = true, group2 = true }, groups)
  end)

  it("are told who they are, and whether they were deleted or disabled", function()
    local kinds = { deleted = 0, disabled = 0, active = 0 }
    for id, rows in pairs((collect())) do
      for _, row in ipairs(rows) do
        assert.equal(id, row.userId)
        assert.matches("@", row.userPrincipalName)
        assert.is_string(row.displayName)
        local state = row.deleted and "deleted" or row.disabled and "disabled" or "active"
        kinds[state] = kinds[state] + 1
        assert.equal(state == "active" and "active" or "inactive", row.state)
      end
    end
    for name, count in pairs(kinds) do assert.is_true(count > 0, name) end
  end)

  it("come without deleted ones, when these are not wanted", function()
    for _, rows in pairs((collect { deleted = false })) do
      for _, row in ipairs(rows) do assert.is_false(row.deleted) end
    end
    for _, request in ipairs(box:stats().requests) do
      assert.is_nil(request.uri:find("UserState", 1, true))
    end
  end)

  it("of one SKU are found by its id, part number or name, in any letter case", function()
    local most
    for _, row in ipairs(assert(customer.subscribedskus:all(BOTH))) do
      if not most or row.consumedUnits > most.consumedUnits then most = row end
    end
    for _, name in ipairs { most.productSku.id:upper(), most.productSku.skuPartNumber:lower(),
      most.productSku.name:upper() } do
      local _, counts = collect { sku = name }
      assert.same({ [most.productSku.id] = most.consumedUnits }, counts)
    end
  end)

  it("of a SKU that the customer has not are an error, with the nearest", function()
    local known = assert(customer.subscribedskus:all(BOTH))[1].productSku.skuPartNumber
    local iterate = customer:holders { sku = known .. "X" }
    local ok, err = pcall(iterate)
    assert.is_false(ok)
    assert.is_true(errors.is(err))
    assert.equal("config", err.kind)
    assert.matches("did you mean '" .. known .. "'", err.message, 1, true)
    assert.is_nil(box:stats().classes.user_licenses)
  end)

  it("go on where a run ended: who is known is not asked again", function()
    local all, _, users = collect()
    local known, count = {}, 0
    for id, rows in pairs(all) do
      if count < 5 then known[id], count = rows, count + 1 end
    end
    box:reset()
    assert.same(all, (collect { known = known }))
    assert.equal(users - 5, box:stats().classes.user_licenses)
  end)

  it("are an error for one user, and go on with the others", function()
    box:control { faults = { { match = "/licenses", error = "no_gdap_role", times = 2 } } }
    local failed, fine, one = 0, 0, nil
    for user, rows, err in customer:holders() do
      assert.is_string(user.id)
      if rows then fine = fine + 1 else failed, one = failed + 1, err end
    end
    assert.equal(2, failed)
    assert.is_true(fine > 10)
    assert.matches("one of: Directory Readers, License Administrator", tostring(one), 1, true)
  end)

  it("raise what ends the list of users", function()
    box:control { faults = { { match = "/users", error = "no_gdap_role", times = 1 } } }
    local ok, err = pcall(function() for _ in customer:holders() do end end)
    assert.is_false(ok)
    assert.equal("forbidden", err.kind)
  end)

  it("need a person", function()
    local app = box:partner {
      credentials = require("partnercenter").credentials.client_secret {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
      },
    }
    finally(function() app:close() end)
    local ok, err = pcall(app.customers:by_id(customer[1]):holders())
    assert.is_false(ok)
    assert.equal("sign_in", err.kind)
  end)

  it("refuse an option that is none", function()
    assert.error_matches(function() customer:holders { skus = "x" } end, "did you mean 'sku'")
    assert.error_matches(function() customer.holders() end, "call it with a colon")
  end)
end)
