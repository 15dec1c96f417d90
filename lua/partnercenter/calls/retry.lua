--- When to try again, and after how long. Pure: no clock, no waiting; the
-- random source is a parameter. Deadlines are the caller's: it compares the
-- answer with the time that is left.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.retry

-- Seconds: what the random part of the first wait is below, and of any wait.
local BASE, CAP = 0.5, 30
-- An answer whose body was cut is asked for once more.
local MOST_CUTS = 1

local M = {}

--- How long to wait before the next try: exponential back-off with full jitter,
-- a random part of 0.5 seconds, of 1, 2, 4 and so on up to 30.
-- An announced Retry-After is waited for in full, with that random part on top,
-- so that those who were refused together do not come back together.
-- @tparam number attempt how many times the request was sent so far, 1 or more
-- @tparam Error err what came of it: `retryable`, `retry_after`
-- @tparam number cuts how many answers of status 200 broke off so far, this one
--   included; 0 when this one has not
-- @tparam table settings `retries` (tries after the first), `max_retry_after`
--   (seconds; a longer announcement is not waited for), `random` (gives numbers from
--   0, included, to 1, excluded)
-- @treturn[1] number seconds to wait
-- @treturn[2] nil do not try again
function M.delay(attempt, err, cuts, settings)
  if attempt > settings.retries or not err.retryable or cuts > MOST_CUTS then return nil end
  local announced = math.max(0, err.retry_after or 0)
  if announced > settings.max_retry_after then return nil end
  return announced + settings.random() * math.min(CAP, BASE * 2 ^ (attempt - 1))
end

return M
