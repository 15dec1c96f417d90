-- What is asked for, and therefore what must come: an answer's pages and rows,
-- how they are sent, and the failure that is wanted, if any.
local rows = require "spec.chaos.rows"

local M = {}

-- Bytes of a page's rows, about: none, few, many, and some windows full.
local SIZES = {
  { 8, function() return 0 end },
  { 40, function(random) return random:int(1, 2000) end },
  { 30, function(random) return random:int(2000, 300000) end },
  { 12, function(random) return random:int(300000, 2000000) end },
  { 10, function(random) return random:int(4200000, 10000000) end },
}
local LENGTHS = { 0, 20, 100, 100, 300, 2000 }
local MOST_ROWS = 30000

-- The kinds of error that each failure may end in. `always`: nothing else may
-- come of it; `each_only`: whoever takes a whole page is served by a second try;
-- `at_once`: whoever pauses may not meet it.
local FAILURES = {
  { 88, nil },
  { 3, { name = "cut", kinds = { network = true, protocol = true }, always = true } },
  { 3, { name = "cut once", kinds = { network = true, protocol = true }, each_only = true } },
  { 2, { name = "error", kinds = { http = true, throttled = true }, always = true } },
  { 2, { name = "error once", kinds = {} } },
  { 2, { name = "too large", kinds = { protocol = true }, always = true, text = "max_body" } },
  { 1, { name = "too late", kinds = { timeout = true } } },
  { 0.5, { name = "stall", kinds = { timeout = true }, always = true, at_once = true } },
}

local FAILURE_NAMED = {}
for _, entry in ipairs(FAILURES) do
  if entry[2] then FAILURE_NAMED[entry[2].name] = entry[2] end
end

-- Of the page that fails: after how many rows, and whether with a status.
local function spoil(plan, random, query)
  local failure = plan.failure
  if not failure then return end
  local name, first = failure.name, plan.sizes[1]
  if name == "cut" or name == "cut once" then
    query.cut = random:chance(0.3) and 0 or random:int(0, math.max(0, first - 1))
  elseif name == "error" or name == "error once" then
    query.status = random:pick { 500, 503 }
  elseif name == "too large" then
    plan.with = { max_body = random:int(1, first * rows.least(plan.length)) }
  elseif name == "too late" then
    query.first = random:int(0, 200)
    plan.with = { deadline = random:real() * 0.3 + 0.001 }
  elseif name == "stall" then
    query.stall, plan.with = 4000, { timeout = 1 }
  end
  if name:find("once") then query.times = 1 end
end

local function draw_sizes(plan, random, least, most_bytes, single)
  local pages = random:chance(0.6) and 1 or random:int(2, 4)
  if plan.form == "array" or single then pages = 1 end
  local total = 0
  for i = 1, pages do
    local bytes = math.min(random:weighted(SIZES)(random), most_bytes)
    plan.sizes[i] = math.min(MOST_ROWS, math.floor(bytes / (plan.length + 70)))
    -- A page without rows may be the first or the last one.
    if i > 1 and i < pages or bytes > 0 then
      plan.sizes[i] = math.max(least, plan.sizes[i])
    end
    total = total + plan.sizes[i]
  end
  return total
end

--- A plan for the rows of `who`. `most_bytes` bounds a page; `tame`: no failure;
-- `only`: one page, and failures of these names, more of them.
function M.new(random, who, most_bytes, tame, only)
  local plan = {
    who = who, sizes = {}, length = random:pick(LENGTHS),
    form = random:weighted { { 5, "items" }, { 3, "value" }, { 1, "array" } },
    failure = random:weighted(FAILURES),
  }
  plan.total = draw_sizes(plan, random, 1, most_bytes, only ~= nil)
  if only then plan.failure = random:chance(0.35) and FAILURE_NAMED[random:pick(only)] or nil end
  if tame or plan.sizes[1] == 0 then plan.failure = nil end
  local query = { who = who, length = plan.length, form = plan.form }
  spoil(plan, random, query)
  query.sizes = table.concat(plan.sizes, ",")
  if random:chance(0.5) then query.piece = random:int(1, 500) end
  if random:chance(0.15) and plan.total > 0 then
    query.wait = random:int(1, 30)
    query.piece = math.ceil(plan.total / random:int(1, 15))
    query.uneven = random:chance(0.5) and 1 or nil
  end
  -- What is refused while more of it trickles in.
  if plan.failure and plan.failure.name == "too large" and random:chance(0.7) then
    query.wait, query.piece, query.uneven = random:int(1, 5), random:int(50, 350), 1
  end
  if not query.first and random:chance(0.05) then query.first = random:int(1, 200) end
  plan.path = random:chance(query.uneven and 0.2 or 0.5) and "/v1/plain/rows" or "/v1/gzip/rows"
  plan.query = query
  return plan
end

--- The address as a text, for who has no client.
function M.address(plan)
  local parts = {}
  for name, value in pairs(plan.query) do parts[#parts + 1] = name .. "=" .. value end
  table.sort(parts)
  return plan.path .. "?" .. table.concat(parts, "&")
end

return M
