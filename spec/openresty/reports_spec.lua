-- Reports read in a worker of a real nginx, with the sandbox behind it.
local nginx = require "spec.support.nginx"
local sandbox = require "spec.support.sandbox"

-- nginx's Lua is LuaJIT, whatever runs this.
if not io.open("build/5.1/partnercenter.so") then
  describe("partner.reports in nginx", function()
    pending("needs the build for 5.1")
  end)
  return
end

describe("partner.reports in nginx", function()
  local box, server

  setup(function()
    box = sandbox.start { customers = 300, report_clock = 100, report_rate = 1000 }
    server = nginx.start {
      init = ([[
        local partnercenter = require "partnercenter"
        partner = partnercenter.new {
          base_url = "%s", authority = "%s", ca_file = "%s",
          credentials = partnercenter.credentials.token "%s",
        }
        what = { dataset = "OfficeUsage", columns = { "CustomerName", "WorkloadName",
          "MonthlyActiveUsers" }, timespan = "LAST_MONTH", numbers = { "MonthlyActiveUsers" } }
      ]]):format(box.base_url, box.authority, box.ca_file, box.token),
      raw = [[
        location = /others { content_by_lua_block {
          -- What else the worker does while one request waits for a report and reads it.
          local done, ticks, calls = false, 0, 0
          local function tick()
            while not done do ngx.sleep(0.005) ticks = ticks + 1 end
          end
          local function call()
            while not done do
              assert(partner.customers:get { size = 1 })
              calls = calls + 1
            end
          end
          local ticker, caller = ngx.thread.spawn(tick), ngx.thread.spawn(call)
          local rows, states = 0, 0
          what.on_wait = function() states = states + 1 end
          for row in partner.reports:each(what) do
            rows = rows + (row.MonthlyActiveUsers >= 0 and 1 or 0)
          end
          done = true
          ngx.thread.wait(ticker)
          ngx.thread.wait(caller)
          ngx.say(rows, " ", states, " ", ticks, " ", calls)
        } }
        location = /left { content_by_lua_block {
          local iterate, _, _, closer = partner.reports:each(what)
          assert(iterate())
          closer.close()
          ngx.say(#partner.reports:list() + #partner.reports:queries())
        } }
        location = /all { content_by_lua_block {
          local rows, err = partner.reports:all(what)
          ngx.say(rows and #rows or tostring(err))
        } }
      ]],
    }
  end)
  teardown(function()
    server:stop()
    box:stop()
  end)

  it("lets others work while one waits and reads, and leaves nothing behind", function()
    local rows, states, ticks, calls = server:get("/others"):match("^(%d+) (%d+) (%d+) (%d+)\n$")
    assert.equal("", server:errors())
    assert.is_true(tonumber(rows) > 300)
    assert.is_true(tonumber(states) > 0, "there was nothing to wait for")
    assert.is_true(tonumber(ticks) > 10, ticks)
    assert.is_true(tonumber(calls) > 2, calls)
    assert.equal(rows, server:get("/all"):match("%d+"))
    assert.equal("0\n", (server:get("/left")))
    assert.equal("", server:errors())
  end)
end)
