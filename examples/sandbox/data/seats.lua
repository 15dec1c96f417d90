-- What a customer's tenant has of each product, whoever sold it, and what of that was
-- sold by the partner: the same seats that the insights show, with what makes them
-- differ in truth. One kind for each product of a customer:
--
--   plain      one subscription, and the tenant has what was sold
--   split      two subscriptions that end on different days
--   other      more seats, bought from somebody else
--   elsewhere  all seats were bought from somebody else: no subscription
--   trial      a trial beside what was sold
--   over       more are assigned than there are: less than none is available
--   legacy     an offer of the old commerce, which no matrix knows
--   shrinks    the next term has fewer seats
--   grace      the subscription is over, its seats are still there for a while
--   suspended  the seats are there no more, and still assigned: less than none
--   deleted    the subscription is gone, and the SKU with it; the insights are older
--   free       nothing was sold: no subscription, no seats
local data = require "sandbox.data.data"
local subscriptions = require "sandbox.data.subscriptions"
local times = require "sandbox.server.times"

local M = {}

local mix, floor = data.mix, math.floor

local ACTIVE = { [0] = "other", "other", "elsewhere", "trial", "over", "legacy", "legacy", "split",
  "split", "shrinks" }

local BASE_DAY = times.day_number "2017-03-14"
local DAYS = { P1M = 30, P1Y = 365, P3Y = 1095 }
local TERMS = { [0] = "P1M", "P1Y", "P1Y", "P1Y", "P3Y" }

function M.kind(c, k)
  if data.sold(c, k) == 0 then return "free" end
  local status = subscriptions.status(c, k)
  if status == "DEPROVISIONED" then return "deleted" end
  if status == "SUSPENDED" then return mix(c, k, 41) % 2 == 0 and "grace" or "suspended" end
  return c ~= 0 and ACTIVE[mix(c, k, 40) % 20] or "plain"
end

-- Seats by where they come from.
function M.bought(c, k)
  local kind, sold = M.kind(c, k), data.sold(c, k)
  return {
    sold = (kind == "elsewhere" or kind == "grace" or kind == "suspended" or kind == "deleted")
      and 0 or sold,
    other = kind == "other" and 1 + mix(c, k, 42) % 40 or kind == "elsewhere" and sold or 0,
    trial = kind == "trial" and 25 or 0,
    warning = kind == "grace" and sold or 0,
    suspended = kind == "suspended" and sold or 0,
  }
end

-- How many are assigned: to each who has it deployed, and a few more where it is over.
function M.assigned(c, k)
  local kind, deployed = M.kind(c, k), data.deployed(c, k)
  if kind == "deleted" then return 0 end
  return kind == "over" and data.sold(c, k) + 1 + mix(c, k, 43) % 5 or deployed
end

-- The tenant's units; nil where it has no such SKU.
function M.units(c, k)
  if M.kind(c, k) == "deleted" then return nil end
  local b, assigned = M.bought(c, k), M.assigned(c, k)
  local active = b.sold + b.other + b.trial
  return {
    active = active, warning = b.warning, suspended = b.suspended, total = active + b.warning,
    assigned = assigned, available = active + b.warning - assigned,
    capability = b.suspended > 0 and "Suspended" or b.warning > 0 and "Warning" or "Enabled",
  }
end

local function one(c, k, n, quantity, more)
  local term = TERMS[mix(c, k, 44 + n) % 5]
  local first = BASE_DAY - mix(c, k, 50 + n) % 700
  local days, today = DAYS[term], BASE_DAY + data.shift()
  local ended = first + math.max(1, math.ceil((today - first) / days)) * days
  local made = {
    id = data.guid("subscription " .. c .. " " .. k .. (n > 0 and " " .. n or "")), c = c, k = k,
    quantity = quantity, status = "active", term = term, starts = ended - days, ends = ended,
    renews = subscriptions.renews(c, k), trial = false, next_quantity = quantity,
  }
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

local make = {}

function make.plain(c, k, sold) return { one(c, k, 0, sold) } end
make.other, make.over = make.plain, make.plain

function make.split(c, k, sold)
  local first = floor(sold / 3)
  return { one(c, k, 0, first), one(c, k, 1, sold - first) }
end

function make.trial(c, k, sold)
  return { one(c, k, 0, sold), one(c, k, 2, 25, { trial = true, term = "P1M", renews = false }) }
end

function make.legacy(c, k, sold)
  return { one(c, k, 0, sold, { legacy = true, term = false }) }
end

function make.shrinks(c, k, sold)
  return { one(c, k, 0, sold, { renews = true, next_quantity = floor(sold / 2) }) }
end

-- Over: it ended some days ago.
local function over(status)
  return function(c, k, sold)
    local made = one(c, k, 0, sold, { status = status, renews = false })
    local days = made.ends - made.starts
    made.ends = BASE_DAY + data.shift() - 1 - mix(c, k, 46) % 25
    made.starts = made.ends - days
    return { made }
  end
end
make.grace, make.suspended, make.deleted = over "suspended", over "suspended", over "deleted"
function make.elsewhere() return {} end
make.free = make.elsewhere

-- The subscriptions of a customer's product.
function M.subscriptions(c, k)
  return make[M.kind(c, k)](c, k, data.sold(c, k))
end

-- Some customers use Azure, too, which counts no seats.
function M.uses_azure(c) return mix(c, 0, 47) % 5 == 0 end

return M
