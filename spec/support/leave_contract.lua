-- What an iterator does when another coroutine closes it while one waits in it,
-- wherever that waits:
--
--   contract(it, env), env = { new_client(options), box, run(f), sleep(s) } as
--   in spec.support.loop_contract
local assert = require "luassert"
local core = require "partnercenter.core"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local together = require "spec.support.together"

local PATIENCE = require "spec.support.patience"(60)
local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
-- Seconds until whoever should be waiting is taken for lost.
local LONG = 20 * PATIENCE
-- Seconds that no answer and no announced wait below comes before.
local FAR = 60

return function(it, env)
  local function until_true(condition)
    local last = core.now() + LONG
    repeat
      assert.is_true(core.now() < last, "nobody waits")
      env.sleep(0.001)
    until condition()
  end

  -- Reads all of an iterator in a coroutine, while another one closes it as soon
  -- as it waits there: how often it gave something, and the error it has raised.
  local function read_and_close(client, iterate, closer, is_waiting)
    local given, results = 0, nil
    env.run(function()
      results = together(client, {
        function()
          while iterate() do given = given + 1 end
        end,
        function()
          until_true(function() return is_waiting(given) end)
          closer:close()
          closer:close()
        end,
      })
    end)
    assert.is_true(results[2][1], results[2][2])
    assert.is_false(results[1][1], "the rows have just come to their end")
    return given, results[1][2]
  end

  local function in_flight(client)
    return next(inside(client).dispatcher.waiters) ~= nil
  end

  for _, c in ipairs {
    { "while rows arrive", { gzip = false, rate = 1500 },
      waits = function(client, given) return given > 0 and in_flight(client) end, some = true },
    { "before the first row", { latency = FAR * 1000 }, waits = in_flight },
    { "between two pages", { faults = { { match = "/v1/customers", skip = 1, delay = FAR } } },
      waits = function(client, given) return given > 0 and in_flight(client) end, some = true },
    { "while an error's text arrives",
      { gzip = false, rate = 1000,
        faults = { { match = "/v1/customers", status = 403, body = ("x"):rep(9000) } } },
      waits = function(client)
        local transfer = next(inside(client).dispatcher.waiters)
        return transfer and transfer:status() == 403
      end },
    { "before a retry",
      { faults = { { match = "/v1/customers", status = 503, retry_after = FAR, times = 9 } } },
      waits = function(client) return next(inside(client).dispatcher.sleepers) ~= nil end },
  } do
    it("cancels the wait in an iterator that another coroutine closes " .. c[1], function()
      local client = env.new_client()
      env.box:control(c[2])
      local iterate, _, _, closer = client.customers:each { size = 15 }
      local given, err = read_and_close(client, iterate, closer, function(given)
        return c.waits(client, given)
      end)
      assert.equal("cancelled", err.kind)
      assert.matches("the iterator was closed", err.message, 1, true)
      assert.equal(c.some or false, given > 0)
      assert.equal(0, inside(client).dispatcher.session:running())
      assert.is_nil((iterate()))
    end)
  end

  it("cancels the wait for a place in an iterator that another coroutine closes", function()
    local client = env.new_client()
    inside(client).throttle.limit, inside(client).throttle.most = 1, 1
    env.box:control { latency = FAR * 1000 }
    local iterates, closers, gate, _ = {}, {}, inside(client).limiter, nil
    for i = 1, 2 do iterates[i], _, _, closers[i] = client.customers:each() end
    env.run(function()
      local seen = {}
      local step, _, _, closer = client:map({ 1, 2, 3 }, function(i)
        if i < 3 then return iterates[i]() end
        until_true(function() return gate.last >= gate.first end)
        closers[2]:close()
        return "closed"
      end, { concurrency = 3 })
      for _ = 1, 2 do
        local i, value, err = step()
        seen[i] = value or err.kind
      end
      assert.same({ [2] = "cancelled", [3] = "closed" }, seen)
      closer:close()
    end)
    assert.equal(0, inside(client).dispatcher.session:running())
  end)

  it("sends nothing for an iterator that another coroutine closes while it signs in", function()
    local client = env.new_client {
      authority = env.box.authority,
      credentials = partnercenter.credentials.refresh_token {
        tenant = env.box.tenant, client_id = env.box.client_id,
        client_secret = env.box.client_secret, refresh_token = env.box.refresh_token,
      },
    }
    env.box:reset()
    env.box:control { token_latency = 200 }
    local iterate, _, _, closer = client.customers:each()
    local given, err = read_and_close(client, iterate, closer, function()
      return in_flight(client)
    end)
    assert.equal(0, given)
    assert.equal("cancelled", err.kind)
    local stats = env.box:stats()
    assert.equal(1, stats.token_requests)
    assert.equal(1, stats.total)
  end)

  it("cancels the wait in a map that another coroutine closes", function()
    local client = env.new_client()
    env.box:control { latency = FAR * 1000 }
    local iterate, _, _, closer = client:map({ 1, 2, 3 }, function(i)
      return i == 1 or client.customers:by_id(CUSTOMER).analytics.licenses.deployment:get()
    end)
    local given, err = read_and_close(client, iterate, closer, function(given)
      return given == 1 and inside(client).dispatcher.session:running() == 2
    end)
    assert.equal(1, given)
    assert.equal("cancelled", err.kind)
    assert.equal(0, inside(client).dispatcher.session:running())
    assert.is_nil((iterate()))
  end)

  it("raises in a map what ends its input, when another coroutine closes that", function()
    local client = env.new_client()
    env.box:control { latency = FAR * 1000 }
    local rows, _, _, closer = client.customers:each()
    local iterate = client:map(rows, function(row) return row end)
    local given, err = read_and_close(client, iterate, closer, function()
      return in_flight(client)
    end)
    assert.equal(0, given)
    assert.equal("cancelled", err.kind)
    assert.is_nil((iterate()))
  end)
end
