-- Pages with lua-curl and lua-cjson, one easy handle for all: see bench/page.lua.
local base_url, ca_file, token, customer, times = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local cjson = require "cjson"
local curl = require "cURL"

local now = require("socket").gettime

local easy = curl.easy_init()
easy:setopt_url(base_url .. "/v1/customers/" .. customer .. "/analytics/licenses/deployment")
easy:setopt_cainfo(ca_file)
easy:setopt_httpheader { "Authorization: Bearer " .. token, "Accept: application/json" }
if arg[6] == "gzip" then easy:setopt_encoding("gzip") end
for _ = 1, times do
  local started = now()
  local parts = {}
  easy:perform { writefunction = function(bytes) parts[#parts + 1] = bytes end }
  local page = cjson.decode((table.concat(parts):gsub("^\239\187\191", "")))
  print(("%.6f %d"):format(now() - started, #page.items))
end
