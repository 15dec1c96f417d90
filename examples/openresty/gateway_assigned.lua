-- Licences assigned and not assigned, by product. The service tells that of one customer at
-- a time: it costs a call for each, so it is asked only where the operator has said how
-- many that may be, and once for each day's data.
local json = require("partnercenter.util").json -- where an empty array is []

local M = {}

-- Without both, Entra's own would come alone.
local GROUPS = { "group1", "group2" }

local function number(value)
  return type(value) == "number" and value or 0
end

local function add(products, row)
  local sku = type(row.productSku) == "table" and row.productSku or {}
  local name = type(sku.name) == "string" and sku.name ~= "" and sku.name or "(no name)"
  local product = products[name]
  if not product then
    product = { name = name, assigned = 0, unassigned = 0 }
    products[name], products[#products + 1] = product, product
  end
  local assigned, total = number(row.consumedUnits), number(row.totalUnits)
  product.assigned = product.assigned + assigned
  product.unassigned = product.unassigned + math.max(0, total - assigned)
end

--- The sums as JSON: `products` (the most assigned first; `name`, `assigned`, `unassigned`)
-- and `failed`, the number of customers who are not in them; or nil and why.
-- With more than `most` customers nobody is asked.
function M.read(partner, most)
  local list, err = partner.customers:all { size = 500 }
  if not list then return nil, err end
  if #list > most then
    return nil, ("there are %d customers, and PARTNERCENTER_ASSIGNED allows %d calls"):format(#list,
      most)
  end
  local products, failed, last = {}, 0, nil
  for _, rows, why in partner:map(list, function(customer)
    return partner.customers:by_id(customer.id).subscribedskus:all { licenseGroupIds = GROUPS }
  end) do
    if not rows then failed, last = failed + 1, why end
    for _, row in ipairs(rows or {}) do add(products, row) end
  end
  if failed > 0 and failed == #list then return nil, last end
  table.sort(products, function(a, b)
    if a.assigned ~= b.assigned then return a.assigned > b.assigned end
    return a.name < b.name
  end)
  local written = {}
  for i, product in ipairs(products) do written[i] = product end
  return json.encode { products = written, failed = failed }
end

return M
