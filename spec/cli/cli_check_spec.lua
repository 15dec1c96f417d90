-- check: its findings and its exit codes.
local cjson = require "spec.support.json"
local command = require "spec.support.command"
local findings = require "partnercenter.cli.run.findings"
local sandbox = require "spec.support.sandbox"

describe("partnercenter.cli.run.findings", function()
  local function kinds(row, limits)
    local list = {}
    for i, found in ipairs(findings.of_deployment(row, limits)) do list[i] = found.finding end
    return table.concat(list, " ")
  end

  for _, c in ipairs {
    { "unused licences", { 100, 40 }, { unused_over = 59 }, "unused" },
    { "none at the limit", { 100, 40 }, { unused_over = 60 }, "" },
    { "a low share", { 100, 40 }, { share_below = 0.5 }, "share" },
    { "none at the share", { 100, 50 }, { share_below = 0.5 }, "" },
    { "more than was sold", { 5, 6 }, { over_deployed = true }, "over-deployed" },
    { "more of what was never sold", { 0, 1 }, { over_deployed = true, share_below = 1 },
      "over-deployed" },
    { "all at once", { 100, 0 }, { unused_over = 1, share_below = 0.1 }, "unused share" },
    { "nothing of text", { "many", 1 }, { unused_over = 0 }, "" },
    { "counts that are text", { "100", "40" }, { unused_over = 59 }, "unused" },
  } do
    it("finds " .. c[1], function()
      assert.equal(c[4], kinds({ licensesSold = c[2][1], licensesDeployed = c[2][2] }, c[3]))
    end)
  end

  local NOW = 1489449600 + 3600      -- 2017-03-14, one o'clock
  for _, c in ipairs {
    { "what ends within the days", "2017-04-13T00:00:00", "ACTIVE", true },
    { "what ends today", "2017-03-14T00:00:00", "ACTIVE", true },
    { "nothing that ended", "2017-03-13T00:00:00", "ACTIVE", false },
    { "nothing that ends later", "2017-04-14T00:00:00", "ACTIVE", false },
    { "nothing suspended", "2017-03-20T00:00:00", "SUSPENDED", false },
    { "nothing that never ends", "0001-01-01T00:00:00", "ACTIVE", false },
  } do
    it("finds " .. c[1], function()
      local row = { commitmentEndDate = c[2], status = c[3], autoRenewEnabled = false }
      assert.equal(c[4], findings.of_subscription(row, 30, NOW) ~= nil)
    end)
  end

  it("leaves products out by parts of their names", function()
    local excepted = findings.exception { "Free", "e3" }
    assert.is_true(excepted { productName = "POWER BI (FREE)" })
    assert.is_true(excepted { productName = "OFFICE 365 E3" })
    assert.is_false(excepted { productName = "OFFICE 365 E5" })
    assert.is_false(excepted {})
  end)
end)

if command.skips() then return end

describe("the command's check", function()
  local box
  setup(function() box = sandbox.start { customers = 6, products = 3 } end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)

  local function run(words, env) return command.run("check " .. words, { box = box, env = env }) end

  it("exits with 1 and a line a finding when there is something", function()
    local code, out = run "--unused-over 50 -f csv"
    assert.equal(1, code)
    assert.truthy(out:find("^finding,customerName,productName,message"))
    local _, lines = out:gsub("\r\nunused,", "")
    assert.is_true(lines > 0)
    code, out = run "--unused-over 50 -f json"
    assert.equal(1, code)
    local first = cjson.decode(out)[1]
    assert.equal("unused", first.finding)
    assert.is_true(first.licensesSold - first.licensesDeployed > 50)
  end)

  it("exits with 0 and nothing when there is nothing", function()
    local code, out, err = run "--unused-over 100000 --quiet"
    assert.same({ 0, "", "" }, { code, out, err })
    code, out = run "--unused-over 100000 -f json"
    assert.same({ 0, "[]\n" }, { code, out })
  end)

  it("exits with 4 when it could not find out, never with silence", function()
    box:control { faults = { { times = 99, status = 500 } } }
    local code, out, err = run "--unused-over 50 --quiet"
    assert.same({ 4, "" }, { code, out })
    assert.truthy(err:find("^partnercenter: "), err)
    box:reset()
    box:control { faults = { { times = 99, body = '{"Value":[],"TotalCount":0}' } } }
    code, out, err = run "--unused-over 50"
    assert.same({ 4, "" }, { code, out })
    assert.truthy(err:find("nothing was looked at", 1, true), err)
  end)

  it("counts what it looked at, and finds nothing out about who has no rows", function()
    local _, _, all = run "--unused-over 100000"
    local _, _, some = run "contoso --unused-over 100000"
    all, some = tonumber(all:match("0 findings in (%d+) rows")),
      tonumber(some:match("0 findings in (%d+) rows"))
    assert.is_true(some > 0 and some < all)
    local code, out, err = run "00000000-0000-4000-8000-000000000000 --unused-over 50"
    assert.same({ 4, "" }, { code, out })
    assert.truthy(err:find("nothing was looked at", 1, true), err)
  end)

  local NOBODY = "00000000-0000-4000-8000-000000000000"

  it("tells of each customer who is named that nothing was looked at, beside what it found",
    function()
      local contoso = "contoso --unused-over 50 -f csv --quiet"
      local code, found, err = run(contoso)
      assert.same({ 1, "" }, { code, err })
      local out
      for _, words in ipairs { NOBODY .. " " .. contoso, contoso .. " " .. NOBODY } do
        code, out, err = run(words)
        assert.same({ 4, found, "partnercenter: the service has no licences of " .. NOBODY
          .. ": nothing was looked at\n" }, { code, out, err })
      end
    end)

  it("tells it of each question, where a customer has rows of another one", function()
    box:control { faults = { { match = "/analytics/subscriptions", times = 99,
      body = '{"Value":[],"TotalCount":0}' } } }
    for _, words in ipairs { "contoso", "" } do
      local code, _, err = run(words .. " --unused-over 100000 --expiring 30 --quiet")
      assert.equal(4, code)
      assert.matches("^partnercenter: the service has no subscriptions[^\n]*: nothing was looked "
        .. "at\n$", err)
    end
    local code, _, err = run("contoso " .. NOBODY
      .. " --unused-over 100000 --expiring 30 --errors json")
    assert.equal(4, code)
    assert.equal("unknown", cjson.decode(err:match "^[^\n]+").kind)
    assert.truthy(err:find("no licences of " .. NOBODY .. ":", 1, true), err)
    assert.matches("no subscriptions of [Cc]ontoso 001 %([%x-]+%), 00000000%-", err)
  end)

  it("names what is nearest to a misspelt customer", function()
    local code, _, err = run "contosso --unused-over 50"
    assert.equal(2, code)
    assert.truthy(err:lower():find("did you mean 'contoso'?", 1, true), err)
  end)

  it("exits with 3 when somebody has to sign in, with 2 when it is used wrongly", function()
    assert.equal(3, (run("--unused-over 50", { PARTNERCENTER_TOKEN = false })))
    local code, _, err = run ""
    assert.equal(2, code)
    assert.truthy(err:find("say what to look for", 1, true))
    assert.equal(2, (run "--unused-over many"))
  end)

  it("looks at some customers, and leaves products out", function()
    local _, all = run "--share-below 100 -f csv"
    local _, some = run "contoso --share-below 100 -f csv"
    assert.truthy(#some < #all and some:find("CONTOSO 001", 1, true), some)
    assert.is_nil(some:find("FABRIKAM", 1, true))
    local _, fewer = run "contoso --share-below 100 -f csv --except 'microsoft 365'"
    assert.is_nil(fewer:find("MICROSOFT 365", 1, true))
  end)

  it("finds subscriptions that end soon", function()
    local code, out = run "--expiring 365 --today 2017-03-14 -f csv"
    assert.equal(1, code)
    assert.truthy(out:find("\nexpiring,[^\n]* 2017%-%d%d%-%d%d, in %d+ days?"), out)
  end)
end)
