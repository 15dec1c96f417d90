-- Pages with lua-curl and lua-cjson, one easy handle for all: see bench/page.lua.
local base_url, ca_file, token, customer, times = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local cjson = require "cjson"
local curl = require "curl"
local now = require("socket").gettime

local parts
local easy = curl.easy_init()
easy:setopt(curl.OPT_URL,
  base_url .. "/v1/customers/" .. customer .. "/analytics/licenses/deployment")
easy:setopt(curl.OPT_CAINFO, ca_file)
easy:setopt(curl.OPT_HTTPHEADER, { "Authorization: Bearer " .. token, "Accept: application/json" })
easy:setopt(curl.OPT_WRITEFUNCTION, function(bytes)
  parts[#parts + 1] = bytes
  return #bytes
end)
for _ = 1, times do
  collectgarbage()
  local started, cpu = now(), os.clock()
  parts = {}
  assert(easy:perform())
  local page = cjson.decode((table.concat(parts):gsub("^\239\187\191", "")))
  print(("%.6f %.6f %d"):format(now() - started, os.clock() - cpu, #page.items))
end
