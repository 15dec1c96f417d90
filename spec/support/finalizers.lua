-- A program: reads an answer while the collector, kept busy, runs finalizers
-- that meddle. Of its own, because each collection goes through all there is.
--
--   lua spec/support/finalizers.lua URL CA_FILE TOKEN READER MEDDLER
--
-- Prints "fine" when all was read or an error told why not, else raises.
local core = require "partnercenter.core"

local url, ca_file, token, reader, meddler = ...
local session = assert(core.session { ca_file = ca_file, slice = 65536 })
local REQUEST = {
  url = url, streamed = true, headers = { { "Authorization", "Bearer " .. token } },
}
local ROWS, RAW = 2000, 65536

local function step(seconds)
  session:step(seconds)
  while session:ready() do end -- luacheck: ignore
end

-- Has the collector call f, again and again, until what is returned is called.
local came = 0
local function trap(f)
  local armed = true
  local function arm() end
  local function spring()
    if not armed then return end
    came = came + 1
    f()
    arm()
  end
  function arm()
    if newproxy then -- luacheck: ignore
      getmetatable(newproxy(true)).__gc = spring -- luacheck: ignore
    else
      setmetatable({}, { __gc = spring })
    end
  end
  dofile "spec/support/gc.lua"
  collectgarbage() -- the pause counts from the next cycle on
  arm()
  return function() armed = false end
end

-- Calls a method; only meanwhile a finalizer meddles.
local inside = false
local function leave(...)
  inside = false
  return ...
end
local function call(object, name, ...)
  inside = true
  return leave(object[name](object, ...))
end

-- Each reads to the end and tells how much it was, or raises.
local readers = {}

function readers.next(transfer)
  local n = 0
  while true do
    local ok, row = call(transfer, "next")
    if ok then
      assert(type(row.customerTenantId) == "string")
      n = n + 1
    elseif ok == nil then
      if row then error(row, 0) end
      return n == ROWS
    elseif not row then
      step(1)
    end
  end
end

function readers.value(transfer)
  while true do
    local ok, value = call(transfer, "value")
    if ok then return #value.Value == ROWS end
    if ok == nil then error(value, 0) end
    if not value then step(1) end
  end
end

function readers.body(transfer)
  while true do
    local body, why = call(transfer, "body")
    if body then return #body == RAW end
    if body == nil then error(why, 0) end
    step(1)
  end
end

-- Does it a few times, and until the collector, which takes its time in Lua 5.5, has
-- come.
local function often(f)
  local n = 0
  repeat
    f()
    n = n + 1
  until n >= 30000 or n >= 300 and came > 0
  return true
end

function readers.facts(transfer)
  repeat step(1) until transfer:done()
  return often(function()
    assert(call(transfer, "header", "content-type", "date") == "application/json; charset=utf-8")
    assert(call(transfer, "failure") == nil)
    assert(call(transfer, "timings").http == "2")
    assert(call(session, "listen", "/tmp"))
  end)
end

function readers.send()
  return often(function() assert(call(session, "send", REQUEST)):close() end)
end

local meddlers = {}
function meddlers.close(transfer) transfer:close() end
function meddlers.session() session:close() end
function meddlers.cancel(transfer) transfer:cancel() end

-- None of these takes anything away from the one that reads.
local mild = {}
function mild.value(transfer) assert(not transfer:value()) end
function mild.next(transfer) assert(not transfer:next()) end
function mild.body(transfer) assert(not transfer:body()) end
function mild.failure(transfer) transfer:failure() end

local transfer = assert(session:send(REQUEST))
if mild[meddler] then repeat step(1) until transfer:done() end
local disarm = trap(function()
  if inside then pcall(meddlers[meddler] or mild[meddler], transfer) end
end)
local ok, what = pcall(readers[reader], transfer)
inside = false
disarm()
assert(came > 0 or reader == "body", ok and "the collector did not run" or what)
if ok or mild[meddler] then
  assert(ok and what, what or "something is missing")
else
  assert(what, "an error without a reason")
end
session:close()
transfer:close()
print "fine"
