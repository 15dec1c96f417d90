-- Clients that the readers share, each with settings of its own: windows small
-- and large, HTTP/2 and HTTP/1.1, by TLS and without.
local core = require "partnercenter.core"

-- The client does not let its window be chosen: this is where it makes its
-- session. Before anybody else loads the core.
local new_session, window = core.session, nil
core.session = function(options)
  options.window = window
  return new_session(options)
end

local partnercenter = require "partnercenter"

local M = { new_session = new_session }

local methods = {}
local mt = { __name = "chaos.clients", __index = methods }

M.WINDOWS = { false, false, 1, 4096, 65536, 1024 * 1024 }
-- Bodies for windows so small that the thread hands up one piece at a time.
local SMALL, SMALL_BODY = 65536, 1500000
local MOST_BODY = 10000000
-- Connections that are left to those who read at once, one in each lane.
local LANES = 16

--- `place` has the addresses of the server, `loop` the client's option; `most_body`
-- bounds a page in bytes.
function M.new(ledger, place, loop, count, most_body)
  return setmetatable({ ledger = ledger, place = place, loop = loop, count = count, slots = {},
    made = 0, most_body = most_body or MOST_BODY }, mt)
end

--- A client that nobody shares.
function methods:make(random, loop)
  local slot = { window = random:pick(M.WINDOWS), http = random:pick { "2", "2", "1.1", "plain" } }
  slot.most_body = slot.window and slot.window < SMALL and SMALL_BODY or self.most_body
  window = slot.window or nil
  slot.concurrency = random:pick { 4, 16, 64, false }
  -- What is open and waits for its reader has a connection of its own, but for HTTP/2:
  -- with all of them taken so, all lanes would wait for each other.
  slot.open = setmetatable({}, { __mode = "k" })
  slot.room = slot.http ~= "2" and slot.concurrency and 2 * slot.concurrency + 16 - LANES
    or math.huge
  self.made = self.made + 1
  slot.name = ("c%d"):format(self.made)
  slot.client = assert(partnercenter.new {
    credentials = partnercenter.credentials.token "chaos",
    base_url = slot.http == "plain" and self.place.plain or self.place.tls,
    ca_file = self.place.ca_file,
    http_version = slot.http == "1.1" and "1.1" or nil,
    concurrency = slot.concurrency or nil,
    retries = 2, random = function() return 0 end,
    loop = loop or self.loop,
  })
  window = nil
  self.ledger:count("clients")
  self.ledger:event("%s: HTTP %s, window %s, concurrency %s", slot.name, slot.http,
    tostring(slot.window), tostring(slot.concurrency))
  return slot
end

--- May one more reading be opened on it?
function M.has_room(slot)
  local n = 0
  for _ in pairs(slot.open) do n = n + 1 end
  return n < slot.room
end

--- One of the shared clients.
function methods:any(random)
  local i = random:int(1, self.count)
  if not self.slots[i] then
    self.slots[i] = self:make(random)
    self.slots[i].at = i
  end
  return self.slots[i]
end

--- Others get a new one from now on. Calls of the old one may be cancelled.
function methods:retire(slot)
  slot.gone = true
  if self.slots[slot.at] == slot then self.slots[slot.at] = nil end
end

--- Ends them all, by closing or by letting the collector do it.
function methods:finish(random)
  for i, slot in pairs(self.slots) do
    slot.gone = true
    if random:chance(0.5) then slot.client:close() end
    self.slots[i] = nil
  end
end

return M
