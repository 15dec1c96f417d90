--- What a `check` looks for in licences and subscriptions: pure functions over rows.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.findings

local datetime = require("partnercenter.util").datetime
local fields = require "partnercenter.fields"
local wire = require("partnercenter.util").wire

local M = {}

local DAY = 86400

--- Products that cost nothing, or are tried out: what is unused of them is no finding.
-- Each is a part of a product's name, in either letter case.
M.free = {
  "free", "trial", "exploratory", "viral", "adhoc", "windows store for business",
  "power apps plan 2 trial", "microsoft power automate free", "communications credits",
}

--- A test for products that are left out.
-- @tparam table parts array of strings, parts of names
-- @treturn function takes a row, gives true when it is left out
function M.exception(parts)
  local folded = {}
  for i, part in ipairs(parts) do folded[i] = wire.fold(part) end
  return function(row)
    local name = wire.fold(tostring(row.productName or ""))
    for _, part in ipairs(folded) do
      if name:find(part, 1, true) then return true end
    end
    return false
  end
end

local function finding(kind, row, message)
  return {
    finding = kind, customerId = row.customerId or wire.lower(tostring(row.customerTenantId or "")),
    customerName = row.customerName, productName = row.productName,
    licensesSold = fields.count(row, "licensesSold"),
    licensesDeployed = fields.count(row, "licensesDeployed"),
    commitmentEndDate = row.commitmentEndDate, message = message,
  }
end

--- What is found in a row of the deployment.
-- @tparam table row
-- @tparam table limits `unused_over` (licences), `share_below` (0 to 1), `over_deployed`
-- @treturn table array of findings
function M.of_deployment(row, limits)
  local found = {}
  local sold, deployed = fields.count(row, "licensesSold"), fields.count(row, "licensesDeployed")
  if not sold or not deployed then return found end
  local share = sold > 0 and deployed / sold or nil
  if limits.unused_over and sold - deployed > limits.unused_over then
    found[#found + 1] = finding("unused", row, ("%s of %s licences are not deployed"):format(
      wire.numeral(sold - deployed), wire.numeral(sold)))
  end
  if limits.share_below and share and share < limits.share_below then
    found[#found + 1] = finding("share", row, ("%.1f %% of %s licences are deployed"):format(
      100 * share, wire.numeral(sold)))
  end
  if limits.over_deployed and deployed > sold then
    found[#found + 1] = finding("over-deployed", row, ("%s licences are deployed, %s were sold")
      :format(wire.numeral(deployed), wire.numeral(sold)))
  end
  return found
end

--- What is found in a row of the subscriptions: an active one whose commitment ends
-- soon. One that ended before is none.
-- @tparam table row
-- @tparam number days
-- @tparam number now seconds since the epoch
-- @treturn ?table a finding
function M.of_subscription(row, days, now)
  if tostring(row.status):upper() ~= "ACTIVE" then return nil end
  local ends = datetime.parse(row.commitmentEndDate)
  if not ends or ends < now - now % DAY or ends > now + days * DAY then return nil end
  local left = math.floor((ends - now) / DAY + 0.5)
  local renews = row.autoRenewEnabled == true and "renews" or "ends"
  local message = ("%s %s, in %d day%s"):format(renews, row.commitmentEndDate:sub(1, 10), left,
    left == 1 and "" or "s")
  local found = finding("expiring", row, message)
  found.licensesSold = fields.count(row, "licenseCount")
  return found
end

return M
