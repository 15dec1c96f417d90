-- Many small calls and many large pages in one process against the sandbox:
-- memory and descriptors must stay where they were after the first round.
--
--   tools/with-sandbox lua5.4 tools/soak.lua CALLS PAGES
--
-- malloc keeps what is freed, in heaps as high as the highest moment and longer
-- where something lies on top: resident memory says little about what is lost.
-- So it is made to give back what is free before each look, and what it counts
-- as being in use is looked at, too. (LuaJIT has an allocator of its own.)
local core = require "partnercenter.core"
local heap = require "heap"    -- tools/heap.c
local partnercenter = require "partnercenter"
local together = require "spec.support.together"

local CALLS, PAGES = tonumber(arg[1]), tonumber(arg[2])
local WORKERS = 32          -- of small calls
local READERS = 4           -- of large pages: each holds one
local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
-- KiB that the least of the later rounds may be above the least of the earlier ones,
-- whatever the number of calls: pieces of bodies that are kept for the next one come
-- and go, 2 MiB of them.
local MOST_GROWTH = { used = 1024, resident = 4096 }
local ROUNDS = 10
-- Times what is alive that Lua's heap may be high: its collector begins at twice
-- as much, and those of 5.1 and 5.3 take their time.
local MOST_HEAP = 4
local MOST_CONNECTIONS = 2  -- more than after the first round, now and then

local function resident()
  local file = assert(io.open "/proc/self/status")
  local kib = file:read("*a"):match "VmRSS:%s*(%d+)"
  file:close()
  return tonumber(kib)
end

local function descriptors()
  local pipe = assert(io.popen "ls /proc/$PPID/fd | wc -l")
  local count = tonumber(pipe:read "*l")
  pipe:close()
  return count
end

local failed = 0

local function problem(name, ...)
  failed = failed + 1
  print(name .. ": " .. string.format(...))
end

-- What is held when nothing is under way.
local function look()
  collectgarbage()
  collectgarbage() -- what the finalizers of the first one let go
  heap.trim()
  return { used = heap.used(), resident = resident(), descriptors = descriptors() }
end

-- Runs the work in so many tasks, until it was done `goal` times in all. Gives
-- the highest that Lua's heap was, in KiB.
local function run(client, workers, count, goal, work)
  local tasks, highest = {}, 0
  for i = 1, workers do
    tasks[i] = function()
      while count.done < goal do
        count.done = count.done + 1
        work()
        highest = math.max(highest, collectgarbage "count")
      end
    end
  end
  for _, result in ipairs(together(client, tasks)) do
    if not result[1] then error(result[2], 0) end
  end
  return highest
end

-- KiB of Lua's heap that the work's result takes.
local function size_of(work)
  collectgarbage()
  collectgarbage()
  local before = collectgarbage "count"
  local result = work()
  collectgarbage()
  collectgarbage()
  return result and collectgarbage "count" - before
end

-- Does something `total` times in so many tasks, in rounds, and looks after each; the
-- first one is the warm-up. Each task holds one result at a time.
local function phase(name, client, workers, total, work)
  local highest_allowed = MOST_HEAP * (workers * size_of(work) + collectgarbage "count")
  local started, count, base = core.now(), { done = 0 }, nil
  local least = { { used = math.huge, resident = math.huge },
    { used = math.huge, resident = math.huge } }
  for round = 1, ROUNDS do
    local highest = run(client, workers, count, math.floor(total * round / ROUNDS), work)
    local now = look()
    base = base or now
    print(("%s: %7d done, %6d KiB resident, %5d KiB in use, Lua at most %6.0f KiB, %d descriptors")
      :format(name, count.done, now.resident, now.used, highest, now.descriptors))
    io.stdout:flush()
    if highest > highest_allowed then
      problem(name, "Lua's heap may be %.0f KiB high", highest_allowed)
    end
    local half = least[round <= ROUNDS / 2 and 1 or 2]
    for what in pairs(half) do half[what] = math.min(half[what], now[what]) end
    if now.descriptors > base.descriptors + MOST_CONNECTIONS then
      problem(name, "descriptors grew from %d to %d", base.descriptors, now.descriptors)
    end
  end
  local growth = {}
  for what, most in pairs(MOST_GROWTH) do
    growth[what] = least[2][what] - least[1][what]
    if growth[what] > most then problem(name, "%d KiB more are %s", growth[what], what) end
  end
  local seconds = core.now() - started
  return ("%d %s in %.0f s (%.0f/s, %+d KiB resident and %+d KiB in use from half to half)")
    :format(count.done, name, seconds, count.done / seconds, growth.resident, growth.used)
end

local client = assert(partnercenter.new {
  base_url = os.getenv "PARTNERCENTER_BASE_URL", ca_file = os.getenv "PARTNERCENTER_CA_FILE",
  concurrency = WORKERS,
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
})
local small = client.customers:by_id(CUSTOMER).analytics.licenses.deployment
local large = client.analytics.commercial.deployment.license

local summary = {
  phase("small calls", client, WORKERS, CALLS, function()
    local page = assert(small:get())
    assert(#page.items == 3)
    return page
  end),
  phase("large pages", client, READERS, PAGES, function()
    local page = assert(large:get { top = 10000 })
    assert(#page.items == 10000)
    return page
  end),
}
client:close()
print("soak: " .. table.concat(summary, ", ") .. "; " .. failed .. " problems")
os.exit(failed == 0 and 0 or 1)
