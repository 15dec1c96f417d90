local predicate = require "partnercenter.filters.predicate"

local function test(op, value, field)
  return predicate.compile { op = op, field = field or "x", value = value }
end

describe("partnercenter.predicate", function()
  -- What each order of two values means for each operator; nil: not comparable.
  local ORDERS = {
    { "less", 1, { ne = true, lt = true, le = true } },
    { "equal", 2, { eq = true, ge = true, le = true } },
    { "greater", 3, { ne = true, gt = true, ge = true } },
    { "not comparable", "text", { ne = true } },
    { "missing", nil, { ne = true } },
  }
  for _, c in ipairs(ORDERS) do
    it("decides every operator on what is " .. c[1], function()
      for _, op in ipairs { "eq", "ne", "gt", "ge", "lt", "le" } do
        assert.same({ op, c[3][op] or false }, { op, test(op, 2)({ x = c[2] }) })
      end
    end)
  end

  for _, c in ipairs {
    { "a row's numeral", 63, "63", true },
    { "a row's numeral with zeros", 63, "063.0", true },
    { "a negative numeral", -1, "-1", true },
    { "hexadecimal", 16, "0x10", false },
    { "an exponent", 100, "1e2", false },
    { "nan", 1, "nan", false },
    { "an empty text", 0, "", false },
    { "spaces", 1, " 1", false },
  } do
    it((c[4] and "takes " or "does not take ") .. c[1] .. " for a number", function()
      assert.equal(c[4], test("eq", c[2])({ x = c[3] }))
    end)
  end

  it("stops at the first test that decides", function()
    local rows = 0
    local spy = setmetatable({}, { __index = function() rows = rows + 1 return "a" end })
    local node = { op = "any", list = {
      { op = "eq", field = "x", value = "a" }, { op = "eq", field = "y", value = "a" } } }
    assert.is_true(predicate.compile(node)(spy))
    assert.equal(1, rows)
  end)

  it("follows a path only through tables", function()
    local at = test("eq", "v", "a.b.c")
    assert.is_true(at { a = { b = { c = "V" } } })
    for _, row in ipairs { {}, { a = "x" }, { a = { b = 1 } }, { a = { b = {} } } } do
      assert.is_false(at(row))
    end
  end)
end)
