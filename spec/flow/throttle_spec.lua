local process = require "spec.support.process"
local throttle = require "partnercenter.flow.throttle"

describe("partnercenter.flow.throttle", function()
  it("lets as many go as may be in flight", function()
    local t = throttle.new { concurrency = 4 }
    assert.equal(0, t:delay(0, 3))
    assert.equal(math.huge, t:delay(0, 4))
    assert.equal(3, t:free(0, 1))
    assert.equal(0, t:announced(0))
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
      local ticket = t:started(2)
      for _ = 1, 8 do t:succeeded(2, ticket) end
      assert.is_true(t.limit > 8.8 and t.limit <= 9)
      for _ = 1, 1000 do t:succeeded(2, ticket) end
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
      t:succeeded(now, t:started(now))
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

  it("lets a thousand go where no number is given, a few before the first answer", function()
    local t = throttle.new {}
    assert.equal(8, t:free(0, 0))
    assert.equal(math.huge, t:delay(0, 8))
    t:succeeded(0.1, t:started(0))
    assert.equal(992, t:free(0.1, 8))
  end)

  it("lets as many go at the start as somebody asks for, up to 64", function()
    local t = throttle.new {}
    t:ask(50)
    assert.equal(50, t:free(0, 0))
    t:ask(3)
    assert.equal(50, t:free(0, 0))
    t:ask(1000)
    assert.equal(64, t:free(0, 0))
    t:refused(0.1, 1, t:started(0))
    t:ask(50)
    assert.equal(8, t:free(2, 0))
  end)

  it("tells for how long the service has said that it takes no calls", function()
    local t = throttle.new { concurrency = 4 }
    t:refused(10, 86400, t:started(10))
    assert.equal(86399, t:announced(11))
    assert.equal(0, t:announced(10 + 86400))
    local other = throttle.new { concurrency = 4 }
    other:refused(10, nil, other:started(10))
    assert.equal(0, other:announced(10))
  end)

  describe("a quota that somebody else has used up", function()
    it("is waited for, and not taken for a small one", function()
      local t = throttle.new { concurrency = 16 }
      for i = 1, 3 do t:refused(0.1, 18, t:started(i * 0.01)) end
      local now, running = 18.1, 0
      t:succeeded(now, t:started(now))
      for _ = 1, 300 do
        assert.equal(0, t:delay(now, running))
        t:succeeded(now + 0.05, t:started(now))
        now = now + 0.01
      end
    end)

    it("does not slow down who calls now and then", function()
      local t = throttle.new { concurrency = 16 }
      local waited, calls = 0, 0
      for now = 0, 3600, 30 do
        local seconds = t:delay(now, 0)
        waited = waited + seconds
        calls = calls + 1
        local ticket = t:started(now + seconds)
        -- Each tenth one is refused: others were faster.
        if calls % 10 == 0 then
          t:refused(now + seconds + 0.1, 20, ticket)
        else
          t:succeeded(now + seconds + 0.1, ticket)
        end
      end
      assert.equal(0, waited)
    end)
  end)

  describe("a quota whose places become free one by one", function()
    local t, now

    local function pass(calls)
      for _ = 1, calls do
        assert.equal(0, t:delay(now, 0))
        t:succeeded(now + 0.1, t:started(now))
        now = now + 0.01
      end
    end

    local function refuse(seconds)
      t:refused(now, seconds, t:started(now))
      now = now + seconds
    end

    -- Fifty calls pass, and each further one is refused for a moment.
    before_each(function()
      t, now = throttle.new { concurrency = 16 }, 1000
      refuse(1)
      pass(50)
      for _ = 1, 3 do refuse(1) end
    end)

    it("is waited for until own calls are forgotten", function()
      local seconds = t:delay(now, 0)
      assert.is_true(seconds > 50 and seconds < 60, seconds)
      assert.equal(0, t:free(now, 0))
      assert.is_true(t:throttled(now))
      assert.is_true(t:paced())
    end)

    it("is used as far as it was, when own calls are forgotten", function()
      now = now + t:delay(now, 0)
      local before = now
      for _ = 1, t.share.most do
        now = now + t:delay(now, 0)
        pass(1)
      end
      assert.is_true(now - before < 2, now - before)
    end)

    it("is tried for more once calls have passed", function()
      local most = t.share.most
      for _ = 1, 300 do
        now = now + t:delay(now, 0)
        pass(1)
      end
      assert.is_true(t.share.most > most, t.share.most)
    end)

    it("is asked less and less often while there is no place at all", function()
      now = now + 100
      local waits = {}
      for i = 1, 5 do
        refuse(1)
        waits[i] = 1 + t:delay(now, 0)
      end
      assert.same({ 1, 2, 4, 8, 8 }, waits)
    end)

    it("is forgotten when a whole window is announced", function()
      refuse(55)
      assert.is_nil(t.share.most)
      pass(100)
    end)
  end)

  it("keeps to bench/throttle.lua's bars in every kind of window", function()
    local status, output = process.run_lua [[arg = { "7", "1" } dofile "bench/throttle.lua"]]
    assert.equal(0, status, output)
  end)
end)
