-- Runs functions side by side as tasks of a client's loop, and waits for all:
-- an array of { ok, results... }, in their order.
local inside = require "spec.support.inside"

return function(client, functions)
  local driver = inside(client).dispatcher:driver()
  local all, left, results, tasks = driver:task(), #functions, {}, {}
  for i, f in ipairs(functions) do
    -- The loop itself does not keep a task that waits.
    tasks[i] = driver:spawn(function() return { true, f() } end, function(ok, result)
      results[i] = ok and result or { false, result }
      left = left - 1
      if left == 0 then driver:wake(all) end
    end)
  end
  driver:park(all)
  return results, tasks
end
