local check = require "partnercenter.util.check"

local KNOWN = { "timeout", "connect_timeout", "retries", "client_id", "ca_file" }

-- The message of what f raises, with where it points: "FILE:LINE: " is cut off
-- and returned as the second value.
local function raised(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  local line, text = message:match("^[^:]*check_spec%.lua:(%d+): (.*)$")
  assert.is_truthy(line, "does not point at this file: " .. message)
  return text, tonumber(line)
end

local function here() return debug.getinfo(2, "l").currentline end

describe("partnercenter.check", function()
  describe("nearest", function()
    for _, c in ipairs {
      { "finds a replaced letter", "timeoet", "timeout" },
      { "finds a missing letter", "timout", "timeout" },
      { "finds a letter too many", "timeoutt", "timeout" },
      { "finds swapped neighbours", "retrise", "retries" },
      { "ignores letter case", "TimeOut", "timeout" },
      { "finds a missing underscore", "clientid", "client_id" },
      { "finds a third of the letters changed", "rexxies", "retries" },
      { "leaves a name with more changes alone", "rexxxes", nil },
      { "leaves a stranger alone", "colour", nil },
      { "leaves the empty name alone", "", nil },
      { "leaves a single strange letter alone", "x", nil },
      { "leaves a number alone", 1, nil },
      { "leaves a very long name alone", ("timeout"):rep(10), nil },
    } do
      it(c[1], function() assert.equal(c[3], check.nearest(c[2], KNOWN)) end)
    end

    it("takes the keys of a map", function()
      assert.equal("locale", check.nearest("locael", { locale = "string", cloud = "string" }))
    end)

    it("takes the first by alphabet of equally near names", function()
      assert.equal("bat", check.nearest("xat", { "mat", "cat", "bat" }))
    end)

    it("prefers the nearer name to the first", function()
      assert.equal("zabcdef", check.nearest("zabcdex", { "aabcdex2", "zabcdef" }))
    end)

    it("counts a swap as one change", function()
      assert.equal("ab", check.nearest("ba", { "ab" }))
    end)

    it("finds nothing among no names", function()
      assert.is_nil(check.nearest("timeout", {}))
    end)
  end)

  describe("unknown", function()
    local function entry(...) check.unknown("thing.new", ...) end

    it("names the option, the place and the nearest name", function()
      local line = here() + 1
      local message, at = raised(function() entry("timout", KNOWN) end)
      assert.equal("unknown option 'timout' in thing.new (did you mean 'timeout'?)", message)
      assert.equal(line, at)
    end)

    it("makes no suggestion when nothing is near", function()
      assert.equal("unknown option 'colour' in thing.new",
        (raised(function() entry("colour", KNOWN) end)))
    end)

    it("takes another noun", function()
      assert.equal("unknown parameter 'tops' in thing.new (did you mean 'top'?)",
        (raised(function() entry("tops", { "top" }, 2, "parameter") end)))
    end)

    it("blames the function itself at level 1", function()
      local line = here() + 1
      local function f() check.unknown("x", "y", {}, 1) end
      local _, at = raised(function() f() end)
      assert.equal(line, at)
    end)

    it("shows a position and a name with control characters on one line", function()
      assert.equal("unknown option [1] in thing.new",
        (raised(function() entry(1, KNOWN) end)))
      assert.equal("unknown option 'a?b?' in thing.new",
        (raised(function() entry("a\nb\0", KNOWN) end)))
    end)
  end)

  describe("options", function()
    local known = {
      name = "string", size = "number", top = "integer", any = "any",
      either = "string|function", odd = "integer|string",
      even = function(value)
        if type(value) == "number" and value % 2 == 0 then return true end
        return false, "must be even"
      end,
      strict = function() return false end,
    }
    local function new(given) local copy = check.options("thing.new", given, known) return copy end

    it("gives an empty table for nil", function()
      assert.same({}, new(nil))
    end)

    it("copies what is allowed", function()
      local given = { name = "x", size = 1.5, top = 3, any = false, either = print, even = 4 }
      local copy = new(given)
      assert.same(given, copy)
      assert.are_not.equal(given, copy)
    end)

    for _, c in ipairs {
      { "an unknown option", { nam = "x" },
        "unknown option 'nam' in thing.new (did you mean 'name'?)" },
      { "a positional value", { "x" }, "unknown option [1] in thing.new" },
      { "a wrong type", { name = true },
        "option 'name' of thing.new must be a string, not a boolean" },
      { "a numeral for a number", { size = "1" },
        "option 'size' of thing.new must be a number, not a string" },
      { "a fraction for an integer", { top = 1.5 },
        "option 'top' of thing.new must be a whole number" },
      { "another type for an integer", { top = {} },
        "option 'top' of thing.new must be a whole number, not a table" },
      { "infinity for an integer", { top = math.huge },
        "option 'top' of thing.new must be a whole number" },
      { "none of several types", { either = {} },
        "option 'either' of thing.new must be a string or a function, not a table" },
      { "what a rule refuses", { even = 3 }, "option 'even' of thing.new must be even" },
      { "what a rule refuses silently", { strict = 1 },
        "option 'strict' of thing.new has a value that is not allowed" },
      { "a string for the table", "x", "thing.new takes a table of options, not a string" },
      { "a key that is no name", { [true] = 1 }, "unknown option [true] in thing.new" },
      { "the first of odd keys", { [true] = 1, [false] = 1 },
        "unknown option [false] in thing.new" },
      { "the same one of two mistakes", { zzz = 1, yyy = 1, name = 1 },
        "option 'name' of thing.new must be a string, not a number" },
    } do
      it("refuses " .. c[1], function()
        local line = here() + 1
        local message, at = raised(function() new(c[2]) end)
        assert.equal(c[3], message)
        assert.equal(line, at)
      end)
    end

    it("does not print the value", function()
      local message = raised(function() new { size = "hunter2" } end)
      assert.is_nil(message:find("hunter2", 1, true))
    end)

    it("blames whom the level says", function()
      local function inner(given) check.options("x", given, known, 3) end
      local function outer(given) inner(given) return true end
      local line = here() + 1
      local _, at = raised(function() outer { nope = 1 } end)
      assert.equal(line, at)
    end)
  end)

  describe("guid", function()
    for _, c in ipairs {
      { "takes lower case", "6d9dd0a5-56fc-4ac8-b7f5-b0e63f7d1c3a", true },
      { "takes upper case", "6D9DD0A5-56FC-4AC8-B7F5-B0E63F7D1C3A", true },
      { "takes mixed case", "6d9DD0a5-56fc-4ac8-B7F5-b0e63f7d1c3a", true },
      { "refuses braces", "{6d9dd0a5-56fc-4ac8-b7f5-b0e63f7d1c3a}", false },
      { "refuses a missing dash", "6d9dd0a556fc-4ac8-b7f5-b0e63f7d1c3a0", false },
      { "refuses a dash in the wrong place", "6d9dd0a-556fc-4ac8-b7f5-b0e63f7d1c3a", false },
      { "refuses 35 characters", "6d9dd0a5-56fc-4ac8-b7f5-b0e63f7d1c3", false },
      { "refuses 37 characters", "6d9dd0a5-56fc-4ac8-b7f5-b0e63f7d1c3aa", false },
      { "refuses a letter beyond f", "6d9dd0a5-56fc-4ac8-b7f5-b0e63f7d1c3g", false },
      { "refuses a newline at the end", "6d9dd0a5-56fc-4ac8-b7f5-b0e63f7d1c3\n", false },
      { "refuses a zero byte", "6d9dd0a5-56fc-4ac8-b7f5-b0e63f7d1c3\0", false },
      { "refuses a path", "../../../../../../../../../../../../", false },
      { "refuses the empty string", "", false },
      { "refuses nil", nil, false },
      { "refuses a number", 6, false },
      { "refuses a table", {}, false },
    } do
      it(c[1], function() assert.equal(c[3], check.guid(c[2])) end)
    end
  end)

  describe("text and header", function()
    for _, c in ipairs {
      { "a word", "en-US", true, true },
      { "a space inside", "My App", true, true },
      { "UTF-8", "Gro\195\159", true, true },
      { "a space in front", " x", true, false },
      { "a space behind", "x ", true, false },
      { "only a space", " ", true, false },
      { "nothing", "", false, false },
      { "a newline", "a\nb", false, false },
      { "a carriage return at the end", "a\r", false, false },
      { "a tab", "a\tb", false, false },
      { "a zero byte", "a\0b", false, false },
      { "the highest control character below the space", "a\31", false, false },
      { "DEL", "a\127", false, false },
      { "nil", nil, false, false },
      { "a number", 7, false, false },
    } do
      it("judge " .. c[1], function()
        assert.equal(c[3], check.text(c[2]))
        assert.equal(c[4], check.header(c[2]))
      end)
    end
  end)
end)
