-- Pages with LuaSec and lua-cjson, as their documentation does it: see
-- bench/page.lua.
local base_url, ca_file, token, customer, times = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local cjson = require "cjson"
local https = require "ssl.https"
local ltn12 = require "ltn12"
local socket = require "socket"

for _ = 1, times do
  collectgarbage()
  local started, cpu = socket.gettime(), os.clock()
  local parts = {}
  local ok, status = https.request {
    url = base_url .. "/v1/customers/" .. customer .. "/analytics/licenses/deployment",
    headers = { authorization = "Bearer " .. token, accept = "application/json" },
    sink = ltn12.sink.table(parts), cafile = ca_file, verify = "peer",
  }
  assert(ok and status == 200, status)
  local page = cjson.decode((table.concat(parts):gsub("^\239\187\191", "")))
  print(("%.6f %.6f %d"):format(socket.gettime() - started, os.clock() - cpu, #page.items))
end
