-- How many of a customer's licences are deployed, product by product:
--   PARTNERCENTER_TOKEN=... lua examples/customer_deployment.lua CUSTOMER-ID
-- Or against the sandbox, with nothing to set up:
--   tools/with-sandbox lua examples/customer_deployment.lua
local partnercenter = require "partnercenter"

local partner = partnercenter.new {
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
  base_url = os.getenv "PARTNERCENTER_BASE_URL",    -- nil: the real service
  ca_file = os.getenv "PARTNERCENTER_CA_FILE",      -- nil: the system's
}
local customer = arg[1] or os.getenv "PARTNERCENTER_CUSTOMER"

local insights, err = partner.customers:by_id(customer).analytics.licenses.deployment:get()
if not insights then
  print(err)    -- one line: what failed, why, and what to do
  os.exit(1)
end
for _, row in ipairs(insights.items) do
  print(row.productName, row.licensesDeployed .. " of " .. row.licensesSold .. " deployed")
end
