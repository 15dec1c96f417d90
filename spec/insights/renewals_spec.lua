-- What ends when, and what is left then.
local insights = require "partnercenter.insights"
local partnercenter = require "partnercenter"

local BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
local NOW = partnercenter.datetime "2023-02-01T15:00:00Z"

local count = 0
local function subscription(ends, more)
  count = count + 1
  local row = { id = ("5c2f6d5e-8a0b-4a5c-9d57-%012d"):format(count), quantity = 10,
    offerId = "CFQ7TTC0LH18:0001:CFQ7TTC0K971", offerName = "Basic", status = "active",
    autoRenewEnabled = true, isTrial = false, billingType = "license", termDuration = "P1Y",
    commitmentEndDate = ends .. "T00:00:00Z" }
  for name, value in pairs(more or {}) do row[name] = value end
  return row
end

local function licences(subscriptions, total, assigned)
  return assert(insights.licences {
    subscriptions = subscriptions, customer = { id = BASIC, name = "Contoso" },
    skus = { { totalUnits = total, consumedUnits = assigned,
      productSku = { id = BASIC, name = "Business Basic", skuPartNumber = "BASIC" } } },
    offer_matrix = { { ProductId = "CFQ7TTC0LH18", SkuId = "0001", ProvisioningId = BASIC } },
  })
end

describe("insights.renewing", function()
  it("gives the subscriptions that end until that day, the earliest first", function()
    local rows = insights.renewing(licences({ subscription "2023-03-01", subscription "2023-03-03",
      subscription "2023-02-01", subscription "2023-01-31", subscription "2023-03-04",
      subscription("2023-02-10", { status = "suspended" }), subscription "9999-12-10",
    }, 70, 60), 30, NOW)
    local days = {}
    for i, row in ipairs(rows) do days[i] = row.ends .. " " .. row.days end
    assert.same({ "2023-02-01 0", "2023-03-01 28", "2023-03-03 30" }, days)
  end)

  it("tells what there is of each", function()
    local sub = subscription("2023-02-28", { cancellationAllowedUntilDate = "2023-02-08T00:00:00Z",
      scheduledNextTermInstructions = { quantity = 7, product = { termDuration = "P1M" } } })
    assert.same({ {
      customerId = BASIC, customerName = "Contoso", productId = BASIC,
      productName = "Business Basic", skuPartNumber = "BASIC", subscriptionId = sub.id,
      offerName = "Basic", offerId = nil, ends = "2023-02-28", days = 27, renews = true,
      trial = false, quantity = 10, next_quantity = 7, cancellable_until = "2023-02-08",
      term = "P1Y", next_term = "P1M", assigned = 8, unassigned = 2, unassigned_then = 0,
    } }, insights.renewing(licences({ sub }, 10, 8), 30, NOW))
  end)

  for _, c in ipairs {
    { "as many as now, where all renew", { subscription "2023-02-10" }, 15, 5, { 10 } },
    { "fewer, where fewer seats are renewed",
      { subscription("2023-02-10", { scheduledNextTermInstructions = { quantity = 4 } }) }, 15, 5,
      { 4 } },
    { "none, where too few are left",
      { subscription("2023-02-10", { autoRenewEnabled = false }) }, 15, 12, { 0 } },
    { "what is left after all that have ended by then",
      { subscription("2023-02-10", { autoRenewEnabled = false }),
        subscription("2023-02-20", { autoRenewEnabled = false }) }, 40, 5, { 25, 15 } },
    { "both of one day at once",
      { subscription("2023-02-10", { autoRenewEnabled = false }),
        subscription("2023-02-10", { autoRenewEnabled = false }) }, 40, 5, { 15, 15 } },
    { "nothing, where nobody knows the seats of the tenant", { subscription "2023-02-10" }, nil,
      nil, { false } },
    { "nothing, where the seats of the next term are unknown",
      { subscription("2023-02-10", { quantity = false }) }, 15, 5, { false } },
  } do
    it("says of the seats that nobody will have: " .. c[1], function()
      local found = {}
      for i, row in ipairs(insights.renewing(licences(c[2], c[3], c[4]), 30, NOW)) do
        found[i] = row.unassigned_then or false
      end
      assert.same(c[5], found)
    end)
  end

  it("takes what ends for good, and trials, as such", function()
    local rows = insights.renewing(licences({ subscription("2023-02-10", {
      autoRenewEnabled = false, isTrial = true }) }, 15, 5), 30, NOW)
    assert.same({ false, true, 0 }, { rows[1].renews, rows[1].trial, rows[1].next_quantity })
  end)

  it("takes subscriptions as the service has them, and the result of partner:licences", function()
    local sub = subscription "2023-02-10"
    local rows = insights.renewing({ sub }, 30, NOW)
    assert.same({ sub.id, "2023-02-10", 10 },
      { rows[1].subscriptionId, rows[1].ends, rows[1].next_quantity })
    assert.equal(1, #insights.renewing({ items = licences({ sub }, 10, 5) }, 30, NOW))
  end)

  it("takes today from the clock", function()
    local tomorrow = os.date("!%Y-%m-%d", os.time() + 86400)
    assert.equal(1, #insights.renewing({ subscription(tomorrow) }, 2))
    assert.equal(0, #insights.renewing({ subscription "2001-01-01" }, 2))
  end)

  for _, c in ipairs {
    { "days that are none", { {}, -1 }, "days must be" }, { "no days", { {} }, "days must be" },
    { "a moment that is none", { {}, 1, "today" }, "now must be" },
    { "rows that are none", { 7, 1 }, "rows must be" },
  } do
    it("refuses " .. c[1], function()
      local ok, message = pcall(insights.renewing, c[2][1], c[2][2], c[2][3])
      assert.is_false(ok)
      assert.matches(c[3], message, 1, true)
    end)
  end
end)
