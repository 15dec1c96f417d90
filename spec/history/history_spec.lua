-- Snapshots in a real SQLite file.
local command = require "spec.support.command"
local history = require "partnercenter.history"

local found = pcall(require, "luasql.sqlite3")

local function row(customer, product, sold, deployed, day)
  return { customerTenantId = customer, customerName = "Name " .. customer, productName = product,
    channel = "reseller", licensesSold = sold, licensesDeployed = deployed,
    processedDateTime = (day or "2017-03-14") .. "T03:25:16.36" }
end

describe("partnercenter.history", function()
  if not found then
    it("needs LuaSQL, and says so", function()
      local store, err = history.open "build/none.sqlite"
      assert.is_nil(store)
      assert.equal("config", err.kind)
      assert.truthy(err.message:find("lua-sql-sqlite3", 1, true))
    end)
    return
  end

  local directory, path, store
  before_each(function()
    directory = command.directory()
    path = directory .. "/history.sqlite"
    store = assert(history.open(path))
  end)
  after_each(function()
    store:close()
    command.remove(directory)
  end)

  it("keeps a snapshot under the latest day, once", function()
    local rows = { row("A", "P", 5, 1), row("B", "P", 7, 2, "2017-03-10") }
    assert.same({ "2017-03-14", 2 }, { store:take("deployment", rows) })
    assert.same({ "2017-03-14", 2 }, { store:take("deployment", { items = rows }) })
    assert.same({ "2017-03-14" }, store:days "deployment")
    assert.same({}, store:days "usage")
    local pipe = io.popen("stat -c %a " .. path)
    assert.equal("600", pipe:read("*l"))
    pipe:close()
  end)

  it("tells what was added, is gone and changed", function()
    store:take("deployment", { row("A", "P", 5, 1), row("A", "Q", 3, 3), row("B", "P", 7, 2) })
    store:take("deployment", { row("A", "P", 5, 4, "2017-03-21"), row("a", "Q", 3, 3, "2017-03-21"),
      row("C", "P'; DROP TABLE entry; --", 1, 1, "2017-03-21") })
    local changes = store:between("deployment", "2017-03-14", "2017-03-21")
    local told = {}
    for i, each in ipairs(changes) do
      told[i] = table.concat({ each.change, each.customerId, each.productName, each.licensesSold,
        each.licensesSoldChange, each.licensesDeployedBefore, each.licensesDeployedChange }, " ")
    end
    assert.same({ "changed a P 5 0 1 3", "gone b P 0 -7 2 -2",
      "added c P'; DROP TABLE entry; -- 1 1 0 1" }, told)
    assert.same({}, store:between("deployment", "2017-03-21", "2017-03-21"))
  end)

  it("adds up each day, of all or of some", function()
    store:take("deployment", { row("A", "P", 5, 1), row("B", "P", 7, 2) })
    store:take("deployment", { row("A", "P", 6, 3, "2017-03-21") })
    assert.same({
      { day = "2017-03-14", rows = 2, licensesSold = 12, licensesDeployed = 3,
        deployedShare = 0.25 },
      { day = "2017-03-21", rows = 1, licensesSold = 6, licensesDeployed = 3,
        deployedShare = 0.5 },
    }, store:trend "deployment")
    local of_b = store:trend("deployment", function(entry) return entry.customerId == "b" end)
    assert.same({ 7, 0 }, { of_b[1].licensesSold, of_b[2].licensesSold })
  end)

  it("adds up rows of one key, and takes counts that are text", function()
    store:take("deployment", { row("A", "P", "5", 1), row("A", "P", 2, 1) })
    assert.equal(7, store:trend("deployment")[1].licensesSold)
  end)

  it("keeps sources apart", function()
    store:take("deployment", { row("A", "P", 5, 1) })
    local other = assert(history.open(path, { source = "fabrikam" }))
    assert.same({}, other:days "deployment")
    other:close()
  end)

  it("keeps nothing when the rows break off, or have no day", function()
    local given = { row("A", "P", 5, 1) }
    local ok, why = pcall(store.take, store, "deployment", function()
      if not given[1] then error("broken", 0) end
      return table.remove(given)
    end)
    assert.same({ false, "broken" }, { ok, why })
    local day, reason = store:take("deployment", { { licensesSold = 1 } })
    assert.same({ nil, "no row says when it was processed" }, { day, reason })
    assert.same({}, store:days "deployment")
  end)

  it("refuses another kind, and a file that is no history", function()
    assert.has_error(function() store:take("x", {}) end,
      "history:take: the kind must be 'deployment' or 'usage'")
    command.write(directory .. "/text", ("no database\n"):rep(100))
    local other, err = history.open(directory .. "/text")
    assert.is_nil(other)
    assert.equal("config", err.kind)
  end)
end)
