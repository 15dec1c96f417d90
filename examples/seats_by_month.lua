-- Month by month: seats sold, assigned and active of one product, over all customers,
-- from a report of Partner Insights (an account with that role):
--   PARTNERCENTER_TOKEN=... lua examples/seats_by_month.lua [PRODUCT, such as "POWER BI PRO"]
-- Or against the sandbox, with nothing to set up:
--   tools/with-sandbox --report_clock=10000 lua examples/seats_by_month.lua
local partnercenter = require "partnercenter"

local partner = partnercenter.new {
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
  base_url = os.getenv "PARTNERCENTER_BASE_URL",    -- nil: the real service
  ca_file = os.getenv "PARTNERCENTER_CA_FILE",      -- nil: the system's
}

-- The service adds up for each month that is selected: a stock stays a stock.
local COUNTS = { "TotalAvailableSeats", "TotalAssignedSeats", "TotalActiveSeats" }
local rows, err = partner.reports:all {
  dataset = "PowerBIUsage",
  columns = { "Month", "TotalAvailableSeats", "TotalAssignedSeats", "TotalActiveSeats" },
  where = partnercenter.filter.eq("SKU", arg[1] or "POWER BI PRO"),
  order = "Month", timespan = "LAST_1_YEAR", numbers = COUNTS,
  on_wait = function(state, seconds) io.stderr:write(("%s, %.0f s\n"):format(state, seconds)) end,
}
partner:close()
if not rows then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

print(("%-10s %8s %8s %8s"):format("month", "sold", "assigned", "active"))
for _, row in ipairs(rows) do
  print(("%-10s %8d %8d %8d"):format(row.Month, row.TotalAvailableSeats, row.TotalAssignedSeats,
    row.TotalActiveSeats))
end
