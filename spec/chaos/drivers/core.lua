-- Sessions of the core itself, without a client over them: windows of a byte,
-- slices of a few, rows that are asked for again after memory was short.
local acts = require "spec.chaos.acts"
local clients = require "spec.chaos.clients"
local core = require "partnercenter.core"
local lanes = require "spec.chaos.lane"
local plans = require "spec.chaos.plan"
local readings = require "spec.chaos.reading"
local watch = require("spec.chaos.ledger").watch

local M = { loop = "block" }

local MOST_OPEN, LANES = 6, 2
local MOST_WAITS = 60
local FAILURES = { "cut", "too large", "too large" }
local WINDOWS = { 1, 1, 4096, 65536, 1024 * 1024, 4 * 1024 * 1024 }
local SLICES = { 1, 1000, 65536, 1024 * 1024 }

local function open_session(lane)
  local draw, place = lane.random, lane.world.place
  local slot = { window = draw:pick(WINDOWS), slice = draw:pick(SLICES), tls = draw:chance(0.8) }
  local http1, most = draw:chance(0.3), draw:pick { 1, 4, 64 }
  slot.session = assert(clients.new_session {
    ca_file = place.ca_file, window = slot.window, slice = slot.slice,
    http1 = http1, max_connections = most,
  })
  slot.base = slot.tls and place.tls or place.plain
  slot.most_body = slot.window < 65536 and 1500000 or 10000000
  lane.ledger:count("sessions")
  lane.ledger:event("lane %d: window %d, slice %d, HTTP %s, %d connections", lane.id, slot.window,
    slot.slice, (http1 or not slot.tls) and "1.1" or "2", most)
  return slot
end

local function send(lane)
  local slot = lane.slot
  lane.made = lane.made + 1
  local who = ("%s-%d-%d"):format(lane.world.tag, lane.id, lane.made)
  local plan = plans.new(lane.random, who, slot.most_body, false, FAILURES)
  local reading = readings.new(lane.ledger, plan, lane.random:pick { "next", "next", "value" })
  lane.ledger:event("%s: %s", reading:label(), plans.address(plan))
  reading.slot = slot
  reading.transfer = assert(slot.session:send {
    url = slot.base .. plans.address(plan):gsub(",", "%%2C"), streamed = lane.random:chance(0.5),
    max_body = plan.with and plan.with.max_body,
  })
  lane.open[#lane.open + 1] = reading
end

-- The error object that a client would make of it.
local function failure(transfer, message)
  local kind, text = transfer:failure()
  return setmetatable({ kind = kind }, { __tostring = function()
    return ("%s: %s"):format(tostring(kind), tostring(text or message))
  end })
end

-- One answer of the transfer's; "again", "wait", "over" or nil to go on.
local function take(reading, ok, value, more)
  if ok == false then return value and "again" or "wait" end
  if ok == nil and value == nil then
    reading.way = "rest"
    return nil
  end
  if ok == nil then
    reading:failed(failure(reading.transfer, value, more))
    return "over"
  end
  if reading.way == "next" then return not reading:row(value) and "over" or nil end
  local list = value.items or value.Value
  if reading.way == "value" then
    if not reading:rows(list or value) then return "over" end
  elseif list and #list > 0 then
    reading:problem("rows are left in the document")
  end
  reading:ended()
  return "over"
end

local function step(reading, most)
  local transfer = reading.transfer
  for _ = 1, most do
    local how
    if reading.way == "next" then
      how = take(reading, transfer:next())
    else
      how = take(reading, transfer:value())
    end
    if how == "over" or how == "wait" then return how end
  end
  return "again"
end

-- The same while memory is short. What was refused is asked for again.
local function step_starved(lane, reading, most)
  local transfer, next_row, got = reading.transfer, reading.transfer.next, {}
  if reading.way ~= "next" then return step(reading, most) end
  lane.ledger:count("starved")
  for i = 1, most do got[i] = false end
  local n, fine, ok, value, more = 0 -- luacheck: ignore 221
  watch.starve(lane.random:int(0, 500))
  repeat
    fine, ok, value, more = pcall(next_row, transfer)
    if fine and ok then
      n = n + 1
      got[n] = value
    end
  until not fine or not ok or n == most
  local failed = watch.feed()
  for i = 1, n do
    if not reading:row(got[i]) then return "over" end
  end
  if failed > 0 then reading:excuse "memory" end
  if not fine then
    if failed == 0 then reading:problem("raised: %s", tostring(ok)) end
    lane.ledger:count("memory_failures")
    return "again"
  end
  if n == most then return "again" end
  return take(reading, ok, value, more)
end

local function await(lane, reading)
  if reading.slot.gone then return end
  reading.slot.session:step(lane.random:pick { 0, 0.001, 0.01, 0.02 })
  while reading.slot.session:ready() do end
end

local function advance(lane, reading)
  local draw, how = lane.random, nil
  local most = draw:chance(0.2) and 1e9 or draw:int(1, 3000)
  -- Who stays takes every piece as soon as it is there.
  local stays, waits = draw:chance(0.1) and 300 or 1, 0
  watch.note(lane.id, lane.ledger.label .. ": " .. reading:label())
  for _ = 1, stays do
    if draw:chance(0.06) and not lane.world.no_starve then
      how = step_starved(lane, reading, math.min(most, 3000))
    else
      how = step(reading, most)
    end
    if how == "over" then break end
    if how == "wait" then
      await(lane, reading)
      waits = waits + 1
      if waits > MOST_WAITS then break end -- it may wait for one that is paused
    end
  end
  watch.note(lane.id)
  if how ~= "over" then return end
  if draw:chance(0.5) then reading.transfer:close() end
  lane:forget(reading)
end

local function leave(lane, reading)
  lane.ledger:count("breaks")
  lane.ledger:event("%s is left", reading:label())
  lane:forget(reading)
  local how = lane.random:int(1, 4)
  if how == 1 then reading.transfer:close() end
  if how == 2 then
    reading.transfer:cancel()
    reading:excuse "cancelled"
    watch.note(lane.id, reading:label() .. " cancelled")
    while step(reading, 1e9) ~= "over" do end
    watch.note(lane.id)
  end
  reading.transfer = nil
  if how == 3 then collectgarbage() end
end

-- The session ends under its transfers, or is dropped with them.
local function retire(lane)
  local slot = lane.slot
  lane.ledger:count("sessions_ended")
  lane.slot, slot.gone = open_session(lane), true
  if lane.random:chance(0.3) then
    lane.open = {}
  else
    slot.session:close()
    for _, reading in ipairs(lane.open) do reading:excuse "cancelled" end
  end
end

local methods = {}

function methods:act()
  local draw = self.random
  acts.reap(self)
  if #self.open == 0 or draw:chance(0.15) and #self.open < MOST_OPEN then return send(self) end
  local reading = draw:pick(self.open)
  local how = draw:real()
  if how < 0.85 then return advance(self, reading) end
  if how < 0.92 then return leave(self, reading) end
  if how < 0.96 then return self:pause() end
  if how < 0.97 then return acts.spawn(self) end
  if how < 0.975 then return acts.fork(self) end
  if how < 0.985 then return retire(self) end
  collectgarbage()
end

-- What a child does: what was open ends, and its own goes well.
function methods:go_on()
  for _, reading in ipairs(self.open) do reading:excuse "cancelled" end
  for _ = 1, self.random:int(0, 30) do
    local reading = self.open[1]
    if reading then advance(self, reading) else break end
  end
  send(self)
  local own = self.open[#self.open]
  own.excuses = {}
  for _ = 1, 100000 do
    if self.open[#self.open] ~= own then break end
    advance(self, own)
  end
end

function methods:finish()
  while #self.open > 0 do
    if self.random:chance(0.3) then leave(self, self.open[1]) else advance(self, self.open[1]) end
  end
  if self.random:chance(0.5) then self.slot.session:close() end
  acts.reap(self, true)
end

function M.run(world, stop)
  for i = 1, LANES do
    local lane = lanes.new(world, world.first_lane + i)
    for name, f in pairs(methods) do lane[name] = f end
    lane.slot = open_session(lane)
    world.peers[i] = lane
  end
  while core.now() < stop do world.random:pick(world.peers):act() end
  for _, lane in ipairs(world.peers) do lane:finish() end
end

return M
