-- A fleet of 4 nginx with 2 workers each and 4 scripts, against one quota and one
-- refresh token: with a Redis that they share, and beside it the same without any store.
-- Redis is killed in the rush of the third window and comes back a second later. Just
-- before each window a process is killed that signs in, while it holds the lock of that.
--
-- Prints calls, refusals, sign-ins and the time, beside the least time that the quota
-- allows; ends with an error where the shared run misses its bars. Then what hits of
-- the insights cache take: bench/fleet_cache.lua.
--
--   make fleet [FLEET_QUOTA=500] [FLEET_WINDOW=60] [FLEET_CALLS=200]
local core = require "partnercenter.core"
local measure_cache = require "bench.fleet_cache"
local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"

local QUOTA = tonumber(os.getenv "FLEET_QUOTA" or 500)
local WINDOW = tonumber(os.getenv "FLEET_WINDOW" or 60)
local CALLS = tonumber(os.getenv "FLEET_CALLS" or 200)   -- of each worker
local HOSTS, WORKERS, SCRIPTS = 4, 2, 4
local MEMBERS = HOSTS * WORKERS + SCRIPTS
local LEAST = math.max(1, math.floor((MEMBERS * CALLS - 1) / QUOTA)) * WINDOW
-- Seconds that either may take, which is more than the bar; and until something ends by
-- itself that was forgotten.
local MOST, LIFETIME = math.ceil(1.15 * LEAST) + 2, 2 * LEAST + 120

-- A client as every member of the fleet has it; `quota` is the store of the quota.
local CLIENT = [[
  local partnercenter = require "partnercenter"
  local store = %s
  function new_client(quota, on_event)
    local credentials = partnercenter.credentials.refresh_token {
      tenant = "%s", client_id = "%s", client_secret = "%s", refresh_token = "%s",
    }
    if store then
      credentials = partnercenter.credentials.shared {
        store = store, credentials = credentials, lease = 3,
      }
    end
    return assert(partnercenter.new {
      base_url = "%s", authority = "%s", ca_file = "%s", retries = 20,
      store = quota, credentials = credentials, on_event = on_event,
    })
  end
]]

-- Its last line is "passed wrong", the refusals by window, and a failure.
local MEMBER = [[
  local refused = {}
  partner = new_client(store, function(event)
    if event.name ~= "throttled" then return end
    local window = math.floor((os.time() - began) / %d) + 1
    refused[window] = (refused[window] or 0) + 1
  end)
  function work(count)
    began = os.time()
    local passed, wrong, failure, list = 0, 0, "", {}
    for i = 1, count do list[i] = i end
    for _, page, err in partner:map(list, function()
      return partner.customers:by_id("%s").analytics.licenses.deployment:get()
    end, { concurrency = 4 }) do
      if page then passed = passed + 1 else failure = tostring(err) end
      if not page or #page.items ~= 3 then wrong = wrong + 1 end
    end
    for i = 1, 20 do refused[i] = refused[i] or 0 end
    return passed .. " " .. wrong .. " " .. table.concat(refused, ",") .. " " .. failure
  end
]]

-- Kills itself when it is about to sign in, which is under the lock.
local VICTIM = [[
  new_client(nil, function(event)
    if event.name == "request" and event.resource == "sign-in" then
      os.execute "kill -KILL $PPID"
    end
  end).customers:get()
]]

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local fleets = {}
fleets.__index = fleets

-- `url` is Redis's, or nil.
local function new_fleet(name, url, dir)
  local self = setmetatable({ name = name, dir = dir .. "/" .. name, hosts = {} }, fleets)
  nginx.run("mkdir " .. self.dir)
  -- Without a store, tokens that were replaced have to stay good.
  self.box = sandbox.start {
    customers = 20, latency = 50, quota = QUOTA, quota_window = WINDOW, lifetime = LIFETIME,
    rotate = url and "revoke" or "keep", expires_in = math.ceil(WINDOW * 0.75),
  }
  local box = self.box
  local client = CLIENT:format(url and ('partnercenter.store.redis "%s"'):format(url) or "nil",
    box.tenant, box.client_id, box.client_secret, box.refresh_token, box.base_url, box.authority,
    box.ca_file)
  local member = client .. MEMBER:format(WINDOW, box.customer_id)
  write(self.dir .. "/member.lua", member .. ("print(work(%d))"):format(CALLS))
  write(self.dir .. "/victim.lua", client .. VICTIM)
  for i = 1, HOSTS do
    self.hosts[i] = nginx.start {
      workers = WORKERS, init = member, lifetime = LIFETIME,
      http = "lua_shared_dict busy 1m; keepalive_timeout 0;",
      -- Each worker does its part once.
      locations = { ["= /work"] = ([[
        if not ngx.shared.busy:add(ngx.worker.id(), true) then ngx.exit(503) end
        ngx.say(work(%d))]]):format(CALLS) },
    }
  end
  return self
end

-- What the shell runs for each member: its output, and when it ended.
function fleets:commands()
  local list = {}
  local function add(command, ...)
    list[#list + 1] = ("{ " .. command .. "; date +%%s.%%N; } >%s/%d.out 2>&1 &"):format(...)
  end
  for _, host in ipairs(self.hosts) do
    for _ = 1, WORKERS do
      add("timeout %d curl -sf --retry 99 --retry-delay 1 %s/work", MOST, host.url, self.dir, #list)
    end
  end
  for _ = 1, SCRIPTS do
    add("timeout %d lua5.4 %s/member.lua", MOST, self.dir, self.dir, #list)
  end
  return table.concat(list, "\n")
end

-- What all did together, since a time of `date +%s.%N`.
function fleets:result(began)
  local all = { passed = 0, wrong = 0, members = 0, ended = began, most = 0, tokens = 0,
    windows = {} }
  for i = 1, LEAST / WINDOW + 1 do all.windows[i] = 0 end
  for i = 0, MEMBERS - 1 do
    local output = nginx.run(("cat %s/%d.out"):format(self.dir, i))
    local passed, wrong, windows, failure = output:match("(%d+) (%d+) (%S+) ([^\n]*)\n")
    local ended = output:match("(%d+%.%d+)\n$")
    if passed then
      all.members, all.passed = all.members + 1, all.passed + passed
      all.wrong = all.wrong + wrong
      all.ended = math.max(all.ended, tonumber(ended))
      local at = 0
      for count in windows:gmatch "%d+" do
        at = at + 1
        all.windows[at] = (all.windows[at] or 0) + count
      end
    end
    if failure and failure ~= "" then all.failure = failure end
  end
  local stats = self.box:stats()
  if all.members < MEMBERS then
    all.ended = began + MOST
    all.failure = ("%d members had not ended after %d s"):format(MEMBERS - all.members, MOST)
  end
  all.seconds, all.refused = all.ended - began, stats.statuses["429"] or 0
  all.sign_ins = stats.token_requests
  for _, times in pairs(stats.redemptions) do
    all.tokens, all.most = all.tokens + 1, math.max(all.most, times)
  end
  return all
end

function fleets:show(all)
  print(("%-6s %7d %6d %5d %8d %5.1f %% %8d %8d %8d %9.1f %7.1f %6.2f"):format(self.name,
    all.members, all.passed, all.wrong, all.refused, 100 * all.refused / math.max(1, all.passed),
    all.sign_ins, all.tokens, all.most, all.seconds, LEAST, all.seconds / LEAST))
  print("  refused by window: " .. table.concat(all.windows, " ", 1, LEAST / WINDOW + 1))
  if all.failure then print("  " .. all.failure) end
end

function fleets:stop()
  for _, host in ipairs(self.hosts) do host:stop() end
  self.box:stop()
end

local function now() return tonumber((nginx.run("date +%s.%N"))) end

-- What goes wrong meanwhile, as a command of the shell.
local function trouble(fleet, server)
  local list = {}
  for i = 1, math.floor(LEAST / WINDOW) do
    list[i] = ("(sleep %.1f; timeout 20 lua5.4 %s/victim.lua; echo $? >>%s/victims)%s"):format(
      i * (WINDOW + 0.5) - 1.5, fleet.dir, fleet.dir, " >/dev/null 2>&1 &")
  end
  list[#list + 1] = ("(sleep %.1f; kill -KILL %d; sleep 1; cd %s; %s) >/dev/null 2>&1 &")
    :format(2 * (WINDOW + 0.5) + 0.5, server.pid, server.dir, server:start_command())
  return table.concat(list, "\n")
end

local function run_fleets(dir)
  local server = redis.start { save = true, lifetime = LIFETIME }
  local shared, alone = new_fleet("Redis", server.url, dir), new_fleet("none", nil, dir)
  local began = now()
  nginx.run(("export LC_ALL=C\n%s\n(%s\n%s\nwait)"):format(
    trouble(shared, server), shared:commands(), alone:commands()))
  local all = shared:result(began)
  local _, victims = nginx.run("cat " .. shared.dir .. "/victims"):gsub("137", "")
  shared:show(all)
  alone:show(alone:result(began))
  print(("killed while they held the lock: %d; Redis was killed and restarted"):format(victims))
  shared:stop()
  alone:stop()
  server.pid = tonumber((nginx.run("cat " .. server.dir .. "/pid"):match "%d+")) or server.pid
  server:stop()
  all.victims = victims
  return all
end

local function main()
  io.stdout:setvbuf "line"
  local dir = nginx.run("mkdir -p build && mktemp -d $PWD/build/fleet.XXXXXX"):match("%S+")
  local began = core.now()
  print(("%d calls by %d members, %d in %d s"):format(MEMBERS * CALLS, MEMBERS, QUOTA, WINDOW))
  print(("%-6s %7s %6s %5s %16s %8s %8s %8s %9s %7s %6s"):format("store", "members", "calls",
    "wrong", "refused", "sign-ins", "tokens", "redeemed", "seconds", "least", "ratio"))
  local all = run_fleets(dir)
  nginx.run("rm -rf " .. dir)
  measure_cache()
  print(("%.0f s in all"):format(core.now() - began))
  assert(all.passed == MEMBERS * CALLS and all.wrong == 0, "calls failed, or rows were wrong")
  assert(all.victims > 0, "nobody was killed while it held the lock")
  assert(all.most == 1, "a refresh token was redeemed more than once")
  assert(all.refused <= 0.05 * all.passed, "more than 5 % were refused")
  assert(all.seconds <= 1.15 * LEAST, "more than 1.15 of the least time")
end

main()
