local core = require "partnercenter.core"
local reference = require "spec.support.csv"

local null = core.null
local cases = dofile "spec/data/csv/cases.lua"
local has_integers = math.type ~= nil

-- Feed the text in pieces of n bytes: rows, and of an error the message, line,
-- byte and column.
local function read(text, n, options)
  local decoder, rows = core.csv(options), {}
  local function take()
    local ok, row = decoder:next()
    while ok do
      rows[#rows + 1] = row
      ok, row = decoder:next()
    end
  end
  for i = 1, #text, n do
    local ok, message, line, byte, column = decoder:feed(text:sub(i, i + n - 1))
    take()
    if not ok then return rows, message, line, byte, column end
  end
  local ok, message, line, byte, column = decoder:finish()
  take()
  if not ok then return rows, message, line, byte, column end
  return rows
end

-- In pieces of every size: the same rows, the same error at the same place.
local function check_all_splits(text, options, rows, name, line, byte, column)
  local message = name and reference.message(name)
  for n = 1, math.min(#text, 64) do
    local got, got_message, got_line, got_byte, got_column = read(text, n, options)
    local where = ("%q in pieces of %d"):format(text, n)
    assert.equal(message, got_message, where)
    if message then
      assert.same({ line, byte }, { got_line, got_byte }, where)
      if column then assert.equal(column, got_column, where) end
    end
    if rows then assert.same(rows, got, where) end
  end
end

local function keyed(lines)
  local rows = {}
  for i = 2, #lines do
    local row = {}
    for k, name in ipairs(lines[1]) do row[name] = lines[i][k] end
    rows[i - 1] = row
  end
  return rows
end

-- Numbers of our own, the same in every Lua.
local function generator(seed)
  return function(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
  end
end

local PARTS = { "a", "B c", ",", '"', "\n", "\r", "\r\n", "\t", ";", "\195\169", "x", "long text ",
  "\240\159\152\128", "0", "", " " }

local function random_text(random)
  local parts = {}
  for i = 1, random(6) - 1 do parts[i] = PARTS[random(#PARTS)] end
  return table.concat(parts)
end

local function random_rows(random)
  local rows, width = {}, random(5)
  for i = 1, random(8) do
    rows[i] = {}
    for k = 1, width do
      rows[i][k] = i == 1 and ("%d%s"):format(k, random_text(random)) or random_text(random)
    end
  end
  -- Some come again, as values of reports do.
  for i = 3, #rows do
    for k = 1, width do
      if random(2) == 1 then rows[i][k] = rows[i - 1][k] end
    end
  end
  return rows
end

describe("partnercenter.core.csv", function()
  for _, case in ipairs(cases) do
    it(("reads %q"):format(case[1]:sub(1, 60)), function()
      local text, lines, name, line, byte = case[1], case[2], case[3], case[4], case[5]
      check_all_splits(text, nil, lines and keyed(lines), name, line, byte)
      if lines then
        check_all_splits(text, { arrays = true, headings = false }, lines)
        local rest = { unpack = table.unpack or unpack }
        check_all_splits(text, { arrays = true }, { rest.unpack(lines, 2) })
      end
    end)
  end

  it("gives back random rows as they were written", function()
    local random = generator(7)
    for _ = 1, 300 do
      local rows = random_rows(random)
      local separator = ({ ",", "\t", ";", "|" })[random(4)]
      local text = reference.write(rows, separator, ({ "\n", "\r\n", "\r" })[random(3)], random)
      local n = random(2) == 1 and #text + 1 or random(20)
      local got, message = read(text, n, { separator = separator, arrays = true, headings = false })
      assert.is_nil(message, text)
      assert.same(rows, got, text)
      assert.same(keyed(rows), (read(text, n, { separator = separator })), text)
    end
  end)

  it("agrees with a reader that goes by characters", function()
    local check = has_integers and dofile "spec/fuzz/csv.lua"
    local random = generator(11)
    for _ = 1, check and 2000 or 0 do
      local parts = { "" }
      for _ = 1, 4 do parts[1] = parts[1] .. string.char(random(256) - 1) end
      for i = 2, random(12) do parts[i] = PARTS[random(#PARTS)] end
      check(table.concat(parts))
    end
  end)

  describe("numbers", function()
    for _, c in ipairs {
      { "0", 0 }, { "-0.5", -0.5 }, { "12", 12 }, { "123456789", 123456789 }, { '"120"', 120 },
      { "1234567890", 1234567890 }, { "-7", -7 }, { "1.5E+05", 150000.0 }, { "0.1", 0.1 },
      { "1234567890123.25", 1234567890123.25 },
    } do
      it("reads " .. c[1], function()
        for _, line_end in ipairs { "", "\n", "\r\n" } do
          check_all_splits("n,x\n" .. c[1] .. ",a" .. line_end, { numbers = { "n" } },
            { { n = c[2], x = "a" } })
        end
      end)
    end

    for _, text in ipairs { "x", "1x", "+1", "01", "1,5", " 1", "1 ", "0x10", "1e", "-", ".5", "5.",
      "1e400", "NaN", "NULL", "1 000" } do
      it("refuses '" .. text .. "'", function()
        check_all_splits(('a,n\nb,"%s"\n'):format(text), { numbers = { "n" } }, {}, "CSV_NUMBER", 2,
          3, "n")
      end)
    end

    it("keeps integers exact where Lua has them", function()
      if not has_integers then return end
      for _, text in ipairs { "9007199254740993", "9223372036854775807", "-9223372036854775808" } do
        local rows = read("n\n" .. text, 3, { numbers = { "n" } })
        assert.equal("integer", math.type(rows[1].n))
        assert.equal(text, ("%d"):format(rows[1].n))
      end
    end)

    it("leaves an empty one out, keeps it as null when told, and always in arrays", function()
      local text = "n,x\n,a\n\"\",b\n"
      check_all_splits(text, { numbers = { "n" } }, { { x = "a" }, { x = "b" } })
      check_all_splits(text, { numbers = { "n" }, nulls = true },
        { { n = null, x = "a" }, { n = null, x = "b" } })
      check_all_splits(text, { numbers = { "n" }, arrays = true }, { { null, "a" }, { null, "b" } })
    end)

    it("finds its columns letter case aside, and says which one is not there", function()
      check_all_splits("Seats,x\n5,6", { numbers = { "SEATS" } }, { { Seats = 5, x = "6" } })
      check_all_splits("Seats,x\r\n5,6", { numbers = { "x", "seat" } }, {}, "CSV_ABSENT", 1, 8,
        "seat")
    end)

    it("goes by index where there are no names", function()
      local options = { numbers = { 2 }, arrays = true, headings = false }
      check_all_splits("a,1\nb,2", options, { { "a", 1 }, { "b", 2 } })
      check_all_splits("a,x\nb,2", options, {}, "CSV_NUMBER", 1, 3, 2)
      check_all_splits("a\nb", options, {}, "CSV_ABSENT", 1, 2, 2)
    end)
  end)

  describe("dates", function()
    local datetime = require "partnercenter.util.datetime"
    for _, text in ipairs { "2021-03-31", "2020-02-29", "1970-01-01", "1969-12-31", "2000-12-31",
      "1600-01-01", "9999-12-31", "2021-03-31T18:41:00Z", "2021-03-31T18:41:00",
      "2021-03-31 18:41:00",
      "2021-03-31T18:41:00.0000000Z", "2017-03-14T03:25:16.36+00:00", "2017-03-14T03:25:16+0130",
      "2017-03-14T03:25:16-08:00", "2016-12-31T23:59:60Z", "0001-01-02" } do
      it("reads " .. text, function()
        local expected = assert(datetime.parse(text))
        check_all_splits("d,x\n" .. text .. ",a\n", { dates = { "d" } },
          { { d = expected, x = "a" } })
        local row = read("d\n" .. text, 4, { dates = { "d" } })[1]
        if has_integers then assert.equal(math.type(expected), math.type(row.d)) end
      end)
    end

    for _, c in ipairs { { "3/31/2021 6:41:00 PM", "2021-03-31T18:41:00" },
      { "2/1/2019 12:00:00 AM", "2019-02-01" },
      { "12/31/2019 12:30:00 PM", "2019-12-31T12:30:00" } } do
      it("reads " .. c[1], function()
        check_all_splits("d\n" .. c[1], { dates = { "d" } }, { { d = datetime.parse(c[2]) } })
      end)
    end

    for _, text in ipairs { "2021-02-29", "2021-13-01", "2021-3-1", "3/31/2021", "31.3.2021",
      "2021-03-31T24:00:00", "2021-03-31T18:41", "2021-03-31T18:41:00X", "2021-03-31T18:41:00.",
      "13/1/2021 1:00:00 AM", "1/1/2021 13:00:00 PM", "x", "2021-03-31 ",
      "3/31/2021 6:41:00 XM" } do
      it("refuses '" .. text .. "'", function()
        check_all_splits("a,d\nb," .. text .. "\n", { dates = { "d" } }, {}, "CSV_DATE", 2, 3, "d")
      end)
    end

    it("leaves out day one of year one, which is never", function()
      check_all_splits("d,x\n0001-01-01T00:00:00Z,a\n", { dates = { "d" } }, { { x = "a" } })
    end)
  end)

  describe("limits", function()
    it("refuses a field, a line and columns that are too much", function()
      check_all_splits('a,b\n1,"123456"\n', { max_field = 8 }, { { a = "1", b = "123456" } })
      check_all_splits('a,b\n1,"1234567"\n', { max_field = 8 }, {}, "CSV_FIELD", 2, 3, "b")
      check_all_splits('a,b\n1,"12345678', { max_field = 8 }, {}, "CSV_FIELD", 2, 3, "b")
      check_all_splits('a,b\n1,"12345"x"', { max_field = 8 }, {}, "CSV_AFTER", 2, 10, "b")
      check_all_splits("a,b\n1234,6789\n", { max_line = 9 }, { { a = "1234", b = "6789" } })
      check_all_splits("a,b\n1234,67890\n", { max_line = 9 }, {}, "CSV_LINE", 2, 6, "b")
      check_all_splits("a,b\n1,2\n", { max_columns = 2 }, { { a = "1", b = "2" } })
      check_all_splits("a,b,c\n1,2,3\n", { max_columns = 2 }, {}, "CSV_COLUMNS", 1, 5)
    end)

    it("holds for fields that are guessed", function()
      check_all_splits("a,b\nx,yyyyyy\nx,yyyyyy\n", { max_field = 6 },
        { { a = "x", b = "yyyyyy" }, { a = "x", b = "yyyyyy" } })
      check_all_splits("a,b\nxx,yyyyyy\nxx,yyyy\nxx,\nxx,yyyyyy\n", { max_line = 9 },
        { { a = "xx", b = "yyyyyy" }, { a = "xx", b = "yyyy" }, { a = "xx", b = "" },
          { a = "xx", b = "yyyyyy" } })
    end)
  end)

  it("finds the names in the first line that is not empty", function()
    for _, text in ipairs { "\na,b\n1,2\n", "\r\n\r\na,b\r\n1,2", "\239\187\191\r\n\ra,b\r1,2" } do
      check_all_splits(text, nil, { { a = "1", b = "2" } })
      check_all_splits(text, { arrays = true }, { { "1", "2" } })
    end
    check_all_splits("\nx\n", { arrays = true, headings = false }, { { "" }, { "x" } })
    check_all_splits("\n\na,b\n1,2,3\n", nil, {}, "CSV_MORE", 4, 5)
  end)

  it("lets arrays do without names, and with the same name twice", function()
    local text = "a,,b,a,\n1,2,3,4,\n"
    check_all_splits(text, { arrays = true }, { { "1", "2", "3", "4", "" } })
    check_all_splits(text, { arrays = true, numbers = { "B", "a" } }, { { 1, "2", 3, "4", "" } })
    check_all_splits(text, nil, {}, "CSV_HEADING", 1, 3, 2)
    local decoder = core.csv { arrays = true }
    assert(decoder:feed(text))
    assert.same({ "a", "", "b", "a", "" }, decoder:headings())
    check_all_splits("a,,b\n1,2\n", { arrays = true }, {}, "CSV_FEWER", 2, 4, "b")
    check_all_splits("a,\n1\n", { arrays = true }, {}, "CSV_FEWER", 2, 2, 2)
  end)

  it("prefers the column of the very name to one that differs in case and blanks", function()
    check_all_splits("A,Unit Price,a\nx,5,6\n", { numbers = { "a", "unitprice" } },
      { { A = "x", ["Unit Price"] = 5, a = 6 } })
    check_all_splits("UnitPrice, a \n5,6\n", { numbers = { "unit  Price", "A" } },
      { { UnitPrice = 5, [" a "] = 6 } })
  end)

  it("gives the rows before an error first", function()
    local decoder = core.csv()
    assert.is_nil((decoder:feed("a,b\n1,2\n3,4\n5\n6,7\n")))
    assert.same({ true, { a = "1", b = "2" } }, { decoder:next() })
    assert.same({ { a = "3", b = "4" } }, decoder:rows())
    assert.same({}, decoder:rows())
    local _, message, line, byte, column = decoder:next()
    assert.same({ reference.message "CSV_FEWER", 4, 2, "b" }, { message, line, byte, column })
    assert.equal(message, select(2, decoder:feed("x")))
    assert.equal(message, select(2, decoder:finish()))
  end)

  it("says that it needs more, and when there are no more", function()
    local decoder = core.csv()
    assert.is_nil(decoder:headings())
    assert.is_false(decoder:next())
    assert.is_true(decoder:feed("a,b\r"))
    assert.same({ "a", "b" }, decoder:headings())
    assert.is_true(decoder:feed("\n1,2"))
    assert.is_false(decoder:next())
    assert.is_true(decoder:finish())
    assert.same({ true, { a = "1", b = "2" } }, { decoder:next() })
    assert.is_nil(decoder:next())
    assert.equal(reference.message "CSV_FINISHED", select(2, decoder:feed("x")))
    assert.equal(reference.message "CSV_FINISHED", select(2, decoder:finish()))
  end)

  it("has room for as many columns as there are", function()
    local names, values = {}, {}
    for i = 1, 1000 do
      names[i], values[i] = "column" .. i, tostring(i * 7)
    end
    local text = table.concat(names, ",") .. "\n" .. table.concat(values, ",") .. "\n"
    for _, n in ipairs { 100, #text } do
      local rows = read(text, n, { numbers = { "column999" } })
      assert.equal("7000", rows[1].column1000)
      assert.equal(6993, rows[1].column999)
      assert.equal("7", rows[1].column1)
    end
  end)

  it("keeps no more than a field and a row", function()
    local decoder = core.csv { numbers = { "n" } }
    local line = "some customer's name,%d,and a text of a few words\n"
    local function feed(rows)
      local taken = 0
      for i = 1, rows do
        assert(decoder:feed(line:format(i)))
        while decoder:next() do taken = taken + 1 end
      end
      return taken
    end
    assert(decoder:feed("name,n,text\n"))
    feed(1000)
    collectgarbage()
    collectgarbage()
    local before = collectgarbage("count")
    assert.equal(20000, feed(20000))
    collectgarbage()
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 64)
  end)

  it("shares values that come again, beyond what Lua does by itself", function()
    local long = ("x"):rep(80)
    local line = long .. ",\"" .. long .. ", y\"\n"
    local decoder = core.csv()
    assert(decoder:feed("a,b\n"))
    local rows = {}
    collectgarbage()
    local before = collectgarbage("count")
    for _ = 1, 50 do
      assert(decoder:feed(line:rep(20)))
      for _, row in ipairs(decoder:rows()) do rows[#rows + 1] = row end
    end
    collectgarbage()
    -- 1,000 rows: the tables alone, not 2,000 texts of 80 bytes beside them.
    assert.is_true((collectgarbage("count") - before) * 1024 / #rows < 180)
  end)

  describe("options", function()
    for _, c in ipairs {
      { "an unknown one", { seperator = ";" }, "'seperator'" },
      { "a long separator", { separator = "ab" }, "'separator'" },
      { "an empty separator", { separator = "" }, "'separator'" },
      { "a quote as separator", { separator = '"' }, "'separator'" },
      { "a line break as separator", { separator = "\n" }, "'separator'" },
      { "no names for keys", { headings = false }, "'arrays'" },
      { "numbers that are no list", { numbers = "n" }, "'numbers'" },
      { "an index where there are names", { numbers = { 1 } }, "'numbers'" },
      { "a name where there are none", { dates = { "d" }, headings = false, arrays = true },
        "'dates'" },
      { "no columns", { max_columns = 0 }, "'max_columns'" },
      { "more columns than the stack has", { max_columns = 4001 }, "'max_columns'" },
      { "text for a switch", { arrays = "yes" }, "'arrays'" },
    } do
      it("refuse " .. c[1], function()
        local ok, why = pcall(core.csv, c[2])
        assert.is_false(ok)
        assert.truthy(tostring(why):find(c[3], 1, true), why)
      end)
    end
  end)

  it("is closed once and for all", function()
    local decoder = core.csv()
    assert(decoder:feed("a\n1\n2"))
    decoder:close()
    decoder:close()
    assert.truthy(tostring(decoder):find("closed", 1, true))
    for _, method in ipairs { "feed", "next", "rows", "finish", "headings" } do
      assert.has_error(function() decoder[method](decoder, "x") end)
    end
  end)
end)
