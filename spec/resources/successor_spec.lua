local documents = require "spec.support.documents"
local filter = require "partnercenter.filters"
local prepare = require("partnercenter.resources.request").prepare
local source = require "partnercenter.resources.successor"

local ID = "0112a436-b14e-4888-967b-ca4bb2cf1234"
local SETTINGS = { base_url = "https://api.example.com", locale = "en-US" }

local function entry(kind)
  local resource = documents.resource("customers.analytics.licenses." .. kind)
  local commercial = resource.sources.commercial
  return resource, commercial, documents.resource(commercial.resource)
end

-- A row of the successor for the customer.
local function successor_row(more)
  local row = { customerTenantId = ID:upper(), serviceCode = "crm",
    serviceName = "Microsoft Dynamics", licensesDeployed = 3, licensesSold = 4 }
  for name, value in pairs(more or {}) do row[name] = value end
  return row
end

describe("partnercenter.source", function()
  it("gives the documented row of the successor the old shape", function()
    local _, commercial = entry("deployment")
    local row = documents.read("commercial-deployment-license.json").Value[1]
    assert.same({
      customerId = ID,
      customerName = "TEST COMPANY",
      productName = "DYNAMICS AX TASK",
      serviceCode = "crm",
      serviceName = "crm",
      channel = "reseller",
      licensesDeployed = 0,
      licensesSold = 9,
      deploymentPercent = 0,
      processedDateTime = "2018-10-14T00:00:00+00:00",
      attributes = { objectType = "CustomerLicensesDeploymentInsights" },
    }, source.row(row, commercial, ID))
  end)

  it("gives usage the old shape", function()
    local _, commercial = entry("usage")
    local row = documents.read("commercial-usage-license.json").Value[1]
    row.licensesActive, row.licenseActive = row.licenseActive, nil
    local old = source.row(row, commercial, ID)
    assert.equal("SharePoint", old.workloadName)
    assert.equal("SPO", old.workloadCode)
    assert.equal(0, old.usagePercent)
    assert.equal("CustomerLicensesUsageInsights", old.attributes.objectType)
  end)

  describe("computes a share from 0 to 1", function()
    local _, commercial = entry("deployment")
    for _, c in ipairs {
      { "of some", 3, 4, 0.75 },
      { "of none", 0, 4, 0 },
      { "of all", 4, 4, 1 },
      { "of more than were sold", 6, 4, 1.5 },
      { "of nothing sold", 0, 0, 0 },
      { "but not without a count", nil, 4, nil },
      { "but not from a text", "x", 4, nil },
    } do
      it(c[1], function()
        local row = successor_row { licensesSold = c[3] }
        row.licensesDeployed = c[2]
        assert.equal(c[4], source.row(row, commercial, ID).deploymentPercent)
      end)
    end
  end)

  describe("writes the date with its offset", function()
    local _, commercial = entry("deployment")
    for _, c in ipairs {
      { "2018-10-14T00:00:00", "2018-10-14T00:00:00+00:00" },
      { "2018-10-14T00:00:00.5", "2018-10-14T00:00:00.5+00:00" },
      { "2018-10-14T00:00:00Z", "2018-10-14T00:00:00Z" },
      { "2018-10-14T00:00:00-02:00", "2018-10-14T00:00:00-02:00" },
      { "2018-10-14", "2018-10-14" },
    } do
      it(c[1], function()
        local row = source.row(successor_row { processedDateTime = c[1] }, commercial, ID)
        assert.equal(c[2], row.processedDateTime)
      end)
    end
  end)

  describe("refuses a row", function()
    local _, commercial = entry("deployment")
    for _, tenant in ipairs { ID:gsub("^0", "1"):upper(), 7, false } do
      it("of the customer " .. tostring(tenant), function()
        local row, err = source.row(successor_row { customerTenantId = tenant }, commercial, ID)
        assert.is_nil(row)
        assert.equal("protocol", err.kind)
      end)
    end
  end)

  describe("asks the successor for the customer", function()
    it("in capitals", function()
      local resource, commercial, successor = entry("deployment")
      local request, here = source.build(resource, commercial,
        prepare(successor, SETTINGS), ID, { source = "commercial" })
      assert.equal("https://api.example.com/partner/v1/analytics/commercial/deployment/license"
        .. "?filter=customerTenantId%20eq%20%27" .. ID:upper() .. "%27", request.url)
      assert.is_nil(here)
    end)

    it("and keeps a filter for the rows in their old shape", function()
      local resource, commercial, successor = entry("usage")
      local wanted = filter.eq("serviceName", "crm")
      local request, here = source.build(resource, commercial,
        prepare(successor, SETTINGS), ID,
        { source = "commercial", filter = wanted, top = 5, processedDateTime = "2018-10-14" })
      assert.equal("https://api.example.com/partner/v1/analytics/commercial/usage/license"
        .. "?filter=customerTenantId%20eq%20%27" .. ID:upper() .. "%27"
        .. "&processedDateTime=2018-10-14&top=5", request.url)
      assert.equal(wanted, here)
    end)
  end)
end)
