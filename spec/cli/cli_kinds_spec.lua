-- Fields of rows that are of another kind than documented: a command says what it can, and
-- ends in no error of its own.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

local ID = '"4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"'
local FIELDS = [[customerId customerTenantId tenantId customerName companyName productName
  serviceName channel licensesSold licensesDeployed licensesActive licensesQualified status
  processedDateTime autoRenewEnabled commitmentEndDate creationDate licenseCount subscriptionId
  offerId offerName friendlyName quantity orderId billingType termDuration workloadName productSku
  consumedUnits totalUnits activeUnits companyProfile displayName userPrincipalName serviceplans
  servicePlans licenseGroupId domain autoRenew]]

if command.skips() then return end

describe("the command, given a service whose fields are", function()
  local box

  setup(function() box = sandbox.start { customers = 1, products = 1 } end)
  teardown(function() box:stop() end)

  local function answer(match, form, row)
    return { match = match, times = 99, status = 200, body = form:format(row),
      headers = { ["Content-Type"] = "application/json" } }
  end

  for _, value in ipairs { "7", "{}", "[1]", "1e20", "1.5", '"9999-99-99"' } do
    it(value .. " ends in order", function()
      local members = { '"id":' .. ID }
      for name in FIELDS:gmatch("%S+") do
        members[#members + 1] = ('"%s":%s'):format(name, value)
      end
      local row = "{" .. table.concat(members, ",") .. "}"
      box:control { clear_faults = true, faults = {
        answer("/partner/v1/", '{"Value":[%s],"TotalCount":1}', row),
        answer("/v1/", '{"totalCount":1,"items":[%s]}', row),
      } }
      for _, words in ipairs { "customers", "deployment -a",
        "deployment -a --source customer", "usage -a -f csv",
        "check --unused-over 1 --over-deployed", "licences -a", "renewals -a" } do
        local code, _, err = command.run(words, { box = box })
        assert.is_nil(err:find("unexpected error", 1, true), words .. ": " .. err)
        assert.is_true(code == 0 or code == 1, words .. ": " .. err)
      end
    end)
  end

  it("ids that are none says so", function()
    box:control { clear_faults = true, faults = {
      answer("/v1/customers", '{"totalCount":1,"items":[%s]}', '{"id":7}') } }
    local code, out, err = command.run("deployment -a --source customer", { box = box })
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("a customer whose id is none", 1, true), err)
  end)
end)
