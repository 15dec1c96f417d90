-- Lanes as coroutines of a cqueues controller.
local core = require "partnercenter.core"
local cqueues = require "cqueues"
local lanes = require "spec.chaos.lane"

local M = {}

local LANES = 8

function M.run(world, stop)
  world.sleep, world.no_starve, world.foreign_loop = cqueues.sleep, true, true
  world.can_catch = _VERSION ~= "Lua 5.1" or type(rawget(_G, "jit")) == "table"
  local controller = cqueues.new()
  for i = 1, LANES do
    local lane = lanes.new(world, world.first_lane + i)
    world.peers[i] = lane
    controller:wrap(function()
      while core.now() < stop do lane:act() end
      lane:finish()
    end)
  end
  assert(controller:loop())
end

return M
