-- Many small calls and many large pages in one process against the sandbox:
-- resident memory and descriptors must stay where they were after the warm-up.
--
--   tools/with-sandbox lua5.4 tools/soak.lua CALLS PAGES
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local together = require "spec.support.together"

local CALLS, PAGES = tonumber(arg[1]), tonumber(arg[2])
local WORKERS = 32          -- of small calls
local READERS = 4           -- of large pages: each holds one
local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
-- KiB above the warm-up, whatever the number of calls: what a page of 10,000
-- rows takes comes and goes.
local MOST_GROWTH = { ["small calls"] = 4096, ["large pages"] = 16384 }
-- Rounds until collector and malloc have been as high as they go: with pages of
-- 10,000 rows that takes some 300 pages of a thousand.
local WARM = { ["small calls"] = 1, ["large pages"] = 4 }
local MOST_CONNECTIONS = 2  -- more than after the warm-up, now and then

local function resident()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmRSS:%s*(%d+)"
    if kib then return tonumber(kib) end
  end
end

local function descriptors()
  local pipe = assert(io.popen "ls /proc/$PPID/fd | wc -l")
  local count = tonumber(pipe:read "*l")
  pipe:close()
  return count
end

local failed = 0

-- Does something `total` times in so many tasks, in ten rounds; checks after
-- each. The first ones are the warm-up.
local function phase(name, client, workers, total, work)
  local started, done = core.now(), 0
  local base, base_fds, peak = nil, nil, 0
  for round = 1, 10 do
    local goal, tasks = math.floor(total * round / 10), {}
    for i = 1, workers do
      tasks[i] = function()
        while done < goal do
          done = done + 1
          work()
        end
      end
    end
    for _, result in ipairs(together(client, tasks)) do
      if not result[1] then error(result[2], 0) end
    end
    collectgarbage()
    collectgarbage()
    local kib, fds = resident(), descriptors()
    if round <= WARM[name] then base, base_fds, peak = kib, fds, 0 end
    peak = math.max(peak, kib)
    print(("%s: %7d done, %6d KiB resident, %d descriptors"):format(name, done, kib, fds))
    io.stdout:flush()
    if fds > base_fds + MOST_CONNECTIONS then
      failed = failed + 1
      print(("%s: descriptors grew from %d to %d"):format(name, base_fds, fds))
    end
  end
  local seconds = core.now() - started
  if peak > base + MOST_GROWTH[name] then
    failed = failed + 1
    print(("%s: memory grew from %d to %d KiB"):format(name, base, peak))
  end
  return ("%d %s in %.0f s (%.0f/s, %+d KiB after the warm-up)"):format(done, name, seconds,
    done / seconds, peak - base)
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
  end),
  phase("large pages", client, READERS, PAGES, function()
    local page = assert(large:get { top = 10000 })
    assert(#page.items == 10000)
  end),
}
client:close()
print("soak: " .. table.concat(summary, ", ") .. "; " .. failed .. " problems")
os.exit(failed == 0)
