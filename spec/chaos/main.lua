-- One process of the chaos:
--
--   lua spec/chaos/main.lua DRIVER SEED SECONDS PLAIN-URL TLS-URL CA-FILE LIMIT UNDER
--
-- DRIVER is a name of spec/chaos/drivers; LIMIT are the seconds after which one
-- that waits hangs; UNDER the sanitizer or "". Prints the counts. tools/chaos
-- runs it.
local clients = require "spec.chaos.clients" -- before anybody loads the core
local acts = require "spec.chaos.acts"
local core = require "partnercenter.core"
local ledgers = require "spec.chaos.ledger"
local process = require "spec.support.process"
local random = require "spec.chaos.random"

local arguments = { ... }
local driver_name, seed, seconds = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
local place = { plain = arguments[4], tls = arguments[5], ca_file = arguments[6] }
local is_thread = arguments[9] ~= nil
local watch = ledgers.watch

io.stdout:setvbuf("line")
local driver = require("spec.chaos.drivers." .. driver_name)
local label = driver_name .. (is_thread and " thread " .. arguments[9] or "")
local ledger = ledgers.new(label)

-- Whether this libcurl opens its pair sealed: from 8.8 on.
local function opens_sealed()
  local major, minor = core.curl_version:match("libcurl/(%d+)%.(%d+)")
  return tonumber(major) * 100 + tonumber(minor) >= 808
end

local world = {
  ledger = ledger, seed = seed, place = place, arguments = arguments, peers = {},
  -- Who is in another process or thread has other names.
  tag = ("%s%d%s"):format(driver_name:sub(1, 1), seed % 100000, arguments[9] or ""),
  random = random.new(seed), sleep = watch.sleep, can_catch = true,
  first_lane = (tonumber(arguments[9]) or 0) * 16,
  no_starve = type(rawget(_G, "jit")) == "table",
  seals_late = is_thread and not opens_sealed(),
}

local function settle()
  -- What was compiled keeps the functions that it was made of, and theirs.
  if rawget(_G, "jit") then jit.flush() end -- luacheck: ignore 113
  for _ = 1, 4 do collectgarbage() end
end

local function run()
  local own = process.pid()
  if driver.prepare then driver.prepare(world) end
  if not is_thread then
    acts.prepare()
    watch.start(tonumber(arguments[7]), arguments[8] == "")
  end
  settle()
  local descriptors, threads = process.descriptors(), #process.threads()
  world.clients = clients.new(ledger, place, driver.loop, 3)
  driver.run(world, core.now() + seconds)
  world.clients:finish(world.random)
  world.clients, world.peers = nil, {}
  settle()
  -- What belongs to the whole process is looked at when nobody else is in it, and
  -- not in a child that came here: it has what its parent's threads had open.
  if is_thread or process.pid() ~= own then return end
  if process.descriptors() > descriptors then
    ledger:problem("%d descriptors are left open", process.descriptors() - descriptors)
  end
  if #process.threads() > threads then
    ledger:problem("%d threads are left", #process.threads() - threads)
  end
end

local ok, why = xpcall(run, debug.traceback)
if not ok then ledger:problem("ended with: %s", tostring(why)) end
print(ledger:line())
if not is_thread then os.exit(ledger.problems == 0 and 0 or 1) end
