local cjson = require "spec.support.json"
local f = require "partnercenter.filters"

local JAN = f.date("2018-01-01")

-- The message of what fn raises; it has to point at this file.
local function raised(fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  local text = message:match("filter_spec%.lua:%d+: (.*)$")
  assert.is_truthy(text, "does not point at this file: " .. message)
  return text
end

describe("partnercenter.filter", function()
  describe("tostring", function()
    local a, b, c = f.eq("a", "1"), f.eq("b", "2"), f.ne("c", "3")
    for _, case in ipairs {
      { f.all { f.eq("serviceCode", "o365"),
        f.any { f.eq("channel", "reseller"), f.ne("productName", "X") } },
        "serviceCode eq 'o365' and (channel eq 'reseller' or productName ne 'X')" },
      { f.eq("customerName", "O'Brien's"), "customerName eq 'O''Brien''s'" },
      { f.eq("customerName", ""), "customerName eq ''" },
      { f.eq("customerName", "' or 'a' eq 'a"), "customerName eq ''' or ''a'' eq ''a'" },
      { f.ne("customerName", "\228\184\173"), "customerName ne '\228\184\173'" },
      { f.eq("autoRenewEnabled", true), "autoRenewEnabled eq true" },
      { f.ne("autoRenewEnabled", false), "autoRenewEnabled ne false" },
      { f.gt("licenseCount", 5), "licenseCount gt 5" },
      { f.ge("licenseCount", 0.1), "licenseCount ge 0.1" },
      { f.lt("licenseCount", -3.0), "licenseCount lt -3" },
      { f.le("licenseCount", 2 ^ 53), "licenseCount le 9007199254740992" },
      { f.le("licenseCount", 1e300), "licenseCount le 1e+300" },
      { f.eq("licenseCount", 1 / 3), "licenseCount eq 0.3333333333333333" },
      { f.ge("usageDate", JAN), "usageDate ge cast('2018-01-01',Edm.DateTimeOffset)" },
      { f.le("usageDate", f.date("2018-01-01T10:00:00Z")),
        "usageDate le cast('2018-01-01T10:00:00Z',Edm.DateTimeOffset)" },
      { f.ge("usageDate", f.date(1.9)),
        "usageDate ge cast('1970-01-01T00:00:01.9Z',Edm.DateTimeOffset)" },
      { f.ge("usageDate", f.date(-1.25)),
        "usageDate ge cast('1969-12-31T23:59:58.75Z',Edm.DateTimeOffset)" },
      { f.le("usageDate", f.date(1514764800)),
        "usageDate le cast('2018-01-01T00:00:00Z',Edm.DateTimeOffset)" },
      { f.contains("productName", "Office"), "contains(productName,'Office')" },
      { f.starts_with("productName", "O'"), "startswith(productName,'O''')" },
      { f.negate(a), "not (a eq '1')" },
      { f.negate(f.all { a, b }), "not (a eq '1' and b eq '2')" },
      { f.all { a }, "a eq '1'" },
      { f.any { f.all { a } }, "a eq '1'" },
      { f.all { a, f.all { b, c } }, "a eq '1' and b eq '2' and c ne '3'" },
      { f.any { a, f.any { b, c } }, "a eq '1' or b eq '2' or c ne '3'" },
      { f.any { f.all { a, b }, c }, "(a eq '1' and b eq '2') or c ne '3'" },
      { f.any { f.all { a, b }, f.all { b, c } },
        "(a eq '1' and b eq '2') or (b eq '2' and c ne '3')" },
      { f.all { f.any { a, f.all { b, c } }, c },
        "(a eq '1' or (b eq '2' and c ne '3')) and c ne '3'" },
      { f.all { f.negate(b), a }, "not (b eq '2') and a eq '1'" },
      { f.contains("companyProfile.domain", "x"), "contains(companyProfile.domain,'x')" },
      { JAN, "cast('2018-01-01',Edm.DateTimeOffset)" },
    } do
      it("gives " .. case[2], function() assert.equal(case[2], tostring(case[1])) end)
    end
  end)

  describe("a row", function()
    local null = cjson.null
    for _, c in ipairs {
      -- strings
      { "eq equal", f.eq("x", "a"), { x = "a" }, true },
      { "eq in another letter case", f.eq("x", "O365"), { x = "o365" }, true },
      { "eq other", f.eq("x", "a"), { x = "b" }, false },
      { "eq is case-sensitive for subscriptionType", f.eq("subscriptionType", "office"),
        { subscriptionType = "Office" }, false },
      { "eq for subscriptionType", f.eq("subscriptionType", "Office"),
        { subscriptionType = "Office" }, true },
      { "contains is case-sensitive for it too", f.contains("subscriptionType", "off"),
        { subscriptionType = "Office" }, false },
      { "eq in another letter case of another alphabet", f.eq("x", "müller ŁÓDŹ"),
        { x = "MÜLLER łódź" }, true },
      { "contains in another letter case, too", f.contains("x", "ÜLL"), { x = "Müller" }, true },
      { "ne in another letter case", f.ne("x", "A"), { x = "a" }, false },
      { "gt by alphabet", f.gt("x", "a"), { x = "B" }, true },
      { "le by alphabet", f.le("x", "b"), { x = "B" }, true },
      { "strings of digits stay strings", f.eq("x", "7"), { x = "007" }, false },
      { "strings of digits are ordered as strings", f.lt("x", "9"), { x = "10" }, true },
      { "contains in the middle", f.contains("x", "FF"), { x = "Office" }, true },
      { "contains takes no pattern", f.contains("x", "O.*e"), { x = "Office" }, false },
      { "contains nothing", f.contains("x", ""), { x = "Office" }, true },
      { "contains a number", f.contains("x", "1"), { x = 11 }, false },
      { "starts_with", f.starts_with("x", "off"), { x = "Office" }, true },
      { "starts_with not at the start", f.starts_with("x", "ice"), { x = "Office" }, false },
      { "starts_with more than there is", f.starts_with("x", "Offices"), { x = "Office" }, false },
      -- numbers
      { "eq number", f.eq("x", 5), { x = 5 }, true },
      { "eq float and integer", f.eq("x", 5), { x = 5.0 }, true },
      { "eq a count that is text", f.eq("x", 63), { x = "63" }, true },
      { "gt a count that is text", f.gt("x", 9), { x = "10" }, true },
      { "eq a number by its numeral", f.eq("x", "63"), { x = 63 }, true },
      { "lt a number by its numeral", f.lt("x", "9"), { x = 10 }, false },
      { "number and text", f.eq("x", 5), { x = "five" }, false },
      { "number and hexadecimal", f.eq("x", 16), { x = "0x10" }, false },
      { "number and text, ne", f.ne("x", 5), { x = "five" }, true },
      { "number and text, lt", f.lt("x", 5), { x = "five" }, false },
      { "not a number", f.ge("x", 5), { x = 0 / 0 }, false },
      { "not a number, ne", f.ne("x", 5), { x = 0 / 0 }, true },
      { "ge equal", f.ge("x", 5), { x = 5 }, true },
      { "le equal", f.le("x", 5), { x = 5 }, true },
      { "gt equal", f.gt("x", 5), { x = 5 }, false },
      { "lt equal", f.lt("x", 5), { x = 5 }, false },
      -- booleans
      { "eq true", f.eq("x", true), { x = true }, true },
      { "eq false", f.eq("x", false), { x = false }, true },
      { "eq false of true", f.eq("x", false), { x = true }, false },
      { "ne false of true", f.ne("x", false), { x = true }, true },
      { "true is not the text", f.eq("x", true), { x = "true" }, false },
      { "false is not missing", f.eq("x", false), {}, false },
      -- dates
      { "eq the same instant", f.eq("x", JAN), { x = "2018-01-01T01:00:00+01:00" }, true },
      { "eq a later time of the day", f.eq("x", JAN), { x = "2018-01-01T01:00:00" }, false },
      { "ge an instant across zones", f.ge("x", JAN), { x = "2018-01-01T00:30:00+01:00" }, false },
      { "lt a fraction", f.lt("x", f.date("2018-01-01T00:00:00.5Z")), { x = "2018-01-01" }, true },
      { "gt a date only", f.gt("x", JAN), { x = "2018-01-02" }, true },
      { "date and never, lt", f.lt("x", JAN), { x = "0001-01-01T00:00:00" }, false },
      { "date and never, ne", f.ne("x", JAN), { x = "0001-01-01T00:00:00" }, true },
      { "date and text", f.ge("x", JAN), { x = "soon" }, false },
      { "date and number", f.eq("x", JAN), { x = 1514764800 }, false },
      -- missing
      { "missing eq", f.eq("x", "a"), {}, false },
      { "missing ne", f.ne("x", "a"), {}, true },
      { "missing gt", f.gt("x", "a"), {}, false },
      { "missing le", f.le("x", 1), {}, false },
      { "missing contains", f.contains("x", ""), {}, false },
      { "missing starts_with", f.starts_with("x", ""), {}, false },
      { "missing date ne", f.ne("x", JAN), {}, true },
      { "null eq", f.eq("x", "a"), { x = null }, false },
      { "null ne", f.ne("x", "a"), { x = null }, true },
      { "null ge", f.ge("x", 0), { x = null }, false },
      { "null date le", f.le("x", JAN), { x = null }, false },
      { "table eq", f.eq("x", "a"), { x = {} }, false },
      -- joined
      { "all true", f.all { f.eq("x", 1), f.eq("y", 2) }, { x = 1, y = 2 }, true },
      { "all with one false", f.all { f.eq("x", 1), f.eq("y", 2) }, { x = 1, y = 3 }, false },
      { "any with one true", f.any { f.eq("x", 1), f.eq("y", 2) }, { x = 0, y = 2 }, true },
      { "any false", f.any { f.eq("x", 1), f.eq("y", 2) }, { x = 0, y = 0 }, false },
      { "negate", f.negate(f.eq("x", 1)), { x = 1 }, false },
      { "negate of missing gt", f.negate(f.gt("x", 1)), {}, true },
      { "negate twice", f.negate(f.negate(f.gt("x", 1))), { x = 2 }, true },
      -- nested fields
      { "a path", f.eq("a.b", 1), { a = { b = 1 } }, true },
      { "a path that ends early", f.eq("a.b", 1), { a = 1 }, false },
      { "a path of null", f.ne("a.b", 1), { a = null }, true },
      { "a key with a dot first", f.eq("a.b", 1), { ["a.b"] = 1, a = { b = 2 } }, true },
      { "the customer search's company", f.starts_with("CompanyName", "cont"),
        { companyProfile = { companyName = "Contoso" } }, true },
      { "the customer search's domain", f.starts_with("Domain", "x"),
        { companyProfile = { domain = "contoso.com" } }, false },
    } do
      it("decides " .. c[1], function() assert.equal(c[4], c[2](c[3])) end)
    end

    it("has to be a table", function()
      assert.equal("a filter decides on a row, not on a nil",
        raised(function() return (f.eq("x", 1)()) end))
    end)
  end)

  describe("a constructor", function()
    local e = f.eq("x", 1)
    for _, c in ipairs {
      { "a field that is no identifier", function() return (f.eq("a b", 1)) end,
        "filter.eq: the field's name must be an identifier" },
      { "a field with a quote", function() return (f.ne("a'", 1)) end,
        "filter.ne: the field's name must be an identifier" },
      { "an empty field", function() return (f.gt("", 1)) end,
        "filter.gt: the field's name must be an identifier" },
      { "a field that starts with a digit", function() return (f.contains("1a", "x")) end,
        "filter.contains: the field's name must be an identifier" },
      { "a path with a gap", function() return (f.eq("a..b", 1)) end,
        "filter.eq: the field's name must be an identifier" },
      { "a field with a newline", function() return (f.eq("a\n", 1)) end,
        "filter.eq: the field's name must be an identifier" },
      { "no field", function() return (f.eq(nil, 1)) end,
        "filter.eq: the field's name must be an identifier" },
      { "no value", function() return (f.eq("a")) end,
        "filter.eq: the value must be a string, a number, a date or a boolean, not a nil" },
      { "null", function() return (f.ne("a", cjson.null)) end,
        "filter.ne: the value must be a string, a number, a date or a boolean, not a userdata" },
      { "a table", function() return (f.eq("a", {})) end,
        "filter.eq: the value must be a string, a number, a date or a boolean, not a table" },
      { "an order of booleans", function() return (f.gt("a", true)) end,
        "filter.gt: the value must be a string, a number, a date, not a boolean" },
      { "NaN", function() return (f.eq("a", 0 / 0)) end, "filter.eq: the number must be finite" },
      { "infinity", function() return (f.lt("a", -math.huge)) end,
        "filter.lt: the number must be finite" },
      { "contains of a number", function() return (f.contains("a", 1)) end,
        "filter.contains: the text must be a string" },
      { "starts_with of nothing", function() return (f.starts_with("a")) end,
        "filter.starts_with: the text must be a string" },
      { "all of nothing", function() return (f.all {}) end,
        "filter.all takes an array of expressions" },
      { "all without an array", function() return (f.all(e, e)) end,
        "filter.all takes an array of expressions" },
      { "any of nil", function() return (f.any()) end, "filter.any takes an array of expressions" },
      { "any of text", function() return (f.any { "x eq 1" }) end,
        "filter.any takes an array of expressions" },
      { "any with a hole", function() return (f.any { e, nil, e }) end,
        "filter.any takes an array of expressions" },
      { "any with a name", function() return (f.any { e, x = e }) end,
        "filter.any takes an array of expressions" },
      { "negate of text", function() return (f.negate("x")) end,
        "filter.negate takes an expression" },
      { "a date that is none", function() return (f.date("2018-02-30")) end,
        "filter.date: no such day" },
      { "a date that is never", function() return (f.date("0001-01-01")) end,
        "filter.date: never cannot be compared" },
      { "a date with a quote", function() return (f.date("2018-01-01'")) end,
        "filter.date: not a time" },
      { "a date of another type", function() return (f.date({})) end, "filter.date: not a string" },
      { "a date out of range", function() return (f.date(1e20)) end,
        "filter.date: the number is no date" },
      { "a change", function() e.field = "y" end, "a filter expression cannot be changed" },
      { "a change of a date", function() JAN.text = "y" end,
        "a filter expression cannot be changed" },
    } do
      it("refuses " .. c[1], function() assert.equal(c[3], raised(c[2])) end)
    end

    it("refuses what is nested without end", function()
      local deep = f.gt("x", 1)
      local message = raised(function()
        while true do deep = f.negate(deep) end
      end)
      assert.equal("a filter is nested too deeply", message)
      assert.is_false(deep { x = 2 } and deep { x = 0 })
    end)

    for _, c in ipairs {
      { "a misspelt field", f.eq("serviceCod", "o365"), { serviceCode = "o365" },
        "filter: no row has the field 'serviceCod' (did you mean 'serviceCode'?)" },
      { "another letter case", f.eq("servicecode", "o365"), { channel = "reseller" },
        "filter: no row has the field 'servicecode' (did you mean 'serviceCode'?)" },
      { "a misspelt field of rows of one's own", f.eq("colour", 1), { color = 1 },
        "filter: no row has the field 'colour' (did you mean 'color'?)" },
      { "what a documented row cannot have", f.eq("nonsense", 1), { licensesSold = 1 },
        "filter: no row has the field 'nonsense'" },
      { "a wrong path", f.eq("companyProfile.domian", "x"), { companyProfile = { domain = "x" } },
        "filter: no row has the field 'companyProfile.domian' (did you mean "
        .. "'companyProfile.domain'?)" },
      { "one that would not be asked", f.any { f.eq("channel", "reseller"), f.ne("chanel", "x") },
        { channel = "x" }, "filter: no row has the field 'chanel' (did you mean 'channel'?)" },
    } do
      it("refuses " .. c[1], function()
        assert.equal(c[4], raised(function() return (c[2](c[3])) end))
      end)
    end

    for _, c in ipairs {
      { "a documented field that the row lacks", f.eq("workloadName", "x"), { channel = "x" },
        false },
      { "a field that other rows have", f.eq("b", 1), { a = 1 }, false },
      { "a row without fields", f.ne("serviceCod", 1), {}, true },
      { "a computed share", f.lt("deployedShare", 0.3),
        { licensesSold = 10, licensesDeployed = 2 }, true },
      { "the name that older resources have", f.eq("serviceCode", "o365"),
        { serviceName = "o365" }, true },
      { "the customer's id under its other name", f.eq("customerId", "AB"),
        { customerTenantId = "ab" }, true },
    } do
      it("takes " .. c[1], function() assert.equal(c[4], c[2](c[3])) end)
    end

    it("names its fields, each once", function()
      assert.same({ "a", "b", "c.d" }, f.fields(f.all { f.eq("a", 1),
        f.negate(f.any { f.eq("b", 1), f.eq("a", 2) }), f.eq("c.d", 1) }))
    end)

    it("refuses what grows without end", function()
      local wide = f.gt("x", 1)
      assert.equal("a filter has too many conditions", raised(function()
        while true do wide = f.all { wide, wide } end
      end))
    end)

    it("copies the array", function()
      local list = { f.eq("a", 1), f.eq("b", 2) }
      local all = f.all(list)
      list[2] = nil
      assert.equal("a eq 1 and b eq 2", tostring(all))
    end)

    it("shows nothing by name", function()
      assert.is_nil(e.op)
      assert.is_nil(e.field)
    end)
  end)

  describe("is", function()
    for _, c in ipairs {
      { "an expression", f.eq("x", 1), true }, { "a date", JAN, false },
      { "text", "x eq 1", false },
      { "a table", {}, false }, { "nil", nil, false }, { "a function", print, false },
    } do
      it("judges " .. c[1], function() assert.equal(c[3], f.is(c[2])) end)
    end
  end)

  local EQ_NE = { "eq", "ne" }
  local CAPABILITIES = { a = EQ_NE, b = EQ_NE, c = { "contains" }, d = { ge = true, le = true } }

  describe("split", function()
    local a, b = f.eq("a", "1"), f.ne("b", "2")
    local far = f.gt("a", "1")
    for _, c in ipairs {
      { "a condition it takes", a, "a eq '1'", nil },
      { "an operator it does not take", far, nil, "a gt '1'" },
      { "a field it does not take", f.eq("z", "1"), nil, "z eq '1'" },
      { "a set of operators", f.ge("d", "x"), "d ge 'x'", nil },
      { "contains", f.contains("c", "x"), "contains(c,'x')", nil },
      { "all that it takes", f.all { a, b }, "a eq '1' and b ne '2'", nil },
      { "all with something else", f.all { a, far, b }, "a eq '1' and b ne '2'", "a gt '1'" },
      { "all of nothing that it takes", f.all { far, f.eq("z", "1") },
        nil, "a gt '1' and z eq '1'" },
      { "any that it takes", f.any { a, b }, "a eq '1' or b ne '2'", nil },
      { "any with something else", f.any { a, far }, nil, "a eq '1' or a gt '1'" },
      { "any inside all", f.all { f.any { a, b }, f.any { a, far } },
        "a eq '1' or b ne '2'", "a eq '1' or a gt '1'" },
      { "all inside any", f.any { f.all { a, b }, b },
        "(a eq '1' and b ne '2') or b ne '2'", nil },
      { "negated eq", f.negate(a), "a ne '1'", nil },
      { "negated ne", f.negate(b), "b eq '2'", nil },
      { "negated gt", f.negate(far), nil, "not (a gt '1')" },
      { "negated ge", f.negate(f.ge("d", "x")), nil, "not (d ge 'x')" },
      { "negated contains", f.negate(f.contains("c", "x")), nil, "not (contains(c,'x'))" },
      { "a double negation", f.negate(f.negate(f.ge("d", "x"))), "d ge 'x'", nil },
      { "negated all", f.negate(f.all { a, b }), "a ne '1' or b eq '2'", nil },
      { "negated any", f.negate(f.any { a, far }), "a ne '1'", "not (a gt '1')" },
      { "negated any inside all", f.all { b, f.negate(f.any { a, far }) },
        "b ne '2' and a ne '1'", "not (a gt '1')" },
      { "a number", f.eq("a", 1), nil, "a eq 1" },
      { "a boolean", f.eq("a", true), "a eq true", nil },
      { "a date", f.ge("d", JAN), nil, "d ge cast('2018-01-01',Edm.DateTimeOffset)" },
      { "a path", f.eq("a.b", "1"), nil, "a.b eq '1'" },
    } do
      it("parts " .. c[1], function()
        local remote, here = f.split(c[2], CAPABILITIES)
        assert.equal(c[3], remote and tostring(remote))
        assert.equal(c[4], here and tostring(here))
      end)
    end

    it("sends dates and numbers where they are documented", function()
      local e = f.all { f.ge("d", JAN), f.eq("a", 1) }
      local remote, here = f.split(e, { a = EQ_NE, d = { "ge" }, dates = true, numbers = true })
      assert.equal("d ge cast('2018-01-01',Edm.DateTimeOffset) and a eq 1", tostring(remote))
      assert.is_nil(here)
    end)

    it("takes a wildcard for fields that are not listed", function()
      local capabilities = { ["*"] = { "eq" }, a = { "ne" } }
      local remote, here = f.split(f.all { f.eq("x", "1"), f.eq("a", "1"), f.eq("y.z", "1") },
        capabilities)
      assert.equal("x eq '1'", tostring(remote))
      assert.equal("a eq '1' and y.z eq '1'", tostring(here))
    end)

    it("takes the dialect's marks for no fields", function()
      local remote = f.split(f.eq("dates", "x"), { dates = true, ["*"] = { "eq" } })
      assert.equal("dates eq 'x'", tostring(remote))
      assert.is_nil((f.split(f.eq("dates", "x"), { dates = true })))
    end)

    it("keeps all here without capabilities", function()
      local remote, here = f.split(f.all { a, b })
      assert.is_nil(remote)
      assert.equal("a eq '1' and b ne '2'", tostring(here))
    end)

    it("gives expressions that can be joined again", function()
      local remote, here = f.split(f.all { a, far, b, f.negate(f.any { a, far }) }, CAPABILITIES)
      assert.is_true(f.is(remote) and f.is(here))
      assert.equal("a eq '1' and b ne '2' and a ne '1' and a gt '1' and not (a gt '1')",
        tostring(f.all { remote, here }))
    end)

    it("refuses what is no expression", function()
      assert.equal("filter.split takes an expression", raised(function() f.split("x", {}) end))
    end)
  end)

  describe("split for the customer search", function()
    local STARTS = { "starts_with" }
    local SEARCH = { json = true, CompanyName = STARTS, Domain = STARTS, IndirectReseller = STARTS }
    local name, domain = f.starts_with("CompanyName", "c"), f.starts_with("Domain", "d")
    local reseller = f.starts_with("IndirectReseller", "r")
    for _, c in ipairs {
      { "one condition", name, "startswith(CompanyName,'c')", nil },
      { "the first of two", f.all { domain, name },
        "startswith(Domain,'d')", "startswith(CompanyName,'c')" },
      { "what no row shows", f.all { name, reseller },
        "startswith(IndirectReseller,'r')", "startswith(CompanyName,'c')" },
      { "either of two", f.any { name, domain }, nil,
        "startswith(CompanyName,'c') or startswith(Domain,'d')" },
      { "another operator", f.eq("CompanyName", "c"), nil, "CompanyName eq 'c'" },
      { "another field", f.all { f.starts_with("id", "x"), name },
        "startswith(CompanyName,'c')", "startswith(id,'x')" },
    } do
      it("takes " .. c[1], function()
        local remote, here = f.split(c[2], SEARCH)
        assert.equal(c[3], remote and tostring(remote))
        assert.equal(c[4], here and tostring(here))
      end)
    end

    it("refuses what neither side can decide", function()
      for _, e in ipairs { f.all { reseller, reseller }, f.any { name, reseller },
        f.negate(reseller), f.eq("IndirectReseller", "r") } do
        assert.equal("the service takes one condition at a time, and no row shows "
          .. "'IndirectReseller'", raised(function() f.split(e, SEARCH) end))
      end
    end)
  end)

  describe("to_odata", function()
    it("is the canonical text", function()
      local e = f.all { f.eq("a", "1"), f.any { f.ne("b", "2"), f.eq("a", "3") } }
      assert.equal("a eq '1' and (b ne '2' or a eq '3')", f.to_odata(e, CAPABILITIES))
      assert.equal("a eq '1' and (b ne '2' or a eq '3')", f.to_odata(e))
    end)

    it("says a negation in the words there are", function()
      assert.equal("a ne '1' or b eq '2'",
        f.to_odata(f.negate(f.all { f.eq("a", "1"), f.ne("b", "2") })))
    end)

    for _, c in ipairs {
      { "what the endpoint does not take", f.all { f.eq("a", "1"), f.gt("a", "1") }, CAPABILITIES,
        "the service cannot filter by: a gt '1'" },
      { "a negation without other words", f.negate(f.gt("a", 1)), nil,
        "the service cannot filter by: not (a gt 1)" },
      { "a path", f.eq("a.b", 1), nil, "the service cannot filter by: a.b eq 1" },
    } do
      it("refuses " .. c[1], function()
        assert.equal(c[4], raised(function() return (f.to_odata(c[2], c[3])) end))
      end)
    end
  end)

  describe("to_json", function()
    for _, c in ipairs {
      { f.starts_with("CompanyName", "cont"),
        '{"Field":"CompanyName","Value":"cont","Operator":"starts_with"}' },
      { f.starts_with("Domain", 'a"b\\c\n\127/'),
        '{"Field":"Domain","Value":"a\\u0022b\\u005cc\\u000a\\u007f/","Operator":"starts_with"}' },
      { f.starts_with("Domain", "\195\159"),
        '{"Field":"Domain","Value":"\195\159","Operator":"starts_with"}' },
      { f.eq("UserState", "Inactive"),
        '{"Field":"UserState","Value":"Inactive","Operator":"equals"}', "equals" },
    } do
      it("gives " .. c[2], function()
        assert.equal(c[2], f.to_json(c[1]))
        assert.equal(c[3] or "starts_with", cjson.decode(c[2]).Operator)
      end)
    end

    for _, e in ipairs { f.eq("Domain", 7), f.ne("Domain", "x"), f.contains("Domain", "x"),
      f.any { f.starts_with("Domain", "x"), f.starts_with("Domain", "y") } } do
      it("refuses " .. tostring(e), function()
        assert.equal("a search takes one starts_with, or one eq of a text",
          raised(function() return (f.to_json(e)) end))
      end)
    end
  end)

  describe("properties", function()
    -- A small generator with a fixed seed: the same cases everywhere.
    local state = 20180101
    local function random(n)
      state = state * 16807 % 2147483647
      return state % n + 1
    end
    local function pick(list) return list[random(#list)] end

    local FIELDS = { "channel", "market", "status", "name", "subscriptionType" }
    local VALUES = { "1", "2", "A", "a", "", 1, 2, 1.5, true, false, JAN, f.date("2018-01-02") }
    local CELLS = { "1", "2", "A", "a", "b", "", 1, 2, 1.5, true, false, "2018-01-01",
      "2018-01-01T23:00:00Z", "0001-01-01T00:00:00", cjson.null, {} }
    local OPERATORS = { "eq", "ne", "gt", "ge", "lt", "le", "contains", "starts_with" }

    local function condition()
      local op, value = pick(OPERATORS), pick(VALUES)
      if op == "contains" or op == "starts_with" then value = pick { "1", "a", "" } end
      if type(value) == "boolean" then op = pick { "eq", "ne" } end
      return f[op](pick(FIELDS), value)
    end

    local function expression(depth)
      local kind = depth == 0 and 1 or random(6)
      if kind <= 2 then return condition() end
      if kind == 3 then return f.negate(expression(depth - 1)) end
      local list = {}
      for i = 1, random(3) do list[i] = expression(depth - 1) end
      return f[pick { "all", "any" }](list)
    end

    local function row()
      local cells = {}
      for _, field in ipairs(FIELDS) do
        if random(4) > 1 then cells[field] = pick(CELLS) end
      end
      return cells
    end

    local function capabilities()
      local map = { dates = random(2) == 1, numbers = random(2) == 1 }
      for _, field in ipairs(FIELDS) do
        local operators = {}
        for _, op in ipairs(OPERATORS) do
          if random(2) == 1 then operators[#operators + 1] = op end
        end
        map[field] = random(4) > 1 and operators or nil
      end
      if random(4) == 1 then map["*"] = EQ_NE end
      return map
    end

    it("both parts together mean the whole, and the service's part has a text", function()
      local both, remote_only, here_only = 0, 0, 0
      for _ = 1, 2000 do
        local e, known = expression(4), capabilities()
        local remote, here = f.split(e, known)
        if remote then assert.equal(tostring(remote), f.to_odata(remote, known)) end
        if remote and here then both = both + 1
        elseif remote then remote_only = remote_only + 1
        else here_only = here_only + 1 end
        for _ = 1, 10 do
          local r = row()
          local parts = (not remote or remote(r)) and (not here or here(r))
          if parts ~= e(r) then assert.equal(tostring(e), cjson.encode(r)) end
        end
      end
      -- The cases are worth something only if all three outcomes occur.
      assert.is_true(both > 100 and remote_only > 100 and here_only > 100)
    end)

    it("negate is the opposite, whatever is inside", function()
      for _ = 1, 1000 do
        local e, r = expression(3), row()
        assert.are_not.equal(e(r), f.negate(e)(r))
      end
    end)

    it("joining again changes no meaning", function()
      for _ = 1, 500 do
        local x, y, r = expression(2), expression(2), row()
        assert.equal(x(r) and y(r), f.all { x, y }(r))
        assert.equal(x(r) or y(r), f.any { x, y }(r))
      end
    end)
  end)
end)
