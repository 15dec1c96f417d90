-- The names of fields that a person writes, in the command: in a pipe and on a terminal.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

if command.skips() then return end

describe("the command's names of fields", function()
  local box
  setup(function() box = sandbox.start { customers = 3, products = 3 } end)
  teardown(function() box:stop() end)

  local function run(words) return command.run(words, { box = box }) end

  local function count(text)
    local _, lines = text:gsub("\n", "")
    return lines
  end

  for _, c in ipairs {
    { "a field", [[deployment -a -f csv --filter "serviceCode eq 'o365'"]], 10 },
    { "another letter case", [[deployment -a -f csv --filter "servicecode eq o365"]], 10 },
    { "a computed share", [[deployment -a -f csv --filter "deployedShare lt 0.3"]], 7 },
    { "a heading", [[deployment -a -f csv --filter "SHARE lt 0.3"]], 7 },
    { "a heading of two words", [[deployment -a -f csv --filter "contains('customer id','4d3c')"]],
      4 },
    { "the older name of a code", [[deployment contoso -f csv --filter "serviceCode eq o365"]], 4 },
    { "a field to sort by", "deployment -a -f csv --sort PRODUCTNAME", 10 },
    { "a heading to sort by", "deployment -a -f csv --sort product:DESC", 10 },
    { "a nested field to sort by", "customers -f csv --sort companyName", 4 },
    { "a field to group by", "deployment -a -f csv --group-by productname", 10 },
    { "a sum to sort groups by", "deployment -a -f csv --group-by channel --sort sold:desc", 3 },
    { "columns", "deployment -a -f csv --columns product,SHARE,licensessold", 10 },
    { "a path in another letter case",
      "get /v1/customers -f csv --sort companyprofile.domain --columns ID", 4 },
    { "a field that only rows know",
      "get /v1/customers -f csv --filter 'RelationshipToPartner eq reseller'", 4 },
  } do
    it("take " .. c[1], function()
      local code, out, err = run(c[2])
      assert.same({ 0, "" }, { code, err })
      assert.equal(c[3], count(out))
    end)
  end

  for _, c in ipairs {
    { "a name with an umlaut", "skus 'müller GMBH' -f csv", 0 },
    { "a part of it", "skus ÜLL -f csv", 0 },
    { "a misspelt one", "skus müler -f csv", 2, "did you mean 'MÜLLER'?" },
  } do
    it("customers' letter case is none: " .. c[1], function()
      box:control { faults = { { match = "/v1/customers", times = 1, status = 200,
        body = ('{"totalCount":1,"items":[{"id":"%s","companyProfile":{"companyName":"MÜLLER GmbH",'
          .. '"domain":"m.example"}}]}'):format(box.customer_id) } } }
      local code, _, err = run(c[2])
      box:restore()
      assert.equal(c[3], code, err)
      assert.truthy(err:find(c[4] or "", 1, true), err)
    end)
  end

  for _, c in ipairs {
    { "a misspelt field in a filter", [[deployment -a --filter "serviceCod eq o365"]],
      "--filter: there is no field 'serviceCod' (did you mean 'serviceCode'?)" },
    { "one that would take every row", "deployment -a -f csv --filter 'nonsense ne 1'",
      "--filter: there is no field 'nonsense'" },
    { "a field of other rows", "deployment -a --sort companyName",
      "--sort: there is no field 'companyName'" },
    { "a misspelt heading", "deployment -a --columns prodct", "(did you mean 'productName'?)" },
    { "nonsense to sort by", "deployment -a --sort nonsense", "There are channel, customerId," },
    { "nonsense to group by", "subscriptions --group-by statos", "(did you mean 'status'?)" },
    { "a field that groups have not", "deployment -a --group-by channel --sort product",
      "--sort: there is no field 'product'" },
    { "a share to group by", "deployment -a --group-by share", "is computed for each group" },
    { "what rows of a path lack", "get /v1/customers --sort companyProfile.domian",
      "(did you mean 'companyProfile.domain'?)" },
  } do
    it("refuse " .. c[1] .. ", in a pipe and on a terminal", function()
      local code, out, err = run(c[2])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(c[3], 1, true), err)
      local shown
      code, shown = command.terminal(c[2], { box = box, columns = 200 })
      assert.equal(2, code)
      assert.truthy(shown:find(c[3], 1, true), shown)
    end)
  end
end)
