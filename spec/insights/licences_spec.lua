-- What belongs together and what does not, from rows that one has; every trap of the
-- sources stands here once.
local documents = require "spec.support.documents"
local insights = require "partnercenter.insights"

local E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
local BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local OTHER = "0c39d6d5-c70d-4c55-bc02-f620844f3fd1"

local function with(base, more)
  local made = {}
  for name, value in pairs(base) do made[name] = value end
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

local function subscription(more)
  return with({
    id = "924671ba-eab9-45d7-95ed-dbd9477f182b", offerId = "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    offerName = "Microsoft 365 Business Basic", quantity = 25, status = "active",
    autoRenewEnabled = true, isTrial = false, billingType = "license", billingCycle = "monthly",
    termDuration = "P1Y", commitmentEndDate = "2023-02-28T00:00:00Z",
  }, more)
end

local function sku(more)
  local row = with({ totalUnits = 25, consumedUnits = 10, availableUnits = 15, activeUnits = 25,
    warningUnits = 0, suspendedUnits = 0, capabilityStatus = "Enabled" }, more)
  row.productSku = with({ id = BASIC, name = "Microsoft 365 Business Basic",
    skuPartNumber = "O365_BUSINESS_ESSENTIALS", licenseGroupId = "group1" },
    (more or {}).productSku)
  return row
end

local function deployed(more)
  return with({ customerTenantId = CUSTOMER:upper(), productId = BASIC:upper(),
    productName = "MICROSOFT 365 BUSINESS BASIC", licensesDeployed = 8, licensesSold = 25,
    processedDateTime = "2023-01-10T00:00:00" }, more)
end

local function used(more)
  return with({ customerTenantId = CUSTOMER:upper(), productId = BASIC:upper(),
    productName = "MICROSOFT 365 BUSINESS BASIC", workloadName = "Exchange", licensesActive = 6,
    licensesQualified = 10, processedDateTime = "2023-01-09T00:00:00" }, more)
end

local MATRIX = { { ProductId = "CFQ7TTC0LH18", SkuId = "0001", ProvisioningId = BASIC } }

local function join(sources)
  sources.customer = sources.customer or CUSTOMER
  return assert(insights.licences(sources))
end

-- The one row that there is.
local function one(sources)
  local rows = join(sources)
  assert.equal(1, #rows)
  return rows[1]
end

describe("insights.licences", function()
  it("makes one row of what all four sources say", function()
    local row = one { subscriptions = { subscription() }, skus = { sku() },
      deployment = { deployed() }, usage = { used() }, offer_matrix = MATRIX }
    local sources = row.sources
    assert.same({ CUSTOMER, BASIC, "Microsoft 365 Business Basic", "O365_BUSINESS_ESSENTIALS" },
      { row.customerId, row.productId, row.productName, row.skuPartNumber })
    assert.same({ 25, "2023-02-28", true, "P1Y", false },
      { row.sold, row.renews_on, row.auto_renews, row.term, row.trial })
    assert.same({ 25, 10, 15, 15 }, { row.total, row.assigned, row.available, row.unassigned })
    assert.same({ 8, 6, "2023-01-10", "2023-01-09" },
      { row.deployed, row.active, row.deployed_on, row.active_on })
    assert.same({ "subscriptions", "subscriptions", "skus", "skus", "deployment", "usage" },
      { sources.sold, sources.renews_on, sources.total, sources.unassigned, sources.deployed,
        sources.active })
    assert.is_nil(row.cost_of_unassigned)
  end)

  it("takes a page, and an iterator", function()
    local given = false
    local rows = join { skus = { items = { sku() } }, deployment = function()
      if given then return nil end
      given = true
      return deployed()
    end }
    assert.equal(1, #rows)
    assert.equal(8, rows[1].deployed)
  end)

  it("says of every number where it is from, and has no other", function()
    for _, row in ipairs(join { subscriptions = { subscription() }, skus = { sku() },
      deployment = { deployed() }, usage = { used() } }) do
      for name, value in pairs(row) do
        if type(value) == "number" then assert.is_string(row.sources[name], name) end
      end
      for name in pairs(row.sources) do assert.is_not_nil(row[name], name) end
    end
  end)

  describe("joins", function()
    for _, c in ipairs {
      { "by the id of the SKU, in any letter case",
        { skus = { sku { productSku = { id = BASIC:upper() } } }, deployment = { deployed() },
          usage = { used { productId = BASIC } } } },
      { "by the offer matrix, whatever the availability",
        { subscriptions = { subscription { offerId = "cfq7ttc0lh18:0001:CFQ7TTC0ZZZZ" } },
          skus = { sku() }, offer_matrix = MATRIX } },
      { "by what the subscription provisioned, in any letter case",
        { subscriptions = { subscription { offerId = "DB2E705F-B82A-4024-A3D5-D88E12F2DB35",
          id = "924671BA-EAB9-45D7-95ED-DBD9477F182B" } }, skus = { sku() },
          provisioning = { ["924671ba-eab9-45d7-95ed-dbd9477f182b"] =
            { skuId = BASIC:upper(), status = "success" } } } },
      { "by the part number of the second group",
        { subscriptions = { subscription() },
          skus = { sku { productSku = { id = E3, skuPartNumber = "CFQ7TTC0LH18/0001",
            licenseGroupId = "group2" } } } } },
      { "another subscription of the offer that one of them has shown",
        { subscriptions = { subscription(), subscription { id = OTHER } },
          skus = { sku() }, provisioning = { ["924671ba-eab9-45d7-95ed-dbd9477f182b"] = BASIC } } },
      { "insights that know no id by the name that others of them have",
        { deployment = { deployed() }, usage = { used { productId = false,
          productName = "Microsoft 365 Business basic" } } } },
      { "insights that know no ids by their name",
        { deployment = { deployed { productId = false } },
          usage = { used { productId = false } } } },
      { "two subscriptions of one old offer",
        { subscriptions = { subscription { offerId = E3:upper() },
          subscription { offerId = E3, id = OTHER } } } },
    } do
      it(c[1], function() one(c[2]) end)
    end
  end)

  describe("keeps apart", function()
    for _, c in ipairs {
      { "an offer of which nobody says what it provisions",
        { subscriptions = { subscription() }, skus = { sku() } } },
      { "an offer of the old commerce, whose id is no SKU's",
        { subscriptions = { subscription { offerId = BASIC:upper() } }, skus = { sku() },
          offer_matrix = MATRIX } },
      { "the name of an offer, or of insights, from that of a SKU",
        { skus = { sku() }, deployment = { deployed { productId = false } } } },
      { "an offer of which the matrix says two things",
        { subscriptions = { subscription() }, skus = { sku() }, offer_matrix = { MATRIX[1],
          { ProductId = "CFQ7TTC0LH18", SkuId = "0001", ProvisioningId = E3 } } } },
      { "a name that two products of the insights have",
        { deployment = { deployed(), deployed { productId = E3 } },
          usage = { used { productId = false } } }, 3 },
      { "two SKUs of one name", { skus = { sku(), sku { productSku = { id = E3 } } } } },
      { "the same product of two customers",
        { deployment = { deployed(), deployed { customerTenantId = OTHER } }, customer = false } },
    } do
      it(c[1], function()
        if c[2].customer == false then
          c[2].customer = nil
          assert.equal(2, #insights.licences(c[2]))
        else
          assert.equal(c[3] or 2, #join(c[2]))
        end
      end)
    end
  end)

  describe("counts", function()
    for _, c in ipairs {
      { "what others sold in the total alone", { skus = { sku { totalUnits = 40 } },
        subscriptions = { subscription() } }, { sold = 25, total = 40, unassigned = 30 } },
      { "a trial beside what was sold", { skus = { sku { totalUnits = 50 } }, subscriptions = {
        subscription(), subscription { id = OTHER, isTrial = true, quantity = 25,
          commitmentEndDate = "2023-01-15T00:00:00Z" } } },
        { sold = 25, trial_seats = 25, total = 50, trial = false, renews_on = "2023-02-28" } },
      { "a trial alone as nothing sold", { subscriptions = { subscription { isTrial = true } },
        skus = { sku() } },
        { sold = 0, trial_seats = 25, trial = true, renews_on = "2023-02-28" } },
      { "seats in grace in the total, and not as sold", { skus = { sku { activeUnits = 0,
        warningUnits = 25, capabilityStatus = "Warning" } }, subscriptions = {
          subscription { status = "suspended" } } },
        { sold = 0, total = 25, warning = 25, unassigned = 15, status = "suspended" } },
      { "none left where more are assigned than there are", { subscriptions = {}, skus = {
        sku { totalUnits = 5, consumedUnits = 6, availableUnits = -1 } } },
        { total = 5, assigned = 6, available = -1, unassigned = 0 } },
      { "suspended seats, which are there no more", { subscriptions = {}, skus = { sku {
        totalUnits = 0, consumedUnits = 10, availableUnits = -10, suspendedUnits = 25,
        capabilityStatus = "Suspended" } } },
        { total = 0, suspended = 25, available = -10, unassigned = 0, capability = "Suspended" } },
      { "two subscriptions together, until the first ends", { skus = { sku() }, subscriptions = {
        subscription { quantity = 10 }, subscription { id = OTHER, quantity = "15",
          commitmentEndDate = "2022-12-31T00:00:00Z", autoRenewEnabled = false } } },
        { sold = 25, renews_on = "2022-12-31", auto_renews = false } },
      { "what is gone as nothing sold", { skus = {}, subscriptions = {
        subscription { status = "Deleted" } } }, { sold = 0, status = "deleted" } },
      { "an active subscription in any letter case", { skus = {}, subscriptions = {
        subscription { status = "ACTIVE" } } }, { sold = 25, status = "active" } },
      { "no seats of Azure, nor an end that is none", { skus = {}, subscriptions = {
        subscription { offerId = "MS-AZR-0145P", billingType = "usage", unitType = "Usage-based",
          quantity = 1, commitmentEndDate = "9999-12-10T00:00:00Z" } } },
        { sold = false, renews_on = false, status = "active" } },
      { "the rows of all channels", { deployment = { deployed(), deployed { channel = "direct",
        licensesDeployed = "2", processedDateTime = "2023-01-08T00:00:00" } } },
        { deployed = 10, insights_sold = 50, deployed_on = "2023-01-08" } },
      { "people once, by the workload that most use", { usage = { used(),
        used { workloadName = "SharePoint", licensesActive = 9 },
        used { workloadName = "Exchange", licensesActive = 1, channel = "direct" } } },
        { active = 9 } },
      { "what the service writes in the place of the documented name",
        { usage = { used { licensesActive = false, licenseActive = "7" } } }, { active = 7 } },
      { "nothing where nothing is said", { skus = { { productSku = { id = BASIC } } } },
        { total = false, assigned = false, unassigned = false, available = false } },
      { "nothing of null", { skus = { sku { totalUnits = require("partnercenter").null } } },
        { total = false, unassigned = false, assigned = 10 } },
    } do
      it(c[1], function()
        c[2].offer_matrix = MATRIX
        local row = one(c[2])
        for name, value in pairs(c[3]) do
          if value == false and row[name] == nil then value = nil end
          assert.equal(value, row[name], name)
        end
      end)
    end
  end)

  it("has an entry for each subscription that runs", function()
    local row = one { subscriptions = { subscription {
      cancellationAllowedUntilDate = "2022-03-08T00:00:00Z", renewalTermDuration = "",
      scheduledNextTermInstructions = { quantity = 20, product = { termDuration = "P3Y" } },
    } } }
    assert.same({ {
      subscriptionId = "924671ba-eab9-45d7-95ed-dbd9477f182b",
      offerName = "Microsoft 365 Business Basic",
      offerId = "CFQ7TTC0LH18:0001:CFQ7TTC0K971", ends = "2023-02-28", renews = true, trial = false,
      quantity = 25, next_quantity = 20, cancellable_until = "2022-03-08", term = "P1Y",
      next_term = "P3Y",
    } }, row.renewals)
  end)

  it("reads what the documentation shows", function()
    local rows = join { subscriptions = documents.read("customer-subscriptions.json").items,
      skus = documents.read("customer-subscribedskus.json").items,
      offer_matrix = "spec/data/examples/offermatrix.csv" }
    assert.equal(8, #rows)
    local by_name = {}
    for _, row in ipairs(rows) do by_name[row.productName] = row end
    assert.same({ 25, BASIC }, { by_name["Microsoft 365 Business Basic"].sold,
      by_name["Microsoft 365 Business Basic"].productId })
    assert.same({ 0, true, "suspended" }, { by_name["Microsoft 365 Business Premium"].sold,
      by_name["Microsoft 365 Business Premium"].trial,
      by_name["Microsoft 365 Business Premium"].status })
    assert.same({ -1, 0, 5 }, { by_name["Dynamics AX Task"].available,
      by_name["Dynamics AX Task"].unassigned, by_name["Dynamics AX Task"].warning })
    assert.is_nil(by_name["Microsoft Azure"].sold)
  end)

  describe("of many customers", function()
    local rows = { deployed(), deployed { customerTenantId = OTHER, customerName = "OTHER" } }

    it("takes those of the one that is asked for", function()
      local found = join { deployment = rows, customer = { id = OTHER:upper(), name = "Litware" } }
      assert.equal(1, #found)
      assert.same({ OTHER, "Litware" }, { found[1].customerId, found[1].customerName })
    end)

    it("takes the name that rows have", function()
      local found = assert(insights.licences { deployment = rows })
      assert.same({ CUSTOMER, OTHER, "OTHER" },
        { found[1].customerId, found[2].customerId, found[2].customerName })
    end)

    it("are found by the customer", function()
      local index = insights.by_customer(rows)
      assert.same({ rows[1] }, index[CUSTOMER])
      assert.same({ rows[2] }, index[OTHER])
      assert.is_nil(index[OTHER:upper()])
    end)
  end)

  it("changes no row that it is given", function()
    local given = { subscription(), sku(), deployed(), used() }
    join { subscriptions = { given[1] }, skus = { given[2] }, deployment = { given[3] },
      usage = { given[4] }, offer_matrix = MATRIX }
    assert.same({ subscription(), sku(), deployed(), used() }, given)
  end)

  describe("refuses", function()
    for _, c in ipairs {
      { "a source that is none", { deploiment = {} }, "did you mean 'deployment'" },
      { "rows that are none", { skus = 7 }, "option 'skus'" },
      { "provisioning that is no table", { provisioning = "x" }, "option 'provisioning'" },
      { "a matrix that is none", { offer_matrix = 7 }, "option 'offer_matrix'" },
    } do
      it(c[1], function()
        local ok, message = pcall(insights.licences, c[2])
        assert.is_false(ok)
        assert.matches(c[3], message, 1, true)
        assert.matches("insights.licences", message, 1, true)
      end)
    end

    it("a matrix that is not there, or has other columns", function()
      local rows, err = insights.licences { offer_matrix = "/nowhere/matrix.csv" }
      assert.is_nil(rows)
      assert.equal("config", err.kind)
      assert.matches("/nowhere/matrix.csv", err.message, 1, true)
      rows, err = insights.licences { offer_matrix = "spec/data/examples/insights-report.csv" }
      assert.is_nil(rows)
      assert.matches("offer_matrix has no column productid", err.message, 1, true)
    end)
  end)
end)
