local collection = require "partnercenter.pages.envelope"
local documents = require "spec.support.documents"

local normalize = documents.page

describe("partnercenter.collection", function()
  describe("normalize reads the documented example", function()
    for _, c in ipairs {
      -- file, resource, kind, totalCount, a field of the first row, its value
      { "customer-licenses-deployment.json", "customers.analytics.licenses.deployment", "items", 3,
        "licensesSold", 1 },
      { "wire/customer-licenses-deployment.body", "customers.analytics.licenses.deployment",
        "items", 3, "deploymentPercent", 0 },
      { "customer-licenses-usage.json", "customers.analytics.licenses.usage", "items", 5,
        "licensesQualified", 1 },
      { "wire/customer-licenses-usage.body", "customers.analytics.licenses.usage", "items", 5,
        "workloadName", "Exchange" },
      { "partner-licenses-deployment.json", "analytics.licenses.deployment", "items", 2,
        "licensesSold", 343 },
      { "wire/partner-licenses-deployment.body", "analytics.licenses.deployment", "items", 2,
        "serviceName", "crm" },
      { "partner-licenses-usage.json", "analytics.licenses.usage", "items", 5, "workloadName",
        "Microsoft Dynamics CRM" },
      { "wire/partner-licenses-usage.body", "analytics.licenses.usage", "items", 5,
        "proratedLicensesUsagePercent", 0 },
      { "customers-list.json", "customers", "items", 2, "id",
        "b44bb1fb-c595-45b0-9e09-d657365580bf" },
      { "customers-by-name.json", "customers", "items", 3, "relationshipToPartner", "reseller" },
      { "wire/customers-by-name.body", "customers", "items", 3, "relationshipToPartner",
        "reseller" },
      { "commercial-deployment-license.json", "analytics.commercial.deployment.license", "value",
        2, "licensesSold", 9 },
      { "commercial-usage-license.json", "analytics.commercial.usage.license", "value", 2,
        "licensesActive", 0 },
      { "subscriptions-all.json", "analytics.subscriptions", "object", 1, "churnRisk", "High" },
      { "subscriptions-by-search-query.json", "analytics.subscriptions", "object", 1,
        "subscriptionType", "Azure" },
      { "subscriptions-grouped.json", "analytics.subscriptions", "value", 7, "subscriptionCount",
        63 },
      { "usage-azure.json", "analytics.usage.azure", "object", 1, "quantity", 20 },
      { "indirectresellers.json", "analytics.indirectresellers", "object", 1,
        "latestSubscriptionDeprovisionedDate", "0001-01-01T00:00:00" },
      { "referrals.json", "analytics.referrals", "object", 1, "status", "Accepted" },
      { "search.json", "analytics.search", "object", 1, "mpnId", 2604568 },
      { "links-next-fragment.json", "customers", "items", 0 },
      { "sibling-store-appacquisitions-nextlink.json", "analytics.search", "value", 466766,
        "market", "IT" },
      { "sibling-insights-create-query.json", "analytics.search", "insights", 1, "type",
        "userDefined" },
    } do
      it(c[1], function()
        local page, envelope = normalize(documents.text(c[1]), c[2])
        assert.equal(c[3], envelope.kind)
        assert.equal(c[4], page.totalCount)
        if c[5] then assert.equal(c[6], page.items[1][c[5]]) end
        assert.is_nil(page.Value)
        assert.is_nil(page.TotalCount)
      end)
    end
  end)

  describe("normalize gives one page for every form of the same rows", function()
    for _, c in ipairs {
      { "items", [[{"totalCount":2,"items":[{"id":"a"},{"id":"b"}],
        "attributes":{"objectType":"Collection"}}]], "items" },
      { "items in capitals", [[{"TOTALCOUNT":2,"ITEMS":[{"id":"a"},{"id":"b"}]}]], "items" },
      { "Value", [[{"Value":[{"id":"a"},{"id":"b"}],"@nextLink":null,"TotalCount":2}]], "value" },
      { "value in other letters", [[{"vALUE":[{"id":"a"},{"id":"b"}],"@NEXTLINK":"x",
        "totalcount":2}]], "value" },
      { "the partner insights' form", [[{"value":[{"id":"a"},{"id":"b"}],"nextLink":null,
        "totalCount":2,"message":"m","statusCode":200}]], "insights" },
      { "a bare array", [=[[{"id":"a"},{"id":"b"}]]=], "array" },
      { "a count in a string", [[{"totalCount":"2","items":[{"id":"a"},{"id":"b"}]}]], "items" },
      { "no count", [[{"Value":[{"id":"a"},{"id":"b"}]}]], "value" },
      { "a count that is no number", [[{"totalCount":"x","items":[{"id":"a"},{"id":"b"}]}]],
        "items" },
    } do
      it(c[1], function()
        local page, envelope = normalize(c[2])
        assert.same({ { id = "a" }, { id = "b" } }, page.items)
        assert.equal(2, page.totalCount)
        assert.equal(c[3], envelope.kind)
      end)
    end
  end)

  describe("normalize gives no rows for", function()
    for _, text in ipairs {
      "{}", "[]", [[{"totalCount":0,"items":[]}]], [[{"Value":[],"TotalCount":0}]],
      [[{"totalCount":0}]], [[{"Value":null,"@nextLink":null,"TotalCount":0}]],
      [[{"attributes":{"objectType":"Collection"}}]],
      [[{"value":[],"message":"no rows","statusCode":200}]],
    } do
      it(text, function()
        local page = normalize(text)
        assert.same({}, page.items)
        assert.equal(0, page.totalCount)
      end)
    end
  end)

  -- Answers that differ a little from the usual one, which is taken as it is.
  describe("normalize looks closer at", function()
    for _, c in ipairs {
      -- document, kind, totalCount, unknown, a link
      { "the usual answer", [["totalCount":7,"attributes":{"etag":"x"}]], "items", 7 },
      { "attributes that go on", [["totalCount":7,"attributes":{"nextLink":"x"}]], "items", 7,
        "attributes.nextLink" },
      { "attributes that are none", [["totalCount":7,"attributes":"x"]], "items", 7 },
      { "a link", [["totalCount":7,"nextLink":"x"]], "insights", 7, nil, "x" },
      { "a member that goes on", [["totalCount":7,"nextPage":"x"]], "items", 7, "nextPage" },
      { "a count that is not whole", [["totalCount":1.5]], "items", 1 },
      { "a count below 0", [["totalCount":-1]], "items", 1 },
      { "a count as text", [["totalCount":"7"]], "items", 7 },
    } do
      it(c[1], function()
        local page, envelope = normalize(([[{"items":[{"id":"a"}],%s}]]):format(c[2]))
        assert.same({ { id = "a" } }, page.items)
        assert.equal(c[3], envelope.kind)
        assert.equal(c[4], page.totalCount)
        assert.equal(c[5], envelope.unknown)
        assert.equal(c[6], envelope.next_link)
      end)
    end

    it("a thing that has items", function()
      local resource = { name = "thing", single = true, counts = { "totalCount" },
        renames = { items = "entries" } }
      local thing = collection.normalize({ items = { {} }, totalCount = 1 }, resource)
      assert.same({ entries = { {} }, totalCount = 1 }, thing)
    end)
  end)

  describe("normalize refuses", function()
    for _, c in ipairs {
      { "a body of null", "null", "protocol" },
      { "a number", "7", "protocol" },
      { "a string", [["text"]], "protocol" },
      { "rows that are an object", [[{"items":{"a":1}}]], "protocol" },
      { "rows that are an object, counted", [[{"totalCount":1,"items":{"a":1}}]], "protocol" },
      { "a row that is null, counted", [[{"totalCount":2,"items":[{"id":"a"},null]}]],
        "protocol" },
      { "rows, and items in other letters", [[{"Items":[{"id":"a"}],"items":[{"id":"b"}]}]],
        "protocol" },
      { "rows, and items that are none", [[{"Value":[{"id":"a"}],"items":5}]], "protocol" },
      { "two arrays of rows", [[{"value":[{"id":"a"}],"items":[{"id":"b"}]}]], "protocol" },
      { "rows beside an empty array of them", [[{"value":[{"id":"a"}],"items":[]}]], "protocol" },
      { "rows that are a text", [[{"items":"[]"}]], "protocol" },
      { "rows in the form of OData v2", [[{"d":{"results":[{"id":"a"}]}}]], "protocol" },
      { "rows under a name that is not known", [[{"results":[{"id":"a"}],"count":1}]],
        "protocol" },
      { "an error of GraphQL", [[{"errors":[{"message":"boom"}],"data":null}]], "http" },
      { "an error of OAuth", [[{"error":"invalid_token","error_description":"expired"}]], "http" },
      { "a failure that says so", [[{"success":false,"message":"no"}]], "http" },
      { "words alone", [[{"Message":"An error has occurred."}]], "http" },
      { "a row that is null", [[{"items":[{"id":"a"},null]}]], "protocol" },
      { "a row that is a number", "[1]", "protocol" },
      { "a fault under status 200", [[{"code":400072,"description":"The item is not available",
        "data":[],"source":"PartnerFD"}]], "not_found", 400072 },
      { "a fault with a numeral as code", [[{"Code":"2000","Description":"bad","Data":[]}]],
        "http", 2000 },
      { "a gateway's message", [[{"statusCode":500,"message":"sorry"}]], "http" },
      { "the partner API's fault", [[{"error":{"code":"unAuthorized","message":"no"}}]], "http" },
    } do
      it(c[1], function()
        local page, err = normalize(c[2])
        assert.is_nil(page)
        assert.equal(c[3], err.kind)
        assert.equal(c[4], err.code)
      end)
    end

    it("what is no row, and names what it has", function()
      local _, err = normalize [[{"results":[{"id":"a"}],"took":3}]]
      assert.matches("has 'results'", err.message, 1, true)
    end)

    it("no body at all", function()
      local page, err = collection.normalize(nil, documents.resource("customers"))
      assert.is_nil(page)
      assert.equal("protocol", err.kind)
    end)
  end)

  it("does not take a row with a code and a description for a fault", function()
    for _, row in ipairs { { code = "7", description = "seven" },
      { code = 94103, description = "San Francisco" } } do
      assert.equal(1, #assert(collection.normalize(row, { name = "/x", any_rows = true })).items)
    end
    local page = normalize([[{"id":"a","code":7,"description":"seven"}]])
    assert.equal(1, #page.items)
  end)

  it("keeps the other members of an envelope", function()
    local page = normalize(documents.text("customers-list.json"))
    assert.equal("/v1/customers?size=40", page.links.self.uri)
    assert.equal("Collection", page.attributes.objectType)
  end)

  it("gives a single thing itself", function()
    local customer, envelope = normalize([[{"id":"a","links":{"self":{"uri":"/x"}}}]],
      "customers.by_id")
    assert.equal("a", customer.id)
    assert.equal("/x", customer.links.self.uri)
    assert.is_table(envelope)
  end)

  it("refuses an array where one thing is due", function()
    local customer, err = normalize([=[[{"id":"a"}]]=], "customers.by_id")
    assert.is_nil(customer)
    assert.equal("protocol", err.kind)
  end)

  describe("envelope", function()
    it("finds links.next", function()
      local envelope = collection.envelope(documents.read("links-next-fragment.json"),
        documents.resource("customers"))
      assert.matches("seekOperation=Next", envelope.links_next.uri, 1, true)
    end)

    for _, c in ipairs {
      { "@nextLink", [[{"Value":[],"@nextLink":"a?b","TotalCount":9}]], "next_link", "a?b" },
      { "nextLink", [[{"value":[],"nextLink":"a?b","totalCount":9}]], "next_link", "a?b" },
      { "continuationToken", [[{"items":[],"continuationToken":"AQ,/=="}]], "token", "AQ,/==" },
      { "no link in null", [[{"Value":[],"@nextLink":null}]], "next_link" },
      { "no link in an empty text", [[{"Value":[],"@nextLink":""}]], "next_link" },
      { "the count", [[{"Value":[],"TotalCount":9}]], "total", 9 },
      { "no count below zero", [[{"Value":[],"TotalCount":-9}]], "total" },
    } do
      it("finds " .. c[1], function()
        local envelope = collection.envelope(documents.decode(c[2]),
          documents.resource("analytics.subscriptions"))
        assert.equal(c[4], envelope[c[3]])
      end)
    end

    for _, c in ipairs {
      { "value", "analytics.subscriptions", [[{"TotalCount":9}]] },
      { "value", "analytics.subscriptions", [[{"totalcount":9}]] },
      { "items", "customers", [[{"totalCount":9}]] },
      { "items", "customers", [[{"attributes":{"objectType":"Collection"}}]] },
      { "insights", "analytics.search", [[{"totalCount":9,"message":"m","statusCode":200}]] },
      { "empty", "analytics.subscriptions", "{}" },
    } do
      it(("knows %s without its rows: %s"):format(c[1], c[3]), function()
        assert.equal(c[1],
          collection.envelope(documents.decode(c[3]), documents.resource(c[2])).kind)
      end)
    end
  end)

  describe("envelope finds", function()
    local function envelope(text)
      return collection.envelope(documents.decode(text), documents.resource "customers")
    end

    for _, c in ipairs {
      { '{"value":[{}],"@odata.nextLink":"x?2"}', "next_link", "x?2" },
      { '{"value":[{}],"odata.nextLink":"x?2"}', "next_link", "x?2" },
      { '{"value":[{}],"__next":"x?2"}', "next_link", "x?2" },
      { '{"items":[{}],"isLastPage":false}', "unknown", "isLastPage" },
      { '{"items":[{}],"isLastPage":true}', "unknown", nil },
      { '{"value":[{}],"@odata.count":7}', "total", 7 },
      { '{"Value":[{}],"@nextLink":"","nextLink":"x?2"}', "next_link", "x?2" },
      { '{"items":[{}],"nextPageLink":"x"}', "unknown", "nextPageLink" },
      { '{"items":[{}],"NextUri":"x"}', "unknown", "NextUri" },
      { '{"items":[{}],"next":"x"}', "unknown", "next" },
      { '{"items":[{}],"continuation":{"a":1}}', "unknown", "continuation" },
      { '{"items":[{}],"x-continuation-key":"a"}', "unknown", "x-continuation-key" },
      { '{"items":[{}],"hasMore":true}', "unknown", "hasMore" },
      { '{"items":[{}],"@nextLink":{"uri":"x"}}', "unknown", "@nextLink" },
      { '{"items":[{}],"continuationToken":7}', "unknown", "continuationToken" },
      { '{"items":[{}],"links":{"nextPage":{"uri":"x"}}}', "unknown", "links.nextPage" },
      { '{"items":[{}],"paging":{"cursor":null,"next":"x"}}', "unknown", "paging.next" },
      { '{"items":[{}],"attributes":{"objectType":"Collection","nextLink":"x"}}', "unknown",
        "attributes.nextLink" },
      { '{"items":[{}],"page":{"next":"x"}}', "unknown", "page.next" },
      { '{"items":[{}],"links":[{"rel":"self","href":"x"}]}', "links_next", nil },
      { '{"items":[{}],"nextPageLink":null}', "unknown", nil },
      { '{"items":[{}],"hasMore":false,"next":""}', "unknown", nil },
      { '{"items":[{}],"links":{"self":{"uri":"x"}},"attributes":{"objectType":"Collection"}}',
        "unknown", nil },
    } do
      it(("%s as %s of %s"):format(tostring(c[3]), c[2], c[1]), function()
        assert.equal(c[3], envelope(c[1])[c[2]])
      end)
    end

    it("the next of links in an array", function()
      assert.same({ uri = "x?2" }, envelope('{"items":[{}],"links":[{"rel":"self","href":"x"},'
        .. '{"rel":"Next","href":"x?2"}]}').links_next)
    end)
    it("a link that is a text alone", function()
      assert.same({ uri = "x?2" }, envelope('{"items":[{}],"links":{"next":"x?2"}}').links_next)
    end)
  end)

  describe("row", function()
    local grouped = documents.resource("analytics.subscriptions")
    local usage = documents.resource("analytics.commercial.usage.license")
    for _, c in ipairs {
      { "makes a number of a numeral in a count", grouped, { licenseCount = "7485" },
        { licenseCount = 7485 } },
      { "reads a fraction", grouped, { licenseCount = "1.5" }, { licenseCount = 1.5 } },
      { "leaves a count alone that is no numeral", grouped, { licenseCount = "0x10" },
        { licenseCount = "0x10" } },
      { "leaves numerals in other fields alone", grouped, { id = "42" }, { id = "42" } },
      { "mends licenseActive", usage, { licenseActive = 3 }, { licensesActive = 3 } },
      { "mends and reads a numeral", usage, { licenseActive = "3" }, { licensesActive = 3 } },
      { "keeps both spellings where both came", usage, { licenseActive = 3, licensesActive = 4 },
        { licenseActive = 3, licensesActive = 4 } },
      { "keeps unknown fields", usage, { novel = { 1 } }, { novel = { 1 } } },
    } do
      it(c[1], function()
        local row = collection.row(c[3], c[2])
        assert.same(c[4], row)
        assert.equal(c[3], row)
      end)
    end
  end)

  it("keeps counts beyond 2^53 as well as the Lua can", function()
    local row = collection.row({ licenseCount = "9007199254740993" },
      documents.resource("analytics.subscriptions"))
    assert.equal(tonumber("9007199254740993"), row.licenseCount)
  end)
end)
