-- `licences`, `renewals` and `holders`: what they print, whom they ask, what they say when
-- somebody does not answer.
local cjson = require "spec.support.json"
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

if command.skips() then return end

local SHEET = "/v1.0/sales/pricesheets(Market='US',PricesheetView='updatedlicensebased')/$value"
local MATRIX = "/v1.0/sales/offermatrix(Month='202101')/$value"

describe("the command", function()
  local box, home, matrix, prices

  local function run(words, options)
    local all = { box = box, home = home }
    for name, value in pairs(options or {}) do all[name] = value end
    return command.run(words, all)
  end

  local function download(path, name)
    command.write(home .. "/" .. name, (assert(box:get(path))))
    return home .. "/" .. name
  end

  setup(function()
    box = sandbox.start { customers = 6, products = 4 }
    home = command.directory()
    matrix, prices = download(MATRIX, "matrix.csv"), download(SHEET, "prices.csv")
  end)
  teardown(function()
    box:stop()
    command.remove(home)
  end)
  before_each(function()
    box:reset()
    command.remove(home .. "/.local")
  end)

  for _, c in ipairs {
    { "licences.txt", "licences contoso 'DT Demo'" },
    { "licences-all.txt", "licences --all-customers" },
    { "licences-prices.txt", "licences -a --offer-matrix MATRIX --price-list PRICES "
      .. "--sort unassigned:desc --limit 8" },
    { "licences.csv", "licences -a --offer-matrix MATRIX --price-list PRICES --format csv" },
    { "licences.json", "licences contoso --format json" },
    { "renewals.txt", "renewals -a --within 90 --today 2017-03-14 --offer-matrix MATRIX" },
    { "renewals.csv", "renewals -a --within 400 --today 2017-03-14 --provisioning -f csv" },
    { "holders.txt", "holders contoso --sku office_365_enterprise_e1 --limit 12" },
    { "holders.csv", "holders 'DT Demo' --format csv" },
    { "holders.ndjson", "holders contoso --filter \"holder ne 'active'\" --format ndjson" },
  } do
    it("prints " .. c[1], function()
      local words = c[2]:gsub("MATRIX", matrix):gsub("PRICES", prices)
      local code, out, err = run(words)
      assert.equal(0, code, err)
      assert.equal(command.golden(c[1], out))
    end)
  end

  it("adds costs up by currency, for a person", function()
    local own = home .. "/own.csv"
    command.write(own, "name,price,currency\nMicrosoft 365 Business,10,EUR\n"
      .. "Office 365 Enterprise E1,2,USD\nOffice 365 Business Premium,3,USD\n")
    local code, shown = command.terminal("licences contoso --price-list " .. own,
      { box = box, home = home, columns = 140 })
    assert.equal(0, code)
    assert.matches("117 unassigned, a month 27.00 USD and 640.00 EUR; from", shown, 1, true)
  end)

  it("says what would join what stands apart", function()
    local _, _, err = run("licences -a")
    assert.matches("--offer-matrix or --provisioning joins them", err, 1, true)
    for _, words in ipairs { "licences contoso", "licences -a --offer-matrix " .. matrix } do
      assert.is_nil(select(3, run(words)):find("stands? apart"))
    end
  end)

  it("reads insights once for all customers, and the rest for each", function()
    assert.equal(0, (run("licences -a --offer-matrix " .. matrix)))
    local calls = box:stats().classes
    assert.same({ 6, 6, 1, 1 }, { calls.customer_subscriptions, calls.subscribedskus,
      calls.commercial_deployment, calls.commercial_usage })
    box:reset()
    assert.equal(0, (run "licences -a --sources skus"))
    calls = box:stats().classes
    assert.same({ 6 }, { calls.subscribedskus, calls.customer_subscriptions,
      calls.commercial_deployment })
  end)

  describe("goes on without a source", function()
    it("of one customer, and asks for it again with --resume", function()
      box:control { faults = { { match = "/subscribedskus", error = "no_gdap_role", times = 1 } } }
      local code, out, err = run "licences -a --format json"
      assert.equal(1, code)
      local rows = cjson.decode(out)
      local errors = table.remove(rows).errors
      assert.equal(1, #errors)
      assert.matches("^skus: .*one of: Directory Readers", errors[1].message)
      assert.is_true(#rows > 20)
      assert.matches("skus: .*needs a GDAP role", err)
      assert.is_nil(err:find("customers failed", 1, true))
      box:reset()
      code, out = run "licences -a --format json --resume"
      assert.equal(0, code)
      assert.equal(1, box:stats().classes.subscribedskus)
      assert.is_true(#cjson.decode(out) > 20)
    end)

    it("of all, told once, and asks for it again with --resume", function()
      box:control { faults = { { match = "/usage/", error = "server_error", times = 99 } } }
      local code, out, err = run "licences -a --format csv"
      assert.equal(1, code)
      local _, told = err:gsub("usage: ", "")
      assert.equal(1, told)
      local _, lines = out:gsub("\n", "")
      assert.is_true(lines > 20)
      box:reset()
      local whole = select(2, run "licences -a --format csv --fresh")
      command.remove(home .. "/.local")
      box:control { faults = { { match = "/usage/", error = "server_error", times = 99 } } }
      assert.equal(1, (run "licences -a --format csv"))
      box:reset()
      code, out = run "licences -a --format csv --resume"
      assert.same({ 0, whole }, { code, out })
    end)
  end)

  it("counts the users that fail, and goes on with the others", function()
    box:control { faults = { { match = "/licenses", error = "no_gdap_role", times = 2 } } }
    local code, out, err = run "holders contoso --format csv"
    assert.equal(1, code)
    assert.matches("2 users: .*License Administrator", err)
    assert.matches("2 of 105 users failed", err, 1, true)
    local _, before = out:gsub("\n", "")
    box:reset()
    code, out = run "holders contoso --format csv --resume"
    assert.equal(0, code)
    assert.equal(2, box:stats().classes.user_licenses)
    local _, after = out:gsub("\n", "")
    assert.is_true(after >= before)
  end)

  for _, c in ipairs {
    { "licences", "name customers by id" },
    { "licences contoso --sources skus,usages", "'usages' is none of" },
    { "licences contoso --price-list /nowhere.csv", "--price-list: /nowhere.csv" },
    { "licences contoso --offer-matrix spec/data/examples/insights-report.csv",
      "--offer-matrix has no column productid" },
    { "licences contoso --sort unasigned", "did you mean 'unassigned'" },
    { "renewals contoso --within soon", "'soon' is not a number" },
    { "renewals contoso --today soon", "'soon' is no day" },
    { "holders", "missing argument 'customer'" },
    { "holders 00", "names 6" },
    { "holders contoso --sku E7", "the customer has no SKU 'E7'" },
  } do
    it("refuses " .. c[1], function()
      local code, out, err = run(c[1])
      assert.equal(2, code, err)
      assert.equal("", out)
      assert.matches(c[2], err, 1, true)
    end)
  end
end)
