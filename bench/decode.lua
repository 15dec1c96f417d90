-- How fast text becomes tables, against lua-cjson and against the floor: the
-- same tables built with no text to parse (bench/floor.c). Run by
-- `make bench-decode`; here with what it sets:
--
--   lua5.4 bench/decode.lua [--rounds=N] [--gc] [--instructions] [CASE...]
--
-- All peers take turns within a round, and the fastest round of each counts:
-- what else the machine does can only add time. The collector stands still
-- while the clock runs, since its work is that on the tables, which are the
-- same for all; --gc leaves it on. --instructions counts instructions with
-- valgrind instead, which repeats.
--
-- Columns: the time of one decode(text); how many times as long lua-cjson
-- takes; decode(text) in times of the floor, and of the floor to which all
-- strings are known; what pieces of 16 KiB, and taking rows from them, cost in
-- times of decode(text).
local core = require "partnercenter.core"
local cjson = require "cjson"
local floor = require "floor"
local cases = require "bench.cases"

local PIECE = 16384 -- bytes fed at once in the column "pieces"
local SAMPLE = 0.004 -- seconds that one measurement takes at least

-- What cutting the text costs is not the decoder's.
local function feed_cut(text)
  local pieces = {}
  for i = 1, #text, PIECE do pieces[#pieces + 1] = text:sub(i, i + PIECE - 1) end
  return function()
    local decoder = core.decoder()
    for i = 1, #pieces do decoder:feed(pieces[i]) end
    return decoder:finish()
  end
end

local function feed_rows(text)
  local pieces = {}
  for i = 1, #text, PIECE do pieces[#pieces + 1] = text:sub(i, i + PIECE - 1) end
  return function()
    local decoder = core.decoder { rows = true }
    local next_row = decoder.next
    for i = 1, #pieces do
      decoder:feed(pieces[i])
      while next_row(decoder) do end
    end
    return decoder:finish()
  end
end

-- The peers: name, and what makes a function to be timed from a text.
local PEERS = {
  { "decode", function(text) return function() return core.decode(text) end end },
  { "cjson", function(text) return function() return cjson.decode(text) end end },
  { "floor", function(text) return floor.record(core.decode(text)) end },
  { "known", function(text) return floor.record(core.decode(text), true) end },
  { "pieces", feed_cut },
  { "rows", feed_rows },
}

local with_gc

local function time(run, times)
  run() -- what the peer before left cold or gave back to the system
  collectgarbage()
  collectgarbage()
  if not with_gc then collectgarbage("stop") end
  local start = os.clock()
  for _ = 1, times do run() end
  local seconds = (os.clock() - start) / times
  collectgarbage("restart")
  return seconds
end

-- { peer = seconds } for one text: the best of the rounds.
local function measure(text, rounds)
  local runs, times, best = {}, {}, {}
  for i, peer in ipairs(PEERS) do
    runs[i] = peer[2](text)
    times[i] = math.max(1, math.ceil(SAMPLE / math.max(time(runs[i], 1), 1e-7)))
  end
  for _ = 1, rounds do
    for i, peer in ipairs(PEERS) do
      local seconds = time(runs[i], times[i])
      best[peer[1]] = math.min(best[peer[1]] or math.huge, seconds)
    end
  end
  return best
end

-- Instructions of one call, by the difference between two runs of this program
-- that make some and three times as many.
local function count(case, peer, bytes)
  local counts, some = {}, math.ceil(300000 / bytes)
  for _, times in ipairs { some, 3 * some } do
    local pipe = assert(io.popen(("valgrind --tool=callgrind --callgrind-out-file=/dev/null "
      .. "%s bench/decode.lua --calls=%d --peer=%s %s 2>&1"):format(arg[-1], times, peer, case)))
    local output = pipe:read("*a")
    pipe:close()
    counts[#counts + 1] = assert(tonumber(output:match("Collected : (%d+)")), output)
  end
  return (counts[2] - counts[1]) / (2 * some)
end

local function print_row(name, bytes, scale, v, bar)
  local factor = v.cjson / v.decode
  print(("%-14s %9d %10.1f %8.2f %8.2f %8.2f %8.2f %8.2f  %s"):format(name, bytes, v.decode * scale,
    factor, v.decode / v.floor, v.decode / v.known, v.pieces / v.decode, v.rows / v.decode,
    bar and (factor >= bar and "ok" or "BELOW " .. bar) or ""))
end

local function main(options, names)
  if options.calls then
    local wanted = cases.get(names[1])
    for _, peer in ipairs(PEERS) do
      if peer[1] == options.peer then
        local run = peer[2](wanted.text)
        collectgarbage("stop")
        for _ = 1, tonumber(options.calls) do run() end
      end
    end
    return
  end
  print(("%-14s %9s %10s %8s %8s %8s %8s %8s"):format("case", "bytes",
    options.instructions and "kinstr" or "us", "x cjson", "/ floor", "/ known", "pieces", "rows"))
  for _, name in ipairs(#names > 0 and names or cases.names) do
    local case = cases.get(name)
    local values = {}
    if options.instructions then
      for _, peer in ipairs(PEERS) do values[peer[1]] = count(name, peer[1], #case.text) end
    else
      values = measure(case.text, tonumber(options.rounds or 15))
    end
    print_row(name, #case.text, options.instructions and 1e-3 or 1e6, values, case.bar)
  end
end

local options, names = {}, {}
for _, word in ipairs(arg) do
  local key, value = word:match("^%-%-(%w+)=?(.*)$")
  if key then options[key] = value else names[#names + 1] = word end
end
with_gc = options.gc
main(options, names)
