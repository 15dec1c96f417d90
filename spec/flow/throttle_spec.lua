local throttle = require "partnercenter.flow.throttle"

describe("partnercenter.throttle", function()
  it("lets as many go as may be in flight", function()
    local t = throttle.new { concurrency = 4 }
    assert.equal(0, t:delay(0, 3))
    assert.equal(math.huge, t:delay(0, 4))
    assert.equal(3, t:free(0, 1))
    assert.equal(0, t:free(0, 7))
    assert.is_false(t:throttled(0))
    assert.is_false(t:paced())
  end)

  describe("a refusal", function()
    local t
    before_each(function() t = throttle.new { concurrency = 16 } end)

    it("holds everybody back for the announced time", function()
      local ticket = t:started(0)
      t:refused(1, 57, ticket)
      assert.equal(57, t:delay(1, 0))
      assert.equal(0, t:free(57.9, 0))
      assert.is_true(t:throttled(57.9))
      assert.equal(0, t:delay(58, 0))
    end)

    it("never shortens what was announced before", function()
      local one, other = t:started(0), t:started(0)
      t:refused(1, 57, one)
      t:refused(1.5, 2, other)
      assert.equal(56, t:delay(2, 0))
    end)

    it("halves what may be in flight, once for all that were refused together", function()
      local tickets = {}
      for i = 1, 16 do tickets[i] = t:started(0) end
      for i = 1, 16 do t:refused(0.1, 1, tickets[i]) end
      assert.equal(8, t.limit)
      t:refused(2, 1, t:started(1.5))
      assert.equal(4, t.limit)
      for _ = 1, 9 do t:refused(100, 1, t:started(99)) t.window = nil end
      assert.equal(1, t.limit)
    end)

    it("is made up for by answers: one more in flight for each round of them", function()
      t:refused(0.1, 1, t:started(0))
      for _ = 1, 8 do t:succeeded() end
      assert.is_true(t.limit > 8.8 and t.limit <= 9)
      for _ = 1, 1000 do t:succeeded() end
      assert.equal(16, t.limit)
    end)

    it("that announces nothing holds back longer each time", function()
      local waited = {}
      local now = 0
      for i = 1, 7 do
        t:refused(now, nil, t:started(now))
        waited[i] = t:delay(now, 0)
        now = now + waited[i]
      end
      assert.same({ 1, 2, 4, 8, 16, 30, 30 }, waited)
      t:succeeded()
      t:refused(now, nil, t:started(now))
      assert.equal(1, t:delay(now, 0))
    end)
  end)

  -- The most calls that started within any span of so many seconds.
  local function most_within(starts, seconds)
    local most, from = 0, 1
    for to = 1, #starts do
      while starts[to] - starts[from] >= seconds do from = from + 1 end
      most = math.max(most, to - from + 1)
    end
    return most
  end

  for _, rate in ipairs { 1, 7, 60, 500, 6000 } do
    it("keeps to " .. rate .. " requests per minute, and reaches them", function()
      local t = throttle.new { concurrency = 1000, requests_per_minute = rate }
      local now, starts = 1000.25, {}
      while now < 1000 + 300 do
        local seconds = t:delay(now, 0)
        if seconds == 0 then
          assert.is_true(t:free(now, 0) >= 1)
          t:started(now)
          starts[#starts + 1] = now
        else
          assert.equal(0, t:free(now, 0))
          now = now + math.max(seconds, 1e-6)
        end
      end
      assert.is_true(most_within(starts, 59.999) <= rate)
      assert.is_true(#starts >= math.floor(rate * 5 * 0.97), #starts)
    end)
  end

  -- So many calls to a service that takes `quota` in each window, which begins
  -- with the first call after the last one. All time is computed.
  local function simulate(case)
    local t = throttle.new { concurrency = case.concurrency or 16,
      requests_per_minute = case.requests_per_minute }
    local now, todo, done, refused = 0, case.calls, 0, 0
    local flights, window_end, used = {}, -1, 0
    local last, longest = 0, 0
    while done < case.calls do
      while todo > 0 and t:delay(now, #flights) == 0 do
        todo = todo - 1
        flights[#flights + 1] = { at = now + case.latency, ticket = t:started(now) }
      end
      local next_at = flights[1] and flights[1].at or math.huge
      local wait = todo > 0 and t:delay(now, #flights) or math.huge
      if wait < math.huge then next_at = math.min(next_at, now + math.max(wait, 1e-6)) end
      now = next_at
      while flights[1] and flights[1].at <= now do
        local flight = table.remove(flights, 1)
        if now >= window_end then window_end, used = now + case.window, 0 end
        used = used + 1
        if used > case.quota then
          refused, todo = refused + 1, todo + 1
          local announced = math.ceil(window_end - now)
          if case.silent then announced = nil end
          t:refused(now, announced, flight.ticket)
        else
          done = done + 1
          longest, last = math.max(longest, now - last), now
          t:succeeded()
        end
      end
    end
    return { seconds = now, refused = refused, longest = longest }
  end

  -- The least time that a service with such a quota allows, calls spread evenly.
  local function even(case) return case.calls / case.quota * case.window end

  for _, case in ipairs {
    { "5,000 customers, 500 a minute", calls = 5000, quota = 500, window = 60, latency = 0.05,
      slack = 1.05, refusals = 0.005 },
    { "the same, slow answers and many at once", calls = 5000, quota = 500, window = 60,
      latency = 1, concurrency = 64, slack = 1.05, refusals = 0.02 },
    { "the same, bounded from the start", calls = 5000, quota = 500, window = 60, latency = 0.05,
      requests_per_minute = 490, slack = 1.05, refusals = 0 },
    { "no announcement", calls = 5000, quota = 500, window = 60, latency = 0.05, silent = true,
      slack = 1.1, refusals = 0.1 },
    { "a small quota", calls = 100, quota = 10, window = 60, latency = 0.05, slack = 1.3,
      refusals = 0.15 },
    { "no quota that matters", calls = 5000, quota = 1e6, window = 60, latency = 0.05,
      slack = 1e9, refusals = 0 },
  } do
    it("finishes at the quota's pace: " .. case[1], function()
      local run = simulate(case)
      assert.is_true(run.seconds <= even(case) * case.slack, "took " .. run.seconds)
      assert.is_true(run.refused <= case.calls * case.refusals, "refused " .. run.refused)
      -- It goes on within a window and the time that the last refusal announced.
      assert.is_true(run.longest <= case.window * 1.1, "stood still for " .. run.longest)
    end)
  end

  it("finds a quota that has grown", function()
    local t = throttle.new { concurrency = 100 }
    local ticket
    for _ = 1, 10 do ticket = t:started(0) end
    t:refused(0.1, 60, ticket)
    local now, started = 60.1, 0
    while now < 60 + 20 * 60 do
      local seconds = t:delay(now, 0)
      if seconds == 0 then
        t:started(now)
        t:succeeded()
        started = started + 1
      end
      now = now + math.max(seconds, 1e-3)
    end
    assert.is_true(started > 20 * 9 * 10, "only " .. started)
  end)

  it("keeps little in mind, however long it runs", function()
    local t = throttle.new { concurrency = 10 }
    for now = 0, 86400 * 3, 7 do t:started(now) end
    local kept = 0
    for _ in pairs(t.log) do kept = kept + 1 end
    assert.is_true(kept <= 601)
  end)
end)
