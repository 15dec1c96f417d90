-- partner:licences against the sandbox: every sum of 500 customers beside the truth, what
-- one source's failure does, and how many calls it takes.
local errors = require "partnercenter.errors"
local insights = require "partnercenter.insights"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local SHEET = "/v1.0/sales/pricesheets(Market='US',PricesheetView='updatedlicensebased')/$value"
local MATRIX = "/v1.0/sales/offermatrix(Month='202101')/$value"

describe("partner:licences", function()
  local box, partner, matrix, prices

  -- A file of the sandbox, as a person downloads it.
  local function download(path, read)
    local text, status = box:get(path)
    assert.equal(200, status)
    local name = os.tmpname()
    local file = assert(io.open(name, "wb"))
    file:write(text)
    file:close()
    local made = assert(read(name))
    os.remove(name)
    return made
  end

  setup(function()
    box = sandbox.start { customers = 500, products = 20 }
    partner = box:partner { retries = 0 }
    matrix = download(MATRIX, insights.offer_matrix)
    prices = download(SHEET, insights.price_list)
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  before_each(function() box:reset() end)

  local SUMS = { "sold", "trial_seats", "total", "assigned", "available", "unassigned", "warning",
    "suspended", "deployed", "insights_sold", "active", "cost_of_unassigned" }

  local function add(sums, rows)
    for _, row in ipairs(rows) do
      for _, name in ipairs(SUMS) do sums[name] = (sums[name] or 0) + (row[name] or 0) end
    end
    return sums
  end

  local function assert_sums(wanted, found, whose)
    for _, name in ipairs(SUMS) do
      -- Costs are sums of cents.
      assert.is_true(math.abs(wanted[name] - (found[name] or 0)) < 0.005,
        ("%s: %s is %s, not %s"):format(whose, name, tostring(found[name]), wanted[name]))
    end
  end

  -- Every customer's rows, as they are to be had with the fewest calls.
  local function ask_all(options)
    local commercial, found = partner.analytics.commercial, {}
    options.known = {
      deployment = insights.by_customer(commercial.deployment.license:each { top = 10000 }),
      usage = insights.by_customer(commercial.usage.license:each { top = 10000 }),
    }
    for customer, licences, err in partner:map(partner.customers:each(), function(customer)
      return partner:licences(customer, options)
    end) do
      assert(licences, err)
      assert.same({}, licences.failures)
      found[customer.id] = licences.items
    end
    return found
  end

  it("has the sums of all 500 customers right, with two calls for each", function()
    local truth = box:truth()
    for _, kind in ipairs { "plain", "split", "other", "elsewhere", "trial", "over", "legacy",
      "shrinks", "grace", "suspended", "deleted", "free" } do
      assert.is_true(truth.kinds[kind] > 100, kind)
    end
    local found, total, count = ask_all { offer_matrix = matrix, price_list = prices }, {}, 0
    local calls = box:stats().classes
    for id, rows in pairs(found) do
      count = count + 1
      assert_sums(truth.customers[id], add({}, rows), id)
      add(total, rows)
    end
    assert.equal(500, count)
    assert_sums(truth.total, total, "all")
    assert.same({ 500, 500, nil, nil }, { calls.customer_subscriptions, calls.subscribedskus,
      calls.provisioningstatus, calls.user_licenses })
    -- As many as bench/licences.lua counts.
    assert.equal(1004, box:stats().total)
  end)

  -- A customer with a bit of everything.
  local function some_customer(kind)
    for customer in partner.customers:each() do
      if customer.id ~= box.customer_id then
        local licences = assert(partner:licences(customer, { sources = { "subscriptions" } }))
        for _, row in ipairs(licences.items) do
          if row.offerId and row.offerId:find("-", 1, true) and kind == "legacy" then
            return customer
          end
        end
      end
    end
  end

  it("joins what was sold in the old commerce by what it provisioned, when asked to", function()
    local customer = some_customer "legacy"
    local function apart(options)
      local count = 0
      options.sources = { "subscriptions", "skus" }
      for _, row in ipairs(assert(partner:licences(customer, options)).items) do
        if row.sold and row.sold > 0 and not row.total then count = count + 1 end
      end
      return count
    end
    assert.is_true(apart {} > apart { offer_matrix = matrix })
    assert.is_true(apart { offer_matrix = matrix } > 0)
    box:reset()
    assert.equal(0, apart { offer_matrix = matrix, provisioning = true })
    local asked = box:stats().classes.provisioningstatus
    assert.is_true(asked >= 1)
    box:reset()
    assert.equal(0, apart { provisioning = true })
    assert.is_true(box:stats().classes.provisioningstatus > asked)
  end)

  it("asks all four sources of one customer, and knows the name of a row's", function()
    local customer = assert(partner.customers:get { size = 3 }).items[2]
    local licences = assert(partner:licences(customer, { offer_matrix = matrix }))
    assert.same({ customer.id, customer.companyProfile.companyName },
      { licences.customerId, licences.customerName })
    local classes = box:stats().classes
    assert.same({ 1, 1, 1, 1 }, { classes.customer_subscriptions, classes.subscribedskus,
      classes.commercial_deployment, classes.commercial_usage })
    assert_sums(box:truth().customers[customer.id], add({}, assert(partner:licences(
      customer.id:upper(), { offer_matrix = matrix, price_list = prices })).items), customer.id)
  end)

  it("asks for what it is asked for alone", function()
    local licences = assert(partner:licences(box.customer_id, { sources = { "skus" } }))
    assert.equal(3, #licences.items)
    for _, row in ipairs(licences.items) do
      for _, source in pairs(row.sources) do assert.equal("skus", source) end
    end
    assert.equal(1, box:stats().total)
  end)

  it("goes on without a source that fails, and says which roles are missing", function()
    box:control { faults = { { match = "/subscribedskus", error = "no_gdap_role", times = 9 },
      { match = "/usage/", error = "server_error", times = 9 } } }
    local licences = assert(partner:licences(box.customer_id))
    assert.is_true(#licences.items >= 3)
    assert.is_nil(licences.failures.subscriptions)
    local skus = licences.failures.skus
    assert.same({ "forbidden", 900308 }, { skus.kind, skus.code })
    assert.matches("one of: Directory Readers, Global Reader", tostring(licences.failures.skus), 1,
      true)
    assert.equal("http", licences.failures.usage.kind)
    for _, row in ipairs(licences.items) do assert.is_nil(row.total or row.active) end
  end)

  it("tells what provisioned nothing, and gives the rows all the same", function()
    box:control { faults = { { match = "/provisioningstatus", error = "no_gdap_role",
      times = 99 } } }
    local licences = assert(partner:licences(box.customer_id, { provisioning = true }))
    assert.equal("forbidden", licences.failures.provisioning.kind)
    assert.is_true(#licences.items > 3)
  end)

  it("is an error when nobody answers", function()
    box:control { faults = { { match = "/", error = "no_relationship", times = 9 } } }
    local licences, err = partner:licences(box.customer_id)
    assert.is_nil(licences)
    assert.is_true(errors.is(err))
    assert.same({ "forbidden", 20002 }, { err.kind, err.code })
  end)

  it("is an error when a file cannot be read, before anything is asked", function()
    local licences, err = partner:licences(box.customer_id, { price_list = "/nowhere.csv" })
    assert.is_nil(licences)
    assert.equal("config", err.kind)
    assert.equal(0, box:stats().total)
  end)

  it("asks for subscriptions with app-only credentials, and refuses the others", function()
    local app = box:partner {
      credentials = require("partnercenter").credentials.client_secret {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
      },
    }
    finally(function() app:close() end)
    local licences = assert(app:licences(box.customer_id,
      { sources = { "subscriptions", "skus" } }))
    assert.equal(3, #licences.items)
    assert.equal("sign_in", licences.failures.skus.kind)
    assert.equal(0, box:stats().classes.subscribedskus or 0)
  end)

  for _, c in ipairs {
    { "a source that is none", { sources = { "skuss" } }, "did you mean 'skus'" },
    { "no source", { sources = {} }, "must be an array" },
    { "an option that is none", { source = { "skus" } }, "did you mean 'sources'" },
  } do
    it("refuses " .. c[1], function()
      local ok, message = pcall(partner.licences, partner, box.customer_id, c[2])
      assert.is_false(ok)
      assert.matches(c[3], message, 1, true)
    end)
  end

  local function read_page()
    local file = assert(io.open "doc/licences.md")
    local text = file:read("*a")
    file:close()
    return text
  end

  it("is what doc/licences.md shows, block after block", function()
    local small = box:partner { retries = 0 }
    finally(function() small:close() end)
    box:control { customers = 3, processed = "2019-03-14" } -- all that is sold is deployed by then
    local printed = 0
    local env = setmetatable({ partner = small, customer = box.customer_id,
      partnercenter = require "partnercenter", print = function() printed = printed + 1 end },
      { __index = _G })
    local code = {}
    -- What one block makes local the next ones use.
    for block in read_page():gmatch("\n```lua\n(.-)```") do code[#code + 1] = block end
    assert.equal(4, #code)
    local chunk = assert((loadstring or load)(table.concat(code), "=licences.md"))
    local set = rawget(_G, "setfenv")
    if set then set(chunk, env) else debug.setupvalue(chunk, 1, env) end
    chunk()
    assert.is_true(printed >= 3 + 5 + 3, printed) -- products, holders, customers
  end)

  it("takes the calls and the time that the page has, beside the least", function()
    local status, output = process.run_lua [[dofile "bench/licences.lua"]]
    assert.equal(0, status, output)
    assert.equal(read_page():match("<!%-%- bench %-%->\n```\n(.-)```"), output)
    for ratio in output:gmatch(" (%d%.%d%d) +[%d.]+%%\n") do
      assert.is_true(tonumber(ratio) < 1.05)
    end
  end)

  it("refuses what is no customer, at the caller's line", function()
    for _, wrong in ipairs { "contoso", {}, 7 } do
      local ok, message = pcall(function() return (partner:licences(wrong)) end)
      assert.is_false(ok)
      assert.matches("licences_spec.lua:%d+: bad argument #1 to licences", message)
    end
  end)
end)
