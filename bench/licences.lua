-- What the whole picture of all customers takes: calls, and wall time at a quota of 500
-- requests a minute, beside the least that is possible. Simulated as in bench/quota.lua;
-- the seed is printed.
--
--   make bench-licences [SEED=…]
local quota = require "bench.quota"

-- Rows of a page, at most: of the insights, of customers.
local INSIGHTS, CUSTOMERS = 10000, 500
-- As in the sandbox: products of a customer, workloads of a product.
local PRODUCTS, WORKLOADS = 20, 2

local function pages(rows, most) return math.ceil(rows / most) end

-- Calls for so many customers: the list, and what is read once for all of them; then so
-- many for each.
local function calls_of(customers, each, bulk)
  local calls = pages(customers, CUSTOMERS) + customers * each
  if not bulk then return calls end
  return calls + pages(customers * PRODUCTS, INSIGHTS)
    + pages(customers * PRODUCTS * WORKLOADS, INSIGHTS)
end

local WAYS = {
  { "subscriptions and SKUs of each, insights at once", 2, true },
  { "SKUs of each, insights at once", 1, true },
  { "all four sources of each", 4, false },
}

local seed = tonumber(arg and arg[1]) or 20261128
print(("seed %d; 500 requests a minute, 16 at once, 50 ms an answer"):format(seed))
print(("%9s  %-50s %6s %8s %8s %6s %8s"):format("customers", "", "calls", "least s", "ours s",
  "ratio", "refused"))
for _, customers in ipairs { 500, 5000 } do
  for _, way in ipairs(WAYS) do
    local case = setmetatable({ calls = calls_of(customers, way[2], way[3]) },
      { __index = quota.base })
    local least = quota.ideal(case, seed)
    local seconds, refused = quota.throttled(case, seed)
    print(("%9d  %-50s %6d %8.1f %8.1f %6.2f %7.1f%%"):format(customers, way[1], case.calls, least,
      seconds, seconds / least, 100 * refused / (case.calls + refused)))
  end
end
