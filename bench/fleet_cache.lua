-- What hits of the insights cache take, from a dictionary, from Redis, and from both: in
-- two nginx that ask for the same 20 texts of 10 kB, each of which is one call upstream.
-- For bench/fleet.lua.
local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"

local HOSTS, TEXTS, ASKED = 2, 20, 4000

local INIT = [[
  local partnercenter = require "partnercenter"
  local far = partnercenter.store.redis { url = "%s", timeout = 5 }
  local near = partnercenter.store.dictionary "tokens"
  local new_cache = require("partnercenter.ngx.insights_cache").new
  cache = new_cache { dict = %s, store = %s }
  partner = assert(partnercenter.new {
    base_url = "%s", authority = "%s", ca_file = "%s",
    credentials = partnercenter.credentials.shared {
      store = %s, credentials = partnercenter.credentials.refresh_token {
        tenant = "%s", client_id = "%s", client_secret = "%s", refresh_token = "%s",
      },
    },
  })]]

-- Says the microseconds of each hit, and a last line with the number of calls.
local WORK = [[
  local now = require("partnercenter.core").now
  local function produce()
    local page = assert(partner.customers:get())
    return (page.items[1].id .. " "):rep(270)
  end
  local times = {}
  for i = 1, %d do
    local began = now()
    local text, info = cache:text("text " .. i %% %d, produce)
    local took = now() - began
    if not text then return ngx.say(tostring(info)) end
    if info.state == "hit" then times[#times + 1] = ("%%.1f"):format(took * 1e6) end
  end
  ngx.say(table.concat(times, "\n"))]]

local KINDS = {
  { name = "dictionary", dict = '"insights"', store = "nil", tokens = "near" },
  { name = "Redis", dict = "nil", store = "far", tokens = "far" },
  { name = "both", dict = '"insights"', store = "far", tokens = "far" },
}

local function measure(kind, server)
  -- Each nginx that signs in by itself has the first refresh token: it stays good.
  local box = sandbox.start { customers = 20, rotate = "keep" }
  server:cli "FLUSHALL"
  local hosts, commands = {}, {}
  for i = 1, HOSTS do
    hosts[i] = nginx.start {
      workers = 2, http = "lua_shared_dict insights 8m; lua_shared_dict tokens 1m;",
      init = INIT:format(server.url, kind.dict, kind.store, box.base_url, box.authority,
        box.ca_file, kind.tokens, box.tenant, box.client_id, box.client_secret,
        box.refresh_token),
      locations = { ["= /work"] = WORK:format(ASKED, TEXTS) },
    }
    commands[i] = ("curl -s --max-time 60 %s/work & "):format(hosts[i].url)
  end
  local times = {}
  for time in nginx.run("{ " .. table.concat(commands) .. "wait; }"):gmatch("(%d+%.%d+)\n") do
    times[#times + 1] = tonumber(time)
  end
  table.sort(times)
  local stats = box:stats()
  for _, host in ipairs(hosts) do host:stop() end
  box:stop()
  assert(#times > 0, "no hits")
  print(("%-12s %9.0f us %9.0f us %12d %9d %9.4f"):format(kind.name,
    times[math.ceil(#times * 0.5)], times[math.ceil(#times * 0.99)],
    stats.total - stats.token_requests, stats.token_requests, #times / (HOSTS * ASKED)))
end

-- Prints a line for each place of the cache.
return function()
  local server = redis.start()
  print(("\n%-12s %12s %12s %12s %9s %9s"):format("a hit, 10 kB", "p50", "p99", "upstream",
    "sign-ins", "hits"))
  for _, kind in ipairs(KINDS) do measure(kind, server) end
  server:stop()
end
