-- `map` over the lanes, again and again: each lane reads in a task of its own.
-- Runs are left by break and by close, and their client may end under them.
local core = require "partnercenter.core"
local lanes = require "spec.chaos.lane"
local watch = require("spec.chaos.ledger").watch

local M = { loop = "block" }

local LANES, MOST_ACTS = 6, 12
local NAP = 0.002

-- A yield of one's own gives the others a turn.
local function sleep(seconds)
  local due = core.now() + seconds
  repeat
    watch.sleep(NAP)
    coroutine.yield()
  until core.now() >= due
end

-- Reads by the run's own client mostly: another one holds all of them up.
local function prefer(clients, slot)
  return setmetatable({
    any = function(_, random)
      if slot.gone or random:chance(0.1) then return clients:any(random) end
      return slot
    end,
  }, { __index = clients })
end

local function is_end(slot, err)
  return slot.gone and type(err) == "table" and (err.kind == "cancelled" or err.kind == "closed")
end

-- One run; every lane of it comes back once, unless the run is left.
local function run(world, slot, most)
  local due, elements, draw = {}, {}, world.random
  for i = 1, LANES do
    elements[i] = lanes.new(world, world.first_lane + i)
    -- A lane of this number goes on where the last one was.
    elements[i].random.state = draw:int(1, 2 ^ 30)
    elements[i].made = world.made
    due[elements[i]] = true
  end
  world.made = world.made + 1000
  world.peers = elements
  local function read(lane)
    for _ = 1, lane.random:int(1, MOST_ACTS) do lane:act() end
    lane:finish()
    return lane.id
  end
  local options = { concurrency = draw:int(1, math.min(LANES, slot.concurrency or LANES)) }
  local iterate, _, _, closer = slot.client:map(elements, read, options)
  for _ = 1, most do
    local lane, id, err = iterate()
    if lane == nil then
      if next(due) and not slot.gone then world.ledger:problem("map ended too early") end
      return
    end
    if not due[lane] then world.ledger:problem("map gave lane %d again", lane.id) end
    due[lane] = nil
    if id ~= lane.id and not is_end(slot, err) then
      world.ledger:problem("map gave %s for lane %d: %s", tostring(id), lane.id, tostring(err))
    end
  end
  world.ledger:count("maps_left")
  if draw:chance(0.5) then closer.close() end
end

function M.run(world, stop)
  local pool = world.clients
  world.sleep, world.no_starve, world.made = sleep, true, 0
  world.can_catch = _VERSION ~= "Lua 5.1" or type(rawget(_G, "jit")) == "table"
  world.no_fork = world.no_fork or not world.can_catch
  while core.now() < stop do
    local slot = pool:any(world.random)
    world.clients = prefer(pool, slot)
    world.ledger:count("maps")
    local ok, err = pcall(run, world, slot,
      world.random:chance(0.3) and world.random:int(0, LANES - 1) or LANES + 1)
    if not ok and not is_end(slot, err) then
      world.ledger:problem("map failed: %s", tostring(err))
    end
    -- Those that were left are nobody's any more, and so are their children.
    for _, lane in ipairs(world.peers) do
      watch.note(lane.id)
      lane.open = {}
      lane.world = { ledger = world.ledger, sleep = watch.sleep }
      require("spec.chaos.acts").reap(lane, true)
    end
    if world.random:chance(0.3) then collectgarbage() end
  end
  world.clients = pool
end

return M
