-- "Add an endpoint" of CONTRIBUTING.md, tried to the letter: that data alone makes
-- one, and that whatever is forgotten is told, with the place to add it.
local endpoint = require "spec.support.endpoint"
local resources = require "partnercenter.resources.catalogue"
local sandbox = require "spec.support.sandbox"

local A = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

-- The entry that CONTRIBUTING.md shows, by a name that no endpoint has.
local function documented_entry()
  local file = assert(io.open "CONTRIBUTING.md")
  local text = file:read("*a")
  file:close()
  local entry = assert(text:match("\n```lua\n({ name = .-}),?\n```"), "no entry is shown")
  for line in entry:gmatch("[^\n]+") do assert.is_true(#line <= 98, line) end
  return assert((loadstring or load)("return " .. entry:gsub("orders", "samples")))()
end

local BY_ID = { name = "customers.samples.by_id", method = "GET", single = true,
  path = "/v1/customers/{customer-id}/samples/{sample-id}", ids = { ["sample-id"] = "text" } }
local ITEMS = { name = "customers.samples.lineitems", method = "GET", envelope = "items",
  path = "/v1/customers/{customer-id}/samples/{sample-id}/lineitems",
  ids = { ["sample-id"] = "text" } }
local USER = { name = "customers.users.licenses", method = "GET", envelope = "items",
  path = "/v1/customers/{customer-id}/users/{user-id}/licenses" }

describe("an endpoint", function()
  local box

  setup(function() box = sandbox.start { customers = 3 } end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)

  for _, resource in ipairs(resources) do
    it("lacks nothing: " .. resource.name, function()
      assert.same({}, endpoint.forgotten(resource, box))
    end)
  end

  it("that is an entry and nothing else is told what it lacks, and where", function()
    local list = table.concat(endpoint.forgotten(documented_entry(), box), "\n")
    assert.matches("types/library/partnercenter.lua: add to the class partnercenter.CustomerNode "
      .. "the line '---@field samples partnercenter.NAMENode'", list, 1, true)
    assert.matches('lua/partnercenter/fields/documented.lua: add ["customers.samples"]', list, 1,
      true)
    assert.matches("examples/sandbox/server/routes.lua: add a route for "
      .. "/v1/customers/{customer-id}/samples", list, 1, true)
    assert.matches("CHANGELOG.md: add a line about customers.samples", list, 1, true)
  end)

  it("with a name that is not its path's is told the name", function()
    local entry = documented_entry()
    entry.name = "samples"
    assert.matches("is customers.samples, by its path", endpoint.forgotten(entry, box)[1], 1, true)
  end)

  describe("by its entry alone", function()
    -- A client of the library with these entries, and what it has asked for.
    local function with_client(entries, body, fn)
      endpoint.with_entries(entries, function(partnercenter)
        box:control { faults = { { match = "/v1/", status = 200, body = body, times = 9,
          headers = { ["Content-Type"] = "application/json" } } } }
        local partner = assert(partnercenter.new {
          credentials = partnercenter.credentials.token(box.token), base_url = box.base_url,
          ca_file = box.ca_file,
        })
        fn(partner, function()
          local requests = box:stats().requests
          return requests[#requests].uri
        end)
        partner:close()
      end)
    end

    it("has its four verbs", function()
      with_client({ documented_entry() }, '{"items":[{"id":"o1"},{"id":"o2"}]}',
        function(partner, last)
          local samples = partner.customers:by_id(A).samples
          assert.equal("o1", assert(samples:get()).items[1].id)
          assert.equal("/v1/customers/" .. A .. "/samples", last())
          assert.equal(2, #assert(samples:all()))
          local rows = 0
          for _ in samples:each() do rows = rows + 1 end
          for page in samples:pages() do rows = rows + #page.items end
          assert.equal(4, rows)
        end)
    end)

    it("takes ids inside of ids, such that are no GUIDs included", function()
      with_client({ documented_entry(), BY_ID, ITEMS, USER }, '{"items":[{"id":"x"}]}',
        function(partner, last)
          local customer = partner.customers:by_id(A)
          assert(customer.samples:by_id("a/b 7%"):get())
          assert.equal("/v1/customers/" .. A .. "/samples/a%2Fb%207%25", last())
          assert(customer.samples:by_id("o-1").lineitems:get())
          assert.equal("/v1/customers/" .. A .. "/samples/o-1/lineitems", last())
          assert(customer.users:by_id(box.customer_id).licenses:get())
          assert.equal("/v1/customers/" .. A .. "/users/" .. box.customer_id .. "/licenses", last())
          assert.equal("customers:by_id(" .. A .. ").samples:by_id(o-1).lineitems: "
            .. "get, pages, each, all", tostring(customer.samples:by_id("o-1").lineitems))
          -- One node's ids are no other's.
          local other = partner.customers:by_id(box.customer_id).samples
          assert(other:by_id("2"):get())
          assert.equal("/v1/customers/" .. box.customer_id .. "/samples/2", last())
        end)
    end)

    it("refuses ids that would lead elsewhere, at every level", function()
      with_client({ documented_entry(), BY_ID, USER }, "{}", function(partner)
        local customer = partner.customers:by_id(A)
        for _, id in ipairs { "", ".", "..", "a\nb", 7, {} } do
          local ok, message = pcall(function() return customer.samples:by_id(id) end)
          assert.is_false(ok)
          assert.matches("bad argument 'sample-id'", message, 1, true)
        end
        local ok, message = pcall(function() return customer.users:by_id("me") end)
        assert.is_false(ok)
        assert.matches("bad argument 'user-id'", message, 1, true)
        assert.matches("a GUID", message, 1, true)
      end)
    end)

    it("says the same of an id wherever that stands", function()
      local other = { name = ITEMS.name, method = "GET", path = ITEMS.path }
      local ok, message = pcall(endpoint.with_entries, { BY_ID, other }, function() end)
      assert.is_false(ok)
      assert.matches("customers.samples.lineitems: say the same in the field ids", message, 1, true)
    end)

    it("has no step that is named like a verb", function()
      local odd = { name = "customers.get", method = "GET", path = "/v1/customers/get" }
      local ok, message = pcall(endpoint.with_entries, { odd }, function() end)
      assert.is_false(ok)
      assert.matches("customers.get: a step of a path cannot be named get", message, 1, true)
    end)
  end)
end)
