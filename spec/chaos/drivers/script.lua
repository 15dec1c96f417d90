-- A plain script: no event loop, one thing after the other. Several lanes take
-- turns; each does what a function of such a script would do.
local core = require "partnercenter.core"
local lanes = require "spec.chaos.lane"

local M = { loop = "block" }

local LANES = 4

function M.run(world, stop)
  for i = 1, LANES do world.peers[i] = lanes.new(world, world.first_lane + i) end
  while core.now() < stop do
    local lane = world.random:pick(world.peers)
    -- A coroutine of one's own is no task: to wait in it blocks, too.
    if world.random:chance(0.2) and _VERSION ~= "Lua 5.1" then
      coroutine.wrap(lane.act)(lane)
    else
      lane:act()
    end
  end
  for _, lane in ipairs(world.peers) do lane:finish() end
end

return M
