-- The fan-out with this module, in a process of its own: see bench/fanout.lua.
local base_url, ca_file, token, concurrency = arg[1], arg[2], arg[3], tonumber(arg[4])
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"

local ids = {}
for id in io.lines() do ids[#ids + 1] = id end

local started = core.now()
local partner = assert(partnercenter.new {
  credentials = partnercenter.credentials.token(token),
  base_url = base_url, ca_file = ca_file,
})
local rows, slowest = 0, 0
local calls = {}
for _, page, facts in partner:map(ids, function(id)
  return partner.customers:by_id(id).analytics.licenses.deployment:get()
end, { concurrency = concurrency }) do
  if not page then error(facts) end
  rows = rows + #page.items
  calls[#calls + 1] = facts.timings.total
  slowest = math.max(slowest, facts.timings.total)
end
local seconds = core.now() - started
table.sort(calls)
partner:close()

local memory = 0
for line in io.lines("/proc/self/status") do
  memory = tonumber(line:match("^VmHWM:%s*(%d+)")) or memory
end
print(("inside=%.4f rows=%d memory=%d p50=%.4f slowest=%.4f"):format(seconds, rows, memory,
  calls[math.ceil(#calls / 2)], slowest))
