-- What a plain script feels that loops over its customers: `partner:map` by a client made
-- without options, against a service that is far. In two minutes:
--
--   make bench-map [CUSTOMERS=5000] [CONCURRENCY=50] [LATENCY=150] [ROUNDS=5]
--
-- Prints seconds and their ratio to the ideal, the peak of the process's memory, and the
-- connections made, for so many customers and for a fifth of them: memory must not depend
-- on their number.
local run = require "bench.peers.run"
local sandbox = require "spec.support.sandbox"
local partnercenter = require "partnercenter"

local CUSTOMERS = tonumber(os.getenv "CUSTOMERS" or 5000)
local CONCURRENCY = tonumber(os.getenv "CONCURRENCY" or 50)
local LATENCY = tonumber(os.getenv "LATENCY" or 150)
local ROUNDS = tonumber(os.getenv "ROUNDS" or 5)
-- What the whole may take, of the ideal; and the peak, of that of a fifth.
local MOST_TIME, MOST_MEMORY = 1.05, 1.2

local box = sandbox.start { customers = CUSTOMERS, latency = LATENCY, log = false }
local list = os.tmpname()

local function write_ids()
  local file, count = assert(io.open(list, "w")), 0
  local partner = assert(partnercenter.new {
    credentials = partnercenter.credentials.token(box.token),
    base_url = box.base_url, ca_file = box.ca_file,
  })
  for customer in partner.customers:each() do
    count = count + 1
    file:write(customer.id, "\n")
  end
  partner:close()
  file:close()
  assert(count == CUSTOMERS, "the sandbox has other customers: " .. count)
end

local function entrant(count)
  return { count = count, ideal = count / CONCURRENCY * LATENCY / 1000, run = function()
    box:reset()
    local command = "head -n %d %s | timeout 120 %s bench/peers/fanout_own.lua %s %s %s %d"
    local result = run.timed(command:format(count, list, run.interpreter(),
      run.quoted(box.base_url), run.quoted(box.ca_file), run.quoted(box.token), CONCURRENCY))
    for name, value in result.output:gmatch("([%w_]+)=([%d.]+)") do
      result[name] = tonumber(value)
    end
    local stats = box:stats()
    assert(stats.total == count, "not all were asked: " .. result.output)
    result.connections = stats.connections
    return result
  end }
end

local ok, err = xpcall(function()
  write_ids()
  local entrants = { entrant(CUSTOMERS / 5), entrant(CUSTOMERS) }
  local results = run.rounds(ROUNDS, entrants)
  print(("map, %d ms away, %d at a time, medians of %d"):format(LATENCY, CONCURRENCY, ROUNDS))
  print("customers  seconds  of ideal  peak MiB  connections")
  for i, way in ipairs(entrants) do
    way.ratio = run.median(results[i], "inside") / way.ideal
    way.memory = run.median(results[i], "memory") / 1024
    print(("%9d %8.2f %9.3f %9.1f %12d"):format(way.count, run.median(results[i], "inside"),
      way.ratio, way.memory, run.median(results[i], "connections")))
  end
  print(("time of ideal %.3f (bar <= %.2f) %s; memory of a fifth %.2f (bar <= %.2f) %s"):format(
    entrants[2].ratio, MOST_TIME, entrants[2].ratio <= MOST_TIME and "ok" or "MISSED",
    entrants[2].memory / entrants[1].memory, MOST_MEMORY,
    entrants[2].memory / entrants[1].memory <= MOST_MEMORY and "ok" or "MISSED"))
end, debug.traceback)
os.remove(list)
box:stop()
if not ok then error(err, 0) end
