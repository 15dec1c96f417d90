-- How many subscriptions and licences there are of each type:
--   PARTNERCENTER_TOKEN=... lua examples/subscriptions_by_type.lua
-- Or against the sandbox, with nothing to set up:
--   tools/with-sandbox lua examples/subscriptions_by_type.lua
local partnercenter = require "partnercenter"

local partner = partnercenter.new {
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
  base_url = os.getenv "PARTNERCENTER_BASE_URL",    -- nil: the real service
  ca_file = os.getenv "PARTNERCENTER_CA_FILE",      -- nil: the system's
}

-- Grouped by the service; it writes these counts as texts, which are numbers here.
local types, err = partner.analytics.subscriptions:all {
  groupby = "subscriptionType",
  filter = partnercenter.filter.ne("status", "DEPROVISIONED"),
}
partner:close()
if not types then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

print(("%-14s %13s %9s"):format("TYPE", "SUBSCRIPTIONS", "LICENCES"))
for _, row in ipairs(partnercenter.insights.sort(types, "subscriptionCount", "desc")) do
  print(("%-14s %13d %9d"):format(row.subscriptionType, row.subscriptionCount, row.licenseCount))
end
