-- What ends or renews soon, and what has changed, as JSON.
local history = require "partnercenter.history"
local json = require("partnercenter.util").json -- where an empty array is []
local partnercenter = require "partnercenter"

local M = {}

local DAYS = 90 -- ahead of the day of the data

local function text_of(value) return type(value) == "string" and value or nil end

local function day_of(seconds) return os.date("!%Y-%m-%d", math.floor(seconds)) end

-- Active subscriptions, those that end first before the others.
--
-- From the day that the data is of; without it, from today.
function M.renewals(partner, from)
  local start = from and partnercenter.datetime(from) or os.time()
  local first, last, rows = day_of(start), day_of(start + DAYS * 86400), {}
  local ok, err = pcall(function()
    for row in partner.analytics.subscriptions:each() do
      local ends = text_of(row.commitmentEndDate)
      ends = ends and ends:sub(1, 10)
      if ends and ends >= first and ends <= last and tostring(row.status):upper() == "ACTIVE" then
        rows[#rows + 1] = {
          id = text_of(row.customerTenantId) and row.customerTenantId:lower(),
          customer = text_of(row.customerName), product = text_of(row.productName), ends = ends,
          licences = tonumber(row.licenseCount), renews = row.autoRenewEnabled == true,
        }
      end
    end
  end)
  if not ok then return nil, err end
  table.sort(rows, function(a, b)
    if a.ends ~= b.ends then return a.ends < b.ends end
    return (a.licences or 0) > (b.licences or 0)
  end)
  return json.encode { from = first, to = last, rows = rows }
end

local function read(path, tenant)
  -- The command keeps what is of a tenant under its name.
  local store, err = history.open(path, { source = tenant:lower() })
  if not store then return nil, err end
  local days = store:days "deployment" or {}
  local from, to = days[#days - 1], days[#days]
  local list
  if from then list, err = store:between("deployment", from, to) end
  store:close()
  if from and not list then return nil, err end
  return { from = from, to = to, rows = list or {} }
end

-- What changed between the last two snapshots of the command's history file, where one
-- is named. Reading it takes some milliseconds, for which the worker does nothing else.
function M.changes(path, tenant)
  if not path or path == "" then return json.encode { rows = {} } end
  local body, err = read(path, tenant)
  if not body then return nil, err end
  return json.encode(body)
end

return M
