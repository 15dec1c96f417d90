-- Each example runs against the sandbox as its first comment says.
local cjson = require "spec.support.json"
local partnercenter = require "partnercenter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

-- Lines of a file in examples/.
local MOST_LINES = 60

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function examples()
  local names = {}
  local pipe = assert(io.popen("ls examples/*.lua"))
  for path in pipe:lines() do names[#names + 1] = path:match("([^/]+)%.lua$") end
  pipe:close()
  return names
end

describe("examples", function()
  local box, partner
  local tried = {}

  setup(function()
    box = sandbox.start { customers = 30, products = 8 }
    partner = box:partner()
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  before_each(function() box:restore() end)

  -- What an example prints, both streams, and its exit code.
  local function run(name, ...)
    tried[name] = true
    local words = {}
    for variable, value in pairs {
      BASE_URL = box.base_url, CA_FILE = box.ca_file, TOKEN = box.token,
      CUSTOMER = box.customer_id,
    } do
      words[#words + 1] = ("PARTNERCENTER_%s='%s'"):format(variable, value)
    end
    words[#words + 1] = ("%s examples/%s.lua"):format(process.interpreter(), name)
    for _, argument in ipairs { ... } do words[#words + 1] = "'" .. argument .. "'" end
    local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1; echo \"exit $?\""))
    local output = pipe:read("*a")
    pipe:close()
    local text, code = output:match("^(.*)exit (%d+)\n$")
    return text, tonumber(code)
  end

  local function lines_of(text)
    local lines = {}
    for line in text:gmatch("([^\r\n]*)\r?\n") do lines[#lines + 1] = line end
    return lines
  end

  for _, name in ipairs(examples()) do
    it(name .. " is short, and begins with what it shows and how to run it", function()
      local text = read_file("examples/" .. name .. ".lua")
      assert.is_true(select(2, text:gsub("\n", "")) <= MOST_LINES)
      local comment = ""
      for line in text:gmatch("[^\n]*\n") do
        if line:sub(1, 2) ~= "--" then break end
        comment = comment .. line
      end
      assert.is_true(#comment > 80)
      assert.is_truthy(comment:find("lua examples/" .. name .. ".lua", 1, true))
    end)
  end

  it("customer_deployment prints a customer's products", function()
    local text, code = run("customer_deployment")
    assert.equal(0, code, text)
    local insights = assert(partner.customers:by_id(box.customer_id)
      .analytics.licenses.deployment:get())
    assert.equal(#insights.items, #lines_of(text))
    for _, row in ipairs(insights.items) do
      assert.matches(row.productName .. "\t" .. row.licensesDeployed, text, 1, true)
    end
  end)

  describe("deployment_csv", function()
    it("prints every customer's rows", function()
      local text, code = run("deployment_csv")
      assert.equal(0, code, text)
      local expected = {}
      for _, customer in ipairs(assert(partner.customers:all())) do
        local node = partner.customers:by_id(customer.id).analytics.licenses.deployment
        for _, row in ipairs(assert(node:all())) do
          expected[#expected + 1] = ("%s,%s,%s,%s,%d,%d,%s"):format(customer.id, row.customerName,
            row.productName, row.channel, row.licensesSold, row.licensesDeployed,
            row.processedDateTime)
        end
      end
      local lines = lines_of(text)
      assert.equal("customerId,customerName,productName,channel,licensesSold,licensesDeployed,"
        .. "processedDateTime", table.remove(lines, 1))
      table.sort(expected)
      table.sort(lines)
      assert.same(expected, lines)
    end)

    it("quotes what has a comma or a quote in it", function()
      box:control { faults = { { match = "licenses/deployment", status = 200, times = 99,
        body = cjson.encode { items = { { customerName = 'A "B", C', licensesSold = 1 } } } } } }
      assert.matches(',"A ""B"", C",,,1,,\r\n', run("deployment_csv"), 1, true)
    end)

    it("names a customer that fails, and says so with its exit code", function()
      box:control { faults = { { match = box.customer_id, error = "no_relationship" } } }
      local text, code = run("deployment_csv")
      assert.equal(1, code)
      assert.matches(": forbidden: .*20002", text)
      assert.is_nil(text:find("\n" .. box.customer_id, 1, true))
      assert.is_true(#lines_of(text) > 29 * 8)
    end)
  end)

  it("under_deployed prints the products below a share, the least first", function()
    local text, code = run("under_deployed", "0.45")
    assert.equal(0, code, text)
    local groups = partnercenter.insights.summarize(
      partner.analytics.commercial.deployment.license:each(), { "productName" })
    local found = partnercenter.insights.below(groups, 0.45)
    assert.is_true(#found > 0 and #found < #groups)
    local lines = lines_of(text)
    assert.equal(#found + 1, #lines)
    for _, row in ipairs(found) do assert.matches(row.productName, text, 1, true) end
    local before = 0
    for i = 1, #found do
      local share = tonumber(lines[i]:match("^ *([%d.]+) %%"))
      assert.is_true(share >= before and share <= 45)
      before = share
    end
  end)

  it("subscriptions_by_type counts what is not deprovisioned", function()
    local text, code = run("subscriptions_by_type")
    assert.equal(0, code, text)
    local counts = {}
    for row in partner.analytics.subscriptions:each() do
      if row.status ~= "DEPROVISIONED" then
        local count = counts[row.subscriptionType] or { 0, 0 }
        counts[row.subscriptionType] = { count[1] + 1, count[2] + row.licenseCount }
      end
    end
    local lines = lines_of(text)
    for i = 2, #lines do
      local kind, subscriptions, licences = lines[i]:match("^(%S+) +(%d+) +(%d+)$")
      assert.same(counts[kind], { tonumber(subscriptions), tonumber(licences) })
      counts[kind] = nil
    end
    assert.same({}, counts)
  end)

  it("snapshots keeps months apart and prints what has changed", function()
    local path = os.tmpname()
    finally(function() os.remove(path) end)

    local function deployed()
      local sums = {}
      for row in partner.analytics.commercial.deployment.license:each() do
        sums[row.productName] = (sums[row.productName] or 0) + row.licensesDeployed
      end
      return sums
    end

    local march = deployed()
    local text, code = run("snapshots", path)
    assert.equal(0, code, text)
    assert.matches("^2017%-03: ", text)
    -- Again on the same day: nothing is doubled.
    assert.equal(text, (run("snapshots", path)))

    box:control { processed = "2017-04-14" }
    local april = deployed()
    text, code = run("snapshots", path)
    assert.equal(0, code, text)
    local lines, changed = lines_of(text), 0
    assert.matches("^2017%-04: ", lines[1])
    for i = 2, #lines do
      local now, change, product = lines[i]:match("^ *(%d+) +([+-]%d+)  (.*)$")
      assert.equal(april[product], tonumber(now))
      assert.equal(april[product] - march[product], tonumber((change:gsub("^%+", ""))))
      changed = changed + 1
    end
    for product, count in pairs(april) do
      if count ~= march[product] then changed = changed - 1 end
    end
    assert.equal(0, changed)
  end)

  it("snapshots leaves the month alone when reading breaks off", function()
    local path = os.tmpname()
    finally(function() os.remove(path) end)
    local before = run("snapshots", path)
    box:control { gzip = false, faults = { { match = "deployment/license", close = 20000 } } }
    local text, code = run("snapshots", path)
    assert.equal(1, code)
    assert.matches("network", text, 1, true)
    assert.equal(before, (run("snapshots", path)))
  end)

  it("seats_by_month prints a year, the seats of each month", function()
    box:control { report_clock = 100000 }
    local text, code = run("seats_by_month")
    assert.equal(0, code, text)
    local lines = lines_of((text:gsub("%a+, %d+ s\n", ""))) -- what it says while it waits
    assert.equal(13, #lines)
    for i = 2, 13 do
      local sold, assigned, active = lines[i]:match("^%d+%-%d%d%-01 +(%d+) +(%d+) +(%d+)$")
      assert.is_true(tonumber(sold) >= tonumber(assigned), text)
      assert.is_true(tonumber(assigned) >= tonumber(active), text)
    end
  end)

  it("has a spec for each", function()
    for _, name in ipairs(examples()) do assert.is_true(tried[name], name) end
  end)
end)
