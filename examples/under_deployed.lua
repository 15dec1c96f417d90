-- The products of which less than a share of the sold licences is deployed, the
-- least deployed first:
--   PARTNERCENTER_TOKEN=... lua examples/under_deployed.lua [SHARE, such as 0.5]
-- Or against the sandbox, with nothing to set up:
--   tools/with-sandbox lua examples/under_deployed.lua
local partnercenter = require "partnercenter"

local partner = partnercenter.new {
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
  base_url = os.getenv "PARTNERCENTER_BASE_URL",    -- nil: the real service
  ca_file = os.getenv "PARTNERCENTER_CA_FILE",      -- nil: the system's
}
local share = tonumber(arg[1] or 0.5)

-- The service adds the counts of all customers up; shares of sums are right
-- where averages of percentages are not.
local products, err = partner.analytics.commercial.deployment.license:all {
  groupby = "productName",
}
partner:close()
if not products then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

local insights = partnercenter.insights
local found = insights.sort(insights.below(products, share), "deployedShare")
for _, row in ipairs(found) do
  print(("%5.1f %%  %6d of %6d  %s"):format(100 * insights.share(row), row.licensesDeployed,
    row.licensesSold, row.productName))
end
print(("%d of %d products are below %g %%"):format(#found, #products, 100 * share))
