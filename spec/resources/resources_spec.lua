local resources = require "partnercenter.resources.catalogue"

-- The name that a path stands for: without the version and the ids.
local function name_of(path)
  local parts = {}
  for segment in path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do
    if not segment:find("^{") then parts[#parts + 1] = segment end
  end
  if path:find("}$") then parts[#parts + 1] = "by_id" end
  return table.concat(parts, ".")
end

local MEMBERS = {
  name = "string", method = "string", path = "string", params = "table", paging = "string",
  filter = "table", counts = "table", renames = "table", user_required = "boolean",
  single = "boolean", sources = "table", envelope = "string", prefix = "string",
}

describe("partnercenter.resources", function()
  local by_name = {}
  for _, resource in ipairs(resources) do by_name[resource.name] = resource end

  it("has every documented endpoint, each once", function()
    local names = {}
    for _, resource in ipairs(resources) do names[#names + 1] = resource.name end
    table.sort(names)
    assert.same({
      "analytics.commercial.deployment.license",
      "analytics.commercial.usage.license",
      "analytics.indirectresellers",
      "analytics.licenses.deployment",
      "analytics.licenses.usage",
      "analytics.referrals",
      "analytics.search",
      "analytics.subscriptions",
      "analytics.usage.azure",
      "applicationmfaadoptionstatus",
      "customers",
      "customers.analytics.licenses.deployment",
      "customers.analytics.licenses.usage",
      "customers.by_id",
      "customers.subscribedskus",
      "nonMfaCompliantPartnerPrincipals",
      "partnerRequests",
    }, names)
  end)

  for _, resource in ipairs(resources) do
    describe(resource.name, function()
      it("is named by its path", function()
        assert.equal(name_of(resource.path), resource.name)
        assert.equal("GET", resource.method)
      end)

      it("has known members of the right type, and no functions", function()
        for name, value in pairs(resource) do
          local wanted = MEMBERS[name]
          if name == "groupby" and value == true then wanted = "boolean" end
          assert.equal(wanted or (name == "groupby" and "table"), type(value), name)
        end
      end)

      it("takes a filter if and only if it documents one", function()
        local takes = resource.params ~= nil and resource.params.filter ~= nil
        assert.equal(resource.filter ~= nil, takes)
        assert.equal(resource.groupby ~= nil, resource.params ~= nil
          and resource.params.groupby ~= nil)
      end)

      it("pages by skip if and only if it documents it", function()
        assert.equal(resource.paging == "skip",
          resource.params ~= nil and resource.params.skip ~= nil)
      end)

      for name, source in pairs(resource.sources or {}) do
        it("has a successor for " .. name, function()
          local successor = by_name[source.resource]
          assert.is_table(successor)
          assert.is_table(successor.filter[source.customer])
          assert.is_string(source.fields[source.share.part])
          assert.is_string(source.fields[source.share.whole])
        end)
      end
    end)
  end
end)
