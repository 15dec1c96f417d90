-- The fan-out with lua-http on cqueues and lua-cjson: see bench/fanout.lua. Over
-- HTTP/2 one connection for all, over HTTP/1.1 one for each that works; both have
-- to be kept by hand, since lua-http's own requests connect anew each time.
local base_url, ca_file, token, concurrency = arg[1], arg[2], arg[3], tonumber(arg[4])
local version = tonumber(arg[5])
local cjson = require "cjson"
local client = require "http.client"
local condition = require "cqueues.condition"
local context = require "http.tls"
local cqueues = require "cqueues"
local headers = require "http.headers"
local store = require "openssl.x509.store"

local ids = {}
for id in io.lines() do ids[#ids + 1] = id end

local started = cqueues.monotime()
local host, port = base_url:match("^https://([^:]+):(%d+)")
local tls = context.new_client_context()
local trusted = store.new()
trusted:add(ca_file)
tls:setStore(trusted)

local function connect()
  return assert(client.connect {
    host = host, port = tonumber(port), tls = true, ctx = tls, sendname = false,
    version = version,
  })
end

local rows, at = 0, 0
local function work(connection)
  while at < #ids do
    at = at + 1
    local path = "/v1/customers/" .. ids[at] .. "/analytics/licenses/deployment"
    local request = headers.new()
    request:append(":method", "GET")
    request:append(":scheme", "https")
    request:append(":authority", host .. ":" .. port)
    request:append(":path", path)
    request:append("accept", "application/json")
    request:append("authorization", "Bearer " .. token)
    local stream = connection:new_stream()
    assert(stream:write_headers(request, true))
    local answer = assert(stream:get_headers())
    assert(answer:get(":status") == "200")
    local body = assert(stream:get_body_as_string())
    rows = rows + #cjson.decode((body:gsub("^\239\187\191", ""))).items
  end
end

local controller = cqueues.new()

local function run_own()
  local connection = connect()
  work(connection)
  connection:close()
end

-- Whoever waits for a stream handles the frames of all of them, one by one, and
-- stops at the end of its own. Frames that are read and not handled by then are
-- lost on those who wait for the socket, which has no more to tell: so there is
-- one who handles frames until the end.
local function run_shared()
  local connection = connect()
  local working, finished = concurrency, condition.new()
  for _ = 1, concurrency do
    controller:wrap(function()
      work(connection)
      working = working - 1
      if working == 0 then finished:signal() end
    end)
  end
  while working > 0 do
    if cqueues.poll(connection, finished) == connection then assert(connection:step(0)) end
  end
  connection:close()
end

if version == 2 then
  controller:wrap(run_shared)
else
  for _ = 1, concurrency do controller:wrap(run_own) end
end
assert(controller:loop())

local memory = 0
for line in io.lines("/proc/self/status") do
  memory = tonumber(line:match("^VmHWM:%s*(%d+)")) or memory
end
print(("inside=%.4f rows=%d memory=%d"):format(cqueues.monotime() - started, rows, memory))
