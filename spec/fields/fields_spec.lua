local catalogue = require "partnercenter.resources.catalogue"
local fields = require "partnercenter.fields"

describe("partnercenter.fields", function()
  local function documented(resource, name)
    for _, known in ipairs(fields.of(resource) or {}) do
      if known == name then return true end
    end
    return false
  end

  for _, resource in ipairs(catalogue) do
    if not resource.single then
      it("documents what can be asked of " .. resource.name, function()
        local function check(name)
          assert.is_true(documented(resource.name, name), name)
        end
        for _, name in ipairs(type(resource.groupby) == "table" and resource.groupby or {}) do
          check(name)
        end
        for _, name in ipairs(resource.counts or {}) do check(name) end
        for name in pairs(resource.filter or {}) do
          if name ~= "json" and name ~= "dates" and name ~= "*" then check(name) end
        end
        for _, source in pairs(resource.sources or {}) do
          for name in pairs(source.fields) do check(name) end
        end
      end)
    end
  end

  it("documents every field that an editor is told of", function()
    local file = assert(io.open "types/library/partnercenter.lua")
    local class
    local rows = {
      Customer = "customers", CustomerDeployment = "customers.analytics.licenses.deployment",
      CustomerUsage = "customers.analytics.licenses.usage",
      SubscribedSku = "customers.subscribedskus",
      PartnerDeployment = "analytics.licenses.deployment",
      PartnerUsage = "analytics.licenses.usage",
      CommercialDeployment = "analytics.commercial.deployment.license",
      CommercialUsage = "analytics.commercial.usage.license",
      Subscription = "analytics.subscriptions", AzureUsage = "analytics.usage.azure",
      IndirectReseller = "analytics.indirectresellers", Referral = "analytics.referrals",
      Search = "analytics.search",
    }
    local count = 0
    for line in file:lines() do
      class = line:match("^%-%-%-@class partnercenter%.(%w+)") or class
      local field = line:match("^%-%-%-@field (%w+)")
      if field and rows[class] then
        assert.is_true(documented(rows[class], field), class .. "." .. field)
        count = count + 1
      end
    end
    file:close()
    assert.is_true(count > 100)
  end)

  describe("watch", function()
    for _, c in ipairs {
      { "nothing wrong where one row has the field", { "b" }, { { a = 1 }, { b = 1 } } },
      { "nothing wrong with a documented one", { "productName" }, { { a = 1 } } },
      { "nothing of no rows", { "b" }, {} },
      { "what no row has", { "a", "x" }, { { a = 1 }, { b = 1 } }, "no row has the field 'x'" },
      { "the nearest of the rows' own", { "colour" }, { { a = 1 }, { color = 1 } },
        "no row has the field 'colour' (did you mean 'color'?)" },
    } do
      it("tells " .. c[1], function()
        local see, verdict = fields.watch(c[2])
        for _, row in ipairs(c[3]) do see(row) end
        assert.equal(c[4], verdict())
      end)
    end
  end)
end)
