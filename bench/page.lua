-- One page of 10,000 insights over TLS, on a connection that is there already:
-- this module against curl, which decodes nothing, and what else Lua has.
--   make bench-page [ROWS=10000] [TIMES=15]
local run = require "bench.peers.run"
local sandbox = require "spec.support.sandbox"

local ROWS = tonumber(os.getenv "ROWS" or 10000)
local TIMES = tonumber(os.getenv "TIMES" or 15)
local ROUNDS = 2

local box = sandbox.start { customers = 2, products = ROWS, log = false }

-- The first customer is the documented one, who has three products.
local function find_customer()
  local body = box:get("/v1/customers?size=2")
  local ids = {}
  for id in body:gmatch('"id": ?"([%x-]+)"') do ids[#ids + 1] = id end
  return ids[1] ~= box.customer_id and ids[1] or ids[2]
end
local CUSTOMER = find_customer()

-- The medians of seconds and of CPU seconds, which curl does not tell by page.
local function read_pages(result)
  local pages, cpu = {}, {}
  for seconds, work, count in result.output:gmatch("(%d+%.%d+) ?([%d.]*) ?(%d*)\n") do
    pages[#pages + 1] = tonumber(seconds)
    cpu[#cpu + 1] = tonumber(work)
    assert(count == "" or tonumber(count) == ROWS, result.output)
  end
  assert(#pages >= TIMES, result.output)
  for _, values in ipairs { pages, cpu } do
    table.remove(values, 1)     -- it opened the connection
    table.sort(values)
  end
  result.page = pages[math.ceil(#pages / 2)]
  result.cpu = cpu[math.ceil(#cpu / 2)] or result.cpu / TIMES
  return result
end

-- curl asks for the same address again and again on one connection.
local function curl_entrant(more)
  return { name = "curl -o /dev/null", run = function()
    local path = "%s/v1/customers/%s/analytics/licenses/deployment"
    local address = path:format(box.base_url, CUSTOMER)
    local result = run.timed(("curl -s -f %s -w '%%{time_total}\\n' --cacert %s -H %s %s"):format(
      more, box.ca_file, run.quoted("Authorization: Bearer " .. box.token),
      ("-o /dev/null " .. address .. " "):rep(TIMES)))
    return read_pages(result)
  end }
end

local function lua_entrant(name, interpreter, script, more)
  return { name = name .. " (" .. interpreter .. ")", run = function()
    local result = run.timed(("%s bench/peers/%s.lua %s %s %s %s %d %s"):format(interpreter, script,
      box.base_url, box.ca_file, run.quoted(box.token), CUSTOMER, TIMES, more or ""))
    return read_pages(result)
  end }
end

local function report(title, entrants, results)
  print(title)
  print(("%-28s %10s %8s %14s %12s"):format("", "ms a page", "of curl", "of this module", "CPU ms"))
  local curl, own = run.median(results[1], "page"), run.median(results[2], "page")
  for i, entrant in ipairs(entrants) do
    local page = run.median(results[i], "page")
    print(("%-28s %10.1f %8.2f %14.2f %12.1f"):format(entrant.name, page * 1000, page / curl,
      page / own, run.median(results[i], "cpu") * 1000))
  end
end

local function entrants_of(encoding)
  local own = run.interpreter()
  local list = {
    curl_entrant(encoding == "gzip" and "--compressed" or ""),
    lua_entrant("partnercenter", own, "page_own"),
  }
  if run.has("lua5.4", "ssl.https", "cjson") and encoding == "plain" then
    list[#list + 1] = lua_entrant("LuaSec, lua-cjson", "lua5.4", "page_luasec")
  end
  if run.has("lua5.1", "curl", "cjson", "socket") and encoding == "plain" then
    list[#list + 1] = lua_entrant("lua-curl, lua-cjson", "lua5.1", "page_lua_curl")
  end
  return list
end

local ok, err = pcall(function()
  for _, encoding in ipairs { "plain", "gzip" } do
    box:control { gzip = encoding == "gzip" }
    local entrants = entrants_of(encoding)
    report(("a page of %d rows over TLS, %s"):format(ROWS, encoding), entrants,
      run.rounds(ROUNDS, entrants))
  end
end)
box:stop()
if not ok then error(err, 0) end
