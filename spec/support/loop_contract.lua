-- What every event loop's driver has to do, for the specs of each:
--
--   contract(it, env), env = { new_client(options), box, run(f), sleep(s),
--   spawn(f) }: `run` starts the loop with f as its first coroutine, and returns
--   when the loop has ended by itself; the others are the loop's own.
local assert = require "luassert"
local core = require "partnercenter.core"
local inside = require "spec.support.inside"
local leave_contract = require "spec.support.leave_contract"

local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local PATIENCE = require "spec.support.patience"(60)
-- Seconds between two ticks, and how late one may be.
local TICK, LATEST = 0.005, 0.015
-- Late without having worked: another process had the processor, unless it is
-- as long as this, which is as long as an answer takes.
local STALL = 0.25

return function(it, env)
  local function deployment(client)
    return client.customers:by_id(CUSTOMER).analytics.licenses.deployment:get()
  end

  -- Ticks until it is told to stop; returns what tells how late the worst was.
  local function start_ticker()
    local ticker = { worst = 0, ticks = 0 }
    env.spawn(function()
      local last, worked = core.now(), os.clock()
      while not ticker.stop do
        env.sleep(TICK)
        local late, work = core.now() - last - TICK, os.clock() - worked
        if late < STALL then late = math.min(late, work) end
        ticker.worst = math.max(ticker.worst, late)
        ticker.ticks, last, worked = ticker.ticks + 1, core.now(), os.clock()
      end
    end)
    return ticker
  end

  it("answers calls made side by side in its own coroutines, and ends", function()
    local client = env.new_client { concurrency = 50 }
    local done = 0
    env.run(function()
      for _ = 1, 40 do
        env.spawn(function()
          assert(deployment(client))
          done = done + 1
        end)
      end
    end)
    assert.equal(40, done)
    assert.equal(0, inside(client).dispatcher.session:running())
  end)

  it("ticks on while 200 calls run, and ends by itself", function()
    local client = env.new_client { concurrency = 200 }
    env.box:control { latency = STALL * 1000 + 50 }
    local done, ticker = 0, nil
    local ended
    env.run(function()
      assert(deployment(client))
      ticker = start_ticker()
      for i = 1, 200 do
        if i % 20 == 0 then env.sleep(0.001) end -- starting them is work of our own
        env.spawn(function()
          assert(deployment(client))
          done = done + 1
          if done == 200 then
            ticker.stop = true
            ended = core.now()
          end
        end)
      end
    end)
    assert.equal(200, done)
    assert.is_true(ticker.ticks >= 5)
    assert.is_true(ticker.worst < LATEST * PATIENCE, ("%.1f ms late"):format(ticker.worst * 1e3))
    assert.is_true(core.now() - ended < 0.5 * PATIENCE)
  end)

  it("gives the others a turn at a pass", function()
    local client = env.new_client()
    local turns = {}
    local function take()
      for i = 1, 2 do
        turns[#turns + 1] = i
        inside(client).dispatcher:pass()
      end
    end
    env.run(function()
      env.spawn(take)
      env.spawn(take)
    end)
    assert.same({ 1, 1, 2, 2 }, turns)
  end)

  it("maps over an iterator that waits", function()
    local client = env.new_client()
    local count = 0
    env.run(function()
      local step = client:map(client.customers:each(), function(customer)
        env.sleep(0.001) -- what the function does with the loop itself
        return client.customers:by_id(customer.id).analytics.licenses.deployment:get()
      end)
      while true do
        local customer, page, err = step()
        if not customer then break end
        assert(page, err)
        count = count + 1
      end
    end)
    assert.equal(40, count)
  end)

  it("gives what the function of a map raises as the result of its element", function()
    local client = env.new_client()
    local seen = {}
    env.run(function()
      local step = client:map({ 1, 2 }, function(i)
        assert(deployment(client))
        if i == 2 then error("mine", 0) end
        return "fine"
      end)
      for _ = 1, 2 do
        local i, value, err = step()
        seen[i] = value or err
      end
      assert.is_nil((step()))
    end)
    assert.same({ "fine", "mine" }, seen)
  end)

  it("maps by for", function()
    local client = env.new_client()
    local seen = {}
    env.run(function()
      for i, page, err in client:map({ 1, 2, 3, 4 }, function(i)
        if i == 2 then error("mine", 0) end
        return deployment(client)
      end) do seen[i] = page and "page" or err end
    end)
    assert.same({ "page", "mine", "page", "page" }, seen)
  end)

  it("cancels what is under way when the map is closed", function()
    local client = env.new_client()
    env.box:control { latency = 3000 }
    local started = core.now()
    local later
    env.run(function()
      local step, _, _, closer = client:map({ 1, 2, 3 }, function(i)
        if i == 1 then return true end
        deployment(client)
        later = true
      end)
      assert.equal(1, (step()))
      env.sleep(0.05)
      closer:close()
    end)
    assert.is_nil(later)
    assert.equal(0, inside(client).dispatcher.session:running())
    assert.is_true(core.now() - started < 2 * PATIENCE)
  end)

  it("ends when a map is left unfinished", function()
    local client = env.new_client()
    local started = core.now()
    env.run(function()
      local step = client:map(client.customers:each(), function() return deployment(client) end,
        { concurrency = 2 })
      assert.truthy((step()))
    end)
    assert.is_true(core.now() - started < 5 * PATIENCE)
  end)

  it("keeps to a deadline", function()
    local client = env.new_client { deadline = 0.1 }
    env.box:control { latency = 3000 }
    local err
    local started = core.now()
    env.run(function()
      local page
      page, err = deployment(client)
      assert.is_nil(page)
    end)
    assert.equal("timeout", err.kind)
    assert.is_true(core.now() - started < 1 * PATIENCE)
  end)

  it("waits for the next try without holding the others up", function()
    local client = env.new_client { random = function() return 0.2 end }
    env.box:control { faults = { { match = "licenses", status = 503, times = 1 } } }
    local ticker
    env.run(function()
      ticker = start_ticker()
      local page, facts = deployment(client)
      assert(page, facts)
      assert.equal(2, facts.attempts)
      ticker.stop = true
    end)
    assert.is_true(ticker.ticks >= 5)
    assert.is_true(ticker.worst < LATEST * PATIENCE)
  end)

  it("ends every wait as cancelled when the client is closed, and ends", function()
    local client = env.new_client()
    env.box:control { latency = 3000 }
    local kinds = {}
    local started = core.now()
    env.run(function()
      for i = 1, 3 do
        env.spawn(function()
          local _, err = deployment(client)
          kinds[i] = err.kind
        end)
      end
      env.sleep(0.05)
      client:close()
    end)
    assert.same({ "cancelled", "cancelled", "cancelled" }, kinds)
    assert.is_true(core.now() - started < 2 * PATIENCE)
  end)

  it("serves two clients at once, and one after the other", function()
    local seen = 0
    env.run(function()
      for _ = 1, 2 do
        local client = env.new_client()
        env.spawn(function()
          assert(deployment(client))
          seen = seen + 1
        end)
      end
    end)
    local client = env.new_client()
    for _ = 1, 3 do
      env.run(function()
        assert(deployment(client))
        seen = seen + 1
      end)
    end
    assert.equal(5, seen)
  end)

  it("waits by blocking outside of its coroutines", function()
    local client = env.new_client()
    assert(deployment(client))
    env.run(function() assert(deployment(client)) end)
    assert(deployment(client))
  end)

  it("signs in once for all that wait", function()
    local partnercenter = require "partnercenter"
    env.box:reset()
    local client = env.new_client {
      authority = env.box.authority,
      credentials = partnercenter.credentials.refresh_token {
        tenant = env.box.tenant, client_id = env.box.client_id,
        client_secret = env.box.client_secret, refresh_token = env.box.refresh_token,
      },
    }
    local done = 0
    env.run(function()
      for _ = 1, 30 do
        env.spawn(function()
          assert(deployment(client))
          done = done + 1
        end)
      end
    end)
    assert.equal(30, done)
    assert.equal(1, env.box:stats().token_requests)
  end)

  it("gives rows while they arrive", function()
    local client = env.new_client()
    local rows = 0
    env.run(function()
      local next_row = client.customers:each()
      while next_row() do rows = rows + 1 end
      for _ in client.customers:each() do rows = rows + 1 end
    end)
    assert.equal(80, rows)
  end)

  leave_contract(it, env)
end
