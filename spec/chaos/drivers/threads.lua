-- Lua states in several threads of one process, each of which plays a driver.
local watch = require("spec.chaos.ledger").watch

local M = {}

local PLAYS = { "script", "core", "script" }

function M.run(world)
  local given = world.arguments
  for i, play in ipairs(PLAYS) do
    watch.thread("spec/chaos/main.lua", play, ("%d"):format(world.seed + i), given[3], given[4],
      given[5], given[6], given[7], given[8], ("%d"):format(i))
  end
  if not watch.join() then world.ledger:problem("a thread did not end well") end
end

return M
