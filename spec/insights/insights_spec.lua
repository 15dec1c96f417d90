local cjson = require "spec.support.json"
local insights = require "partnercenter.insights"

local function example(name)
  local file = assert(io.open("spec/data/examples/" .. name .. ".json", "rb"))
  local content = file:read("*a")
  file:close()
  return cjson.decode(content)
end

-- An iterator as :each gives it.
local function each(list)
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

local function raised(fn)
  local ok, message = pcall(fn)
  assert.is_false(ok)
  return (message:match("insights_spec%.lua:%d+: (.*)$"))
end

local function ids(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = row.id end
  return table.concat(list, " ")
end

local ROWS = {
  { customerName = "B", channel = "reseller", licensesSold = 100, licensesDeployed = 10 },
  { customerName = "A", channel = "direct", licensesSold = 1, licensesDeployed = 1 },
  { customerName = "B", channel = "direct", licensesSold = 20, licensesDeployed = 20 },
  { customerName = "A", channel = "direct", licensesSold = 3, licensesDeployed = 0 },
}

describe("partnercenter.insights", function()
  describe("summarize", function()
    it("adds up every count of every resource", function()
      for _, resource in ipairs(require "partnercenter.resources.catalogue") do
        for _, field in ipairs(resource.counts or {}) do
          assert.equal(5, insights.summarize({ { [field] = 2 }, { [field] = "3" } })[1][field])
        end
      end
    end)

    for _, c in ipairs {
      { "groups in the order of first appearance", ROWS, { "customerName" }, {
        { customerName = "B", rows = 2, licensesSold = 120, licensesDeployed = 30,
          deployedShare = 0.25 },
        { customerName = "A", rows = 2, licensesSold = 4, licensesDeployed = 1,
          deployedShare = 0.25 },
      } },
      { "groups by several keys", ROWS, { "channel", "customerName" }, {
        { channel = "reseller", customerName = "B", rows = 1, licensesSold = 100,
          licensesDeployed = 10, deployedShare = 0.1 },
        { channel = "direct", customerName = "A", rows = 2, licensesSold = 4,
          licensesDeployed = 1, deployedShare = 0.25 },
        { channel = "direct", customerName = "B", rows = 1, licensesSold = 20,
          licensesDeployed = 20, deployedShare = 1 },
      } },
      { "takes one key as text", { { a = "x", quantity = 1.5 }, { a = "x", quantity = 2 } }, "a",
        { { a = "x", rows = 2, quantity = 3.5 } } },
      { "sums all without keys", ROWS, nil,
        { { rows = 4, licensesSold = 124, licensesDeployed = 31, deployedShare = 0.25 } } },
      { "gives nothing for nothing", {}, { "customerName" }, {} },
      { "gives nothing for nothing without keys", {}, nil, {} },
      { "has no share when none were sold",
        { { licensesSold = 0, licensesDeployed = 0 }, { licensesSold = 0, licensesDeployed = 3 } },
        {}, { { rows = 2, licensesSold = 0, licensesDeployed = 3 } } },
      { "has no share without the part", { { licensesSold = 5 } }, {},
        { { rows = 1, licensesSold = 5 } } },
      { "has no share without the whole", { { licensesDeployed = 5 } }, {},
        { { rows = 1, licensesDeployed = 5 } } },
      { "makes the share of the rows that have both counts: one is missing",
        { { licensesSold = 10, licensesDeployed = 5 }, { licensesSold = 10 } }, {},
        { { rows = 2, licensesSold = 20, licensesDeployed = 5, deployedShare = 0.5 } } },
      { "makes the share of the rows that have both counts: one is null",
        { { licensesSold = cjson.null, licensesDeployed = 100 },
          { licensesSold = 10, licensesDeployed = 5 } }, {},
        { { rows = 2, licensesSold = 10, licensesDeployed = 105, deployedShare = 0.5 } } },
      { "makes the share of the rows that have both counts: one is text",
        { { licensesQualified = 100, licensesActive = "n/a" },
          { licensesQualified = "10", licensesActive = 5 } }, {},
        { { rows = 2, licensesQualified = 110, licensesActive = 5, usedShare = 0.5 } } },
      { "has no share where no row has both counts",
        { { licensesSold = 100, licensesDeployed = cjson.null }, { licensesDeployed = 5 } }, {},
        { { rows = 2, licensesSold = 100, licensesDeployed = 5 } } },
      { "adds nothing for null, text and NaN",
        { { licensesSold = cjson.null }, { licensesSold = "many" }, { licensesSold = 0 / 0 },
          { licensesSold = {} }, { licensesSold = 2 } }, {}, { { rows = 5, licensesSold = 2 } } },
      { "adds counts that are text", { { subscriptionCount = "63", licenseCount = "0" },
        { subscriptionCount = "7", licenseCount = 2 } }, {},
        { { rows = 2, subscriptionCount = 70, licenseCount = 2 } } },
      { "computes the used share", { { licensesActive = 1, licensesQualified = 4 },
        { licensesActive = 2, licensesQualified = 2 } }, {},
        { { rows = 2, licensesActive = 3, licensesQualified = 6, usedShare = 0.5 } } },
      { "leaves the service's percentages out",
        { { licensesSold = 4, licensesDeployed = 1, deploymentPercent = 25 } }, {},
        { { rows = 1, licensesSold = 4, licensesDeployed = 1, deployedShare = 0.25 } } },
      { "makes missing and null one group of their own",
        { { k = "x" }, {}, { k = cjson.null }, { k = "nil" } }, { "k" },
        { { k = "x", rows = 1 }, { rows = 2 }, { k = "nil", rows = 1 } } },
      { "takes equal numbers for one key", { { k = 1 }, { k = 1.0 }, { k = 0.1 } }, { "k" },
        { { k = 1, rows = 2 }, { k = 0.1, rows = 1 } } },
      { "takes false for a key", { { k = false }, {}, { k = false } }, { "k" },
        { { k = false, rows = 2 }, { rows = 1 } } },
      { "keeps keys apart that run together",
        { { a = "1", b = "23" }, { a = "12", b = "3" }, { a = 1, b = 23 } }, { "a", "b" },
        { { a = "1", b = "23", rows = 1 }, { a = "12", b = "3", rows = 1 },
          { a = 1, b = 23, rows = 1 } } },
      { "does not add up what it groups by",
        { { licensesSold = 5, licensesDeployed = 1 }, { licensesSold = 5, licensesDeployed = 2 } },
        { "licensesSold" },
        { { rows = 2, licensesSold = 5, licensesDeployed = 3, deployedShare = 0.3 } } },
      { "groups by a path into nested tables",
        { { x = { y = "a" } }, { x = { y = "b" } }, { x = { y = "a" } } }, "x.y",
        { { ["x.y"] = "a", rows = 2 }, { ["x.y"] = "b", rows = 1 } } },
      { "takes a documented key that these rows lack", { { licensesSold = 1 } }, "workloadName",
        { { rows = 1, licensesSold = 1 } } },
      { "passes the largest integer", { { licensesSold = 2 ^ 62 }, { licensesSold = 2 ^ 62 },
        { licensesSold = 2 ^ 62 } }, nil, { { rows = 3, licensesSold = 3 * 2.0 ^ 62 } } },
    } do
      it(c[1], function()
        assert.same(c[4], insights.summarize(c[2], c[3]))
        assert.same(c[4], insights.summarize(each(c[2]), c[3]))
        assert.same(c[4], insights.summarize({ items = c[2], totalCount = #c[2] }, c[3]))
      end)
    end

    it("reads the documented answers", function()
      local page = example("customer-licenses-deployment")
      local sum = insights.summarize(page)[1]
      local sold, deployed = 0, 0
      for _, row in ipairs(page.items) do
        sold, deployed = sold + row.licensesSold, deployed + row.licensesDeployed
      end
      assert.equal(sold, sum.licensesSold)
      assert.equal(deployed, sum.licensesDeployed)
      assert.equal(#page.items, sum.rows)
      local grouped = insights.summarize(example("subscriptions-grouped").Value)
      assert.equal("number", type(grouped[1].subscriptionCount))
    end)

    it("does not change the rows", function()
      local before = cjson.encode(ROWS[1])
      insights.summarize(ROWS, { "customerName" })
      assert.equal(before, cjson.encode(ROWS[1]))
      assert.is_nil(ROWS[1].deployedShare)
    end)

    it("passes on what an iterator raises", function()
      local err = setmetatable({}, {})
      local ok, got = pcall(insights.summarize, function() error(err) end, {})
      assert.is_false(ok)
      assert.equal(err, got)
    end)

    for _, c in ipairs {
      { "no rows", nil, {}, "insights.summarize: rows must be a table or an iterator, not a nil" },
      { "text", "rows", {},
        "insights.summarize: rows must be a table or an iterator, not a string" },
      { "a wrong key", {}, { 5 }, "insights.summarize: keys must be an array of field names" },
      { "wrong keys", {}, 5, "insights.summarize: keys must be an array of field names" },
      { "a key that no row has", { { a = 1 }, { b = 2 } }, { "a", "colour" },
        "insights.summarize: no row has the field 'colour'" },
      { "a misspelt key", { { customerName = "x" } }, "customrName",
        "insights.summarize: no row has the field 'customrName' (did you mean 'customerName'?)" },
      { "another letter case", { { customerName = "x" } }, "customername",
        "insights.summarize: no row has the field 'customername' (did you mean 'customerName'?)" },
      { "the count of rows as a key", { { rows = 1 } }, "rows",
        "insights.summarize: 'rows' is what a group has of its own, no field to group by" },
      { "a share as a key", { { n = 1 } }, { "deployedShare" },
        "insights.summarize: 'deployedShare' is what a group has of its own, no field to "
        .. "group by" },
    } do
      it("refuses " .. c[1], function()
        assert.equal(c[4], raised(function() return (insights.summarize(c[2], c[3])) end))
      end)
    end
  end)

  describe("sort", function()
    local rows = {
      { id = 1, n = 2, s = "b", on = true, licensesSold = 4, licensesDeployed = 1 },
      { id = 2, n = 1, s = "c", on = false, licensesSold = 4, licensesDeployed = 4 },
      { id = 3, n = cjson.null },
      { id = 4, n = 2, s = "a", on = true, licensesSold = 4, licensesDeployed = 2 },
      { id = 5 },
      { id = 6, n = 1.5, s = "b", on = false, licensesSold = 0, licensesDeployed = 0 },
    }
    for _, c in ipairs {
      { "numbers", "n", nil, "2 6 1 4 3 5" },
      { "numbers, ascending", "n", "asc", "2 6 1 4 3 5" },
      { "numbers, descending, equal ones in their order", "n", "desc", "1 4 6 2 3 5" },
      { "text", "s", "asc", "4 1 6 2 3 5" },
      { "text, descending", "s", "desc", "2 1 6 4 3 5" },
      { "booleans", "on", "asc", "2 6 1 4 3 5" },
      { "a share that is computed", "deployedShare", "asc", "1 4 2 3 5 6" },
      { "a share, descending", "deployedShare", "desc", "2 4 1 3 5 6" },
      { "a documented field that no row has", "productName", "desc", "1 2 3 4 5 6" },
      { "what a function gives", function(row) return -row.id end, "asc", "6 5 4 3 2 1" },
    } do
      it("orders by " .. c[1], function()
        assert.equal(c[4], ids(insights.sort(rows, c[2], c[3])))
        assert.equal(c[4], ids(insights.sort(each(rows), c[2], c[3])))
        assert.equal("1 2 3 4 5 6", ids(rows))
      end)
    end

    it("orders a mixture of types and NaN without failing", function()
      local mixed = { { id = 1, x = "a" }, { id = 2, x = 5 }, { id = 3, x = 0 / 0 },
        { id = 4, x = true }, { id = 5, x = {} }, { id = 6, x = {} } }
      assert.equal("4 2 1 5 6 3", ids(insights.sort(mixed, "x")))
    end)

    it("is stable with many equal rows", function()
      local many = {}
      for i = 1, 1000 do many[i] = { id = i, x = i % 3 } end
      local sorted = insights.sort(many, "x", "desc")
      for i = 2, 1000 do
        local a, b = sorted[i - 1], sorted[i]
        assert.is_true(a.x > b.x or (a.x == b.x and a.id < b.id))
      end
    end)

    it("gives a new array with the same rows", function()
      local sorted = insights.sort(rows, "n")
      assert.are_not.equal(rows, sorted)
      assert.equal(rows[2], sorted[1])
      assert.same({}, insights.sort({}, "n"))
    end)

    for _, c in ipairs {
      { "no key", {}, nil, nil, "insights.sort: key must be a field's name or a function" },
      { "another direction", {}, "n", "down", "insights.sort: direction must be 'asc' or 'desc'" },
      { "a field that no row has", { { n = 1 } }, "nope", nil,
        "insights.sort: no row has the field 'nope'" },
      { "a misspelt field", { { customerName = "x" } }, "customrName", nil,
        "insights.sort: no row has the field 'customrName' (did you mean 'customerName'?)" },
      { "no rows", nil, "n", nil, "insights.sort: rows must be a table or an iterator, not a nil" },
    } do
      it("refuses " .. c[1], function()
        assert.equal(c[5], raised(function() return (insights.sort(c[2], c[3], c[4])) end))
      end)
    end
  end)

  describe("below", function()
    local rows = {
      { id = 1, licensesSold = 10, licensesDeployed = 4 },
      { id = 2, licensesSold = 10, licensesDeployed = 5 },
      { id = 3, licensesSold = 0, licensesDeployed = 0 },
      { id = 4, licensesSold = 10 },
      { id = 5, licensesDeployed = 1 },
      { id = 6, licensesSold = 10, licensesDeployed = 0, deploymentPercent = 99 },
      { id = 7, licensesSold = 10, licensesDeployed = 12 },
      { id = 8, licensesQualified = 10, licensesActive = 1 },
      { id = 9, licensesSold = cjson.null, licensesDeployed = 0 },
      { id = 10, licensesSold = 2, licensesDeployed = 2, licensesQualified = 9,
        licensesActive = 1 },
      { id = 11, licensesSold = "10", licensesDeployed = "3" },
    }
    for _, c in ipairs {
      { 0.5, nil, "1 6 8 11" },
      { 0, nil, "" },
      { 1, nil, "1 2 6 8 11" },
      { 0.5, "deployedShare", "1 6 11" },
      { 0.5, "usedShare", "8 10" },
    } do
      it(("finds rows under %s by %s"):format(c[1], c[2] or "what they have"), function()
        assert.equal(c[3], ids(insights.below(rows, c[1], c[2])))
        assert.equal(c[3], ids(insights.below(each(rows), c[1], c[2])))
      end)
    end

    it("goes by the share that a group has, not by its sums", function()
      local groups = insights.summarize({
        { customerName = "A", licensesSold = cjson.null, licensesDeployed = 100 },
        { customerName = "A", licensesSold = 10, licensesDeployed = 5 },
        { customerName = "B", licensesSold = 100, licensesDeployed = cjson.null },
        { customerName = "B", licensesDeployed = 5 },
      }, "customerName")
      assert.same({ groups[1] }, insights.below(groups, 0.6))
      assert.same({ 0.5 }, { insights.share(groups[1]), insights.share(groups[2]) })
      assert.equal("A", insights.sort(groups, "deployedShare")[1].customerName)
      local less = require("partnercenter.filters").lt("deployedShare", 0.6)
      assert.same({ true, false }, { less(groups[1]), less(groups[2]) })
    end)

    it("takes what summarize gives", function()
      local customers = insights.summarize(ROWS, "customerName")
      assert.equal(2, #insights.below(customers, 0.26))
      assert.equal(0, #insights.below(customers, 0.25))
    end)

    for _, c in ipairs {
      { "a percentage", rows, 80, nil, "insights.below: share must be a number from 0 to 1" },
      { "a negative share", rows, -0.1, nil, "insights.below: share must be a number from 0 to 1" },
      { "NaN", rows, 0 / 0, nil, "insights.below: share must be a number from 0 to 1" },
      { "no share", rows, nil, nil, "insights.below: share must be a number from 0 to 1" },
      { "another name", rows, 0.5, "share",
        "insights.below: the share must be 'deployedShare' or 'usedShare'" },
      { "no rows", 5, 0.5, nil,
        "insights.below: rows must be a table or an iterator, not a number" },
    } do
      it("refuses " .. c[1], function()
        assert.equal(c[5], raised(function() return (insights.below(c[2], c[3], c[4])) end))
      end)
    end
  end)

  describe("share", function()
    for _, c in ipairs {
      { "of what is deployed", { licensesSold = 4, licensesDeployed = 1 }, nil, 0.25 },
      { "of what is used", { licensesQualified = 4, licensesActive = 3 }, nil, 0.75 },
      { "by name", { licensesSold = 4, licensesDeployed = 1, licensesQualified = 4,
        licensesActive = 3 }, "usedShare", 0.75 },
      { "beyond one", { licensesSold = 4, licensesDeployed = 5 }, nil, 1.25 },
      { "of none sold", { licensesSold = 0, licensesDeployed = 0 }, nil, nil },
      { "of a negative whole", { licensesSold = -1, licensesDeployed = 1 }, nil, nil },
      { "of nothing", {}, nil, nil },
    } do
      it("is computed " .. c[1], function() assert.equal(c[4], insights.share(c[2], c[3])) end)
    end

    it("refuses what is no row, and another name", function()
      assert.equal("insights.share takes a row", raised(function() return (insights.share()) end))
      assert.equal("insights.share: the share must be 'deployedShare' or 'usedShare'",
        raised(function() return (insights.share({}, "x")) end))
    end)
  end)
end)
