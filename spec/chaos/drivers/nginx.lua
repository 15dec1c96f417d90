-- Lanes in an nginx worker: in timers of their own, and in requests whose client
-- may go away in the middle. Loaded by the nginx that run.lua starts.
local clients = require "spec.chaos.clients" -- before anybody loads the core
local core = require "partnercenter.core"
local lanes = require "spec.chaos.lane"
local ledgers = require "spec.chaos.ledger"
local process = require "spec.support.process"
local random = require "spec.chaos.random"

local M = {}

local watch = ledgers.watch
local LANES, VISITORS = 6, 100 -- the slots of the watch
local VISIT_ACTS = 6
-- Visits at a time. nginx does not see all that leave: on a busy machine more and more
-- would go on for nobody.
local MOST_VISITS = 8
-- Bytes of a page: a worker's readers take turns, slice by slice, and on a busy machine
-- the larger ones would take longer than anybody waits.
local MOST_BODY = 3000000
-- Seconds until a client that nobody has any more is taken for lost.
local PATIENCE = 10

local world, stop, threads
local visits, visiting, running = 0, 0, 0

--- `settings`: seed, seconds, plain, tls, ca_file, limit, catch, result (a file).
function M.start(settings)
  local ledger = ledgers.new("nginx " .. ngx.worker.id())
  world = {
    ledger = ledger, seed = settings.seed + ngx.worker.id(), place = settings, peers = {},
    tag = ("n%d%d"):format(settings.seed % 100000, ngx.worker.id()),
    random = random.new(settings.seed), sleep = ngx.sleep, can_catch = true,
    no_fork = true, no_starve = true, no_spawn = true,
    settings = settings,
  }
  watch.start(settings.limit, settings.catch)
  threads = #process.threads()
  world.clients = clients.new(ledger, settings, nil, 3, MOST_BODY)
  stop = core.now() + settings.seconds
  for i = 1, LANES do
    local lane = lanes.new(world, i)
    world.peers[i] = lane
    running = running + 1
    assert(ngx.timer.at(0, M.run, lane))
  end
end

-- Whoever is last tells the counts, when those who visit have left.
local function finish()
  local ledger, due = world.ledger, core.now() + PATIENCE
  while visiting > 0 and core.now() < due do ngx.sleep(0.01) end
  if visiting > 0 then ledger:problem("%d requests do not end", visiting) end
  world.clients:finish(world.random)
  world.clients, world.peers = nil, {}
  -- What nginx has dropped is found by a look from time to time.
  due = core.now() + PATIENCE
  repeat
    ngx.sleep(0.1)
    jit.flush() -- what was compiled keeps the functions that it was made of
    for _ = 1, 2 do collectgarbage() end
  until #process.threads() <= threads or core.now() > due
  if #process.threads() > threads then
    ledger:problem("%d threads are left", #process.threads() - threads)
  end
  local file = assert(io.open(world.settings.result, "a"))
  file:write(ledger:line(), "\n")
  file:close()
end

function M.run(_, lane)
  local ok, why = xpcall(function()
    while core.now() < stop do lane:act() end
    lane:finish()
  end, debug.traceback)
  if not ok then world.ledger:problem("lane %d ended with: %s", lane.id, tostring(why)) end
  running = running - 1
  if running == 0 then finish() end
end

--- A request: some readings, unless its client goes away before.
function M.visit()
  if core.now() > stop or visiting >= MOST_VISITS then return ngx.exit(503) end
  visits, visiting = visits + 1, visiting + 1
  local slot = LANES + 1 + visits % (VISITORS - LANES)
  local lane = lanes.new(world, slot)
  lane.random, lane.id = random.new(world.seed, 1000 + visits), slot
  lane.made = visits * 1000
  world.ledger:count("visits")
  assert(ngx.on_abort(function()
    -- nginx drops what runs, which does not get to hear of it.
    watch.note(slot)
    world.ledger:count("aborts")
    visiting = visiting - 1
    ngx.exit(499)
  end))
  for _ = 1, VISIT_ACTS do lane:act() end
  lane:finish()
  visiting = visiting - 1
  ngx.say("well")
end

return M
