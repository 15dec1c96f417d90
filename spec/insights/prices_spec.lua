-- What a seat costs a month, by lists of one's own and by the price sheet; and when
-- nobody can say.
local insights = require "partnercenter.insights"

local BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
local OFFER = { product = "CFQ7TTC0LH18", sku = "0001", currency = "USD" }

local function price(more)
  local row = {}
  for name, value in pairs(OFFER) do row[name] = value end
  for name, value in pairs(more) do row[name] = value end
  return row
end

-- A row of 25 sold, 40 there and 10 assigned.
local function priced(list, more)
  local sub = { id = BASIC, offerId = "CFQ7TTC0LH18:0001:CFQ7TTC0K971", quantity = 25,
    offerName = "Basic", status = "active", autoRenewEnabled = true, billingType = "license",
    termDuration = "P1Y", billingCycle = "monthly", commitmentEndDate = "2023-02-28T00:00:00Z" }
  for name, value in pairs(more or {}) do sub[name] = value end
  local rows = assert(insights.licences {
    subscriptions = { sub }, skus = { { totalUnits = 40, consumedUnits = 10,
      productSku = { id = BASIC, name = "Microsoft 365 Business Basic" } } },
    offer_matrix = { { ProductId = "CFQ7TTC0LH18", SkuId = "0001", ProvisioningId = BASIC } },
    provisioning = { [BASIC] = BASIC }, price_list = list,
  })
  assert.equal(1, #rows)
  return rows[1]
end

local function file_of(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  finally(function() os.remove(path) end)
  return path
end

describe("a price list", function()
  for _, c in ipairs {
    { "a month, where there is no term", { price { price = "4.80" } }, 4.8 },
    { "a month of its term", { price { price = 60, term = "P1Y" } }, 5 },
    { "three years", { price { price = "216", term = "P3Y" } }, 6, { termDuration = "P3Y" } },
    { "a year in words", { price { price = 60, term = "annual" } }, 5 },
    { "the term that was bought", { price { price = 6, term = "P1M" },
      price { price = 60, term = "P1Y" } }, 5 },
    { "another letter case", { price { product = "cfq7ttc0lh18", price = 4, currency = "eur" } }, 4,
      nil, "EUR" },
    { "the columns of the price sheet", { { ProductId = "CFQ7TTC0LH18", SkuId = "0001",
      TermDuration = "P1Y", BillingPlan = "Annual", Currency = "USD", UnitPrice = "57.6",
      ["ERP Price"] = "72" } }, 4.8 },
    { "both ways to bill that cost the same", {
      price { price = 60, term = "P1Y", billing = "Annual" },
      price { price = 60, term = "P1Y", billing = "Monthly" } }, 5 },
    { "the way that it is billed, where that costs more", {
      price { price = 60, term = "P1Y", billing = "Annual" },
      price { price = 63, term = "P1Y", billing = "Monthly" } }, 5.25 },
    { "the newest period that has begun", {
      price { price = 4, effectivestartdate = "2/1/2019 12:00:00 AM" },
      price { price = 5, effectivestartdate = "2021-02-04T00:00:00Z" },
      price { price = 9, effectivestartdate = "1/1/2190 12:00:00 AM" } }, 5 },
    { "the tier of what was sold", { price { price = 5, pricingtierrangemin = "1",
      pricingtierrangemax = "24" }, price { price = 4, pricingtierrangemin = "25" } }, 4 },
    { "a name, in any letter case", { { name = "MICROSOFT 365 business basic", price = 4,
      currency = "USD" } }, 4 },
    { "an old offer by its id", { { product = "db2e705f-b82a-4024-a3d5-d88e12f2db35", price = 3,
      currency = "USD" } }, 3, { offerId = "DB2E705F-B82A-4024-A3D5-D88E12F2DB35" } },
  } do
    it("gives " .. c[1], function()
      local row = priced(c[2], c[4])
      assert.same({ c[3], c[5] or "USD" }, { row.price, row.currency })
      assert.equal(25 * c[3], row.cost_of_unassigned) -- 30 are unassigned, 25 were sold here
      assert.same({ "price_list", "price_list" },
        { row.sources.price, row.sources.cost_of_unassigned })
    end)
  end

  for _, c in ipairs {
    { "it lacks the product", { price { sku = "0002", price = 4 } } },
    { "it has no price of that term", { price { price = 6, term = "P1M" } } },
    { "it has two prices", { price { price = 6 }, price { price = 7 } } },
    { "it has two currencies", { price { price = 6 }, price { price = 6, currency = "EUR" } } },
    { "the price is none", { price { price = "on request" } } },
    { "the term is none", { price { price = 6, term = "P9X" } } },
    { "the currency is missing", { price { price = 6, currency = "" } } },
    { "the name belongs to a SKU with an offer's price", { price { sku = "0002", price = 4,
      name = "Microsoft 365 Business Basic" } } },
  } do
    it("gives none where " .. c[1], function()
      local row = priced(c[2])
      assert.same({}, { row.price, row.currency, row.cost_of_unassigned })
      assert.is_nil(row.sources.price)
    end)
  end

  it("counts cents, and of what is unassigned no more than was sold here", function()
    assert.equal(8.25, priced({ price { price = 0.33 } }).cost_of_unassigned)
    assert.equal(4.11, priced({ price { price = 0.1644 } }).cost_of_unassigned)
    local rows = assert(insights.licences { skus = { { totalUnits = 40, consumedUnits = 10,
      productSku = { id = BASIC, name = "Basic" } } },
      price_list = { { name = "Basic", price = 2, currency = "USD" } } })
    assert.equal(60, rows[1].cost_of_unassigned)
  end)

  it("is read once for many calls, with what it does not take", function()
    local list = assert(insights.price_list({ price { price = 6 }, price { price = 5,
      currency = "EUR", market = "DE" }, price { price = "x" } }, { currency = "eur" }))
    assert.same({ 1, 2 }, { list.count, list.left_out })
    assert.same({ 5, "EUR" }, { priced(list).price, priced(list).currency })
  end)

  it("is the documented sheet", function()
    local list = assert(insights.price_list "spec/data/examples/pricesheet-licensebased.csv")
    assert.same({ 1, 0 }, { list.count, list.left_out })
    local rows = assert(insights.licences { price_list = list, subscriptions = { {
      id = BASIC, offerId = "CFQ7TTC0HDK0:0001:CFQ7TTC00001", quantity = 5, status = "active",
      termDuration = "P1Y" } } })
    assert.equal(9.6, math.floor(rows[1].price * 1e9 + 0.5) / 1e9)
    assert.is_nil(rows[1].cost_of_unassigned) -- nobody has said how many are assigned
  end)

  it("is a file with a byte order mark, and headings as people write them", function()
    local path = file_of("\239\187\191Product,SKU,Price,Currency,Term\r\n"
      .. "CFQ7TTC0LH18,0001,\"57.60\",USD,P1Y\r\n")
    assert.equal(4.8, priced(path).price)
  end)

  for _, c in ipairs {
    { "a file that is not there", function() return "/nowhere/p.csv" end, "config",
      "/nowhere/p.csv" },
    { "one without prices", function() return file_of "Product,Currency\nA,USD\n" end, "config",
      "price_list has no column price" },
    { "one that is no CSV", function() return file_of 'Product,Price,Currency\n"a' end, "protocol",
      "line 2" },
    { "a directory, by its name", function() return "spec" end, "config",
      "price_list: spec: Is a directory" },
  } do
    it("refuses " .. c[1], function()
      local list, err = insights.price_list(c[2]())
      assert.is_nil(list)
      assert.equal(c[3], err.kind)
      assert.matches(c[4], tostring(err), 1, true)
    end)
  end

  it("names an option that is none", function()
    assert.error_matches(function() insights.price_list({}, { curency = "USD" }) end, "currency")
    assert.error_matches(function() insights.price_list(7) end, "price_list must be the path")
  end)
end)
