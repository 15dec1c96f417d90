local errors = require "partnercenter.errors"
local retry = require "partnercenter.calls.retry"

-- Settings with this for a random number, and others for the defaults.
local function settings(random, more)
  local all = { retries = 4, max_retry_after = 300, random = function() return random end }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function failure(fields)
  fields.kind, fields.message = fields.kind or "http", "it failed"
  return errors.new(fields)
end

describe("partnercenter.retry", function()
  describe("retryable", function()
    for _, c in ipairs {
      { "a connection failure", { kind = "network" }, true },
      { "a timeout", { kind = "timeout" }, true },
      { "a refused certificate", { kind = "tls" }, false },
      { "a broken answer", { kind = "protocol" }, false },
      { "a broken answer of status 200", { kind = "protocol", status = 200 }, false },
      { "a cancelled call", { kind = "cancelled" }, false },
      { "a closed client", { kind = "closed" }, false },
      { "a wrong setting", { kind = "config" }, false },
      { "400", { kind = "http", status = 400 }, false },
      { "401", { kind = "sign_in", status = 401 }, false },
      { "403", { kind = "forbidden", status = 403 }, false },
      { "404", { kind = "not_found", status = 404 }, false },
      { "408", { kind = "http", status = 408 }, true },
      { "409", { kind = "http", status = 409 }, false },
      { "417", { kind = "http", status = 417 }, false },
      { "429", { kind = "throttled", status = 429 }, true },
      { "500", { kind = "http", status = 500 }, true },
      { "501", { kind = "http", status = 501 }, false },
      { "502", { kind = "http", status = 502 }, true },
      { "503", { kind = "http", status = 503 }, true },
      { "504", { kind = "http", status = 504 }, true },
      { "505", { kind = "http", status = 505 }, false },
      { "302", { kind = "http", status = 302 }, false },
      { "a 503 marked final", { kind = "http", status = 503, retryable = false }, false },
      { "a 400 marked passing", { kind = "http", status = 400, retryable = true }, true },
    } do
      it("says " .. tostring(c[3]) .. " of " .. c[1], function()
        assert.equal(c[3], failure(c[2]).retryable)
        assert.equal(c[3], retry.delay(1, failure(c[2]), 0, settings(0.5)) ~= nil)
      end)
    end
  end)

  describe("delay", function()
    local broken = failure { kind = "network" }
    local function throttled(seconds)
      return failure { kind = "throttled", status = 429, retry_after = seconds }
    end

    for _, c in ipairs {
      { "doubles: first", 1, broken, 0.5, 0.25 },
      { "doubles: second", 2, broken, 0.5, 0.5 },
      { "doubles: third", 3, broken, 0.5, 1 },
      { "doubles: fourth", 4, broken, 0.5, 2 },
      { "ends after the last retry", 5, broken, 0.5, nil },
      { "may be nothing at all", 4, broken, 0, 0 },
      { "waits for what is announced", 1, throttled(57), 0, 57 },
      { "adds the random part to it", 1, throttled(57), 0.5, 57.25 },
      { "adds more when throttled again", 3, throttled(57), 0.5, 58 },
      { "waits for what a 503 announces", 1, failure { status = 503, retry_after = 9 }, 0, 9 },
      { "obeys the longest wait allowed", 1, throttled(300), 0, 300 },
      { "does not wait longer than that", 1, throttled(301), 0, nil },
      { "backs off without an announcement", 2, throttled(nil), 0.5, 0.5 },
      { "takes a negative announcement for none", 1, throttled(-5), 0.5, 0.25 },
      { "takes zero for no wait", 1, throttled(0), 0, 0 },
    } do
      it(c[1], function()
        assert.equal(c[5], retry.delay(c[2], c[3], 0, settings(c[4])))
      end)
    end

    it("never passes the cap, however many attempts there were", function()
      local patient = settings(0.5, { retries = 1e6 })
      assert.equal(15, retry.delay(7, broken, 0, patient))
      assert.equal(15, retry.delay(5000, broken, 0, patient))
    end)

    it("retries nothing with retries = 0", function()
      assert.is_nil(retry.delay(1, broken, 0, settings(0, { retries = 0 })))
    end)

    it("asks for the random number only when it retries", function()
      local silent = settings(0, { random = function() error("asked") end })
      assert.is_nil(retry.delay(5, broken, 0, silent))
      assert.is_nil(retry.delay(1, failure { kind = "tls" }, 0, silent))
    end)

    for _, c in ipairs {
      { "retries a cut body once", 1, 1, 0.25 },
      { "does not retry it twice", 2, 2, nil },
      { "retries the first cut body after another failure", 3, 1, 1 },
      { "does not retry the second cut body", 3, 2, nil },
    } do
      it(c[1], function()
        local cut = failure { kind = "protocol", status = 200, retryable = true }
        assert.equal(c[4], retry.delay(c[2], cut, c[3], settings(0.5)))
      end)
    end

    it("spreads those who were refused together", function()
      local state = 1
      local function random()
        state = state * 16807 % 2147483647
        return state / 2147483647
      end
      local least, most = math.huge, 0
      for _ = 1, 1000 do
        local delay = retry.delay(3, throttled(10), 0, settings(0, { random = random }))
        least, most = math.min(least, delay), math.max(most, delay)
      end
      assert.is_true(least >= 10 and least < 10.05)
      assert.is_true(most < 12 and most > 11.95)
    end)
  end)
end)
