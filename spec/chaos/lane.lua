-- One of many that read: a lane opens readings, goes on with one or the other,
-- rests, leaves them in every way there is. What it does next its seed decides.
local acts = require "spec.chaos.acts"
local clients = require "spec.chaos.clients"
local csv = require "partnercenter.csv"
local files = require "spec.chaos.files"
local plans = require "spec.chaos.plan"
local random = require "spec.chaos.random"
local readings = require "spec.chaos.reading"
local watch = require("spec.chaos.ledger").watch

local M = {}

local methods = {}
local mt = { __name = "chaos.lane", __index = methods }

local MOST_OPEN = 4        -- readings that a lane has open at once
local MOST_PAUSE = 0.5     -- seconds
-- Where an error cannot be caught across a wait (Lua 5.1 in an event loop) only
-- what cannot fail is read by iterators.
local unpack = table.unpack or unpack -- luacheck: ignore

--- `world`: ledger, clients, seed, sleep(seconds), can_catch, peers (the list of
-- all lanes), and what it forbids: no_fork, no_starve, no_spawn.
function M.new(world, id)
  return setmetatable({
    world = world, ledger = world.ledger, id = id, open = {}, made = 0, children = {},
    random = random.new(world.seed, id),
  }, mt)
end

--- Do something that may wait, or hang: who hangs is told by the watch.
function methods:waiting(what, f, ...)
  watch.note(self.id, self.ledger.label .. " lane " .. self.id .. ": " .. what)
  local results
  if self.world.can_catch then
    results = { pcall(f, ...) }
  else
    results = { true, f(...) }
  end
  watch.note(self.id)
  return unpack(results, 1, 4)
end

function methods:plan(slot, way, tame)
  self.made = self.made + 1
  local who = ("%s-%d-%d"):format(self.world.tag, self.id, self.made)
  if way == "file" or way == "csv" then return files.plan(self.random, who, tame) end
  return plans.new(self.random, who, slot.most_body, tame)
end

local function resource_of(slot, plan)
  local client = plan.with and slot.client:with(plan.with) or slot.client
  return client:request { path = plan.path, query = plan.query, paging = "links" }
end
M.resource_of = resource_of

function methods:reading(way, slot, tame)
  local plan = self:plan(slot, way, tame)
  if plan.fault then self.ledger:count("files") end
  local reading = readings.new(self.ledger, plan, way)
  reading.slot, reading.process = slot, self.world.process
  self.ledger:event("%s on %s: %s", reading:label(), slot.name, plans.address(plan))
  return reading
end

-- Its client was closed, or it was closed by somebody else, or the process forked,
-- meanwhile or before.
local function excuse(reading, process)
  if reading.slot.gone or reading.left or reading.process ~= process then
    reading:excuse "cancelled"
    reading:excuse "closed"
  end
end

function methods:judge(reading, ok, value, err)
  excuse(reading, self.world.process)
  if not ok then return reading:failed(value) end
  if value == nil and err ~= nil then return reading:failed(err) end
  return true
end

--- Reads something in one go: get or all.
function methods:take(way, slot)
  local reading = self:reading(way, slot)
  local resource = resource_of(slot, reading.plan)
  local ok, value, facts = self:waiting(reading:label(), resource[way], resource)
  if not self:judge(reading, ok, value, facts) then return end
  if way == "all" then
    reading:rows(value)
    return reading:ended()
  end
  reading:rows(value.items)
  reading:ended(true)
  if value.request and value.request ~= facts.request_id then
    reading:problem("the body answers request %s, the head %s", value.request, facts.request_id)
  end
end

-- The text of a file in pieces of any size.
local function pieces_of(text, draw)
  local at = 1
  return function()
    local from, n = at, draw:chance(0.2) and 1 or draw:int(1, 70000)
    at = at + n
    return from <= #text and text:sub(from, at - 1) or nil
  end
end

-- An iterator over the rows of a plan, and what closes it.
function methods:iterator(way, slot, plan)
  if way == "csv" then
    local text = files.text(files.parse(plan.id))
    return csv.each(pieces_of(text, self.random), { numbers = { "n" } })
  end
  local resource = way ~= "file" and resource_of(slot, plan)
    or slot.client.reports:open(plan.id)
  local iterate, _, _, closer = resource[way == "file" and "each" or way](resource,
    way == "file" and { numbers = { "n" } } or nil)
  return iterate, closer
end

--- Opens a reading that is gone on with later: each, pages, file or csv.
function methods:start(way, slot)
  local reading = self:reading(way, slot, way == "csv" or not self.world.can_catch)
  reading.iterate, reading.closer = self:iterator(way, slot, reading.plan)
  self.open[#self.open + 1] = reading
  slot.open[reading] = true
  return reading
end

local function step(reading, most)
  for _ = 1, most do
    local value = reading.iterate()
    if value == nil then return "end" end
    local fine
    if reading.way == "pages" then
      fine = reading:rows(value.items)
    else
      fine = reading:row(value)
    end
    if not fine then return "broken" end
  end
  return "more"
end

function methods:forget(reading)
  if reading.slot.open then reading.slot.open[reading] = nil end
  for i, other in ipairs(self.open) do
    if other == reading then return table.remove(self.open, i) end
  end
end

--- Goes on with a reading; it is forgotten when it is over.
function methods:advance(reading, most)
  local ok, how = self:waiting(reading:label(), step, reading, most)
  if ok and how == "more" then return end
  self:forget(reading)
  if not self:judge(reading, ok, how) or how == "broken" then return end
  -- Who was left by somebody else has no more rows, which is no end.
  if not reading.left then reading:ended() end
end

--- Leaves a reading before its end.
function methods:leave(reading)
  self:forget(reading)
  reading.left = true
  local how = self.random:int(1, 3)
  self.ledger:event("%s is left (%d)", reading:label(), how)
  self.ledger:count("breaks")
  if reading.closer and how == 1 then
    reading.closer.close()
    local ok, value = self:waiting(reading:label() .. ", closed", reading.iterate)
    if ok and value ~= nil then reading:problem("it gave a row after it was closed") end
  elseif how == 2 then
    reading.iterate, reading.closer = nil, nil
    collectgarbage()
    collectgarbage()
  end
end

--- A loop over each that is left by break, or by an error. (On Lua 5.1 it would
-- hold up an event loop.)
function methods:loop(slot)
  if not self.world.can_catch then return end
  local reading = self:reading("each", slot)
  local resource = resource_of(slot, reading.plan)
  local most = self.random:int(0, math.max(1, reading.plan.total))
  local by_error = self.random:chance(0.3)
  local ok, how = self:waiting(reading:label(), function()
    for row in resource:each() do
      if not reading:row(row) then return "broken" end
      if reading.n >= most then
        if by_error then error("enough", 0) end
        return "left"
      end
    end
    return "end"
  end)
  if not ok and how == "enough" or how == "left" then return self.ledger:count("breaks") end
  if self:judge(reading, ok, how) and how == "end" then reading:ended() end
end

function methods:pause()
  local seconds = self.random:chance(0.7) and self.random:real() * 0.05
    or self.random:real() * MOST_PAUSE
  self.ledger:count("pauses")
  self.world.sleep(seconds)
end

local ACTS = {
  { 12, function(self, slot) self:take("get", slot) end },
  { 6, function(self, slot) self:take("all", slot) end },
  { 6, function(self, slot) self:loop(slot) end },
  { 8, function(self) self:pause() end },
  { 3, function() collectgarbage() end },
  { 4, function() collectgarbage("step", 400) end },
  { 1.2, acts.retire },
  { 1.5, acts.cancel_other },
  { 2, acts.spawn },
  { 1, acts.fork },
  { 3, acts.starve },
}
for _, entry in ipairs(ACTS) do entry[1] = entry[1] / 2 end

local WAYS = { { 10, "each" }, { 4, "pages" }, { 4, "file" }, { 2, "csv" } }

--- Does one thing.
function methods:act()
  local slot = self.world.clients:any(self.random)
  local draw = self.random
  acts.reap(self)
  if draw:chance(0.4) and #self.open < MOST_OPEN and clients.has_room(slot) then
    return self:start(draw:weighted(WAYS), slot)
  end
  if draw:chance(0.6) and #self.open > 0 then
    local reading = draw:pick(self.open)
    if draw:chance(0.12) then return self:leave(reading) end
    local most = reading.way == "pages" and 1 or draw:chance(0.3) and 50000 or draw:int(1, 2000)
    return self:advance(reading, most)
  end
  draw:weighted(ACTS)(self, slot)
end

--- Ends what is open: to the end, or by leaving it.
function methods:finish()
  while #self.open > 0 do
    local reading = self.open[1]
    if self.random:chance(0.5) then self:leave(reading) else self:advance(reading, 1e9) end
  end
  acts.reap(self, true)
end

return M
