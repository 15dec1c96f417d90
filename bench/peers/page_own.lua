-- Pages with this module: see bench/page.lua.
local base_url, ca_file, token, customer, times = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"

local partner = assert(partnercenter.new {
  credentials = partnercenter.credentials.token(token), base_url = base_url, ca_file = ca_file,
})
local resource = partner.customers:by_id(customer).analytics.licenses.deployment
for _ = 1, times do
  collectgarbage()      -- the page before is none of this one's business
  local started, cpu = core.now(), os.clock()
  local page = assert(resource:get())
  print(("%.6f %.6f %d"):format(core.now() - started, os.clock() - cpu, #page.items))
end
partner:close()
