-- One customer's licence deployment insights as a table, and where they came
-- from. `make demo` runs it against the sandbox.
local partnercenter = require "partnercenter"
local core = require "partnercenter.core"

local COLUMNS = {
  { "PRODUCT", function(row) return row.productName end },
  { "SOLD", function(row) return ("%d"):format(row.licensesSold) end, "right" },
  { "DEPLOYED", function(row) return ("%d"):format(row.licensesDeployed) end, "right" },
  -- From the counts: nobody says if the service's percents run to 1 or to 100.
  { "PERCENT", function(row)
    local share = partnercenter.insights.share(row)
    return share and ("%.1f %%"):format(100 * share) or "-"
  end, "right" },
  { "PROCESSED", function(row)
    local seconds = partnercenter.datetime(row.processedDateTime)
    return seconds and os.date("!%Y-%m-%d %H:%M UTC", math.floor(seconds)) or "-"
  end },
}

local function print_table(rows)
  local lines, widths = { {} }, {}
  for i, column in ipairs(COLUMNS) do lines[1][i] = column[1] end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, column in ipairs(COLUMNS) do cells[i] = column[2](row) end
    lines[#lines + 1] = cells
  end
  for _, cells in ipairs(lines) do
    for i, cell in ipairs(cells) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  for _, cells in ipairs(lines) do
    for i, cell in ipairs(cells) do
      local padding = (" "):rep(widths[i] - #cell)
      cells[i] = COLUMNS[i][3] == "right" and padding .. cell or cell .. padding
    end
    print((table.concat(cells, "  "):gsub("%s+$", "")))
  end
end

local base_url = os.getenv "PARTNERCENTER_BASE_URL"
local partner = partnercenter.new {
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
  base_url = base_url,
  ca_file = os.getenv "PARTNERCENTER_CA_FILE",
}
local customer = arg[1] or os.getenv "PARTNERCENTER_CUSTOMER"
local insights, facts = partner.customers:by_id(customer).analytics.licenses.deployment:get()
partner:close()
if not insights then
  io.stderr:write(tostring(facts), "\n")
  os.exit(1)
end

local first = insights.items[1]
print(("%s (%s)\n"):format(first and first.customerName or "no insights", customer))
print_table(insights.items)
print(("\n%d products from %s, status %d, request %s\n%s, %s, partnercenter %s"):format(
  #insights.items, base_url, facts.status, facts.request_id, _VERSION,
  core.curl_version:match("%S+"), partnercenter.version))
