-- How fast CSV becomes rows, against a parser in pure Lua and against the floor:
-- the same tables built with no text to parse (bench/floor.c). Run by
-- `make bench-csv`; here with what it sets:
--
--   lua5.4 bench/csv.lua [--rows=N] [--rounds=N] [--instructions | --memory] [CASE...]
--
-- The rows arrive in blocks of 10,000, as a large file does, so that memory
-- stays what it is; each peer gets the same blocks, and they take turns. The
-- fastest round counts. --instructions counts instructions with valgrind, which
-- repeats; --memory tells the largest resident size above the start while
-- partnercenter.csv.each gives all rows.
local core = require "partnercenter.core"
local floor = require "floor"
local parse_lua = require "bench.peers.csv_lua"

local BLOCK = 10000 -- rows
local PIECE = 16384 -- bytes fed at once, as the network hands them up
local BAR_LUA, BAR_FLOOR = 10, 1.5
local MOST = 16 -- MiB

-- A generator of our own: the same numbers in every Lua.
local seed = 42
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n + 1
end

local function pick(list) return list[random(#list)] end

local WORKLOADS = { "Teams", "Exchange Online", "SharePoint Online", "OneDrive for Business" }
local HEADING = "CustomerTenantId,CustomerName,CustomerMarket,WorkloadName,Month,PGAMpnId,"
  .. "PartnerName,PaidAvailableUnits,MonthlyActiveUsers,IsDuplicateRowForPGA\r\n"
local NUMBERS = { "PaidAvailableUnits", "MonthlyActiveUsers", "IsDuplicateRowForPGA" }

local function guid()
  return ("%08X-%04X-4%03X-A%03X-%012X"):format(random(2 ^ 31 - 2), random(65535), random(4095),
    random(4095), random(2 ^ 31 - 2))
end

-- A report as they are: customers, each with some workloads and months.
local function usage(i, customer)
  if i % 24 == 1 then
    customer.id, customer.market = guid(), pick { "United States", "Germany", "Japan" }
    customer.name = random(4) == 1 and ('"Contoso ""%d"", Ltd."'):format(i)
      or ("Contoso Customer %d"):format(i)
  end
  local units = random(500)
  return ("%s,%s,%s,%s,2021-%02d-01,%d,Fabrikam Cloud Services,%d,%d,%d\r\n"):format(customer.id,
    customer.name, customer.market, WORKLOADS[i % 4 + 1], i % 6 + 1, 1234567, units, random(units),
    random(5) == 1 and 1 or 0)
end

-- Nothing comes twice.
local function different(i)
  return ("%s,Customer number %d of many,Market %d,Workload %d,%s,%d,Partner %d,%d,%d,%d\r\n")
    :format(guid(), i * 7, i * 3, i * 5, ("2021-%02d-%02d"):format(i % 12 + 1, i % 28 + 1),
      i + 1234567, i * 11, i * 13, i * 17, i % 2)
end

-- All in quotes, as some write it.
local function quoted(i, customer)
  local line = usage(i, customer):gsub("\r\n$", "")
  if line:find('"', 1, true) then return line .. "\r\n" end
  return '"' .. line:gsub(",", '","') .. '"\r\n'
end

local CASES = { { "usage", usage }, { "quoted", quoted }, { "different", different } }

local function make_block(maker)
  local lines, customer = {}, {}
  for i = 1, BLOCK do lines[i] = maker(i, customer) end
  return table.concat(lines)
end

local function cut(text)
  local pieces = {}
  for i = 1, #text, PIECE do pieces[#pieces + 1] = text:sub(i, i + PIECE - 1) end
  return pieces
end

-- The peers: name, and what makes a function that reads one block.
local PEERS = {
  { "csv", function(block)
    local pieces = cut(block)
    local decoder = core.csv { numbers = NUMBERS }
    assert(decoder:feed(HEADING))
    return function()
      local rows = 0
      for i = 1, #pieces do
        assert(decoder:feed(pieces[i]))
        rows = rows + #decoder:rows()
      end
      return rows
    end
  end },
  { "lua", function(block)
    local text = HEADING .. block
    return function() return #parse_lua(text, NUMBERS) end
  end },
  { "floor", function(block)
    local decoder = core.csv { numbers = NUMBERS }
    assert(decoder:feed(HEADING .. block))
    local build = floor.record(decoder:rows())
    return function() return #build() end
  end },
}

-- Instructions of one block, by the difference of two runs.
local function count(case, peer)
  local counts = {}
  for _, blocks in ipairs { 1, 3 } do
    local pipe = assert(io.popen(("valgrind --tool=callgrind --callgrind-out-file=/dev/null "
      .. "%s bench/csv.lua --blocks=%d --peer=%s %s 2>&1"):format(arg[-1], blocks, peer, case)))
    local output = pipe:read("*a")
    pipe:close()
    counts[#counts + 1] = assert(tonumber(output:match("Collected : (%d+)")), output)
  end
  return (counts[2] - counts[1]) / 2
end

-- The collector stands still while the clock runs: its work is that on the
-- tables, which are the same for all.
local function run_blocks(read, blocks)
  local seconds = 0
  for _ = 1, blocks do
    collectgarbage()
    collectgarbage("stop")
    local start = os.clock()
    local rows = read()
    seconds = seconds + os.clock() - start
    collectgarbage("restart")
    assert(rows == BLOCK, "rows are missing")
  end
  return seconds
end

local function measure(block, blocks, rounds)
  local readers, best = {}, {}
  for i, peer in ipairs(PEERS) do readers[i] = peer[2](block) end
  for _ = 1, rounds do
    for i, peer in ipairs(PEERS) do
      local seconds = run_blocks(readers[i], blocks)
      best[peer[1]] = math.min(best[peer[1]] or math.huge, seconds)
    end
  end
  return best
end

local function print_row(name, unit, v)
  local lua, ratio = v.lua / v.csv, v.csv / v.floor
  local good = lua >= BAR_LUA and ratio <= BAR_FLOOR
  print(("%-12s %12.3f %8.2f %8.2f  %s"):format(name, v.csv * unit, lua, ratio,
    good and "ok" or name == "usage" and "BELOW" or ""))
end

-- KiB of a line of /proc/self/status.
local function memory(name)
  for line in io.lines("/proc/self/status") do
    local value = line:match("^" .. name .. ":%s*(%d+) kB")
    if value then return tonumber(value) end
  end
end

-- Gives all rows of a text that comes in pieces, and says what that took.
local function measure_memory(name, block, blocks)
  local pieces, at, given = cut(block), 0, 0
  local function next_piece()
    at = at + 1
    if at == 1 then return HEADING end
    return at - 2 < #pieces * blocks and pieces[(at - 2) % #pieces + 1] or nil
  end
  collectgarbage()
  local file = assert(io.open("/proc/self/clear_refs", "w"))
  file:write("5") -- the peak begins anew
  file:close()
  local start = memory "VmRSS"
  for _ in require("partnercenter.csv").each(next_piece, { numbers = NUMBERS }) do
    given = given + 1
  end
  assert(given == BLOCK * blocks, "rows are missing")
  local above = (memory "VmHWM" - start) / 1024
  print(("%-12s %12d %8.1f MiB  %s"):format(name, given, above, above < MOST and "ok" or "ABOVE"))
end

local options, names = {}, {}
for _, word in ipairs(arg) do
  local key, value = word:match("^%-%-(%w+)=?(.*)$")
  if key then options[key] = value else names[word] = true end
end

local rows = tonumber(options.rows or 1e6)
if not options.peer and not options.memory then
  print(("%-12s %12s %8s %8s"):format("case", options.instructions and "instr/row" or "s", "x lua",
    "/ floor"))
end
for _, case in ipairs(CASES) do
  if next(names) == nil or names[case[1]] then
    local block = make_block(case[2])
    if options.peer then
      for _, peer in ipairs(PEERS) do
        if peer[1] == options.peer then
          local read = peer[2](block)
          collectgarbage("stop")
          for _ = 1, tonumber(options.blocks) do read() end
          os.exit(true) -- without taking all the rows down one by one
        end
      end
    elseif options.memory then
      measure_memory(case[1], block, math.ceil(rows / BLOCK))
    elseif options.instructions then
      local values = {}
      for _, peer in ipairs(PEERS) do values[peer[1]] = count(case[1], peer[1]) end
      print_row(case[1], 1 / BLOCK, values)
    else
      print_row(case[1], 1, measure(block, math.ceil(rows / BLOCK), tonumber(options.rounds or 3)))
    end
  end
end
