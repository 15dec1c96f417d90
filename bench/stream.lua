-- What it costs to read a million rows one by one with `each`: time, CPU and
-- memory above the start, next to whole pages, and to the curl command with
-- lua-cjson. `make bench-stream` runs it; here beside a sandbox with customers
-- times products rows:
--
--   tools/with-sandbox --customers=50001 --products=20 --page_cache=512 \
--     lua5.4 bench/stream.lua [ROWS]
--
-- The pages are read once before, so that the sandbox has made them. Each way
-- has a process of its own. The processor's time is that of all its threads
-- (curl's process does not count), memory the largest resident size (VmHWM) less
-- that at the start.
local partnercenter = require "partnercenter"
local core = require "partnercenter.core"

local MOST = 16         -- MiB that `each` may take above the start
local TOP = 10000       -- rows of a page: the documented default

local wanted = tonumber(arg[1] or 1000000)

-- KiB of a line of /proc/self/status.
local function memory(name)
  for line in io.lines("/proc/self/status") do
    local value = line:match("^" .. name .. ":%s*(%d+) kB")
    if value then return tonumber(value) end
  end
end

-- VmHWM begins anew.
local function forget_peak()
  local file = assert(io.open("/proc/self/clear_refs", "w"))
  file:write("5")
  file:close()
end

local function new_partner()
  return assert(partnercenter.new {
    credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
    base_url = os.getenv "PARTNERCENTER_BASE_URL",
    ca_file = os.getenv "PARTNERCENTER_CA_FILE",
  })
end

-- Counts rows, and adds up something of each, until there are enough.
local function new_count()
  local count = { rows = 0, sold = 0 }
  function count.add(row)
    if count.rows == wanted then return false end
    count.rows, count.sold = count.rows + 1, count.sold + row.licensesSold
    return true
  end
  return count
end

-- Each gives the rows to a count.
local ways = {}

-- Rows while they arrive.
function ways.each(partner, add)
  for row in partner.analytics.commercial.deployment.license:each { top = TOP } do
    if not add(row) then break end
  end
end

-- The same rows, a page at a time.
function ways.pages(partner, add)
  for page in partner.analytics.commercial.deployment.license:pages { top = TOP } do
    for _, row in ipairs(page.items) do
      if not add(row) then return end
    end
  end
end

-- Whole pages by the curl command and lua-cjson: one line for each.
function ways.cjson(_, add)
  local cjson = require "cjson"
  local url = ("%s/partner/v1/analytics/commercial/deployment/license?top=%d&skip=[0-%d:%d]")
    :format(os.getenv "PARTNERCENTER_BASE_URL", TOP, wanted - 1, TOP)
  local pipe = assert(io.popen(("curl -sS --compressed --cacert '%s' -H 'Authorization: Bearer %s' "
    .. "-w '\\n' '%s'"):format(os.getenv "PARTNERCENTER_CA_FILE",
    os.getenv "PARTNERCENTER_TOKEN", url)))
  for text in pipe:lines() do
    for _, row in ipairs(cjson.decode(text).Value) do add(row) end
  end
  pipe:close()
end

local function measure(way)
  local partner = new_partner()
  collectgarbage()
  forget_peak()
  local start, cpu, clock, count = memory "VmRSS", os.clock(), core.now(), new_count()
  ways[way](partner, count.add)
  print(("%d %d %.6f %.6f %d"):format(count.rows, count.sold, core.now() - clock,
    os.clock() - cpu, memory "VmHWM" - start))
end

if arg[2] then
  measure(arg[2])
  os.exit(true)
end

local function run(way)
  local pipe = assert(io.popen(("%s bench/stream.lua %d %s"):format(arg[-1], wanted, way)))
  local line = pipe:read("*a")
  pipe:close()
  local rows, sold, seconds, cpu, peak = line:match("^(%d+) (%d+) (%S+) (%S+) (%d+)")
  assert(rows, "no result: " .. line)
  return tonumber(rows), sold, seconds, cpu, peak / 1024
end

local _, expected = run "pages"
local fine = true
print(("%-16s %9s %9s %11s %12s"):format("", "rows", "seconds", "us CPU/row", "MiB at most"))
for _, way in ipairs { { "each" }, { "pages" }, { "cjson", "curl | lua-cjson" } } do
  local rows, sold, seconds, cpu, peak = run(way[1])
  print(("%-16s %9d %9.2f %11.2f %12.1f"):format(way[2] or way[1], rows, seconds,
    cpu / rows * 1e6, peak))
  fine = fine and rows == wanted and sold == expected and (way[1] ~= "each" or peak < MOST)
end
print(("the bar: each stays below %d MiB above the start, and no row is lost: %s")
  :format(MOST, fine and "reached" or "MISSED"))
os.exit(fine)
