-- snapshot, diff and trend, on a sandbox whose date moves.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

if command.skips() then return end
if not pcall(require, "luasql.sqlite3") then
  describe("the command's history", function()
    it("is left to a Lua that has LuaSQL", function() end)
  end)
  return
end

describe("the command's history", function()
  local box, home

  local function run(words) return command.run(words, { box = box, home = home }) end

  setup(function() box = sandbox.start { customers = 6, products = 3 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    home = command.directory()
  end)
  after_each(function() command.remove(home) end)

  local function mondays()
    for _, day in ipairs { "2017-04-03", "2017-04-10", "2017-04-17" } do
      box:control { processed = day }
      local code, out, err = run "snapshot"
      assert.same({ 0, "" }, { code, err })
      assert.equal(day .. "  18 entries  ", out:sub(1, #day + 14))
    end
  end

  it("compares the last two days, or any", function()
    mondays()
    local code, out, err = run "diff -f csv"
    assert.equal(0, code)
    assert.truthy(err:find("changes? from 2017%-04%-10 to 2017%-04%-17"), err)
    assert.truthy(out:find("^change,customerName,productName,licensesSold,licensesSoldChange"), out)
    code, out, err = run "diff 2017-04-05 2017-04-30 -f csv --filter 'change eq changed'"
    assert.equal(0, code)
    assert.truthy(err:find("from 2017-04-03 to 2017-04-17", 1, true), err)
    assert.truthy(out:find("\nchanged,", 1, true))
    code, out = run "trend -f csv"
    assert.equal(0, code)
    assert.truthy(out:find("\n2017-04-03,18,4963,2188,0.4409\r\n2017-04-10,18,4963,2243,", 1,
      true), out)
    code, out = run "trend --customer contoso --product 'MICROSOFT 365' -f csv"
    assert.equal(0, code)
    assert.truthy(out:find("\n2017-04-03,1,66,4,", 1, true), out)
  end)

  it("compares no day with itself, nor backwards", function()
    mondays()
    for _, days in ipairs { "2017-04-03 2017-04-05", "2017-04-10 2017-04-03", "2017-04-17" } do
      local code, out, err = run("diff " .. days)
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find("the first has to be before the second", 1, true), err)
    end
  end)

  it("draws the trend on a terminal and in a report", function()
    mondays()
    local _, shown = command.terminal("trend", { box = box, home = home })
    assert.truthy(shown:find("share  ▁", 1, true), shown)
    local path = home .. "/report.html"
    assert.equal(0, (run("deployment -a --html " .. path)))
    local page = command.read(path)
    assert.truthy(page:find('<h2 id="days">By day</h2>', 1, true))
    assert.truthy(page:find("2017-04-10", 1, true))
  end)

  it("keeps a snapshot beside another output, and only of everything", function()
    local code, out, err = run "deployment -a --save -f csv"
    assert.equal(0, code)
    assert.truthy(err:find("a snapshot of 18 entries is kept", 1, true), err)
    local _, lines = out:gsub("\n", "")
    assert.equal(19, lines)
    for _, words in ipairs { "deployment contoso --save", "deployment -a --save --below 5" } do
      local status, _, why = run(words)
      assert.equal(2, status)
      assert.truthy(why:find("a snapshot is of everything", 1, true), why)
    end
  end)

  it("keeps none when a customer is missing", function()
    box:control { faults = { { match = "1c1e3dd0", times = 9, error = "no_relationship" } } }
    local code, _, err = run "deployment -a --source customer --save -f csv"
    assert.equal(1, code)
    assert.truthy(err:find("no snapshot is kept", 1, true), err)
    box:reset()
    code, _, err = run "trend"
    assert.equal(2, code)
    assert.truthy(err:find("the history has no snapshot of deployment", 1, true), err)
  end)

  for _, c in ipairs {
    { "one snapshot", "diff", "the history has one snapshot" },
    { "no day", "diff yesterday tomorrow", "'tomorrow' is no day" },
    { "a day before all", "diff 2000-01-01", "there is no snapshot up to 2000-01-01" },
    { "a customer that is not in it", "trend --customer nobody", "no entry of the history" },
    { "a field that changes have not", "diff --sort nonsense", "there is no field 'nonsense'" },
  } do
    it("refuses " .. c[1], function()
      run "snapshot"
      if c[1] ~= "one snapshot" then
        box:control { processed = "2017-04-10" }
        run "snapshot"
      end
      local code, out, err = run(c[2])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(c[3], 1, true), err)
    end)
  end
end)
