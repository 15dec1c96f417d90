-- What somebody sees who looks around in an interactive Lua.
local partnercenter = require "partnercenter"

local ID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local credentials = partnercenter.credentials

describe("at the prompt", function()
  local partner

  before_each(function()
    partner = assert(partnercenter.new { credentials = credentials.token "t" })
  end)
  after_each(function() partner:close() end)

  it("a client names its resources and methods", function()
    local text = tostring(partner)
    assert.matches("https://api.partnercenter.microsoft.com", text, 1, true)
    for _, name in ipairs { "customers", "analytics", "request", "with", "map", "close" } do
      assert.matches("%f[%w_]" .. name .. "%f[^%w_]", text)
    end
  end)

  it("a closed client says that it is closed", function()
    partner:close()
    assert.matches("closed%)$", tostring(partner))
  end)

  it("a resource names its verbs and members", function()
    assert.equal("customers: get, pages, each, all, by_id", tostring(partner.customers))
    assert.equal("customers:by_id(" .. ID .. "): get, holders; analytics, subscribedskus, "
      .. "subscriptions, users",
      tostring(partner.customers:by_id(ID)))
    assert.equal("analytics.licenses: deployment, usage", tostring(partner.analytics.licenses))
  end)

  it("pairs shows nothing internal", function()
    for _, object in ipairs { partner, partner:with { timeout = 5 }, partner.customers,
      partner.analytics.licenses } do
      assert.is_nil(next(object))
    end
    local shown = {}
    for key, value in pairs(partner.customers:by_id(ID)) do shown[key] = value end
    assert.same({ ID }, shown)
  end)

  it("a method called with a dot says how it is called", function()
    for _, name in ipairs { "with", "map", "request", "close" } do
      local ok, message = pcall(partner[name], {})
      assert.is_false(ok)
      assert.matches("call it with a colon: partner:" .. name, message, 1, true)
    end
  end)

  it("reports and a report name what they are, and show nothing internal", function()
    assert.matches("^partner.reports: all, clean_up, datasets, each, list, open, ",
      tostring(partner.reports))
    assert.is_nil(next(partner.reports))
    local report, shown = partner.reports:open(ID), {}
    for key, value in pairs(report) do shown[key] = value end
    assert.equal("report " .. ID, tostring(report))
    assert.same({ id = ID }, shown)
    assert.is_nil(report.name)
  end)

  it("stores and credentials name what they are", function()
    assert.equal("store.memory", tostring(partnercenter.store.memory()))
    assert.equal("credentials.token", tostring(credentials.token "t"))
  end)

  for _, c in ipairs {
    { "partnercenter.credentials", credentials, "refreshtoken", "refresh_token" },
    { "partnercenter.filter", partnercenter.filter, "contain", "contains" },
    { "partnercenter.insights", partnercenter.insights, "sumarize", "summarize" },
    { "partnercenter.store", partnercenter.store, "memry", "memory" },
    { "partnercenter.csv", partnercenter.csv, "eahc", "each" },
    { "partnercenter.history", require "partnercenter.history", "opn", "open" },
    { "partner.reports", function() return partner.reports end, "strat", "start" },
    { "a report", function() return partner.reports:open(ID) end, "delet", "delete" },
  } do
    it("an unknown member of " .. c[1] .. " raises with the nearest", function()
      local members = type(c[2]) == "function" and c[2]() or c[2]
      local ok, message = pcall(function() return members[c[3]] end)
      assert.is_false(ok)
      assert.matches("repl_spec.lua", message, 1, true)
      assert.matches(("unknown member '%s' in %s (did you mean '%s'?)"):format(c[3], c[1], c[4]),
        message, 1, true)
    end)
  end
end)
