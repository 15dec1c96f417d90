local csv = require("partnercenter").csv
local errors = require "partnercenter.errors"

local TEXT = "Customer,Seats,Since\r\n\"Contoso, Ltd.\",12,2021-03-31\r\nFabrikam,,2021-04-01\r\n"
local OPTIONS = { numbers = { "seats" }, dates = { "Since" } }

describe("partnercenter.csv", function()
  local function pieces(text, n)
    local at = 1 - n
    return function()
      at = at + n
      return at <= #text and text:sub(at, at + n - 1) or nil
    end
  end

  it("decodes a text, and gives the names in their order", function()
    local rows, names = csv.decode(TEXT, OPTIONS)
    assert.same({ { Customer = "Contoso, Ltd.", Seats = 12, Since = 1617148800 },
      { Customer = "Fabrikam", Since = 1617235200 } }, rows)
    assert.same({ "Customer", "Seats", "Since" }, names)
  end)

  it("gives the rows of a file, and of pieces of any size", function()
    local expected = csv.decode(TEXT, OPTIONS)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(TEXT)
    file:close()
    file = assert(io.open(path, "rb"))
    local rows = {}
    for row in csv.each(file, OPTIONS) do rows[#rows + 1] = row end
    file:close()
    os.remove(path)
    assert.same(expected, rows)
    for n = 1, #TEXT do
      rows = {}
      for row in csv.each(pieces(TEXT, n), OPTIONS) do rows[#rows + 1] = row end
      assert.same(expected, rows)
    end
  end)

  it("says the line, the byte and the column of an error, after the rows before it", function()
    local text = TEXT .. "Litware,many,2021-04-01\r\n"
    local rows, err = csv.decode(text, OPTIONS)
    assert.is_nil(rows)
    assert.is_true(errors.is(err))
    assert.equal("protocol", err.kind)
    assert.truthy(err.message:find("line 4, byte 9 (column Seats)", 1, true), err.message)
    local count = 0
    local ok, raised = pcall(function()
      for _ in csv.each(pieces(text, 5), OPTIONS) do count = count + 1 end
    end)
    assert.is_false(ok)
    assert.equal(err.message, raised.message)
    assert.equal(2, count)
  end)

  for _, c in ipairs {
    { "a second byte order mark", "\239\187\191\239\187\191a,b\n1,2\n", "second byte order mark" },
    { "a separator that nobody said", "a;b\n1;2\n", "called 'a;b': if a ; stands" },
    { "tabs that nobody said", "a\tb\n1\t2\n", "if a tab stands" },
    { "a spreadsheet's word for the separator", "sep=;\na;b\n1;2\n", "'sep=;' is a spreadsheet's" },
    { "a page of one line", "<html><body>Sign in</body></html>", "no CSV, it begins with <html>" },
    { "an array of JSON", "[1]\n", "no CSV, it begins with [1]" },
  } do
    it("takes no names from " .. c[1], function()
      local rows, err = csv.decode(c[2])
      assert.is_nil(rows)
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find(c[3], 1, true), err.message)
      for n = 1, 7, 3 do
        local ok, raised = pcall(function() for _ in csv.each(pieces(c[2], n)) do end end)
        assert.is_false(ok)
        assert.equal(err.message, raised.message)
      end
    end)
  end

  -- Two exports, put into one file.
  for _, c in ipairs {
    { "texts", {}, "line 4, byte 1 (column Customer)" },
    { "arrays", { arrays = true }, "line 4, byte 1 (column Customer)" },
    { "numbers", { numbers = { "Seats" } }, "line 4, byte 10 (column Seats)" },
    { "dates", { dates = { "Since" } }, "line 4, byte 16 (column Since)" },
  } do
    it("is told by names that come again as " .. c[1], function()
      local rows, err = csv.decode(TEXT .. TEXT, c[2])
      assert.is_nil(rows)
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find(c[3] .. ": the names of the columns come again", 1, true),
        err.message)
    end)
  end

  it("gives a line that looks like names where there are none, or where the first has none",
    function()
      assert.same({ { "a", "b" }, { "a", "b" } },
        (csv.decode("a,b\na,b\n", { headings = false, arrays = true })))
      assert.same({ { "", "b" }, { "", "" } }, (csv.decode(",b\n,b\n,\n", { arrays = true })))
    end)

  it("takes a name with a semicolon where the separator is said", function()
    assert.same({ { ["a;b"] = "1" } }, (csv.decode("a;b\n1\n", { separator = "," })))
  end)

  it("names the nearest of a column that is not there", function()
    local _, err = csv.decode(TEXT, { numbers = { "Seat" } })
    assert.truthy(err.message:find("did you mean 'Seats'", 1, true), err.message)
  end)

  it("tells what a reader could not read", function()
    local ok, err = pcall(csv.each(function() return nil, "disk gone" end))
    assert.is_false(ok)
    assert.truthy(err.message:find("disk gone", 1, true))
  end)

  it("refuses what it cannot read from", function()
    assert.has_error(function() csv.each("text") end)
    assert.has_error(function() csv.decode(5) end)
    assert.has_error(function() csv.decode(TEXT, { nunbers = {} }) end)
  end)
end)
