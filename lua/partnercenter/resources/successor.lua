--- Rows of a superseded endpoint, served by its successor.
--
-- The insights of one customer are superseded by the commercial endpoints. With
-- `source = "commercial"` the same rows come from there: the successor is asked
-- for that customer alone (`customerTenantId eq 'ID'`, in capitals as its rows
-- have it), and each row gets the old names.
--
-- `deploymentPercent` and `usagePercent` are computed, since the successor has
-- the counts alone: deployed through sold, active through qualified. They run
-- **from 0 to 1** (beyond 1 where more is deployed than sold). Microsoft nowhere
-- says whether its own percent fields run to 1 or to 100, so never mix the two:
-- `partnercenter.insights` computes from the counts of either. Where nothing was
-- sold or qualified the share is 0, so that the field is a number in every row;
-- where a count is missing the field is absent.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources.successor

local check = require("partnercenter.util").check
local errors = require "partnercenter.errors"
local filter = require "partnercenter.filters"
local request = require "partnercenter.resources.request"
local wire = require("partnercenter.util").wire

local M = {}

local function share_of(part, whole)
  if type(part) ~= "number" or type(whole) ~= "number" then return nil end
  if whole == 0 then return 0.0 end
  return part / whole
end

-- The old endpoint writes the offset, the successor leaves UTC unsaid.
local function with_offset(date)
  if type(date) ~= "string" or not date:find("T[%d:.]+$") then return date end
  return date .. "+00:00"
end

--- A row of the successor in the shape of the superseded endpoint.
-- @tparam table row
-- @tparam table source the entry of `sources` in `partnercenter.resources.catalogue`
-- @tparam string id the customer
-- @treturn[1] table a new row
-- @treturn[2] nil
-- @treturn[2] Error the row is another customer's: the filter was not applied
function M.row(row, source, id)
  local tenant = row[source.customer]
  if type(tenant) ~= "string" or wire.lower(tenant) ~= wire.lower(id) then
    return nil, errors.from_failure("protocol",
      source.resource .. ": the answer has a row of another customer")
  end
  local old = { customerId = wire.lower(tenant), attributes = { objectType = source.object_type } }
  for name, theirs in pairs(source.fields) do old[name] = row[theirs] end
  old.processedDateTime = with_offset(old.processedDateTime)
  old[source.share[1]] = share_of(old[source.share.part], old[source.share.whole])
  return old
end

--- The request that asks the successor.
-- @tparam table resource the superseded one
-- @tparam table source its entry of `sources`
-- @tparam table successor what `request.prepare` gave for the successor
-- @tparam string id the customer
-- @tparam table given the parameters: `source`, those of the successor but
--   `groupby`, and `filter`, an expression over the old names
-- @tparam[opt=2] number level whom to blame for a mistake
-- @treturn table request
-- @treturn ?filter to apply to the rows in their old shape
-- @raise as `request.build`
function M.build(resource, source, successor, id, given, level)
  level = level or 2
  local known, theirs, here = { filter = true, source = true }, {}, nil
  for name in pairs(successor.resource.params) do
    if name ~= "groupby" then known[name] = true end
  end
  for name, value in pairs(given) do
    if not known[name] then check.unknown(resource.name, name, known, level, "parameter") end
    if name ~= "source" then theirs[name] = value end
  end
  if theirs.filter ~= nil then
    here = theirs.filter
    if not filter.is(here) then
      error(("parameter 'filter' of %s must be an expression of partnercenter.filter")
        :format(resource.name), level)
    end
  end
  theirs.filter = filter.eq(source.customer, wire.upper(id))
  local built = request.build(successor, {}, theirs, level + 1)
  return built, here
end

return M
