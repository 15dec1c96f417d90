-- A fleet of 4 nginx with 2 workers each and 4 scripts, against one quota and one
-- refresh token: with a Redis that they share, which is killed and comes back half-way,
-- after a process has died while it held the lock of the sign-in; and without any store.
-- Then what a hit of the insights cache takes, from a dictionary, from Redis, from both.
--
-- Prints calls, refusals, sign-ins and the time, beside the least time that the quota
-- allows; ends with an error where the shared run misses its bars.
--
--   make fleet [FLEET_QUOTA=500] [FLEET_WINDOW=60] [FLEET_CALLS=200]
local core = require "partnercenter.core"
local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"

local QUOTA = tonumber(os.getenv "FLEET_QUOTA" or 500)
local WINDOW = tonumber(os.getenv "FLEET_WINDOW" or 60)
local CALLS = tonumber(os.getenv "FLEET_CALLS" or 200)   -- of each worker
local HOSTS, WORKERS, SCRIPTS = 4, 2, 4
local HITS = 2000

-- What every member of the fleet does; its last line is "passed wrong refused".
local MEMBER = [[
  package.path = package.path .. ";/usr/share/lua/5.3/?.lua"
  local partnercenter = require "partnercenter"
  local store = %s
  local refused = 0
  local credentials = partnercenter.credentials.refresh_token {
    tenant = "%s", client_id = "%s", client_secret = "%s", refresh_token = %s,
  }
  if store then
    credentials = partnercenter.credentials.shared {
      store = store, credentials = credentials, lease = 2,
    }
  end
  partner = assert(partnercenter.new {
    base_url = "%s", authority = "%s", ca_file = "%s", store = store, retries = 20,
    credentials = credentials, loop = loop, on_event = function(event)
      if event.name == "throttled" then refused = refused + 1 end
    end,
  })
  function work(count)
    local passed, wrong = 0, 0
    local before, list = refused, {}
    for i = 1, count do list[i] = i end
    for _, page, err in partner:map(list, function()
      return partner.customers:by_id("%s").analytics.licenses.deployment:get()
    end, { concurrency = 4 }) do
      if page then passed = passed + 1 else failure = tostring(err) end
      if not page or #page.items ~= 3 then wrong = wrong + 1 end
    end
    return passed .. " " .. wrong .. " " .. refused - before .. " " .. (failure or "")
  end
]]

local function member(box, store, token)
  store = store and ('partnercenter.store.redis { url = "%s" }'):format(store) or "nil"
  return MEMBER:format(store, box.tenant, box.client_id, box.client_secret,
    token or ('"%s"'):format(box.refresh_token), box.base_url, box.authority, box.ca_file,
    box.customer_id)
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local function start_hosts(box, store)
  local hosts = {}
  for i = 1, HOSTS do
    hosts[i] = nginx.start {
      workers = WORKERS, init = member(box, store),
      locations = { ["= /work"] = ("ngx.say(work(%d))"):format(CALLS) },
    }
  end
  return hosts
end

-- All at once; gives what they did together, and the seconds.
local function run(box, hosts, store, dir)
  local parts = {}
  write(dir .. "/script.lua", member(box, store) .. ("print(work(%d))"):format(CALLS))
  for _, host in ipairs(hosts) do
    for _ = 1, WORKERS do
      parts[#parts + 1] = ("curl -s --max-time 400 %s/work & "):format(host.url)
    end
  end
  for _ = 1, SCRIPTS do
    parts[#parts + 1] = ("timeout 400 lua5.4 %s/script.lua & "):format(dir)
  end
  local began = core.now()
  local output = nginx.run("{ " .. table.concat(parts) .. "wait; } 2>&1")
  local all = { seconds = core.now() - began, passed = 0, wrong = 0, refused = 0, members = 0 }
  for passed, wrong, refused, failure in output:gmatch("(%d+) (%d+) (%d+) ([^\n]*)\n") do
    all.passed, all.wrong = all.passed + passed, all.wrong + wrong
    all.refused, all.members = all.refused + refused, all.members + 1
    if failure ~= "" then all.failure = failure end
  end
  all.sign_ins = box:stats().token_requests
  return all
end

local function show(name, all, ideal)
  print(("%-12s %5d %7d %6.1f %% %6d %8d %8.1f s %8.1f s %6.2f"):format(name, all.passed,
    all.refused, 100 * all.refused / math.max(1, all.passed), all.wrong, all.sign_ins, all.seconds,
    ideal, all.seconds / ideal))
  if all.failure then print("  a failure: " .. all.failure) end
end

local function new_box(rotate)
  return sandbox.start { customers = 20, quota = QUOTA, quota_window = WINDOW, rotate = rotate,
    latency = 50 }
end

local function with_store(dir, ideal)
  local box, server = new_box "revoke", redis.start { save = true }
  -- Dies when it is asked for the token, which is under the lock.
  write(dir .. "/dies.lua", member(box, server.url, "function() os.exit(7) end") .. "work(1)")
  nginx.run("lua5.4 " .. dir .. "/dies.lua")
  assert(server:cli("--raw KEYS '*'"):find ":lock", "nobody held the lock")
  local hosts = start_hosts(box, server.url)
  local kill = "(sleep %.1f; kill -KILL %d) >/dev/null 2>&1 &"
  nginx.run(kill:format(WINDOW + WINDOW / 2, server.pid))
  nginx.run(("(sleep %.1f; cd %s && %s) >/dev/null 2>&1 &"):format(WINDOW + WINDOW / 2 + 1,
    server.dir, server:start_command()))
  local all = run(box, hosts, server.url, dir)
  show("Redis", all, ideal)
  for _, host in ipairs(hosts) do host:stop() end
  server.pid = tonumber((nginx.run("cat " .. server.dir .. "/pid"):match "%d+")) or server.pid
  server:stop()
  box:stop()
  return all
end

local function without_store(dir, ideal)
  -- Tokens that were replaced stay good, else all but one would be refused.
  local box = new_box "keep"
  local hosts = start_hosts(box)
  show("none", run(box, hosts, nil, dir), ideal)
  for _, host in ipairs(hosts) do host:stop() end
  box:stop()
end

-- --- a hit of the cache ---

local HIT = [[
  local core = require "partnercenter.core"
  local cache = caches[ngx.var.arg_c]
  local text, times = ("row "):rep(2500), {}
  cache:text("k", function() return text end)
  local hits = 0
  for i = 1, %d do
    local began = core.now()
    local got, info = cache:text("k", function() return text end)
    times[i] = core.now() - began
    if got == text and info.state == "hit" then hits = hits + 1 end
  end
  table.sort(times)
  ngx.say(("%%.0f %%.0f %%.3f"):format(times[math.ceil(#times * 0.5)] * 1e6,
    times[math.ceil(#times * 0.99)] * 1e6, hits / #times))]]

local function measure_hits()
  local server = redis.start()
  local web = nginx.start {
    http = "lua_shared_dict insights 8m;", locations = { ["= /hit"] = HIT:format(HITS) },
    init = ([[
      local new = require("partnercenter.ngx.insights_cache").new
      local store = require("partnercenter.store").redis { url = "%s", timeout = 5 }
      caches = {
        dictionary = new { dict = "insights", key = "a" }, redis = new { store = store, key = "b" },
        both = new { dict = "insights", store = store, key = "c" },
      }]]):format(server.url),
  }
  print(("\n%-12s %12s %12s %10s"):format("a hit, 10 kB", "p50", "p99", "hit ratio"))
  for _, name in ipairs { "dictionary", "redis", "both" } do
    local p50, p99, ratio = (web:get("/hit?c=" .. name)):match("(%S+) (%S+) (%S+)")
    print(("%-12s %9s us %9s us %10s"):format(name, p50, p99, ratio))
  end
  web:stop()
  server:stop()
end

local function main()
  local members = HOSTS * WORKERS + SCRIPTS
  local ideal = math.max(1, math.floor((members * CALLS - 1) / QUOTA)) * WINDOW
  local dir = nginx.run("mkdir -p build && mktemp -d $PWD/build/fleet.XXXXXX"):match("%S+")
  print(("%d calls by %d members, %d in %d s"):format(members * CALLS, members, QUOTA, WINDOW))
  print(("%-12s %5s %7s %8s %6s %8s %10s %10s %6s"):format("store", "calls", "refused", "", "wrong",
    "sign-ins", "time", "least", "ratio"))
  local all = with_store(dir, ideal)
  without_store(dir, ideal)
  nginx.run("rm -rf " .. dir)
  measure_hits()
  assert(all.passed == members * CALLS and all.wrong == 0, "calls failed, or rows were wrong")
  assert(all.sign_ins == 1, "more than one sign-in")
  assert(all.refused <= 0.05 * all.passed, "more than 5 % were refused")
  assert(all.seconds <= 1.15 * ideal, "more than 1.15 of the least time")
end

main()
