-- The scheduler of plain scripts, with a dispatcher that has no network: a step puts
-- the clock forward.
local block = require "partnercenter.loop.block"

local IS_51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

describe("partnercenter.loop.block", function()
  local now, dispatcher, driver, running

  before_each(function()
    now, running = 0, 1
    dispatcher = { waiters = setmetatable({}, { __mode = "kv" }) }
    function dispatcher.clock() return now end
    function dispatcher.step(_, seconds)
      now = now + seconds
      return running
    end
    driver = block.attach(dispatcher)
  end)

  local function sleep(seconds, iterating) driver:park(driver:task(iterating), seconds) end

  -- Runs functions as tasks until all have ended.
  local function run(...)
    local tasks, left, all = {}, select("#", ...), driver:task()
    local results = {}
    for i, f in ipairs { ... } do
      tasks[i] = driver:spawn(f, function(...)
        results[i] = { ... }
        left = left - 1
        if left == 0 then driver:wake(all) end
      end)
    end
    driver:park(all)
    return results, tasks
  end

  it("wakes tasks at their time, in order", function()
    local order = {}
    local function sleeper(seconds)
      return function()
        sleep(seconds)
        order[#order + 1] = seconds
      end
    end
    run(sleeper(3), sleeper(1), sleeper(2))
    assert.same({ 1, 2, 3 }, order)
    assert.equal(3, now)
  end)

  it("tells being woken from being late", function()
    local token = driver:task()
    assert.is_false(driver:park(token, 5))
    assert.equal(5, now)
    token = driver:task()
    driver:wake(token)
    assert.is_true(driver:park(token, 5))
    assert.equal(5, now)
  end)

  it("gives the results and errors of tasks to who asked for them", function()
    local results = run(function() return 1, nil, 3 end, function() error("mine", 0) end)
    assert.same({ true, 1, nil, 3 }, results[1])
    assert.same({ false, "mine" }, results[2])
  end)

  it("never resumes a task that was dropped", function()
    local reached
    local task
    run(function()
      task = driver:spawn(function()
        sleep(1)
        reached = true
      end, function() reached = true end)
      sleep(0.5)
      driver:cancel(task)
      driver:cancel(task)
      sleep(2)
    end)
    assert.is_nil(reached)
  end)

  it("never starts a task that was dropped before its turn", function()
    local started
    run(function()
      driver:cancel(driver:spawn(function() started = true end, error))
      sleep(1)
    end)
    assert.is_nil(started)
  end)

  it("closes the transfer that a dropped task waits for", function()
    local closed = 0
    run(function()
      local task = driver:spawn(function()
        local token = driver:task()
        token.transfer = { close = function() closed = closed + 1 end }
        driver:park(token)
      end, error)
      sleep(1)
      driver:cancel(task)
    end)
    assert.equal(1, closed)
  end)

  it("lets a task that nobody holds be collected", function()
    local probe = setmetatable({}, { __mode = "k" })
    driver:spawn(function()
      local held = {}
      probe[held] = true
      driver:park(driver:task())
      return held
    end, function() end)
    sleep(0)
    sleep(0.1)
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(probe))
  end)

  it("gives the others a turn at a pass, and at a yield that is not its own", function()
    local order = {}
    local function taker(name, pause)
      return function()
        for i = 1, 2 do
          order[#order + 1] = name .. i
          pause()
        end
      end
    end
    run(taker("a", function() driver:pass() end), taker("b", coroutine.yield))
    assert.same({ "a1", "b1", "a2", "b2" }, order)
  end)

  describe("run", function()
    it("calls in a task and gives what comes of it", function()
      local function give(...)
        assert.is_true(driver:is_task())
        sleep(1)
        return ...
      end
      local function check(...)
        assert.equal(4, select("#", ...))
        assert.same({ 1, nil, 3 }, { ... })
      end
      check(driver:run(give, 1, nil, 3, nil))
      run(function() check(driver:run(give, 1, nil, 3, nil)) end)
    end)

    it("passes errors on as they are", function()
      local mine = {}
      local ok, err = pcall(driver.run, driver, function() error(mine) end)
      assert.is_false(ok)
      assert.equal(mine, err)
    end)

    it("is needed outside of tasks where there are some, and where an iterator cannot yield",
      function()
      assert.is_true(driver:is_home())
      driver:spawn(function() end, function() end)
      assert.is_false(driver:is_home())
      run(function()
        assert.is_true(driver:is_home())
        assert.equal(not IS_51, driver:is_home(true))
      end)
    end)

    it("goes on with the others meanwhile", function()
      local order = {}
      local _, tasks = run(function()
        driver:spawn(function() order[#order + 1] = "other" end, function() end)
        driver:run(function()
          sleep(1)
          order[#order + 1] = "own"
        end)
      end)
      assert.equal(1, #tasks)
      assert.same({ "other", "own" }, order)
    end)
  end)

  it("waits where a coroutine cannot yield, too", function()
    local order = {}
    run(function()
      for _ in function(_, last)
        if last then return nil end
        sleep(2, true)
        order[#order + 1] = "iterator"
        return true
      end do end
      if IS_51 then return end
      table.sort({ 2, 1 }, function(a, b)
        if not rawget(_G, "jit") then sleep(1) end
        return a < b
      end)
    end, function()
      sleep(1)
      order[#order + 1] = "other"
    end)
    assert.same({ "other", "iterator" }, order)
  end)

  it("goes on waiting while somebody waits for an answer that does not count", function()
    -- One that hands out its rows is not running any more, but not at its end.
    running = 0
    local token, steps = driver:task(), 0
    local transfer, reader = {}, { woken = false }
    dispatcher.waiters[transfer] = reader
    function dispatcher.step()
      steps = steps + 1
      if steps == 3 then driver:wake(token) end
      return running
    end
    assert.is_true(driver:park(token))
    assert.equal(3, steps)
    assert.equal(reader, dispatcher.waiters[transfer])
  end)

  it("tells a wait that can never end", function()
    running = 0
    local ok, why = pcall(function() driver:park(driver:task()) end)
    assert.is_false(ok)
    assert.truthy(why:find("call the iterator yourself", 1, true))
  end)
end)
