local errors = require "partnercenter.errors"
local partnercenter = require "partnercenter"
local reach = require "spec.support.reach"
local sandbox = require "spec.support.sandbox"

local f = partnercenter.filter

local USAGE = { dataset = "OfficeUsage", columns = { "CustomerName", "WorkloadName", "Month",
  "MonthlyActiveUsers" }, timespan = "LAST_MONTH", numbers = { "MonthlyActiveUsers" } }

local function with(more)
  local what = {}
  for name, value in pairs(USAGE) do what[name] = value end
  for name, value in pairs(more) do what[name] = value end
  return what
end

describe("partner.reports", function()
  local box, partner, events

  setup(function() box = sandbox.start { customers = 30, report_clock = 100000,
    report_rate = 1000 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    events = {}
    partner = box:partner { retries = 1,
      on_event = function(event) events[#events + 1] = event end }
  end)
  after_each(function() partner:close() end)

  -- What is left at the service.
  local function left()
    local reports, queries = assert(partner.reports:list()), assert(partner.reports:queries())
    return #reports + #queries
  end

  local function count_of(class)
    return box:stats().classes[class] or 0
  end

  it("gives the rows of a report, and leaves nothing behind", function()
    local rows = {}
    for row in partner.reports:each(USAGE) do rows[#rows + 1] = row end
    assert.is_true(#rows > 30)
    assert.equal("number", type(rows[1].MonthlyActiveUsers))
    assert.equal("2017-03-01", rows[1].Month)
    assert.equal(0, left())
    assert.same(rows, (partner.reports:all(USAGE)))
  end)

  -- libcurl takes a stream of HTTP/2 that was reset for a whole body now and then, and
  -- CSV does not say where it ends.
  it("makes sure of the end of a file without a length", function()
    local rows = {}
    for version, requests in pairs { ["1.1"] = 1, ["2"] = 2 } do
      box:reset()
      local client = box:partner { http_version = version }
      rows[version] = assert(client.reports:all(USAGE))
      client:close()
      local asked = 0
      for _, request in ipairs(box:stats().requests) do
        if request.uri:find("^/reports/") then asked = asked + 1 end
      end
      assert.equal(requests, asked)
    end
    assert.same(rows["1.1"], rows["2"])
  end)

  it("shows nowhere the link of the file that is read", function()
    local iterate, state, control, closer = partner.reports:each(USAGE)
    local seen = 0
    assert(iterate())
    for name, root in pairs { partner = partner, reports = partner.reports, closer = closer,
      state = state or {}, control = control or {}, events = events } do
      reach(root, name, function(text, path)
        seen = seen + 1
        assert(not text:find("sig=%w"), path)
      end)
    end
    closer.close()
    assert.is_true(seen > 50)
  end)

  it("agrees with the usage of the customers' products", function()
    local customer = partner.customers:get().items[1]
    local rows = assert(partner.reports:all(with { columns = { "WorkloadName",
      "MonthlyActiveUsers" },
      where = f.eq("CustomerTenantId", customer.id) }))
    local sums, expected = {}, {}
    for _, row in ipairs(rows) do sums[row.WorkloadName] = row.MonthlyActiveUsers end
    local usage = assert(partner.customers:by_id(customer.id).analytics.licenses.usage:get())
    for _, item in ipairs(usage.items) do
      local name = item.workloadName
      expected[name] = (expected[name] or 0) + item.licensesActive
    end
    assert.is_true(next(sums) ~= nil)
    for name, sum in pairs(sums) do assert.equal(expected[name], sum, name) end
  end)

  it("leaves out rows of other locations unless they are asked for", function()
    local rows = assert(partner.reports:all(USAGE))
    local more = assert(partner.reports:all(with { duplicates = true }))
    assert.is_true(#more > #rows)
    local system = { system = "OfficeUsage" }
    local six = assert(partner.reports:all(system))
    for _, row in ipairs(six) do assert.equal("0", row.IsDuplicateRowForPGA) end
    system.duplicates = true
    assert.is_true(#assert(partner.reports:all(system)) > #six)
  end)

  it("asks for what the language has", function()
    local what = with { columns = { "customername", "Workload Name" }, distinct = true, limit = 3,
      order = { "customer name desc", "workloadname" },
      where = f.all { f.any { f.eq("WorkloadName", "Exchange"), f.eq("WorkloadName",
        "SharePoint") },
        f.negate(f.contains("CustomerName", "corp")), f.ge("MonthlyActiveUsers", 0) } }
    what.numbers = nil
    local rows = assert(partner.reports:all(what))
    assert.equal(3, #rows)
    assert.is_true(rows[1].CustomerName >= rows[2].CustomerName)
  end)

  for _, c in ipairs {
    { "a column that is misspelt", with { columns = { "CustomrName" }, numbers = false },
      "did you mean 'CustomerName'" },
    { "a data set that is misspelt", with { dataset = "OficeUsage" },
      "did you mean 'OfficeUsage'" },
    { "a number column that is not selected", with { numbers = { "MonthlyActveUsers" } },
      "did you mean 'MonthlyActiveUsers'" },
    { "a time span that is none", with { timespan = "LAST_MOON" }, "LAST_3_MONTHS" },
    { "or", with { where = f.any { f.eq("Month", "x"), f.eq("WorkloadName", "y") } },
      "where_here" },
    { "a quote in a value", with { where = f.eq("CustomerName", "Margie's") }, "quote" },
    { "a percent sign in a part", with { where = f.contains("CustomerName", "5%") }, "%" },
    { "true", with { where = f.eq("IsDuplicateRowForPGA", true) }, "0 or 1" },
    { "a number without a plain form", with { where = f.gt("MonthlyActiveUsers", 1e300) },
      "number" },
  } do
    it("refuses " .. c[1] .. " before anything is made", function()
      if c[2].numbers == false then c[2].numbers = nil end
      local rows, err = partner.reports:all(c[2])
      assert.is_nil(rows)
      assert.equal("config", err.kind)
      assert.truthy(err.message:find(c[3], 1, true), err.message)
      assert.equal(1, count_of "reports")
    end)
  end

  it("decides here what it is told to", function()
    local rows = assert(partner.reports:all(with {
      where_here = f.any { f.eq("WorkloadName", "Exchange"), f.gt("MonthlyActiveUsers", 1000) } }))
    assert.is_true(#rows > 0)
    for _, row in ipairs(rows) do
      assert.is_true(row.WorkloadName == "Exchange" or row.MonthlyActiveUsers > 1000)
    end
  end)

  for _, c in ipairs {
    { "nothing to ask", {}, "dataset" },
    { "two things to ask", { dataset = "x", columns = { "a" }, query = "SELECT" }, "one of" },
    { "a data set without columns", { dataset = "x" }, "columns" },
    { "an unknown option", with { colums = {} }, "columns" },
    { "a limit that is none", with { limit = 1.5 }, "limit" },
    { "half a span", { query = "x", from = "2021-01-01" }, "together" },
    { "a span backwards", { query = "x", from = "2021-02-01", to = "2021-01-01" }, "behind" },
    { "a filter that is a text", with { where = "a eq 1" }, "partnercenter.filter" },
  } do
    it("raises for " .. c[1], function()
      local ok, why = pcall(function()
        local iterate = partner.reports:each(c[2])
        return iterate
      end)
      assert.is_false(ok)
      assert.truthy(tostring(why):find(c[3], 1, true), why)
      assert.truthy(tostring(why):find("reports_spec.lua", 1, true), why)
      assert.equal(0, count_of "reports")
    end)
  end

  describe("takes away what it made", function()
    it("when the loop is left", function()
      local iterate, _, _, closer = partner.reports:each(USAGE)
      assert.truthy(iterate())
      closer.close()
      assert.equal(0, left())
      assert.is_nil(iterate())
      closer.close()
    end)

    it("when the loop is left before it began", function()
      local _, _, _, closer = partner.reports:each(USAGE)
      closer.close()
      assert.equal(0, count_of "reports")
    end)

    it("when the report cannot be made", function()
      box:control { faults = { { match = "/ScheduledReport", status = 400,
        body = '{"value":[],"message":"Invalid report parameters","statusCode":400}' } } }
      local rows, err = partner.reports:all(USAGE)
      assert.is_nil(rows)
      assert.truthy(err.message:find("Invalid report parameters", 1, true))
      assert.equal(0, left())
    end)

    it("when the file is no CSV", function()
      box:control { faults = { { match = "/reports/", status = 200, body = "a,b\n1\n" } } }
      local rows, err = partner.reports:all(with { numbers = false and {} or nil })
      assert.is_nil(rows)
      assert.equal("protocol", err.kind)
      assert.equal(0, left())
    end)

    it("when the time is over, and names the state", function()
      box:control { report_state = "Queued" }
      local rows, err = partner.reports:all(with { wait = 1 })
      assert.is_nil(rows)
      assert.equal("timeout", err.kind)
      assert.equal(0, left())
      box:control { report_clock = 1, report_state = "" }
      err = select(2, partner.reports:all(with { wait = 1 }))
      assert.truthy(err.message:find("Pending", 1, true), err.message)
    end)

    it("or names what stays", function()
      box:control { faults = { { match = "/ScheduledReport/", skip = 1, times = 9, status = 500,
        body = "{}" } } }
      local rows, err = partner.reports:all(USAGE)
      assert.is_nil(rows)
      local id = partner.reports:list()[1].reportId
      assert.truthy(err.message:find(id, 1, true), err.message)
    end)

    it("when it was left without close, as soon as the next one begins", function()
      local function leave()
        local iterate = partner.reports:each(USAGE)
        assert.truthy(iterate())
      end
      leave()
      assert.equal(2, left())
      collectgarbage()
      collectgarbage()
      assert(partner.reports:all(USAGE))
      assert.equal(0, left())
      leave()
      assert.equal(1, partner.reports:clean_up())
      assert.equal(0, left())
      assert.equal(0, partner.reports:clean_up())
    end)

    it("but not while somebody may go on", function()
      local iterate, _, _, closer = partner.reports:each(USAGE)
      local rows = 1
      assert.truthy(iterate())
      assert.equal(0, partner.reports:clean_up())
      while iterate() do rows = rows + 1 end
      assert.is_true(rows > 30)
      assert.same({ "CustomerName", "WorkloadName", "Month", "MonthlyActiveUsers" },
        closer.headings())
    end)

    it("or names what stays when the client is closed", function()
      local iterate, _, _, closer = partner.reports:each(USAGE)
      assert.truthy(iterate())
      partner:close()
      local ok, err = pcall(closer.close)
      assert.is_false(ok)
      assert.truthy(err.message:find("report %x+%-"), err.message)
    end)
  end)

  describe("a report that outlives its process", function()
    it("is started, found by its id, read, and deleted with its query", function()
      local id = assert(partner.reports:start(USAGE)).id
      local other = box:partner()
      local report = other.reports:open(id)
      local state, run = report:status()
      assert.equal("Completed", state)
      assert.is_true(run.ready)
      assert.is_nil(run.reportAccessSecureLink)
      assert.is_true(assert(report:wait(5)).ready)
      local rows = 0
      for row in report:each { numbers = { "MonthlyActiveUsers" } } do
        rows = rows + 1
        assert.equal("number", type(row.MonthlyActiveUsers))
      end
      assert.is_true(rows > 30)
      assert.equal(2, left())
      assert.is_true(report:delete())
      assert.equal(0, left())
      assert.is_true(report:delete())
      other:close()
    end)

    it("is not there before its first run", function()
      box:control { report_clock = 1 }
      local report = assert(partner.reports:schedule(with { name = "nightly", interval = 24,
        start = os.time() + 9 * 3600 }))
      assert.equal("None", (report:status()))
      local _, err = report:wait(1)
      assert.equal("timeout", err.kind)
      assert.truthy(err.message:find(report.id, 1, true))
    end)

    it("is paused, resumed, changed, and its runs are read once", function()
      box:control { report_clock = 1 }
      local start = os.time() + 5 * 3600
      local report = assert(partner.reports:schedule(with { name = "nightly", interval = 24,
        start = start }))
      assert.equal("Paused", assert(partner.reports:pause(report.id)).reportStatus)
      assert.equal("Active", assert(partner.reports:resume(report.id)).reportStatus)
      local changed = assert(partner.reports:update(report.id, { name = "weekly", interval = 168,
        count = 1, start = start }))
      assert.same({ "weekly", 168 }, { changed.reportName, changed.recurrenceInterval })
      assert.equal("weekly", partner.reports:list { name = "week" }[1].reportName)
      box:control { report_clock = 1e5 }
      os.execute "sleep 0.5" -- the run is there at the first look: the next is far off
      local seen, rows = {}, 0
      for _ = 1, 3 do
        for _ in report:each { seen = seen,
          numbers = { "MonthlyActiveUsers" } } do rows = rows + 1 end
      end
      assert.is_true(rows > 30)
      local ids = 0
      for _ in pairs(seen) do ids = ids + 1 end
      assert.equal(1, ids)
      assert.equal(1, #assert(report:executions()))
    end)

    it("gives with its seen runs those that were missed, the oldest first", function()
      box:control { report_clock = 1 }
      local report = assert(partner.reports:schedule(with { name = "daily", interval = 24,
        count = 3, start = os.time() + 5 * 3600 }))
      box:control { report_clock = 3e5 }
      os.execute "sleep 0.5"
      assert(report:wait(60))
      local deadline = os.time() + 60
      local function ready()
        local runs = assert(report:executions())
        return #runs == 3 and runs[1].ready
      end
      repeat local done = ready() until done or os.time() > deadline
      local seen, order, rows = {}, {}, 0
      local one = 0
      for _ in report:each() do one = one + 1 end
      for _ in report:each { seen = seen, on_run = function(run)
        order[#order + 1] = run.reportGeneratedTime
        assert.is_nil(run.reportAccessSecureLink)
      end } do rows = rows + 1 end
      assert.equal(3, #order)
      assert.is_true(order[1] < order[2] and order[2] < order[3])
      assert.equal(3 * one, rows)
      for _ in report:each { seen = seen } do rows = rows + 1 end
      assert.equal(3 * one, rows)
    end)

    for _, c in ipairs {
      { "too soon", { start = os.time() + 3600 }, "four hours" },
      { "too often", { interval = 3 }, "4 to 2160" },
      { "a name with a semicolon", { name = "a;b" }, "without ;" },
      { "no name", { name = false }, "'name'" },
    } do
      it("cannot be scheduled " .. c[1], function()
        local what = with { name = "x", interval = 24, start = os.time() + 90000 }
        for name, value in pairs(c[2]) do what[name] = value or nil end
        local ok, why = pcall(function() return partner.reports:schedule(what) end)
        assert.is_false(ok)
        assert.truthy(tostring(why):find(c[3], 1, true), why)
      end)
    end

    it("refuses an interval that is too short for its data set", function()
      local _, err = partner.reports:schedule(with { name = "x", interval = 12,
        start = os.time() + 4000 * 86400 })
      assert.truthy(err.message:find("every 24 hours", 1, true))
      assert.equal(0, left())
    end)
  end)

  describe("the file", function()
    it("is fetched elsewhere, without a token, and its link is in no event", function()
      assert(partner.reports:all(USAGE))
      local fetched
      for _, request in ipairs(box:stats().requests) do
        if request.class == "report_file" then fetched = request end
      end
      assert.is_false(fetched.authorized)
      for _, event in ipairs(events) do
        assert.falsy(tostring(event.url):find("sig=%w"), event.url)
      end
    end)

    it("shows its link in no error", function()
      box:control { faults = { { match = "/reports/", status = 404, times = 9, body = "gone" } } }
      local _, err = partner.reports:all(USAGE)
      assert.equal("not_found", err.kind, tostring(err))
      assert.falsy(err.url:find("sig=%w"), err.url)
      assert.falsy(tostring(err):find("sig=", 1, true))
    end)

    it("goes on where it broke off, and gives no row twice", function()
      local expected = assert(partner.reports:all(USAGE))
      for _, ranges in ipairs { true, false } do
        box:control { report_ranges = ranges, gzip = ranges, faults = {
          { match = "/reports/", close = 700 }, { match = "/reports/", close = 40 } } }
        assert.same(expected, assert(partner.reports:all(USAGE)))
        assert.equal(0, left())
      end
    end)

    it("goes on as often when no byte of it came", function()
      local expected = assert(partner.reports:all(USAGE))
      for _, close in ipairs { 0, 700 } do
        box:control { faults = { { match = "/reports/", close = close },
          { match = "/reports/", close = 0, times = 5 } } }
        assert.same(expected, (assert(partner.reports:all(USAGE))))
        assert.equal(0, left())
      end
    end)

    it("gives up when it breaks again and again", function()
      box:control { faults = { { match = "/reports/", close = -1, times = 99 } } }
      local rows, err = partner.reports:all(USAGE)
      assert.is_nil(rows)
      assert.equal("network", err.kind)
      assert.equal(0, left())
    end)

    it("is asked for by a new link when the old one is over", function()
      local report = assert(partner.reports:start(USAGE))
      box:control { faults = { { match = "/reports/", status = 403, body = "<Error/>" } } }
      local rows = 0
      for _ in report:each() do rows = rows + 1 end
      assert.is_true(rows > 30)
    end)

    it("follows no redirect", function()
      box:control { faults = { { match = "/reports/", status = 302, times = 9, body = "",
        headers = { Location = "https://127.0.0.1:1/" } } } }
      local rows, err = partner.reports:all(USAGE)
      assert.is_nil(rows)
      assert.equal(302, err.status)
    end)

    it("may be TSV, in quotes, without a mark", function()
      local expected = assert(partner.reports:all(USAGE))
      box:control { report_quotes = "all", report_bom = false, report_lines = "lf" }
      assert.same(expected, (partner.reports:all(with { format = "tsv" })))
    end)
  end)

  it("waits when the service says that it takes no calls", function()
    box:control { report_rate = 3, report_clock = 6000 }
    local report = assert(partner.reports:start(USAGE))
    for _ = 1, 6 do assert(report:status()) end
    assert.is_true(report:delete())
  end)

  describe("an answer that is lost", function()
    local function posts()
      local count = 0
      for _, request in ipairs(box:stats().requests) do
        if request.method == "POST" and request.uri:find("ScheduledReport", 1, true) then
          count = count + 1
        end
      end
      return count
    end

    it("leaves no second report: the first is found again by its name", function()
      for _, path in ipairs { "/ScheduledQueries", "/ScheduledReport" } do
        box:reset()
        box:control { faults = { { match = path, close = -1 } } }
        local rows = assert(partner.reports:all(USAGE))
        assert.is_true(#rows > 30)
        assert.equal(1, posts())
        assert.equal(0, left())
      end
    end)

    it("is an error where there is no report of that name", function()
      box:control { faults = { { match = "/ScheduledReport", status = 500,
        body = '{"value":[],"message":"Internal error","statusCode":500}' } } }
      local report, err = partner.reports:start(USAGE)
      assert.is_nil(report)
      assert.equal(500, err.status)
      assert.is_nil(err.message:find("not known", 1, true), err.message)
      assert.equal(1, posts())
      assert.equal(0, left())
    end)

    it("is an error that names what may be there", function()
      box:control { faults = { { match = "/ScheduledReport", close = -1 },
        { match = "/ScheduledReport", status = 400, body = "{}" } } }
      local report, err = partner.reports:start(with { name = "nightly" })
      assert.is_nil(report)
      assert.equal("network", err.kind)
      assert.truthy(err.message:find("look for the report 'nightly'", 1, true), err.message)
      assert.equal(1, posts())
    end)

    it("is not looked for when nothing was sent", function()
      local away = box:partner { base_url = "https://127.0.0.1:1", retries = 0 }
      local report, err = away.reports:start { query = "SELECT Month FROM OfficeUsage" }
      assert.is_nil(report)
      assert.equal("network", err.kind)
      assert.is_nil(err.message:find("not known", 1, true), err.message)
      away:close()
    end)

    it("does not take another's report of the same name for its own", function()
      local query = assert(partner.reports:queries(true))[1].queryId
      local first = assert(partner.reports:start { query_id = query, name = "shared" })
      box:control { faults = { { match = "/ScheduledReport", close = -1 } } }
      local report, err = partner.reports:start { query_id = query, name = "shared" }
      assert.is_nil(report)
      assert.equal("network", err.kind)
      assert.is_true(first:delete())
    end)
  end)

  it("needs a signed-in user", function()
    local app = box:partner { credentials = partnercenter.credentials.client_secret {
      tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret } }
    local sets, err = app.reports:datasets()
    assert.is_nil(sets)
    assert.equal("sign_in", err.kind)
    app:close()
  end)

  it("shows data sets and queries", function()
    assert.equal(5, #assert(partner.reports:datasets()))
    assert.equal("OfficeUsage", assert(partner.reports:datasets "officeusage").datasetName)
    local _, err = partner.reports:datasets "OfficeUsag"
    assert.truthy(err.message:find("OfficeUsage", 1, true))
    assert.equal(5, #assert(partner.reports:queries(true)))
    assert.is_true(errors.is(err))
  end)
end)
