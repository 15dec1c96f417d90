-- Many customers' insights, side by side over TLS, against a service that takes
-- its time: this module, curl --parallel, and lua-http on cqueues, in turn.
--   make bench-fanout [CUSTOMERS=1000] [CONCURRENCY=50] [LATENCY=50] [ROUNDS=5]
local run = require "bench.peers.run"
local sandbox = require "spec.support.sandbox"
local cjson = require "cjson"

local CUSTOMERS = tonumber(os.getenv "CUSTOMERS" or 1000)
local CONCURRENCY = tonumber(os.getenv "CONCURRENCY" or 50)
local LATENCY = tonumber(os.getenv "LATENCY" or 50)
local ROUNDS = tonumber(os.getenv "ROUNDS" or 5)

local box = sandbox.start { customers = CUSTOMERS, latency = LATENCY, page_size = 10000,
  log = false }
local list = os.tmpname()
local config = os.tmpname()

local function finish()
  os.remove(list)
  os.remove(config)
  box:stop()
end

local function write(path, lines)
  local file = assert(io.open(path, "w"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
end

-- The ids for the Lua entrants, the URLs for curl.
local function prepare()
  local body = box:get("/v1/customers?size=" .. CUSTOMERS)
  local ids, words = {}, {}
  for i, customer in ipairs(cjson.decode((body:gsub("^\239\187\191", ""))).items) do
    ids[i] = customer.id
    words[#words + 1] = ('url = "%s/v1/customers/%s/analytics/licenses/deployment"')
      :format(box.base_url, customer.id)
    words[#words + 1] = 'output = "/dev/null"'
  end
  write(list, ids)
  write(config, words)
end

-- Runs a command; adds the connections and requests it made.
local function measured(command)
  box:reset()
  local result = run.timed(command)
  local stats = box:stats()
  for name, value in result.output:gmatch("([%w_]+)=([%d.]+)") do result[name] = tonumber(value) end
  result.connections, result.requests = stats.connections, stats.total
  assert(result.requests == CUSTOMERS, "not all were asked: " .. result.output)
  return result
end

local function lua_entrant(name, interpreter, script, more)
  return { name = name, run = function()
    local command = "timeout 20 %s %s %s %s %s %d %s <%s"
    local result = measured(command:format(interpreter, script, run.quoted(box.base_url),
      run.quoted(box.ca_file), run.quoted(box.token), CONCURRENCY, more or "", list))
    assert(result.rows, name .. " did not come through: " .. result.output)
    return result
  end }
end

local function curl_entrant(name, more)
  return { name = name, run = function()
    local command = "curl -s -f --compressed --parallel --parallel-max %d %s --cacert %s -H %s "
      .. "-K %s"
    return measured(command:format(CONCURRENCY, more, run.quoted(box.ca_file),
      run.quoted("Authorization: Bearer " .. box.token), config))
  end }
end

local MOST_OF_CURL, MOST_OF_IDEAL = 0.95, 1.08

local function report(entrants, results)
  local ideal = CUSTOMERS / CONCURRENCY * LATENCY / 1000
  print(("%d customers, %d ms away, %d at a time; the ideal is %.2f s"):format(CUSTOMERS, LATENCY,
    CONCURRENCY, ideal))
  print(("%-28s %8s %8s %8s %12s %12s"):format("", "seconds", "of curl", "of ideal", "CPU s/1000",
    "connections"))
  local base = run.median(results[1], "seconds")
  for i, entrant in ipairs(entrants) do
    local seconds = run.median(results[i], "seconds")
    print(("%-28s %8.3f %8.2f %8.2f %12.3f %12d"):format(entrant.name, seconds, seconds / base,
      seconds / ideal, run.median(results[i], "cpu") * 1000 / CUSTOMERS,
      run.median(results[i], "connections")))
  end
  local own = run.median(results[2], "seconds")
  print(("of curl %.2f (bar <= %.2f) %s; of ideal %.2f (bar <= %.2f) %s"):format(
    own / base, MOST_OF_CURL, own / base <= MOST_OF_CURL and "ok" or "MISSED",
    own / ideal, MOST_OF_IDEAL, own / ideal <= MOST_OF_IDEAL and "ok" or "MISSED"))
  print(("peak memory of this module's process: %.1f MiB; a call: p50 %.1f ms, slowest %.1f ms")
    :format(run.median(results[2], "memory") / 1024, run.median(results[2], "p50") * 1000,
      run.median(results[2], "slowest") * 1000))
end

local ok, err = pcall(function()
  prepare()
  local interpreter = run.interpreter()
  local entrants = {
    curl_entrant("curl --parallel", ""),
    lua_entrant("partnercenter", interpreter, "bench/peers/fanout_own.lua"),
  }
  local other = run.lua_of_http()
  if other then
    for _, version in ipairs { "2", "1.1" } do
      entrants[#entrants + 1] = lua_entrant(("lua-http (%s), HTTP/%s"):format(other, version),
        other, "bench/peers/fanout_lua_http.lua", version)
    end
  end
  report(entrants, run.rounds(ROUNDS, entrants))
end)
finish()
if not ok then error(err, 0) end
