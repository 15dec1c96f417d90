-- The data set: customers and their products, computed from their numbers,
-- so that any size starts at once and is the same every time. Customer 0 is
-- the documented one, with the documented three products.
local catalog = require "sandbox.data.catalog"
local settings = require "sandbox.server.settings"
local times = require "sandbox.server.times"

local M = {}

local floor, md5 = math.floor, ngx.md5

local DOCUMENTED = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local DOCUMENTED_SOLD = { [0] = 1, 5, 2 }
local INDEX_KEY = 5 * 2 ^ 40 + 77177       -- hides the number in an id's end

local customers, products, count, per_customer, shift

-- A number below 2^31 - 1 that looks arbitrary.
local function mix(a, b, salt)
  local x = (a * 73856093 + b * 19349663 + salt * 83492791 + 12345) % 2147483647
  return (x * 48271) % 2147483647
end
M.mix = mix

local function guid(seed)
  local h = md5(seed)
  return ("%s-%s-4%s-a%s-%s"):format(h:sub(1, 8), h:sub(9, 12), h:sub(13, 15), h:sub(16, 18),
    h:sub(19, 30))
end
M.guid = guid

local function make_customer(c)
  if c == 0 then
    return {
      id = DOCUMENTED, upper_id = DOCUMENTED:upper(), name = "DT DEMO CSP CUSTOMER 005",
      company = "DT Demo CSP Customer 005", domain = "dtdemocspcustomer005.onmicrosoft.com",
      channel = "reseller", market = "US", relationship = "reseller",
    }
  end
  local known = catalog.companies[(c - 1) % #catalog.companies + 1]
  local suffix = (" %03d"):format(floor((c - 1) / #catalog.companies) + 1)
  local id = guid("customer " .. c):sub(1, 24) .. ("%012x"):format(INDEX_KEY + c * 1009)
  local domain = (known[3] or known[1]:lower():gsub("[^a-z0-9]", "")) .. suffix:sub(2)
  return {
    id = id, upper_id = id:upper(), company = known[1] .. suffix,
    name = (known[2] or known[1]:upper()) .. suffix,
    domain = domain .. ".onmicrosoft.com",
    channel = catalog.channels[mix(c, 0, 1) % #catalog.channels + 1],
    market = catalog.markets[mix(c, 0, 2) % #catalog.markets + 1],
    relationship = mix(c, 0, 3) % 20 == 0 and "advisor" or "reseller",
  }
end

local function make_product(p)
  local known = catalog.products[p % #catalog.products + 1]
  local round = floor(p / #catalog.products)
  return {
    id = guid("product " .. p):upper(), service = known.service, workloads = known.workloads,
    type = known.type, name = round == 0 and known.name or known.name .. " PLAN " .. round + 1,
    number = p, offer = ("CFQ7TTC0%04X"):format((p * 7919 + 4660) % 65536),
    offer_sku = ("%04X"):format(p % 9 + 1), legacy_offer = guid("offer " .. p):upper(),
    price = 2 + p * 7 % 41 / 2,   -- a month
  }
end

local function memo(make)
  return setmetatable({}, { __index = function(t, n)
    local made = make(n)
    t[n] = made
    return made
  end })
end

local BASE = "2017-03-14"

-- The days between the documented state and the state that is served.
function M.days(processed)
  if processed == "" then return 0 end
  local day = times.day_number(processed)
  return day and day - times.day_number(BASE)
end

-- Follow the settings: the sizes, and the day up to which data was processed.
function M.follow()
  local now = settings.get()
  if not customers or count ~= now.customers or per_customer ~= now.products then
    customers, products = memo(make_customer), memo(make_product)
    count, per_customer = now.customers, now.products
  end
  shift = M.days(now.processed) or 0
end

-- The days by which the state that is served differs from the documented one.
function M.shift() return shift end

-- Show another day's state, until `follow` or the next `at`.
function M.at(days) shift = days end

-- When a service's data was processed; `kind` is "deployment" or "usage".
function M.processed(service, kind)
  return times.moved(catalog.services[service][kind], shift)
end

function M.count() return count end
function M.per_customer() return per_customer end
function M.customer(c) return customers[c] end

-- The number of the customer with that id, which is lower-case; nil when it
-- is nobody's.
function M.find(id)
  if id == DOCUMENTED then return 0 end
  local c = (tonumber(id:sub(25), 16) - INDEX_KEY) / 1009
  if c >= 1 and c < count and c == floor(c) and customers[c].id == id then return c end
end

function M.products_of(c) return c == 0 and 3 or per_customer end

function M.product(c, k)
  if c == 0 then return products[k] end
  return products[(c * 5 + k) % math.max(#catalog.products, per_customer)]
end

function M.sold(c, k)
  if c == 0 then return DOCUMENTED_SOLD[k] end
  local h = mix(c, k, 5)
  local size, n = h % 100, floor(h / 128)
  if size < 8 then return 0 end
  if size < 60 then return 1 + n % 25 end
  if size < 92 then return 25 + n % 250 end
  return 300 + n % 4700
end

-- The count moves along with the time.
function M.deployed(c, k)
  local sold = M.sold(c, k)
  local base = 0
  if c ~= 0 then
    local h = mix(c, k, 6)
    local kind = h % 20
    base = kind < 3 and sold or kind < 6 and 0 or floor(sold * (floor(h / 32) % 101) / 100)
    if kind < 3 then return sold end
  end
  if shift == 0 then return base end
  return math.max(0, math.min(sold, base + floor(sold * shift / 600)))
end

-- Active users of the workload `w` (1 or 2) of a product.
function M.active(c, k, w)
  if c == 0 then return floor(M.deployed(c, k) / 2) end
  return floor(M.deployed(c, k) * (mix(c, k, 6 + w) % 101) / 100)
end

-- The three workloads of the documented customer's first product, then one
-- for each other.
local DOCUMENTED_USAGE = { [0] = { 0, "EXO" }, { 0, "SPO" }, { 0, "SFB" }, { 1, "EXO" },
  { 2, "EXO" } }

-- Row numbers: first those of the documented customer, then all others'.
M.deployment = {}
function M.deployment.total() return 3 + (count - 1) * per_customer end
function M.deployment.first(c) return c == 0 and 0 or 3 + (c - 1) * per_customer end
function M.deployment.rows_of(c) return M.products_of(c) end
function M.deployment.locate(r)
  if r < 3 then return 0, r end
  local c = floor((r - 3) / per_customer)
  return c + 1, r - 3 - c * per_customer
end

M.usage = {}
function M.usage.total() return 5 + (count - 1) * per_customer * 2 end
function M.usage.first(c) return c == 0 and 0 or 5 + (c - 1) * per_customer * 2 end
function M.usage.rows_of(c) return c == 0 and 5 or per_customer * 2 end
function M.usage.locate(r)
  if r < 5 then return 0, DOCUMENTED_USAGE[r][1], 1, DOCUMENTED_USAGE[r][2] end
  local n = r - 5
  local c = floor(n / (per_customer * 2))
  n = n - c * per_customer * 2
  local k, w = floor(n / 2), n % 2 + 1
  return c + 1, k, w, M.product(c + 1, k).workloads[w]
end

return M
