-- What a lane does seldom: clients end under their readers, others close what one
-- reads, processes begin, memory ends.
local clients = require "spec.chaos.clients"
local process = require "spec.support.process"
local watch = require("spec.chaos.ledger").watch

local M = {}

--- A client ends while it is in use, or is dropped.
function M.retire(lane, slot)
  local world = lane.world
  if not world.can_catch then return end
  world.clients:retire(slot)
  local closed = lane.random:chance(0.7)
  lane.ledger:event("%s is %s", slot.name, closed and "closed" or "dropped")
  lane.ledger:count("clients_ended")
  if closed then slot.client:close() end
  slot.client = nil
end

--- Close what another lane reads, maybe while it waits there.
function M.cancel_other(lane)
  local world = lane.world
  if not world.can_catch then return end
  local other = lane.random:pick(world.peers)
  local reading = other and other.open[1]
  if not reading or not reading.closer or reading.left then return end
  reading.left = true
  lane.ledger:event("%s is closed by lane %d", reading:label(), lane.id)
  lane.ledger:count("cancels")
  reading.closer.close()
end

-- Descriptors that a child must not have: what it lists besides its own.
local LIST = "ls -l /proc/self/fd 2>/dev/null | grep -E 'socket:|eventpoll|eventfd' || :"

local function inherited()
  local pipe = assert(io.popen(LIST))
  local text = pipe:read("*a")
  pipe:close()
  local list = {}
  for target in text:gmatch("%-> ([^\n]*)") do list[#list + 1] = target end
  return list
end

local known = {}    -- what children inherit anyway, not from here

--- What children of this process inherit before anything is done.
function M.prepare()
  for _, target in ipairs(inherited()) do known[target] = true end
end

-- What a child inherits of `given`, or of anything, that it must not have.
local function strays(given)
  local found = {}
  for _, target in ipairs(inherited()) do
    if not known[target] and (not given or given[target]) then
      found[#found + 1], found[target] = target, true
    end
  end
  return found
end

--- A child of the shell's, which must not get a connection.
function M.spawn(lane)
  if lane.world.no_spawn then return end
  lane.ledger:count("children")
  local found = strays()
  -- Another thread may have been about to seal the pair that libcurl had just opened;
  -- what is never sealed the next child gets, too.
  if #found > 0 and lane.world.seals_late then found = strays(found) end
  if #found > 0 then
    lane.ledger:problem("a child inherits %d descriptors: %s", #found, table.concat(found, ", "))
  end
end

--- forks ---

-- In the child: what was open gives the rows that had arrived, or says that it
-- was cancelled; calls of its own go well.
local function go_on(lane)
  local world = lane.world
  world.tag, world.process = world.tag .. "f", process.pid()
  world.peers, lane.children = { lane }, {}
  if lane.go_on then return lane:go_on() end
  if world.foreign_loop then
    world.clients = clients.new(lane.ledger, world.place, "block", 1)
    world.can_catch, lane.open = true, {}
  end
  for _ = 1, lane.random:int(0, 2) do
    local reading = lane.open[1]
    if reading and lane.random:chance(0.7) then lane:advance(reading, lane.random:int(1, 3000)) end
  end
  for _ = 1, lane.random:int(0, 3) do
    local slot = world.clients:any(lane.random)
    lane:take(lane.random:pick { "get", "all" }, slot)
    if lane.random:chance(0.5) then lane:loop(slot) end
  end
  if lane.random:chance(0.3) then
    lane:finish()
    world.clients:finish(lane.random)
    collectgarbage()
  end
end

local function run_child(lane)
  watch.forked()
  local before = lane.ledger.problems
  lane.ledger.label = lane.ledger.label .. " child"
  local ok, why = xpcall(function() go_on(lane) end, debug.traceback)
  if not ok then lane.ledger:problem("the child ended with: %s", tostring(why)) end
  local code = lane.ledger.problems > before and 1 or 0
  watch.note(lane.id, lane.ledger.label .. ": to exit")
  -- A foreign loop is shared with the parent; to end it here would end it there. A
  -- sanitizer takes for lost what the parent's threads had.
  local sanitized = lane.world.arguments[8] ~= ""
  if lane.world.foreign_loop or sanitized or lane.random:chance(0.4) then watch.exit(code) end
  if lane.random:chance(0.5) and _VERSION ~= "Lua 5.1" then os.exit(code, true) end
  os.exit(code)
end

function M.fork(lane)
  if lane.world.no_fork then return end
  lane.ledger:count("forks")
  lane.ledger:event("lane %d forks", lane.id)
  -- What another lane does is left in the middle by the fork: nobody goes on.
  local pid = process.fork()
  if pid == 0 then run_child(lane) end
  lane.children[#lane.children + 1] = pid
end

--- Looks after the children that have ended; `all`: waits for every one.
function M.reap(lane, all)
  local left = {}
  for _, pid in ipairs(lane.children) do
    local code = watch.reap(pid)
    while all and not code do -- its own watch ends one that hangs
      lane.world.sleep(0.01)
      code = watch.reap(pid)
    end
    if not code then
      left[#left + 1] = pid
    elseif code ~= 0 then
      lane.ledger:problem("a child ended with %d", code)
    end
  end
  lane.children = left
end

--- memory ---

-- Reads up to some rows while there is no memory, which nothing here may need: an
-- array of the rows, with false behind them; whether they ended; whether it went
-- well, or why not; how often there was no memory.
local function read_starved(lane, reading)
  local iterate, most, got, at, ended = reading.iterate, lane.random:int(1, 400), {}, 0, false
  for i = 1, most do got[i] = false end
  local function read()
    while at < most do
      local row = iterate()
      if row == nil then
        ended = true
        return
      end
      at = at + 1
      got[at] = row
    end
  end
  watch.note(lane.id, reading:label() .. ", starved")
  watch.starve(lane.random:int(0, 3000))
  local ok, why = pcall(read)
  local failed = watch.feed()
  watch.note(lane.id)
  return got, ended, ok, why, failed
end

--- Goes on with a reading while there is no memory. It may fail by that; no other
-- may.
function M.starve(lane, slot)
  if lane.world.no_starve then return end
  local reading = lane.open[1] or lane:start("each", slot)
  lane.ledger:count("starved")
  lane.ledger:event("%s has no memory", reading:label())
  local got, ended, ok, why, failed = read_starved(lane, reading)
  if failed > 0 then reading:excuse "memory" end
  for _, row in ipairs(got) do
    if not row then break end
    local fine
    if reading.way == "pages" then fine = reading:rows(row.items) else fine = reading:row(row) end
    if not fine then break end
  end
  if ended then
    lane:forget(reading)
    if not reading.left and not reading.broken then reading:ended() end
    return
  end
  if not ok then
    lane.ledger:count("memory_failures")
    lane:judge(reading, false, why)
    lane:leave(reading)
  end
end

return M
