-- How near the throttle comes to the least time that a quota allows, and how
-- many requests it has refused. Simulated: no network, no clock; the seed is
-- printed. The peer is a client that knows the future: it sends each call as
-- soon as the service will take it.
--
--   lua5.4 bench/throttle.lua [SEED [ROUNDS]]
local quota = require "bench.quota"

local WORST_TIME, MOST_REFUSED = 1.15, 0.05

-- --- the cases ---

local CASES = {
  { "fresh, 5,000 calls", calls = 5000 },
  { "fresh, 64 at once, slow answers", calls = 5000, concurrency = 64, latency = 1 },
  { "fresh, windows by the clock", calls = 5000, kind = "clock" },
  { "fresh, sliding window", calls = 5000, kind = "sliding" },
  { "fresh, 1,000 calls", calls = 1000 },
  { "no announcement", calls = 5000, silent = true },
  { "a small quota", calls = 400, quota = 10 },
  { "a window of 10 s", calls = 3000, quota = 100, window = 10 },
  { "a window of 5 minutes", calls = 5000, quota = 1000, window = 300 },
  { "used up, 300 calls", calls = 300, used = 500, ends = 18 },
  { "used up, 5,000 calls", calls = 5000, used = 500, ends = 13 },
  { "nearly used up", calls = 5000, used = 490, ends = 40, kind = "clock" },
  { "used up, sliding window", calls = 3000, used = 500, ends = 13, kind = "sliding" },
  { "halved on the way", calls = 5000, change = { at = 200, quota = 250 } },
  { "doubled on the way", calls = 8000, change = { at = 200, quota = 1000 } },
  { "ten times as much on the way", calls = 20000, change = { at = 200, quota = 5000 } },
  { "shared, half of it used evenly", calls = 5000, others = { rate = 250 / 60 } },
  { "shared, by the clock", calls = 5000, kind = "clock", others = { rate = 250 / 60 } },
  { "shared with one who comes and goes", calls = 5000,
    others = { rate = 15, on = 20, cycle = 150 } },
  { "shared, sliding window", calls = 5000, kind = "sliding", others = { rate = 250 / 60 } },
  { "shared, sliding window, slow answers", calls = 5000, kind = "sliding", concurrency = 64,
    latency = 1, others = { rate = 250 / 60 } },
  -- Printed, without a bar: whoever is not alone there learns of the others' ups and
  -- downs by refusals only, and few calls share what that costs. One refusal for n calls
  -- leaves n / 2 of the free places unused: of 100 that is a tenth for a refused share of
  -- 5 %, before the others, who come by chance, take or leave a fifth of them.
  { "sliding window, mostly used", calls = 2000, kind = "sliding", others = { rate = 400 / 60 },
    beyond = true },
  { "sliding window, others come and go", calls = 5000, kind = "sliding",
    others = { rate = 15, on = 20, cycle = 150 }, beyond = true },
}

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local seed, rounds, failed = tonumber(arg and arg[1]) or 20261128, tonumber(arg and arg[2]) or 5, 0
print(("seed %d, medians of %d; bars: %.2f of the least time, %d %% refused"):format(seed, rounds,
  WORST_TIME, MOST_REFUSED * 100))
print(("%-36s %8s %8s %6s %8s"):format("", "least s", "ours s", "ratio", "refused"))
for _, case in ipairs(CASES) do
  setmetatable(case, { __index = quota.base })
  local ideal, ours, ratio, share = {}, {}, {}, {}
  for i = 1, rounds do
    local least = quota.ideal(case, seed + 1000 * i)
    local seconds, refused = quota.throttled(case, seed + 1000 * i)
    ideal[i], ours[i], ratio[i] = least, seconds, seconds / least
    share[i] = refused / (case.calls + refused)
  end
  local good = median(ratio) <= WORST_TIME and median(share) <= MOST_REFUSED
  if not good and not case.beyond then failed = failed + 1 end
  print(("%-36s %8.1f %8.1f %6.2f %7.1f%% %s"):format(case[1], median(ideal), median(ours),
    median(ratio), 100 * median(share), good and "" or case.beyond and "no bar" or "missed"))
end
print(failed == 0 and "all bars are met, where there is one"
  or failed .. " cases miss a bar")
os.exit(failed == 0 and 0 or 1)
