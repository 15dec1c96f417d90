-- The fan-out with lua-http on cqueues and lua-cjson: see bench/fanout.lua. One
-- HTTP/2 connection, which its caller has to keep and share by hand.
local base_url, ca_file, token, concurrency = arg[1], arg[2], arg[3], tonumber(arg[4])
local cjson = require "cjson"
local cqueues = require "cqueues"
local client = require "http.client"
local context = require "http.tls"
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

local rows, at = 0, 0
local function worker(connection)
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
controller:wrap(function()
  local connection = assert(client.connect {
    host = host, port = tonumber(port), tls = true, ctx = tls, sendname = false, version = 2,
  })
  local done = 0
  for _ = 1, concurrency do
    cqueues.running():wrap(function()
      worker(connection)
      done = done + 1
      if done == concurrency then connection:close() end
    end)
  end
end)
assert(controller:loop())

local memory = 0
for line in io.lines("/proc/self/status") do
  memory = tonumber(line:match("^VmHWM:%s*(%d+)")) or memory
end
print(("inside=%.4f rows=%d memory=%d"):format(cqueues.monotime() - started, rows, memory))
