-- Calls that wait for one another, and what becomes of them when the one they
-- wait for is dropped. The clock is moved by a task of its own, so nothing here
-- takes real time.
local core = require "partnercenter.core"
local dispatcher_of = require "partnercenter.loop.dispatcher"
local errors = require "partnercenter.errors"
local flight_of = require "partnercenter.flow.single_flight"
local sign_in_of = require "partnercenter.sign_in"

local block = require "partnercenter.loop.block"

describe("partnercenter.flight", function()
  local dispatcher, now, ticking

  before_each(function()
    now = 100
    dispatcher = dispatcher_of.new {
      session = assert(core.session {}), loop = block,
      clock = function() return now end,
    }
  end)

  after_each(function() dispatcher:close() end)

  -- Run a function as a task while the clock goes on, a tenth of a second at each
  -- turn, for an hour at most.
  local function run(f)
    local driver = dispatcher:driver()
    local all, ended, result = driver:task(), false, nil
    local ticker = driver:spawn(function()
      local stop = now + 3600
      while not ended and now < stop do
        now = now + 0.1
        dispatcher:pass()
      end
      driver:wake(all)
    end, function() end)
    local task = driver:spawn(function() return { f() } end, function(ok, value)
      ended, result = true, { ok = ok, value = value }
    end)
    driver:park(all)
    ticking = { ticker, task }
    assert.is_true(ended, "an hour was not enough")
    assert.is_true(result.ok, result.value)
    return (table.unpack or unpack)(result.value)
  end

  -- A task that begins a flight and is never heard of again.
  local function drop(begin)
    local driver = dispatcher:driver()
    local record = driver:spawn(function()
      begin()
      driver:park(driver:task())
    end, function() end)
    dispatcher:sleep(0)
    return record
  end

  it("lets those who wait go when it ends", function()
    local marker = {}
    local flight = flight_of.new(dispatcher, marker)
    assert.is_true(flight:is_own())
    local driver = dispatcher:driver()
    local ends
    local task = driver:spawn(function()
      ends = flight:wait()
      flight.seen = true
    end, function() end)
    run(function() dispatcher:sleep(5) end)
    assert.is_nil(flight.seen)
    flight:land()
    run(function() dispatcher:sleep(0.1) end)
    assert.is_true(ends)
    assert.is_table(marker)
    assert.is_table(task)
  end)

  it("lets one go whose deadline comes first", function()
    local marker = {}
    local flight = flight_of.new(dispatcher, marker)
    assert.is_false(run(function() return flight:wait(now + 2.5) end))
    assert.is_true(now >= 102.5 and now < 103)
    assert.is_false(flight.done)
    assert.is_table(marker)
  end)

  it("is abandoned when its owner was collected", function()
    local flight
    local record = drop(function()
      local marker = {}
      flight = flight_of.new(dispatcher, marker)
      dispatcher:sleep(1e9)
      return marker
    end)
    assert.is_false(flight:is_abandoned())
    assert.is_table(record)
    record = nil -- luacheck: ignore
    assert.is_true(run(function() return flight:wait() end))
    assert.is_true(flight:is_abandoned())
    assert.is_false(flight.done)
  end)

  it("is abandoned when nothing was heard of its owner for twenty minutes", function()
    local marker = {}
    local flight = flight_of.new(dispatcher, marker)
    now = now + 1000
    flight:heard()
    now = now + 1199
    assert.is_false(flight:is_abandoned())
    assert.is_true(run(function() return flight:wait() end))
    assert.is_true(flight:is_abandoned())
    assert.is_table(marker)
  end)

  it("is taken over by one of those who wait", function()
    local asked = 0
    local signing = sign_in_of.new {
      dispatcher = dispatcher, time = os.time, cloud = {}, post = function() end,
      register = errors.register(),
      credentials = { name = "test", acquire = function(_, context)
        asked = asked + 1
        if asked == 1 then context.sleep(1e9) end
        return { access_token = "token " .. asked }
      end },
    }
    local record = drop(function() signing:token() end)
    assert.is_table(record)
    record = nil -- luacheck: ignore
    assert.equal("token 2", run(function() return signing:token() end))
    assert.equal("token 2", signing:token())
    assert.equal(2, asked)
    assert.is_table(ticking)
  end)

  it("is taken over when its owner has died of an error", function()
    local fail = true
    local signing = sign_in_of.new {
      dispatcher = dispatcher, time = os.time, cloud = {}, post = function() end,
      register = errors.register(),
      credentials = { name = "test", acquire = function(_, context)
        context.sleep(1)
        if fail then error("mine", 0) end
        return { access_token = "token" }
      end },
    }
    local driver, results, tasks = dispatcher:driver(), {}, {}
    for i = 1, 2 do
      tasks[i] = driver:spawn(function() return signing:token() end, function(ok, value)
        results[i], fail = { ok, value }, false
      end)
    end
    dispatcher:sleep(0)
    run(function()
      while #results < 2 do dispatcher:sleep(1) end
    end)
    assert.same({ false, "mine" }, results[1])
    -- Where an error crosses a wait unseen, the second one tries itself.
    local unseen = _VERSION == "Lua 5.1" and not rawget(_G, "jit")
    assert.same(unseen and { true, "token" } or { false, "mine" }, results[2])
    assert.equal("token", (run(function() return signing:token() end)))
    assert.is_table(tasks)
  end)

  it("is taken over by the one whose own call has died of an error", function()
    local asked = 0
    local signing = sign_in_of.new {
      dispatcher = dispatcher, time = os.time, cloud = {}, post = function() end,
      register = errors.register(),
      credentials = { name = "test", acquire = function()
        asked = asked + 1
        if asked == 1 then error("mine", 0) end
        return { access_token = "token " .. asked }
      end },
    }
    local result = run(function()
      local ok, err = pcall(signing.token, signing)
      return { ok, err, signing:token() }
    end)
    assert.same({ false, "mine", "token 2" }, result)
  end)
end)
