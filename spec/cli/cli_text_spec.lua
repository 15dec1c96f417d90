local columns = require "partnercenter.cli.formats.columns"
local condition = require "partnercenter.cli.formats.condition"
local csv = require "partnercenter.cli.formats.csv"
local failure = require "partnercenter.cli.failure"
local html = require "partnercenter.cli.formats.report.html"
local json = require "partnercenter.cli.formats.json"
local partnercenter = require "partnercenter"
local status = require "partnercenter.cli.terminal.status"
local tables = require "partnercenter.cli.formats.table"
local width = require "partnercenter.cli.terminal.width"

local FSI, PDI = "\226\129\168", "\226\129\169"

local function written(make, ...)
  local parts = {}
  local writer = make(function(text) parts[#parts + 1] = text end, ...)
  return writer, function() return table.concat(parts) end
end

describe("partnercenter.cli.terminal.width", function()
  for _, c in ipairs {
    { "counts ASCII", "Contoso 001", 11 },
    { "counts accents and Cyrillic as one", "Café ФАБ", 8 },
    { "counts Japanese as two", "ファブ東京", 10 },
    { "counts full-width letters as two", "Ａ１", 4 },
    { "counts half-width katakana as one", "ｱｲ", 2 },
    { "counts Korean as two", "한국", 4 },
    { "counts Arabic as one", "شركة", 4 },
    { "counts a combining accent as none", "e\204\129", 1 },
    { "counts Thai vowels above as none", "ที่", 1 },
    { "counts Hebrew points as none", "שָׁ", 1 },
    { "counts isolates and joiners as none", FSI .. "a" .. PDI .. "\226\128\141", 1 },
    { "counts an emoji as two", "🏢", 2 },
    { "counts an ideograph beyond the first plane as two", "𠮷", 2 },
    { "counts nothing", "", 0 },
  } do
    it(c[1], function() assert.equal(c[3], width.of(c[2])) end)
  end

  for _, c in ipairs {
    { "leaves what fits", "Contoso", 7, "Contoso", 7 },
    { "cuts in the middle, with an ellipsis", "Contoso", 6, "Co...o", 6 },
    { "keeps the end by which names differ", "Contoso Trading 12", 12, "Conto...g 12", 12 },
    { "does not cut a wide character in two", "東京都庁", 6, "東...", 5 },
    { "keeps marks with their letter", ("e\204\129"):rep(5), 4, "e\204\129...", 4 },
    { "has no room for an ellipsis", "Contoso", 2, "  ", 2 },
  } do
    it(c[1], function()
      local text, taken = width.cut(c[2], c[3])
      assert.same({ c[4], c[5] }, { text, taken })
    end)
  end

  it("isolates what runs from right to left", function()
    assert.equal(FSI .. "شركة 1" .. PDI, width.isolate("شركة 1"))
    assert.equal(FSI .. "שלום" .. PDI, width.isolate("שלום"))
    for _, text in ipairs { "Contoso", "Café", "東京", "ФАБ", "ไทย", "🏢" } do
      assert.equal(text, width.isolate(text))
    end
  end)
end)

describe("partnercenter.cli.formats.condition", function()
  for _, c in ipairs {
    { "reads the documented text", "serviceCode eq 'O365' and channel ne 'Reseller'" },
    { "reads parentheses", "a eq '1' and (b eq '2' or c ge '3')" },
    { "reads contains", "contains(customerName,'fabrikam')" },
    { "reads a quote inside", "customerName eq 'O''Neil, (x) and y'" },
    { "reads a cast", "usageDate le cast('2018-01-01',Edm.DateTimeOffset)" },
    { "reads a cast with a space", "d gt cast('2018-01-01', Edm.DateTimeOffset)",
      "d gt cast('2018-01-01',Edm.DateTimeOffset)" },
    { "reads booleans and numbers", "autoRenewEnabled eq true or licenseCount gt -1.5" },
    { "reads words without quotes", "serviceCode eq o365", "serviceCode eq 'o365'" },
    { "reads a bare date", "d lt 2018-01-01", "d lt cast('2018-01-01',Edm.DateTimeOffset)" },
    { "keeps a quoted number a text", "id eq '112'" },
    { "reads startswith", "startswith(CompanyName,cont)", "startswith(CompanyName,'cont')" },
    { "reads not", "not (a eq '1' or b eq '2')" },
    { "reads operators in any case", "a EQ '1' AND b Ne '2'", "a eq '1' and b ne '2'" },
    { "reads nested fields", "companyProfile.domain eq 'x.com'" },
    { "reads an empty text", "a ne ''" },
  } do
    it(c[1], function() assert.equal(c[3] or c[2], tostring(condition.read(c[2]))) end)
  end

  for _, c in ipairs {
    { "no operator", "a", "operator" },
    { "a misspelt operator", "a eqq 1", "did you mean 'eq'" },
    { "no value", "a eq", "a value is due" },
    { "an open parenthesis", "(a eq 1", "')' is due" },
    { "an open quote", "a eq 'x", "quote is not closed" },
    { "an open doubled quote", "a eq 'x''y", "quote is not closed" },
    { "more behind the end", "a eq 1 b", "'and', 'or' or the end" },
    { "a wrong field", "9 eq 1", "identifier" },
    { "a wrong date", "a eq 2018-13-01", "month" },
    { "no text", "", "a field is due" },
    { "a boolean that is ordered", "a gt true", "boolean" },
    { "a hundred parentheses", ("("):rep(100) .. "a eq 1" .. (")"):rep(100), "nested" },
  } do
    it("refuses " .. c[1], function()
      local ok, err = pcall(condition.read, c[2])
      assert.is_false(ok)
      local code, message = failure.explain(err)
      assert.equal(2, code)
      assert.truthy(message:find(c[3], 1, true), message)
    end)
  end
end)

describe("partnercenter.cli.formats.json", function()
  for _, c in ipairs {
    { "members in order", { b = 1, a = "x" }, '{"a":"x","b":1}' },
    { "an array", { 1, { 2 } }, "[1,[2]]" },
    { "null", { a = partnercenter.null }, '{"a":null}' },
    { "escapes", 'a"\\\n\t\1\127é', '"a\\"\\\\\\n\\t\\u0001\\u007fé"' },
    { "whole floats", 3.0, "3" },
    { "the shortest digits", 0.1, "0.1" },
    { "booleans", { true, false }, "[true,false]" },
    { "an empty table", {}, "[]" },
  } do
    it("writes " .. c[1], function() assert.equal(c[3], json.encode(c[2])) end)
  end

  it("writes numbers that read back", function()
    for _, number in ipairs { 2 ^ 60, 2 ^ 53 + 2, 1 / 3, 1e300, -0.25 } do
      assert.equal(number, tonumber(json.encode(number)))
    end
  end)

  it("writes an array with a row a line, and none", function()
    local writer, text = written(json.array)
    writer.row { a = 1 }
    writer.row { a = 2 }
    writer.finish()
    assert.equal('[\n{"a":1},\n{"a":2}\n]\n', text())
    writer, text = written(json.array)
    writer.finish()
    assert.equal("[]\n", text())
  end)
end)

describe("partnercenter.cli.formats.csv", function()
  it("quotes what needs it", function()
    local writer, text = written(csv.new, { columns.column("a", "A"), columns.column("b,c", "B") })
    writer.row { a = 'x"y', ["b,c"] = "one\ntwo" }
    writer.row { a = " x", ["b,c"] = partnercenter.null }
    writer.finish()
    assert.equal('a,"b,c"\r\n"x""y","one\ntwo"\r\n" x",\r\n', text())
  end)

  it("writes the head without rows", function()
    local writer, text = written(csv.new, columns.of("customers", "csv"))
    writer.finish()
    assert.equal("id,companyName,domain,relationshipToPartner\r\n", text())
  end)

  it("takes the fields of the rows where nobody names them", function()
    local writer, text = written(csv.new, nil)
    writer.row { b = 1.5 }
    writer.row { a = { 1, 2 }, b = 2 }
    writer.finish()
    assert.equal('a,b\r\n,1.5\r\n"[1,2]",2\r\n', text())
  end)
end)

describe("a date for a person", function()
  -- From: what the service puts for it.
  for _, c in ipairs {
    { "2018-10-14T00:00:00Z", "2018-10-14" },
    { "9999-12-31T23:59:59.9999999Z", "never" },    -- the last moment of .NET
    { "9999-12-31T00:00:00", "never" }, { "9999-12-31", "never" },
    { "9999-12-10T00:00:00Z", "never" },            -- a subscription that does not renew
    { "0001-01-01T00:00:00Z", "-" }, { "soon", "-" },
  } do
    it("is " .. c[2] .. " where the service says " .. c[1], function()
      assert.equal(c[2], columns.readable(columns.column("d", "D", "date"), { d = c[1] }))
    end)
  end
end)

describe("partnercenter.cli.formats.csv for spreadsheets", function()
  local list = {
    columns.column("name", "NAME"), columns.column("n", "N", "count"),
    columns.column("share", "SHARE", "share"), columns.column("day", "DAY", "date"),
  }
  local function excel(row, locale)
    local writer, text = written(function(write) return csv.excel(write, list, locale) end)
    writer.row(row)
    writer.finish()
    return (text():match("\r\n(.*)\r\n$"))
  end

  for _, c in ipairs {
    { "=1+1", "'=1+1" }, { "+1", "'+1" }, { "-1", "'-1" }, { "@SUM(A1)", "'@SUM(A1)" },
    { "\t=1", "\"'\t=1\"" }, { "\r=1", "\"'\r=1\"" }, { "  =1", "'  =1" }, { "\tx", "\"'\tx\"" },
    { "\rx", "\"'\rx\"" }, { "＝1", "'＝1" }, { "＋1", "'＋1" }, { "－1", "'－1" }, { "＠a", "'＠a" },
    { "a=1", "a=1" }, { "1-2", "1-2" }, { "x,y", '"x,y"' }, { "", "" },
  } do
    it(("makes %q harmless, or leaves it"):format(c[1]), function()
      assert.equal(c[2] .. ",,,", excel { name = c[1] })
    end)
  end

  it("has a mark, and numbers and days that a spreadsheet knows", function()
    local row = { name = "東京", n = -5, share = 0.25, day = "2017-03-14T03:25:16.36+00:00" }
    assert.equal("東京,-5,0.2500,2017-03-14", excel(row))
    assert.equal("東京;-5;0,2500;2017-03-14", excel(row, "de-DE"))
    local writer, text = written(function(write) return csv.excel(write, list) end)
    writer.finish()
    assert.equal("\239\187\191name,n,share,day\r\n", text())
  end)
end)

describe("numbers and names that nobody expects", function()
  local list = { columns.column("name", "NAME"), columns.column("n", "N", "count") }
  for _, c in ipairs {
    { "twenty digits", { name = "x", n = 12345678901234567890 }, "x,1.234567890" },
    { "a name that is a number", { name = 5, n = 1 }, "5,1" },
    { "a name that is an object", { name = { a = 1 }, n = 1 }, '"{""a"":1}",1' },
    { "a count that is text", { name = "x", n = "many" }, "x,many" },
    { "a flag for a count", { name = "x", n = true }, "x,true" },
  } do
    it("write " .. c[1], function()
      local writer, text = written(csv.new, list)
      writer.row(c[2])
      writer.finish()
      assert.truthy(text():find(c[3]:sub(1, 10), 1, true), text())
      writer, text = written(function(write)
        return tables.new(write, list, { terminal = false, paint = function(word) return word end })
      end)
      writer.row(c[2])
      writer.finish()
      assert.truthy(#text() > 10)
    end)
  end
end)

describe("partnercenter.cli.formats.table", function()
  local list = {
    columns.column("name", "NAME"), columns.column("n", "N", "count"),
    columns.column("share", "SHARE", "share"),
  }
  local rows = {
    { name = "Contoso", n = 5, share = 0.5 }, { name = "東京", n = 1234, share = 1 },
    { name = "شركة", n = 0 }, { name = "a\27[31mb\r\nc", n = 2, share = 0 },
  }
  local function screen(fields)
    local all = { terminal = true, unicode = true, paint = function(text) return text end,
      width = function() return 80 end }
    for name, value in pairs(fields) do all[name] = value end
    return all
  end
  local function show(fields)
    local writer, text = written(tables.new, list, screen(fields))
    for _, row in ipairs(rows) do writer.row(row) end
    writer.finish()
    return text()
  end

  it("is plain in a pipe, and shows no control character", function()
    assert.equal(table.concat({
      "NAME          N    SHARE",
      "Contoso       5   50.0 %",
      "東京       1234  100.0 %",
      "شركة          0        -",
      "a [31mb c     2    0.0 %", "",
    }, "\n"), show { terminal = false })
  end)

  it("has bars and isolates on a terminal", function()
    assert.equal(table.concat({
      "NAME          N    SHARE",
      "Contoso       5   50.0 % █████·····",
      "東京       1234  100.0 % ██████████",
      FSI .. "شركة" .. PDI .. "          0        -",
      "a [31mb c     2    0.0 % ··········", "",
    }, "\n"), show {})
  end)

  it("cuts the widest text to the terminal's width", function()
    local writer, text = written(tables.new, list, screen { width = function() return 27 end,
      unicode = false })
    writer.row { name = "A very long name indeed", n = 5, share = 0.55 }
    writer.row { name = "京都府京都市左京区", n = 5, share = 0.55 }
    writer.finish()
    assert.equal(table.concat({
      "NAME              N   SHARE",
      "A very ...indeed  5  55.0 %",
      "京都府...左京区   5  55.0 %", "",
    }, "\n"), text())
  end)

  it("paints the head and the bars", function()
    local shown = show {
      paint = function(text, colour) return "<" .. colour .. ":" .. text .. ">" end,
    }
    assert.truthy(shown:find("<bold:NAME", 1, true))
    assert.truthy(shown:find("<yellow:█████·····>", 1, true))
    assert.truthy(shown:find("<green:██████████>", 1, true))
    assert.truthy(shown:find("<red:··········>", 1, true))
  end)
end)

describe("partnercenter.cli.terminal.status", function()
  local screen = { paint = function(text) return text end }
  for _, c in ipairs {
    { "done, total, rate and time left",
      { what = "customers", done = 130, total = 500, seconds = 10 },
      "#####...............  130/500 customers  13/s  28 s left" },
    { "minutes", { what = "customers", done = 10, total = 1000, seconds = 10 },
      "....................  10/1000 customers  1.0/s  16:30 min left" },
    { "hours", { what = "customers", done = 1, total = 1000, seconds = 10 },
      "....................  1/1000 customers  0.1/s  2:46 h left" },
    { "no total", { what = "rows", done = 50, seconds = 5 }, "50 rows  10/s" },
    { "nothing yet", { what = "rows", done = 0, total = 5, seconds = 0 },
      "....................  0/5 rows" },
    { "throttling", { what = "customers", done = 1, total = 2, seconds = 1, waiting = 7.2 },
      "##########..........  1/2 customers  1.0/s  throttled, waits 7 s" },
  } do
    it("tells " .. c[1], function() assert.equal(c[3], status.line(c[2], screen)) end)
  end
end)

describe("partnercenter.cli.formats.report.html", function()
  it("escapes what comes from outside", function()
    assert.equal("&lt;b&gt; &quot;x&quot; &#39;y&#39; &amp;amp;",
      html.escape("<b> \"x\" 'y' &amp;"))
    assert.equal("a b", html.escape("a\226\128\174\0b"))
  end)

  for _, c in ipairs { { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1234567, "1,234,567" },
    { -1234, "-1,234" }, { nil, "–" } } do
    it("writes " .. tostring(c[1]), function() assert.equal(c[2], html.count(c[1])) end)
  end
end)
