-- Lanes as coroutines that libuv's callbacks resume.
local core = require "partnercenter.core"
local lanes = require "spec.chaos.lane"
local uv = require "luv"

local M = { loop = "luv" }

local LANES = 8

local function sleep(seconds)
  local co = coroutine.running()
  local timer = uv.new_timer()
  timer:start(math.ceil(seconds * 1000), 0, function()
    timer:close()
    assert(coroutine.resume(co))
  end)
  coroutine.yield()
end

--- The loop's own descriptors are there before anything is counted.
function M.prepare()
  uv.new_timer():close()
  uv.run()
end

function M.run(world, stop)
  world.sleep, world.no_starve, world.foreign_loop = sleep, true, true
  world.can_catch = _VERSION ~= "Lua 5.1" or type(rawget(_G, "jit")) == "table"
  local ended = 0
  for i = 1, LANES do
    local lane = lanes.new(world, world.first_lane + i)
    world.peers[i] = lane
    assert(coroutine.resume(coroutine.create(function()
      sleep(0)
      while core.now() < stop do lane:act() end
      lane:finish()
      ended = ended + 1
    end)))
  end
  uv.run()
  if ended < LANES then
    world.ledger:problem("the loop ended, but %d of its coroutines did not", LANES - ended)
  end
end

return M
