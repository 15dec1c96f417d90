--- The numbers of one product of a customer, from the pieces that belong together. Each
-- is from one source, which `sources` names; none is made up from another.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.insights.seats

local M = {}

-- The sum of a field, or nil where no piece has it.
local function sum(pieces, field)
  local total
  for _, piece in ipairs(pieces) do
    if piece[field] then total = (total or 0) + piece[field] end
  end
  return total
end

-- Of days as texts; absent ones are later than all others.
local function earliest(pieces, field)
  local first
  for _, piece in ipairs(pieces) do
    local day = piece[field]
    if day and (not first or day < first) then first = day end
  end
  return first
end

local function set(row, source, values)
  for field, value in pairs(values) do
    row[field], row.sources[field] = value, source
  end
end

-- --- subscriptions ---

-- A product's status is the first of these that one of its subscriptions has.
local STATUSES = { "active", "pending", "suspended", "disabled", "expired", "deleted", "none" }

local function status_of(pieces)
  for _, status in ipairs(STATUSES) do
    for _, piece in ipairs(pieces) do
      if piece.status == status then return status end
    end
  end
  return pieces[1].status
end

local function select_active(pieces, trial)
  local found = {}
  for _, piece in ipairs(pieces) do
    if piece.status == "active" and piece.trial == trial then found[#found + 1] = piece end
  end
  return found
end

-- The subscription that ends first, and whether all that end on that day renew.
local function first_to_end(pieces)
  local day = earliest(pieces, "ends")
  local first, renews
  for _, piece in ipairs(pieces) do
    if piece.ends == day then
      first = first or piece
      if renews ~= false and piece.renews ~= nil then renews = piece.renews end
    end
  end
  return first, renews
end

local function are_trials(pieces)
  for _, piece in ipairs(pieces) do
    if not piece.trial then return false end
  end
  return true
end

local function renewal_of(piece)
  return {
    subscriptionId = piece.id, offerName = piece.name, offerId = piece.offer_id,
    ends = piece.ends, renews = piece.renews, trial = piece.trial, quantity = piece.seats,
    next_quantity = piece.next_seats, cancellable_until = piece.cancellable_until,
    term = piece.term, next_term = piece.next_term,
  }
end

local function renewals_of(pieces)
  local list = {}
  for _, piece in ipairs(pieces) do
    if piece.status == "active" then list[#list + 1] = renewal_of(piece) end
  end
  return list
end

--- What was sold, and until when.
-- @tparam table row takes the numbers
-- @tparam {table,...} pieces
-- @treturn table `offer`, `term` and `billing` of what was sold, for its price
function M.subscriptions(row, pieces)
  local paid, trials = select_active(pieces, false), select_active(pieces, true)
  local leading, renews = first_to_end(paid[1] and paid or trials)
  local counted = sum(pieces, "seats") ~= nil
  set(row, "subscriptions", {
    sold = counted and (sum(paid, "seats") or 0) or nil,
    trial_seats = counted and (sum(trials, "seats") or 0) or nil,
    trial = are_trials(pieces),
    renews_on = leading and leading.ends, auto_renews = renews,
    term = leading and leading.term, status = status_of(pieces),
    renewals = renewals_of(pieces),
  })
  leading = leading or pieces[1]
  row.offerId = leading.offer_id
  return { offer = leading.offer, term = row.term, billing = leading.billing }
end

-- --- the customer's tenant ---

--- What there is, and who has it.
-- @tparam table row takes the numbers
-- @tparam {table,...} pieces
function M.skus(row, pieces)
  local total, assigned = sum(pieces, "total"), sum(pieces, "assigned")
  set(row, "skus", {
    total = total, assigned = assigned, available = sum(pieces, "available"),
    warning = sum(pieces, "warning"), suspended = sum(pieces, "suspended"),
    -- More assigned than there are: none is left.
    unassigned = total and assigned and math.max(0, total - assigned),
    capability = pieces[1].capability,
  })
  row.skuPartNumber, row.licenseGroupId = pieces[1].part_number, pieces[1].group
end

-- --- insights ---

--- What is deployed.
-- @tparam table row takes the numbers
-- @tparam {table,...} pieces
function M.deployment(row, pieces)
  set(row, "deployment", {
    deployed = sum(pieces, "deployed"), insights_sold = sum(pieces, "sold"),
    deployed_on = earliest(pieces, "processed"),
  })
end

-- The rows of one workload, of all channels, make one.
local function workloads_of(pieces)
  local list, by_name = {}, {}
  for _, piece in ipairs(pieces) do
    local workload = by_name[piece.workload]
    if not workload then
      workload = { workloadName = piece.workload }
      by_name[piece.workload], list[#list + 1] = workload, workload
    end
    if piece.active then workload.active = (workload.active or 0) + piece.active end
    if piece.qualified then workload.qualified = (workload.qualified or 0) + piece.qualified end
  end
  return list
end

--- What is used. One person uses several workloads: their sum would count people twice,
-- so it is the workload that most use.
-- @tparam table row takes the numbers
-- @tparam {table,...} pieces
function M.usage(row, pieces)
  local workloads, active = workloads_of(pieces), nil
  for _, workload in ipairs(workloads) do
    if workload.active then active = math.max(active or 0, workload.active) end
  end
  set(row, "usage", {
    active = active, workloads = workloads, active_on = earliest(pieces, "processed"),
  })
end

return M
