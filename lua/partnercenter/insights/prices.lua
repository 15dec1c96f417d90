--- What a seat costs a month, by a price list: a CSV file of one's own, or the price
-- sheet of Partner Center.
--
-- A price is for its term (`P1M`, `P1Y`, `P3Y`), whichever way it is billed; without a
-- term it is for a month. Where a list has several prices for the same seat, and nothing
-- known tells which one holds, there is no price.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.prices

local check = require("partnercenter.util").check
local datetime = require("partnercenter.util").datetime
local offers_of = require "partnercenter.insights.offers"
local tables = require "partnercenter.insights.tables"
local wire = require("partnercenter.util").wire

local M = {}

local COLUMNS = {
  { name = "product", "productid", "product", optional = true },
  { name = "sku", "skuid", "sku", optional = true },
  { name = "title", "skutitle", "name", "productname", "producttitle", "title", optional = true },
  { name = "price", "price", "unitprice" },
  { name = "currency", "currency" },
  { name = "term", "termduration", "term", optional = true },
  { name = "billing", "billingplan", "billing", optional = true },
  { name = "market", "market", optional = true },
  { name = "segment", "segment", optional = true },
  { name = "from", "effectivestartdate", optional = true },
  { name = "least", "pricingtierrangemin", optional = true },
  { name = "most", "pricingtierrangemax", optional = true },
}

local OPTIONS = { currency = "string", market = "string", segment = "string" }

local MONTHS = {
  P1M = 1, P1Y = 12, P12M = 12, P3Y = 36, P36M = 36, P5Y = 60,
  MONTH = 1, MONTHLY = 1, YEAR = 12, ANNUAL = 12, YEARLY = 12, TRIENNIAL = 36,
}

local methods = {}
local mt = { __name = "partnercenter.prices", __index = methods }

local function text(value)
  if type(value) ~= "string" then return nil end
  local trimmed = value:match("^%s*(.-)%s*$")
  return trimmed ~= "" and trimmed or nil
end

local function number(value)
  if type(value) == "number" then return value end
  local trimmed = text(value)
  return trimmed and (wire.number(trimmed) or wire.number((trimmed:gsub("^%.", "0."))))
end

-- The day of a date of the service, or of the price sheet, which writes them as in the
-- United States: 2/1/2019 12:00:00 AM.
local function day_of(value)
  local month, day, year = (text(value) or ""):match("^(%d+)/(%d+)/(%d%d%d%d)")
  if month then
    return ("%04d-%02d-%02d"):format(wire.digits(year), wire.digits(month), wire.digits(day))
  end
  local seconds = datetime.parse(value)
  return seconds and datetime.format(seconds):sub(1, 10) or ""
end

-- Of one price: for which seats, and what they cost a month.
local function entry_of(row)
  local price, term = number(row.price), text(row.term) and wire.upper(text(row.term))
  local months = term and MONTHS[term] or not term and 1
  local currency = text(row.currency)
  if not price or not months or not currency then return nil end
  return {
    monthly = price / months, months = term and months, currency = wire.upper(currency),
    billing = text(row.billing) and wire.lower(text(row.billing)),
    from = day_of(row.from), least = number(row.least), most = number(row.most),
  }
end

local function is_wanted(row, wanted)
  for name, value in pairs(wanted) do
    local own = text(row[name])
    if own and wire.lower(own) ~= wire.lower(value) then return false end
  end
  return true
end

local function put(map, key, entry)
  if not key then return end
  map[key] = map[key] or {}
  table.insert(map[key], entry)
end

--- A price list.
-- @tparam string|table source path of a CSV file, its rows, or what this gave before
-- @tparam ?table options `currency`, `market`, `segment`: only prices of these
-- @tparam number level whom to blame
-- @treturn[1] Prices
-- @treturn[2] nil
-- @treturn[2] Error the file cannot be read, or lacks a column
-- @raise a wrong source or option
function M.read(source, options, level)
  if getmetatable(source) == mt then return source end
  local wanted = check.options("insights.price_list", options, OPTIONS, level + 1)
  local self = setmetatable({ by_offer = {}, by_name = {}, count = 0, left_out = 0 }, mt)
  local ok, err = tables.each("price_list", source, COLUMNS, function(row)
    local entry = is_wanted(row, wanted) and entry_of(row)
    if not entry then
      self.left_out = self.left_out + 1
      return
    end
    self.count = self.count + 1
    local offer = offers_of.name(row.product, row.sku)
    put(self.by_offer, offer, entry)
    -- Names are looked up only for a price without the ids of an offer; that of an older
    -- offer is its id.
    for _, name in ipairs(offer and {} or { text(row.title) or "", text(row.product) }) do
      put(self.by_name, wire.upper(name), entry)
    end
  end, level + 1)
  if not ok then return nil, err end
  return self
end

local function filtered(entries, test)
  local kept = {}
  for _, entry in ipairs(entries) do
    if test(entry) then kept[#kept + 1] = entry end
  end
  return kept
end

-- Of several periods of one price the newest that has begun.
local function newest(entries, today)
  local latest = ""
  for _, entry in ipairs(entries) do
    if entry.from <= today and entry.from > latest then latest = entry.from end
  end
  if latest == "" then return entries end
  return filtered(entries, function(entry) return entry.from == latest end)
end

-- The one price that all of them say.
local function only(entries)
  local first = entries[1]
  for _, entry in ipairs(entries) do
    if entry.monthly ~= first.monthly or entry.currency ~= first.currency then return nil end
  end
  return first
end

--- The price of a seat.
-- @tparam table seat `offer`, `offer_id`, `name`, `term`, `billing`, `quantity`, as far as
--   known
-- @treturn ?table `monthly` and `currency`; nil: the list has none, or several
function methods:find(seat)
  local entries = seat.offer and self.by_offer[seat.offer]
    or seat.offer_id and self.by_name[wire.upper(seat.offer_id)]
    or seat.name and self.by_name[wire.upper(seat.name)]
  if not entries then return nil end
  local months = seat.term and MONTHS[wire.upper(seat.term)]
  if months then
    entries = filtered(entries, function(entry)
      return not entry.months or entry.months == months
    end)
  end
  if seat.quantity then
    entries = filtered(entries, function(entry)
      return (entry.least or 0) <= seat.quantity and seat.quantity <= (entry.most or math.huge)
    end)
  end
  entries = newest(entries, datetime.format(os.time()):sub(1, 10))
  local price = only(entries)
  if price or not seat.billing then return price end
  return only(filtered(entries, function(entry) return entry.billing == seat.billing end))
end

--- Put the price of a seat, and the cost of those that nobody has, into a row.
--
-- The price is that of seats which were sold here. Seats from another channel have
-- another price, and trials have none. So the cost is that of the unassigned seats, but of
-- no more than were sold, where that number is known.
-- @tparam table row of `partnercenter.insights.licences`
-- @tparam table bought `offer`, `term`, `billing` of what was sold
function methods:apply(row, bought)
  local price = self:find {
    offer = bought.offer, offer_id = row.offerId, name = row.productName, term = bought.term,
    billing = bought.billing, quantity = row.sold,
  }
  if not price then return end
  row.price, row.currency = price.monthly, price.currency
  row.sources.price = "price_list"
  if not row.unassigned then return end
  local paid = row.sold and math.min(row.sold, row.unassigned) or row.unassigned
  row.cost_of_unassigned = math.floor(paid * price.monthly * 100 + 0.5) / 100
  row.sources.cost_of_unassigned = "price_list"
end

return M
