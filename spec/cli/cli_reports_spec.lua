-- `partnercenter reports`, in a pipe and in a pseudo-terminal.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

local CTRL_C = "\3"
local USAGE = "reports run OfficeUsage --columns CustomerName,WorkloadName,MonthlyActiveUsers "
  .. "--timespan LAST_MONTH "
local GUID = ("%x"):rep(8) .. "%-%x+%-%x+%-%x+%-" .. ("%x"):rep(12)

-- A clock by which a report is ready at once, and one by which it never is.
local FAST, STILL = 1e5, 0.001

if command.skips() then return end

describe("the command's reports", function()
  local box, partner, home

  local function run(words) return command.run(words, { box = box, home = home }) end

  local function terminal(words, talk)
    local code, shown = command.terminal(words, { box = box, home = home, talk = talk })
    return code, shown
  end

  -- Rows of USAGE.
  local whole

  local function left() return #assert(partner.reports:list()) end

  local function run_id(name)
    for _, row in ipairs(assert(partner.reports:list())) do
      if row.reportName == name then return row.reportId end
    end
  end

  local function rows_of(out)
    local _, lines = out:gsub("\n", "")
    return lines - 1
  end

  setup(function()
    box = sandbox.start { customers = 5, report_rate = 1000, report_clock = FAST }
    partner = box:partner()
    home = command.directory()
    whole = #assert(partner.reports:all { dataset = "OfficeUsage", timespan = "LAST_MONTH",
      columns = { "CustomerName", "WorkloadName", "MonthlyActiveUsers" } })
  end)
  teardown(function()
    partner:close()
    box:stop()
    command.remove(home)
  end)
  before_each(function() box:reset() end)

  describe("run", function()
    it("writes the rows, and takes the report away", function()
      local code, out, err = run(USAGE .. "-f csv")
      assert.equal(0, code, err)
      assert.equal("CustomerName,WorkloadName,MonthlyActiveUsers\r\n", out:match("^[^\n]*\n"))
      assert.equal(whole, rows_of(out))
      assert.truthy(err:find("report " .. GUID .. " is being made"), err)
      assert.equal(0, left())
      local again, shown = terminal(USAGE .. "-f csv")
      assert.equal(0, again)
      assert.truthy(shown:find(out:match("\n([^\r]*)"), 1, true), shown)
      assert.equal(0, left())
    end)

    -- To a pipe, and to a file.
    for _, c in ipairs {
      { "csv", "^CustomerName,WorkloadName,MonthlyActiveUsers\r\n" },
      { "excel", "^\239\187\191CustomerName,WorkloadName,MonthlyActiveUsers\r\n" },
      { "table", "^CUSTOMER NAME +WORKLOAD NAME +MONTHLY ACTIVE USERS\n" },
      { "json", '^%[\n{"CustomerName":"[^"]+","MonthlyActiveUsers":%d+,"WorkloadName":' },
      { "ndjson", '^{"CustomerName":"[^"]+","MonthlyActiveUsers":%d+,"WorkloadName":' },
    } do
      it("writes " .. c[1], function()
        local _, out = run(USAGE .. "--limit 2 -f " .. c[1])
        assert.truthy(out:find(c[2]), out)
        local path = home .. "/out"
        local code, printed = run(USAGE .. "--limit 2 -f " .. c[1] .. " -o " .. path)
        assert.same({ 0, "" }, { code, printed })
        assert.equal(out, command.read(path))
      end)
    end

    it("asks the service for the condition, the order and the number", function()
      local code, out = run(USAGE .. "--filter \"WorkloadName eq exchange and MonthlyActiveUsers "
        .. "gt 0\" --sort monthlyactiveusers:desc --limit 2 -f csv")
      assert.equal(0, code)
      local first, second = out:match("Exchange,(%d+)\r\n[^\n]*Exchange,(%d+)\r\n$")
      assert.is_true(tonumber(first) > tonumber(second), out)
      for _, request in ipairs(box:stats().requests) do
        assert.not_equal("report_row", request.class)
      end
    end)

    it("decides on the rows what the service cannot", function()
      local code, out = run(USAGE .. "--filter-here \"MonthlyActiveUsers gt 100 or WorkloadName eq "
        .. "Skype\" --limit 3 -f csv")
      assert.equal(0, code)
      assert.equal(3, rows_of(out))
      for count in out:gmatch(",(%d+)\r") do assert.is_true(tonumber(count) > 100, out) end
    end)

    it("takes queries that are there, or written out", function()
      for _, words in ipairs { "--system OfficeUsage",
        "--query-id d8349f7b-a7d1-467e-b26d-434d4a50f26a",
        "--query 'SELECT CustomerName, Month FROM OfficeUsage TIMESPAN LAST_MONTH'" } do
        local code, out, err = run("reports run " .. words
          .. " --columns month,customername --sort Month:desc --limit 2 -f csv")
        assert.equal(0, code, err)
        assert.equal("Month,CustomerName", out:match("^[^\r]*"))
        assert.equal(2, rows_of(out))
        assert.equal(0, left())
      end
    end)

    for _, c in ipairs {
      { "no columns", "reports run OfficeUsage", "reports columns OfficeUsage" },
      { "nothing to ask", "reports run", "name a data set" },
      { "two things to ask", USAGE .. "--system x", "name a data set" },
      { "a misspelt column", "reports run OfficeUsage --columns CustomrName",
        "did you mean 'CustomerName'" },
      { "a misspelt data set", "reports run OficeUsage --columns Month",
        "did you mean 'OfficeUsage'" },
      { "a misspelt name on the rows", USAGE .. "--filter-here 'WorkloadNam eq x or Month eq y'",
        "did you mean 'WorkloadName'" },
      { "what the service cannot decide", USAGE .. "--filter 'Month eq x or WorkloadName eq y'",
        "--filter-here" },
      { "a time that is none", "reports run --query x --from 2017-01-01 --to soon",
        "--to must be a time" },
      { "half a span", "reports run --query x --from 2017-01-01", "'from' and 'to' together" },
      { "a span of a query", "reports run --query x --timespan LAST_MONTH", "data set" },
      { "a workbook", USAGE .. "-o x.xlsx", "--format excel" },
      { "a web page", USAGE .. "-o x.html", "no web page" },
      { "an unknown action", "reports rum", "Did you mean 'run'" },
      { "an option that is cut off", "reports run --colum x", "'--columns'" },
      { "no action", "reports", "Usage: partnercenter reports" },
      { "a report that is not there", "reports fetch nightly", "no report 'nightly'" },
      { "an id that is not there", "reports delete 0fa78370-bd3a-4bcb-a466-42e37e8c4d55",
        "reports list" },
      { "a schedule without a name", "reports schedule OfficeUsage --columns Month", "--name" },
      { "a schedule too soon", "reports schedule OfficeUsage --columns Month --name x --start "
        .. os.date("!%Y-%m-%dT%H:%M:%SZ"), "'start' must be four hours ahead" },
    } do
      it("refuses " .. c[1], function()
        local code, out, err = run(c[2])
        assert.same({ 2, "" }, { code, out })
        assert.truthy(err:find(c[3], 1, true), err)
        assert.equal(0, left())
      end)
    end

    it("prints the id alone when it is not to wait", function()
      local code, out, err = run(USAGE .. "--no-wait --name seats")
      assert.same({ 0, "" }, { code, err })
      assert.truthy(out:find("^" .. GUID .. "\n$"), out)
      local rows
      code, rows = run("reports fetch seats -f csv")
      assert.equal(0, code)
      assert.equal(whole, rows_of(rows))
      assert.equal(1, left())
      code, rows = run("reports fetch " .. out:sub(1, 36) .. " --delete -f csv --sort "
        .. "MonthlyActiveUsers:desc --limit 1")
      assert.equal(0, code)
      assert.equal(1, rows_of(rows))
      assert.equal(0, left())
    end)

    it("leaves the report when it fails, and says how to go on", function()
      box:control { faults = { { match = "/reports/", status = 404, times = 2, body = "gone" } } }
      local code, out, err = run(USAGE .. "-f csv")
      assert.same({ 1, "" }, { code, out })
      local id = err:match("reports fetch (" .. GUID .. ") %-%-delete' goes on")
      assert.truthy(id, err)
      code = run("reports fetch " .. id .. " --delete -o " .. home .. "/kept.csv")
      assert.equal(0, code)
      assert.equal(whole, rows_of(command.read(home .. "/kept.csv")))
      assert.equal(0, left())
    end)

    it("keeps the report when it is told to", function()
      assert.equal(0, (run(USAGE .. "--keep --name kept -q -o " .. home .. "/kept.json")))
      local code, out, err = run("reports status KEPT -f csv")
      assert.equal(0, code)
      assert.truthy(out:find("\n" .. GUID .. ",Completed,[%d-]+T[%d:]+Z,true\r\n$"), out)
      assert.truthy(err:find("kept %(" .. GUID .. "%): inactive"), err)
    end)
  end)

  describe("waiting", function()
    before_each(function() box:control { report_clock = STILL } end)

    -- Lets the report be done as soon as this is shown.
    local function done_at(text)
      local told = false
      return function(seen)
        if told or not seen:find(text, 1, true) then return end
        told = true
        box:control { report_clock = FAST }
      end
    end

    it("tells on a terminal how far it is", function()
      local code, shown = terminal(USAGE .. "-f csv", done_at "pending")
      assert.equal(0, code, shown)
      assert.truthy(shown:find("OfficeUsage: pending %d+ s, usually under 10 min"), shown)
      assert.equal(0, left())
    end)

    it("tells in a pipe once how far it is, and nothing when it is to be quiet", function()
      box:control { report_state = "Running" }
      local _, _, err = run(USAGE .. "--wait 0.02")
      assert.truthy(err:find("OfficeUsage: running\n", 1, true), err)
      assert.is_nil(err:find("OfficeUsage: running.*OfficeUsage: running"), err)
      assert.truthy(err:find("in the state Running", 1, true), err)
      assert.truthy(err:find("partnercenter reports fetch", 1, true), err)
      assert.is_nil(err:find("partner.reports:open", 1, true), err)
      local code
      code, _, err = run(USAGE .. "--wait 0.02 --quiet")
      assert.equal(1, code)
      assert.is_nil(err:find("OfficeUsage: running", 1, true), err)
    end)

    it("is gone on with after Ctrl-C, by the id that was told", function()
      local typed = false
      local code, shown = terminal(USAGE .. "-f csv", function(seen, send)
        if typed or not seen:find("pending", 1, true) then return end
        typed = true
        send(CTRL_C)
      end)
      assert.equal(130, code, shown)
      local id = shown:match("partnercenter reports fetch (" .. GUID .. ") %-%-delete' goes on")
      assert.truthy(id, shown)
      assert.equal(1, left())
      box:control { report_clock = FAST }
      local out
      code, out = run("reports fetch " .. id .. " --delete -f csv")
      assert.equal(0, code)
      assert.equal(whole, rows_of(out))
      assert.equal(0, left())
    end)
  end)

  it("shows data sets, columns and queries", function()
    for _, c in ipairs {
      { "datasets --filter \"dataset eq OfficeUsage\"", "OfficeUsage,18,4,24,LAST_MONTH " },
      { "columns officeusage --sort column", "CustomerCount,metric\r\n" },
      { "queries --system --limit 1", ",OfficeUsage,system,\"SELECT " },
    } do
      local code, out, err = run("reports " .. c[1] .. " -f csv")
      assert.same({ 0, "" }, { code, err })
      assert.truthy(out:find(c[2], 1, true), out)
    end
  end)

  it("changes all that are named, each once, or none when a name is wrong", function()
    box:control { report_clock = 1 }
    local words = "reports schedule OfficeUsage --columns Month --timespan LAST_MONTH --name "
    for _, name in ipairs { "first", "second", "third" } do
      assert.equal(0, (run(words .. name)))
    end
    local code, _, err = run "reports delete first secnd"
    assert.equal(2, code)
    assert.truthy(err:find("no report 'secnd'", 1, true), err)
    assert.equal(3, left())
    -- One that cannot be taken away leaves the others to be.
    local second = run_id "second"
    box:control { faults = { { match = second, times = 99,
      error = "access_denied" } } }
    code, _, err = run "reports delete first second third First"
    assert.equal(1, code)
    assert.truthy(err:find("report second (" .. second .. "): ", 1, true), err)
    assert.truthy(err:find("1 of 3 reports failed", 1, true), err)
    assert.equal(1, left())
  end)

  it("schedules, shows, pauses and reads each run once", function()
    box:control { report_clock = 1 }
    local words = "reports schedule OfficeUsage --columns CustomerName,Month --timespan LAST_MONTH "
    local code, out, err = run(words .. "--name 'usage every day' --times 3")
    assert.equal(0, code, err)
    local id = out:match("^(" .. GUID .. ")\n$")
    local listed
    code, listed = run "reports list --columns reportName,reportStatus,recurrenceInterval -f csv"
    assert.same({ 0, "reportName,reportStatus,recurrenceInterval\r\n"
      .. "usage every day,Active,24\r\n" }, { code, listed })
    local function fetch()
      local done, rows, told = run("reports fetch 'Usage every day' --new -f csv")
      assert.equal(0, done, told)
      return rows, told
    end
    local rows, told = fetch()
    assert.same({ "", "no new run\n" }, { rows, told })
    code, out = run("reports pause 'usage every day'")
    assert.same({ 0, "" }, { code, out })
    code = run("reports resume " .. id)
    assert.equal(0, code)
    -- Three runs while nobody looked.
    box:control { report_clock = 3e5 }
    os.execute "sleep 1" -- more than three days
    rows = fetch()
    assert.equal(3 * whole, rows_of(rows))
    rows, told = fetch()
    assert.same({ "", "no new run\n" }, { rows, told })
    -- What is noted grows with the years, and is not passed over when it cannot be read.
    local noted = home .. "/.local/state/partnercenter/reports/" .. id
    command.write(noted, ("11111111-2222-4333-8444-555555555555\n"):rep(900) .. command.read(noted))
    rows, told = fetch()
    assert.same({ "", "no new run\n" }, { rows, told })
    os.execute("chmod 644 " .. noted)
    code, out, err = run("reports fetch 'Usage every day' --new -f csv")
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("what was read before cannot be known: " .. noted, 1, true), err)
    code, out, err = run("reports delete 'usage every day'")
    assert.equal("", out)
    assert.equal(0, code)
    assert.truthy(err:find("is taken away", 1, true), err)
    assert.equal(0, left())
  end)
end)
