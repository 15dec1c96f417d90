local endpoint = require "spec.support.endpoint"
local resources = require "partnercenter.resources.catalogue"

local MEMBERS = {
  name = "string", method = "string", path = "string", params = "table", paging = "string",
  filter = "table", counts = "table", renames = "table", user_required = "boolean",
  single = "boolean", sources = "table", envelope = "string", prefix = "string",
  ids = "table", roles = "table", methods = "table",
}

describe("partnercenter.resources", function()
  local by_name = {}
  for _, resource in ipairs(resources) do by_name[resource.name] = resource end

  it("has each name and each path once", function()
    local seen = {}
    for _, resource in ipairs(resources) do
      assert.is_nil(seen[resource.name], resource.name)
      assert.is_nil(seen[resource.path], resource.path)
      seen[resource.name], seen[resource.path] = true, true
    end
  end)

  for _, resource in ipairs(resources) do
    describe(resource.name, function()
      it("is named by its path", function()
        assert.equal(endpoint.name_of(resource.path), resource.name)
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
