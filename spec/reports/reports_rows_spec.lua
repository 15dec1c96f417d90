-- What is asked of the service, what of the rows is given, and what of the service's
-- answers is believed.
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local f = partnercenter.filter

local USAGE = { dataset = "OfficeUsage", columns = { "CustomerName", "WorkloadName",
  "MonthlyActiveUsers" }, timespan = "LAST_MONTH" }

local function with(more)
  local what = {}
  for name, value in pairs(USAGE) do what[name] = value end
  for name, value in pairs(more) do what[name] = value end
  return what
end

describe("partner.reports", function()
  local box, partner

  setup(function()
    box = sandbox.start { customers = 12, report_clock = 100000, report_rate = 100000 }
    partner = box:partner { retries = 0 }
  end)
  teardown(function()
    partner:close()
    box:stop()
  end)
  before_each(function() box:restore() end)

  local function left()
    local reports, queries = assert(partner.reports:list()), assert(partner.reports:queries())
    return #reports + #queries
  end

  describe("where_here", function()
    it("finds its columns letter case aside, in a selection and in a file", function()
      local exact = assert(partner.reports:all(with {
        where_here = f.eq("WorkloadName", "SharePoint") }))
      assert.is_true(#exact > 0)
      local here = f.all { f.negate(f.ne("workloadNAME", "SharePoint")),
        f.any { f.ge("monthlyactiveusers", 0), f.eq("CUSTOMERNAME", "x") } }
      assert.same(exact, assert(partner.reports:all(with { where_here = here })))
      local all = assert(partner.reports:all { system = "OfficeUsage",
        where_here = f.eq("workloadname", "SharePoint") })
      for _, row in ipairs(all) do assert.equal("SharePoint", row.WorkloadName) end
      assert.is_true(#all > 0)
    end)

    for _, c in ipairs {
      { "that is misspelt", with { where_here = f.eq("WorkloadNam", "Teams") }, "'WorkloadName'" },
      { "that was not selected", with { columns = { "CustomerName" },
        where_here = f.negate(f.eq("WorkloadName", "Teams")) }, "no column 'WorkloadName'" },
      { "that the file does not have", { system = "OfficeUsage",
        where_here = f.eq("WorkloadNam", "Teams") }, "'WorkloadName'" },
    } do
      it("refuses a column " .. c[1], function()
        local rows, err = partner.reports:all(c[2])
        assert.is_nil(rows)
        assert.equal("config", err.kind)
        assert.truthy(err.message:find(c[3], 1, true), err.message)
        assert.equal(0, left())
      end)
    end

    it("is decided before rows are counted for a limit", function()
      local here = f.eq("WorkloadName", "SharePoint")
      local all = assert(partner.reports:all(with { where_here = here }))
      assert.is_true(#all > 3)
      local three = assert(partner.reports:all(with { where_here = here, limit = 3 }))
      assert.same({ all[1], all[2], all[3] }, three)
      assert.same(all, assert(partner.reports:all(with { where_here = here, limit = #all })))
      local report = assert(partner.reports:start(with { where_here = here, limit = 2 }))
      local seen, count = {}, 0
      for _ in report:each { seen = seen } do count = count + 1 end
      assert.equal(2, count)
      assert.truthy(next(seen))
      assert.is_true(report:delete())
      assert.equal(0, left())
    end)
  end)

  it("gives the rows of other locations to who asks for them by their mark", function()
    local marked = f.eq("IsDuplicateRowForPGA", 1)
    local columns = { "CustomerName", "IsDuplicateRowForPGA" }
    local rows = assert(partner.reports:all(with { columns = columns, where = marked }))
    assert.is_true(#rows > 0)
    for _, row in ipairs(rows) do assert.equal("1", row.IsDuplicateRowForPGA) end
    local text = "select CustomerName, IsDuplicateRowForPGA from OfficeUsage"
    assert.is_true(#assert(partner.reports:all {
      query = text .. " where isduplicaterowforpga = 1" }) > 0)
    for _, row in ipairs(assert(partner.reports:all { query = text })) do
      assert.equal("0", row.IsDuplicateRowForPGA)
    end
  end)

  it("finds columns that become numbers letter case and blanks aside", function()
    local rows = assert(partner.reports:all(with { columns = { " customer name ",
      "monthly active users" }, numbers = { "Monthly Active Users" } }))
    assert.equal("number", type(rows[1].MonthlyActiveUsers))
  end)

  for _, c in ipairs {
    { "a column twice", with { columns = { "Month", "month" } }, "'Month' is selected twice" },
    { "a system query that there is not", { system = "OficeUsage" }, "'OfficeUsage'" },
    { "a value that is no UTF-8", with { where = f.eq("CustomerName", "M\252ller") }, "UTF-8" },
  } do
    it("refuses " .. c[1] .. " before anything is made", function()
      local rows, err = partner.reports:all(c[2])
      assert.is_nil(rows)
      assert.equal("config", err.kind)
      assert.truthy(err.message:find(c[3], 1, true), err.message)
    end)
  end

  for _, c in ipairs {
    { "a query that is no UTF-8", { query = "SELECT M\252 FROM x" }, "UTF-8" },
    { "a column as a number and as a date", with { numbers = { "month" }, dates = { "Month" } },
      "'numbers' and 'dates'" },
  } do
    it("raises for " .. c[1], function()
      local ok, why = pcall(partner.reports.all, partner.reports, c[2])
      assert.is_false(ok)
      assert.truthy(tostring(why):find(c[3], 1, true), why)
    end)
  end

  -- Where an answer lies, and what is missing in it.
  for _, c in ipairs {
    { "/ScheduledDataset", '{"value":[1]}', "no object" },
    { "/ScheduledDataset", '{"value":[{"datasetName":"OfficeUsage"}]}', "selectableColumns" },
    { "/ScheduledQueries", '{"value":["x"]}', "no object" },
    { "/ScheduledQueries", '{"value":[{"name":"x"}]}', "queryId" },
    { "/ScheduledQueries", '{"value":[{"queryId":5}]}', "queryId" },
    { "/ScheduledReport", '{"value":[{"reportId":null}]}', "reportId" },
    { "/ScheduledReport", '{"value":[{"reportId":"../x"}]}', "reportId" },
    { "/ScheduledQueries", '{"value":[{"queryId":"a/../b"}]}', "queryId" },
    { "/execution/", '{"value":[true]}', "no object" },
    { "/execution/", '{"value":[{"executionStatus":"Completed"}]}', "executionId" },
    { "/reports/", "<html><body>Sign in</body></html>", "begins with <html>" },
    { "/reports/", '{"error":1}', "no CSV, but HTML, XML or JSON" },
    { "/reports/", "\31\139\8\0", "compressed" },
    { "/reports/", "", "names of the columns is missing" },
    { "/reports/", ("CustomerName,WorkloadName,MonthlyActiveUsers\nx,y,1\n"):rep(2), "come again" },
    { "/reports/", "[]", "begins with []" },
    { "/reports/", "CustomerName,Month\nx,2017-01\n", "no column 'WorkloadName'" },
  } do
    it(("does not take %s for an answer of %s"):format(c[2], c[1]), function()
      -- A file without a length is asked for what lies behind its end.
      box:control { faults = { { match = c[1], status = 200, body = c[2],
        times = c[1] == "/reports/" and 2 or 1 } } }
      local rows, err = partner.reports:all(USAGE)
      assert.is_nil(rows)
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find(c[3], 1, true), err.message)
      assert.equal(0, left())
    end)
  end

  it("says which role is missing where the service refuses", function()
    box:control { faults = { { match = "/ScheduledDataset", status = 403, body = "" } } }
    local _, err = partner.reports:datasets()
    assert.equal("forbidden", err.kind)
    assert.truthy(err.message:find("Report viewer", 1, true), err.message)
    assert.is_nil(err.message:find("GDAP", 1, true), err.message)
  end)

  it("says of a state that is missing that nothing has begun", function()
    box:control { faults = { { match = "/execution/", times = 99, status = 200,
      body = '{"value":[{"executionId":"x"}]}' } } }
    local _, err = partner.reports:all(with { wait = 1 })
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("not yet begun", 1, true), err.message)
    assert.is_nil(err.message:find("still there", 1, true), "it was taken away")
  end)

  it("ends where all of the file came but its end, and the store has no more", function()
    local body = "CustomerName,WorkloadName,MonthlyActiveUsers\r\nx,y,1\r\n"
    box:control { faults = {
      { match = "/reports/", status = 200, body = body .. "\r\n", close = #body },
      { match = "/reports/", status = 416, body = "<Error/>" } } }
    assert.same({ { CustomerName = "x", WorkloadName = "y", MonthlyActiveUsers = "1" } },
      assert(partner.reports:all(USAGE)))
    assert.equal(0, left())
  end)

  describe("a file that comes in parts", function()
    local HEAD = "CustomerName,WorkloadName,MonthlyActiveUsers\r\n"
    local BODY = HEAD .. "x,y,1\r\nz,w,2\r\n"
    local ROWS = { { CustomerName = "x", WorkloadName = "y", MonthlyActiveUsers = "1" },
      { CustomerName = "z", WorkloadName = "w", MonthlyActiveUsers = "2" } }
    local AT = #HEAD + 3 -- it breaks off here

    -- An answer of the store: the bytes from..to of a body, of a file so long.
    local function part(from, to, headers, body)
      body = body or BODY
      headers["Content-Range"] = ("bytes %d-%d/%d"):format(from, to - 1, #body)
      return { match = "/reports/", status = 206, headers = headers, body = body:sub(from + 1, to) }
    end
    local function whole(headers, body)
      return { match = "/reports/", status = 200, headers = headers, body = body or BODY }
    end
    -- Over HTTP/2 and without a length, so that it is no whole file for certain.
    local function broken(headers)
      return { match = "/reports/", status = 200, headers = headers, body = BODY:sub(1, AT) }
    end
    local OTHER = HEAD .. "a,b,3\r\nc,d,4\r\n"
    local DAY = "Sun, 01 Jan 2017 00:00:00 GMT"

    for _, c in ipairs {
      { "the rest", { broken { ETag = '"1"' }, part(AT, #BODY, { ETag = '"1"' }) } },
      { "the rest, in two", { broken { ETag = '"1"' }, part(AT, AT + 4, { ETag = '"1"' }),
        part(AT + 4, #BODY, { ETag = '"1"' }) } },
      { "the whole anew", { broken { ETag = '"1"' }, whole { ETag = '"1"' },
        { match = "/reports/", status = 416, body = "<Error/>" } } },
      { "the rest, marked by its day", { broken { ["Last-Modified"] = DAY },
        part(AT, #BODY, { ["Last-Modified"] = DAY }) } },
      { "parts that nobody asked for", { part(0, AT, { ETag = '"1"' }),
        part(AT, #BODY, { ETag = '"1"' }) } },
    } do
      it("is whole with " .. c[1], function()
        box:control { faults = c[2] }
        assert.same(ROWS, assert(partner.reports:all(USAGE)))
        assert.equal(0, left())
      end)
    end

    for _, c in ipairs {
      { "of another file", { broken { ETag = '"1"' }, part(AT, #BODY, { ETag = '"2"' }, OTHER) },
        "it has changed" },
      { "of another day", { broken { ["Last-Modified"] = DAY },
        part(AT, #BODY, { ["Last-Modified"] = "Mon, 02 Jan 2017 00:00:00 GMT" }, OTHER) },
        "it has changed" },
      { "of another length", { part(0, AT, { ETag = '"1"' }), part(AT, #BODY, { ETag = '"1"' },
        BODY .. "a,b,3\r\n") }, "it has changed" },
      { "that is too long", { part(0, AT, { ETag = '"1"' }), whole({ ETag = '"1"' },
        BODY .. "a,b,3\r\n") }, "it has changed" },
      { "without a mark", { broken { ETag = '"1"' }, part(AT, #BODY, {}, OTHER) },
        "nothing tells" },
      { "whole, without a mark", { broken {}, whole({}, OTHER) }, "nothing tells" },
      { "from another place", { broken { ETag = '"1"' }, part(AT + 1, #BODY, { ETag = '"1"' }) },
        "the wrong place" },
      { "that begins in the midst", { part(AT, #BODY, { ETag = '"1"' }) }, "the wrong place" },
      { "that is not there", { part(0, AT, { ETag = '"1"' }),
        { match = "/reports/", status = 416, body = "<Error/>" } }, "has not all of it" },
    } do
      it("takes no rest " .. c[1], function()
        box:control { faults = c[2] }
        local rows, err = partner.reports:all(USAGE)
        assert.is_nil(rows)
        assert.equal("protocol", err.kind, tostring(err))
        assert.truthy(err.message:find(c[3], 1, true), err.message)
        assert.equal(0, left())
      end)
    end
  end)

  it("takes away anew what an answer was lost of", function()
    for _, path in ipairs { "/ScheduledQueries/", "/ScheduledReport/%x%x%x%x%x%x%x%x%-" } do
      for _, fault in ipairs { { close = -1 }, { close = 20 }, { status = 503, body = "{}" } } do
        fault.match = path
        box:control { clear_faults = true, faults = { fault } }
        assert(partner.reports:all(USAGE))
        assert.equal(0, left())
      end
    end
  end)
end)
