local cjson = require "spec.support.json"
local core = require "partnercenter.core"
local sandbox = require "spec.support.sandbox"

local BASE = "/insights/v1/mpn/"

local function escape(text)
  return (text:gsub("[^%w%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

describe("the sandbox's reports", function()
  local box

  setup(function() box = sandbox.start { customers = 30, report_clock = 100000,
    report_rate = 0 } end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)

  local function call(method, path, body)
    local text, status, headers = box:get(BASE .. path, { method = method,
      body = body and cjson.encode(body) })
    return cjson.decode(text), status, headers
  end

  local function create(query, more)
    local answer, status = call("POST", "ScheduledQueries", { Name = "q", Query = query })
    assert.equal(200, status, answer.message)
    local body = { ReportName = "r", QueryId = answer.value[1].queryId, ExecuteNow = true }
    for name, value in pairs(more or {}) do body[name] = value end
    answer, status = call("POST", "ScheduledReport", body)
    assert.equal(200, status, answer.message)
    return answer.value[1]
  end

  -- What `check` gives, once it does: the sandbox's clock runs beside how fast this one asks.
  local function await(check)
    local ends = core.now() + 20
    repeat
      local value = check()
      if value then return value end
    until core.now() > ends
    error("it does not come", 2)
  end

  local function wait_for(report)
    return await(function()
      local answer, status = call("GET", "ScheduledReport/execution/" .. report.reportId)
      if status == 200 then return answer.value[1] end
      assert.equal(404, status)
    end)
  end

  -- The rows of a file, read by the decoder.
  local function read(text, options)
    local decoder = core.csv(options)
    assert(decoder:feed(text))
    assert(decoder:finish())
    return decoder:rows(), decoder:headings()
  end

  local function fetch(query, more, options)
    local run = wait_for(create(query, more))
    local text, status, headers = box:get(run.reportAccessSecureLink, { token = false,
      http = "1.1" })
    assert.equal(200, status, text)
    return read(text, options), text, headers, run
  end

  it("shows the documented columns", function()
    local expected = cjson.decode(io.open("spec/data/examples/insights-datasets.json"):read("*a"))
    local got = call("GET", "ScheduledDataset")
    assert.same(expected.value, got.value)
    got = call("GET", "ScheduledDataset?datasetName=officeusage")
    assert.equal("OfficeUsage", got.value[1].datasetName)
  end)

  it("lives from Pending to Completed, and is not there before", function()
    box:control { report_clock = 1 }
    local report = create "SELECT CustomerName FROM OfficeUsage"
    assert.equal("Active", report.reportStatus)
    local answer, status = call("GET", "ScheduledReport/execution/" .. report.reportId)
    assert.equal(404, status)
    assert.truthy(answer.message:find("^There are no executions"))
    local all = "?executionStatus=Pending%3BRunning%3BPaused%3BCompleted"
    answer, status = call("GET", "ScheduledReport/execution/" .. report.reportId .. all)
    assert.same({ 200, "Pending" }, { status, answer.value[1].executionStatus })
    box:control { report_state = "Queued" }
    status = select(2, call("GET", "ScheduledReport/execution/" .. report.reportId .. all))
    assert.equal(404, status)
    box:control { report_state = "", report_clock = 100000 }
    local run = wait_for(report)
    assert.equal("Completed", run.executionStatus)
    assert.equal(cjson.null, run.reportLocation)
    call("DELETE", "ScheduledReport/" .. report.reportId)
    answer, status = call("GET", "ScheduledReport?reportId=" .. report.reportId)
    assert.same({ 404, "No item found with given filters." }, { status, answer.message })
  end)

  it("agrees with what the other resources say", function()
    local rows = fetch([[SELECT CustomerTenantId, ReportingProductName, AvailableSeatsEOP,
      TotalAssignedSeats FROM SeatsSubscriptionsAndRevenue WHERE IsDuplicateRowForPGA = 0
      TIMESPAN LAST_MONTH]], nil, { numbers = { "AvailableSeatsEOP", "TotalAssignedSeats" } })
    local of = {}
    for _, row in ipairs(rows) do
      local sum = of[row.CustomerTenantId] or { 0, 0 }
      sum[1], sum[2] = sum[1] + row.AvailableSeatsEOP, sum[2] + row.TotalAssignedSeats
      of[row.CustomerTenantId] = sum
    end
    local customers = box:get("/v1/customers"):gsub("^\239\187\191", "")
    for i = 1, 3 do
      local id = cjson.decode(customers).items[i].id
      local text = box:get("/v1/customers/" .. id .. "/analytics/licenses/deployment")
      local sum = { 0, 0 }
      for _, item in ipairs(cjson.decode((text:gsub("^\239\187\191", ""))).items) do
        sum[1], sum[2] = sum[1] + item.licensesSold, sum[2] + item.licensesDeployed
      end
      assert.is_true(sum[1] > 0)
      assert.same(sum, of[id:upper()])
    end
  end)

  for _, c in ipairs {
    { "a condition, letter case aside", "customername = 'FABRIKAM 001' AND IsDuplicateRowForPGA=0",
      function(row) return row.CustomerName == "Fabrikam 001" end },
    { "LIKE", "CustomerName LIKE 'Fab%'", function(row) return row.CustomerName:find "^Fab" end },
    { "NOT LIKE", "CustomerName NOT LIKE '%a%'",
      function(row) return not row.CustomerName:lower():find "a" end },
    { "IN", "WorkloadName IN ('Exchange', 'sharepoint')",
      function(row) return row.WorkloadName == "Exchange" or row.WorkloadName == "SharePoint" end },
    { "a number", "MonthlyActiveUsers >= 100",
      function(row) return row.MonthlyActiveUsers >= 100 end },
  } do
    it("evaluates " .. c[1], function()
      local rows = fetch(([[SELECT CustomerName, WorkloadName, MonthlyActiveUsers,
        IsDuplicateRowForPGA
        FROM OfficeUsage WHERE %s TIMESPAN LAST_3_MONTHS]]):format(c[2]), nil,
        { numbers = { "MonthlyActiveUsers" } })
      assert.is_true(#rows > 0)
      for _, row in ipairs(rows) do assert.truthy(c[3](row)) end
    end)
  end

  it("sorts, cuts, makes distinct, counts customers", function()
    local rows = fetch [[SELECT DISTINCT CustomerName FROM OfficeUsage ORDER BY CustomerName ASC
      LIMIT 5]]
    assert.equal(5, #rows)
    for i = 2, 5 do assert.is_true(rows[i - 1].CustomerName < rows[i].CustomerName) end
    rows = fetch("SELECT CustomerMarket, CustomerCount FROM CustomersAndTenants", nil,
      { numbers = { "CustomerCount" } })
    local sum = 0
    for _, row in ipairs(rows) do sum = sum + row.CustomerCount end
    assert.equal(30, sum)
  end)

  it("writes what is hard to read, as options say", function()
    local query = "SELECT CustomerName, Month FROM CustomersAndTenants LIMIT 3"
    local _, text = fetch(query)
    assert.truthy(text:find("^\239\187\191CustomerName,Month\r\n"))
    box:control { report_bom = false, report_lines = "lf", report_quotes = "all" }
    _, text = fetch(query, { Format = "TSV" }, { separator = "\t" })
    assert.truthy(text:find('^"CustomerName"\t"Month"\n'))
    assert.truthy(text:find('"2017%-03%-01"\n'))
  end)

  it("gives the file to who has the link, and nobody with a token", function()
    local run = wait_for(create "SELECT CustomerName FROM OfficeUsage")
    local link = run.reportAccessSecureLink
    assert.are_not.equal(box.base_url:match("%d+$"), link:match(":(%d+)/"))
    local _, status, headers = box:get(link)
    assert.same({ 400, "InvalidAuthenticationInfo" }, { status, headers["x-ms-error-code"] })
    _, status = box:get(link:gsub("sig=..", "sig=xx"), { token = false })
    assert.equal(403, status)
    box:control { report_link = 0 }
    _, status = box:get(wait_for { reportId = run.reportId }.reportAccessSecureLink,
      { token = false })
    assert.equal(403, status)
  end)

  it("serves the rest of a file, and gzip", function()
    local run = wait_for(create "SELECT CustomerName, WorkloadName FROM OfficeUsage")
    local link = run.reportAccessSecureLink
    local whole = box:get(link, { token = false })
    local rest, status, headers = box:get(link, { token = false,
      headers = { Range = "bytes=1000-" } })
    assert.equal(206, status)
    assert.equal(whole:sub(1001), rest)
    assert.equal(("bytes 1000-%d/%d"):format(#whole - 1, #whole), headers["content-range"])
    headers = select(3, box:get(link, { token = false, args = "--compressed" }))
    assert.equal("gzip", headers["content-encoding"])
    box:control { faults = { { match = "/reports/", close = 500 } } }
    local cut = box:get(link, { token = false, http = "1.1" })
    assert.truthy(cut:find(whole:sub(1, 500), 1, true))
    assert.falsy(cut:find(whole:sub(1, 501), 1, true))
    -- curl 8 tells of the TLS connection that ended without notice.
    assert.truthy(cut:find("curl: (18)", 1, true) or cut:find("curl: (56)", 1, true), cut)
  end)

  it("runs a schedule by its clock, and not while it is paused", function()
    local start = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 400 * 86400)
    local report = create("SELECT CustomerName FROM OfficeUsage", { ExecuteNow = false,
      StartTime = start, RecurrenceInterval = 24, RecurrenceCount = 3, ReportName = "nightly" })
    local answer = call("PUT", "ScheduledReport/pause/" .. report.reportId)
    assert.equal("Paused", answer.value[1].reportStatus)
    answer = call("PUT", "ScheduledReport/resume/" .. report.reportId)
    assert.equal("Active", answer.value[1].reportStatus)
    box:control { report_clock = 1e7 }
    await(function()
      answer = call("GET", "ScheduledReport?reportName=night")
      return answer.value[1].reportStatus == "Inactive"
    end)
  end)

  for _, c in ipairs {
    { "an unknown column", "ScheduledQueries", { Name = "q",
      Query = "SELECT Nothing FROM OfficeUsage" },
      "Incorrect column name" },
    { "an unknown dataset", "ScheduledQueries", { Name = "q", Query = "SELECT a FROM Nothing" },
      "Invalid table name" },
    { "OR", "ScheduledQueries", { Name = "q",
      Query = "SELECT Month FROM OfficeUsage WHERE MPNId=1 OR MPNId=2" }, "Invalid query" },
    { "no name", "ScheduledQueries", { Query = "SELECT Month FROM OfficeUsage" },
      "Null or missing" },
    { "an unknown query", "ScheduledReport", { ReportName = "r", QueryId = "x", ExecuteNow = true },
      "Invalid QueryId" },
    { "a start too soon", "ScheduledReport", { ReportName = "r", RecurrenceInterval = 24,
      QueryId = "d8349f7b-a7d1-467e-b26d-434d4a50f26a", StartTime = "2020-01-01T00:00:00Z" },
      "Invalid report parameters for creation" },
    { "an interval too short", "ScheduledReport", { ReportName = "r", RecurrenceInterval = 3,
      QueryId = "d8349f7b-a7d1-467e-b26d-434d4a50f26a", StartTime = "2090-01-01T00:00:00Z" },
      "Recurrence Interval" },
    { "another format", "ScheduledReport", { ReportName = "r", ExecuteNow = true, Format = "xml",
      QueryId = "d8349f7b-a7d1-467e-b26d-434d4a50f26a" }, "Requested value 'xml' not found" },
  } do
    it("refuses " .. c[1], function()
      local answer, status = call("POST", c[2], c[3])
      assert.equal(400, status)
      assert.truthy(answer.message:find(c[4], 1, true), answer.message)
    end)
  end

  it("has quotas and a pace", function()
    box:control { report_clock = 1, report_rate = 10 }
    local status, headers
    for _ = 1, 11 do status, headers = select(2, call("GET", "ScheduledReport")) end
    assert.equal(429, status)
    assert.equal("0", headers["x-ratelimit-remaining"])
    assert.truthy(tonumber(headers["retry-after"]))
  end)

  it("tests a query with a hundred rows", function()
    local answer = call("GET", "ScheduledQueries/testQueryResult?exportQuery="
      .. escape "SELECT CustomerName, MonthlyActiveUsers FROM OfficeUsage")
    assert.equal(100, #answer.value)
    assert.equal("number", type(answer.value[1].MonthlyActiveUsers))
  end)
end)
