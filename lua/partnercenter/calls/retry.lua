--- When to try again, and after how long. Pure: no clock, no waiting; the
-- random source is a parameter. Deadlines are the caller's: it compares the
-- answer with the time that is left.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.retry

local DEFAULTS = { retries = 4, base = 0.5, cap = 30, max_retry_after = 300 }

local M = {}

-- An answer of status 200 whose body was cut is asked for once more only:
-- outcome.body_cut counts the cut bodies of this call, and plain true stands for
-- as many as there were attempts.
local function may_retry(attempt, outcome)
  if not outcome.body_cut then return outcome.retryable end
  local cuts = outcome.body_cut == true and attempt or outcome.body_cut
  return cuts <= 1
end

--- How long to wait before the next try: exponential back-off with full jitter,
-- a random part of `base`, twice `base`, four times `base` and so on up to `cap`.
-- An announced Retry-After is waited for in full, with that random part on top,
-- so that those who were refused together do not come back together.
-- @tparam number attempt how many times the request was sent so far, 1 or more
-- @tparam table outcome an error object (`retryable`, `retry_after`); `body_cut` in
--   it: how many answers of this call broke off in the middle (true for the first)
-- @tparam[opt] table policy
-- @tparam[opt=4] number policy.retries tries after the first
-- @tparam[opt=0.5] number policy.base seconds
-- @tparam[opt=30] number policy.cap seconds, of the random part
-- @tparam[opt=300] number policy.max_retry_after seconds; a longer announcement
--   is not waited for
-- @tparam[opt=math.random] function random gives numbers from 0 (included) to 1
--   (excluded)
-- @treturn[1] number seconds to wait
-- @treturn[2] nil do not try again
function M.delay(attempt, outcome, policy, random)
  policy = policy or DEFAULTS
  if attempt > (policy.retries or DEFAULTS.retries) then return nil end
  if not may_retry(attempt, outcome) then return nil end
  local announced = math.max(0, outcome.retry_after or 0)
  if announced > (policy.max_retry_after or DEFAULTS.max_retry_after) then return nil end
  local spread = (policy.base or DEFAULTS.base) * 2 ^ (attempt - 1)
  spread = math.min(policy.cap or DEFAULTS.cap, spread)
  return announced + (random or math.random)() * spread
end

return M
