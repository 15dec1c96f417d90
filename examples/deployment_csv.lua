-- Every customer's licence deployment as CSV, many customers at a time:
--   PARTNERCENTER_TOKEN=... lua examples/deployment_csv.lua >deployment.csv
-- Or against the sandbox, with nothing to set up:
--   tools/with-sandbox lua examples/deployment_csv.lua
-- Customers come in the order in which their answers arrive. One that cannot be
-- read is named on the standard error, and the exit code is 1.
local partnercenter = require "partnercenter"

local COLUMNS = {
  "customerId", "customerName", "productName", "channel", "licensesSold", "licensesDeployed",
  "processedDateTime",
}

local partner = partnercenter.new {
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
  base_url = os.getenv "PARTNERCENTER_BASE_URL",    -- nil: the real service
  ca_file = os.getenv "PARTNERCENTER_CA_FILE",      -- nil: the system's
  concurrency = 16,
}

local function print_line(values)
  local cells = {}
  for i = 1, #COLUMNS do
    local value = values[i]
    local cell = type(value) == "number" and ("%d"):format(value) or tostring(value or "")
    if cell:find('[",\r\n]') then cell = '"' .. cell:gsub('"', '""') .. '"' end
    cells[i] = cell
  end
  io.write(table.concat(cells, ","), "\r\n")
end

print_line(COLUMNS)
local failed = 0
for customer, insights, err in partner:map(partner.customers:each(), function(customer)
  return partner.customers:by_id(customer.id).analytics.licenses.deployment:get()
end) do
  for _, row in ipairs(insights and insights.items or {}) do
    local values = {}
    for i, name in ipairs(COLUMNS) do values[i] = row[name] end
    values[1] = customer.id    -- the documented rows leave it out
    print_line(values)
  end
  if not insights then
    failed = failed + 1
    io.stderr:write(customer.companyProfile.companyName, ": ", tostring(err), "\n")
  end
end
partner:close()
os.exit(failed == 0 and 0 or 1)
