local odata = require "partnercenter.filters.odata"

local function eq(field, value) return { op = "eq", field = field, value = value } end

local A, B, C = eq("a", "1"), eq("b", "2"), { op = "gt", field = "c", value = "3" }

describe("partnercenter.odata", function()
  describe("literal", function()
    for _, c in ipairs {
      { "text", "a b", "'a b'" }, { "quotes", "''", "''''''" }, { "true", true, "true" },
      { "zero", 0, "0" }, { "a negative zero", -0.0, "0" },
      { "a whole float", 1e15, "1000000000000000" },
      { "a fraction", 0.1, "0.1" }, { "a tiny number", 5e-324, "4.94065645841247e-324" },
      { "a date", { text = "2018-01-01" }, "cast('2018-01-01',Edm.DateTimeOffset)" },
    } do
      it("writes " .. c[1], function() assert.equal(c[3], odata.literal(c[2])) end)
    end

    it("writes numbers that read back the same", function()
      local state = 1
      for _ = 1, 2000 do
        state = state * 16807 % 2147483647
        local number = (state - 1e9) / 2 ^ (state % 80)
        assert.equal(number, tonumber(odata.literal(number)))
      end
    end)
  end)

  describe("group", function()
    it("is the node itself if there is one", function()
      assert.equal(A, odata.group("all", { A }))
    end)

    it("takes in groups of the same kind only", function()
      local any = odata.group("any", { B, C })
      local all = odata.group("all", { odata.group("all", { A, B }), any })
      assert.same({ op = "all", list = { A, B, any } }, all)
    end)
  end)

  describe("measure", function()
    for _, c in ipairs {
      { "a condition", A, 1, 1 },
      { "a negation", { op = "negate", inner = A }, 2, 1 },
      { "a group", odata.group("all", { A, odata.group("any", { B, C }) }), 3, 3 },
    } do
      it("counts levels and conditions of " .. c[1], function()
        assert.same({ c[3], c[4] }, { odata.measure(c[2]) })
      end)
    end
  end)

  describe("normal", function()
    it("keeps the node it is given as it was", function()
      local inner = odata.group("all", { A, B })
      local node = { op = "negate", inner = inner }
      assert.equal("a ne '1' or b ne '2'", odata.text(odata.normal(node)))
      assert.equal("not (a eq '1' and b eq '2')", odata.text(node))
    end)

    it("joins groups that become of one kind", function()
      local negated = { op = "negate", inner = odata.group("all", { B, C }) }
      local node = odata.group("any", { A, negated })
      assert.equal("a eq '1' or b ne '2' or not (c gt '3')", odata.text(odata.normal(node)))
    end)
  end)

  describe("refusal", function()
    for _, c in ipairs {
      { "nothing that is listed", A, { a = { "eq" } }, nil },
      { "an operator", A, { a = { "ne" } }, "a eq '1'" },
      { "a field", A, {}, "a eq '1'" },
      { "a field that is a mark", eq("json", "x"), { json = true }, "json eq 'x'" },
      { "the first of a group", odata.group("all", { A, B }), { a = { "eq" } }, "b eq '2'" },
      { "a number", eq("a", 1), { a = { "eq" } }, "a eq 1" },
      { "no number where they are taken", eq("a", 1), { a = { "eq" }, numbers = true }, nil },
    } do
      it("names " .. c[1], function() assert.equal(c[4], odata.refusal(c[2], c[3])) end)
    end
  end)

  describe("server_only", function()
    local reseller = eq("IndirectReseller", "x")
    for _, c in ipairs {
      { "a condition", reseller, "IndirectReseller" },
      { "another condition", A, nil },
      { "a group", odata.group("any", { A, { op = "negate", inner = reseller } }),
        "IndirectReseller" },
    } do
      it("looks into " .. c[1], function() assert.equal(c[3], odata.server_only(c[2])) end)
    end
  end)
end)
