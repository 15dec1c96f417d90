-- Leaving the rows of `each` early: what is on its way is cancelled, as the
-- server sees it.
local sandbox = require "spec.support.sandbox"

-- Bytes per second: the whole page, some 150 kB, would take half a minute.
local RATE = 5000
-- What a server that was told at once can have sent.
local FEW = 60000
-- A bound for looking whether it knows; it takes some milliseconds.
local LOOKS = 200

describe("leaving each", function()
  local box, partner

  setup(function()
    box = sandbox.start { customers = 500 }
    partner = box:partner { retries = 0 }
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  before_each(function()
    box:reset()
    box:control { gzip = false, rate = RATE }
  end)

  -- The server's one request, when it has ended.
  local function ended_request()
    local stats
    for _ = 1, LOOKS do
      stats = box:stats()
      if stats.in_flight == 0 then return stats.requests[#stats.requests] end
    end
    error("the server is still sending")
  end

  local function read_some(each)
    for _ = 1, 3 do assert.is_table(each()) end
  end

  for _, c in ipairs {
    { "by close", function()
      local each, _, _, closer = partner.customers:each()
      read_some(each)
      closer:close()
    end },
    { "when nothing refers to it any more", function()
      read_some((partner.customers:each()))
      collectgarbage()
      collectgarbage()
    end },
    { "by an error in the loop", function()
      pcall(function()
        for _ in partner.customers:each() do error("enough") end
      end)
      collectgarbage()
      collectgarbage()
    end },
  } do
    it("cancels the transfer " .. c[1], function()
      c[2]()
      assert.is_true(ended_request().bytes < FEW)
    end)
  end

  if _VERSION >= "Lua 5.4" then
    it("cancels the transfer by break, without the garbage collector", function()
      collectgarbage("stop")
      local count = 0
      for _ in partner.customers:each() do
        count = count + 1
        if count == 3 then break end
      end
      local request = ended_request()
      collectgarbage("restart")
      assert.is_true(request.bytes < FEW)
    end)
  end

  it("asks for no other page", function()
    box:control { rate = 0 }
    local each, _, _, closer = partner.customers:each { size = 100 }
    for _ = 1, 100 do assert.is_table(each()) end
    closer:close()
    assert.is_nil(each())
    assert.equal(1, box:stats().total)
  end)

  it("leaves the client usable, and other calls alone", function()
    local each, _, _, closer = partner.customers:each()
    read_some(each)
    local other = partner.customers:each { size = 20 }
    assert.is_table(other())
    closer:close()
    local count = 1
    box:control { rate = 0 }
    while other() do count = count + 1 end
    assert.equal(500, count)
    assert.equal(20, #assert(partner.customers:get { size = 20 }).items)
  end)
end)
