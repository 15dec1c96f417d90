-- Reports in event loops: their waits and their clean-up go on beside other work.
local sandbox = require "spec.support.sandbox"

local LONGEST = 60      -- seconds

local USAGE = { dataset = "OfficeUsage", columns = { "CustomerName", "WorkloadName" },
  timespan = "LAST_MONTH" }

-- Runs functions side by side, and another again and again while they run.
local LOOPS = {
  cqueues = function(cqueues, functions, tick)
    local loop, left = cqueues.new(), #functions
    for _, each in ipairs(functions) do
      loop:wrap(function()
        each()
        left = left - 1
      end)
    end
    loop:wrap(function()
      while left > 0 do
        tick()
        cqueues.sleep(0.01)
      end
    end)
    assert(loop:loop(LONGEST))
  end,
  luv = function(uv, functions, tick)
    local left, timer, guard = #functions, uv.new_timer(), uv.new_timer()
    local function stop()
      for _, each in ipairs { timer, guard } do
        if not each:is_closing() then each:close() end
      end
    end
    timer:start(0, 10, tick)
    guard:start(LONGEST * 1000, 0, stop)
    -- Without pcall, across which 5.1 cannot yield: luv shows what is raised.
    for _, each in ipairs(functions) do
      coroutine.wrap(function()
        each()
        left = left - 1
        if left == 0 then stop() end
      end)()
    end
    uv.run()
    assert(left == 0, "one of them has not come to its end")
  end,
}

for _, name in ipairs { "cqueues", "luv" } do
  describe("partner.reports in " .. name, function()
    local there, library = pcall(require, name)
    if not there then
      pending("needs " .. name)
      return
    end

    local box
    -- Half a second of waiting for each report.
    setup(function() box = sandbox.start { customers = 20, report_clock = 300,
      report_rate = 1000 } end)
    teardown(function() box:stop() end)

    it("waits beside other work, and leaves nothing behind", function()
      local partner, ticks, sums = nil, 0, {}
      LOOPS[name](library, {
        function()
          partner = box:partner { loop = name }
          sums[1] = #assert(partner.reports:all(USAGE))
        end,
        function()
          local own = box:partner { loop = name }
          local states = {}
          local iterate, _, _, closer = own.reports:each {
            dataset = "OfficeUsage", columns = { "Month" },
            on_wait = function(state) states[state] = true end,
          }
          assert(iterate())
          assert(next(states))
          closer.close()                       -- left early
          own:close()
        end,
        function()
          local own = box:partner { loop = name }
          local report = assert(own.reports:start(USAGE))
          assert(report:wait(LONGEST))
          local rows = 0
          for _ in report:each() do rows = rows + 1 end
          sums[2] = rows
          assert(report:delete())
          own:close()
        end,
      }, function() ticks = ticks + 1 end)
      partner:close()
      local outside = box:partner()
      local left = #assert(outside.reports:list()) + #assert(outside.reports:queries())
      outside:close()
      assert.equal(0, left)
      assert.is_true(sums[1] > 20)
      assert.equal(sums[1], sums[2])
      assert.is_true(ticks > 10, ticks)
    end)
  end)
end
