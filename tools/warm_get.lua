-- The way of one warm get() through the library: modules entered, calls of Lua
-- functions, and calls that climb, from a room to one on a higher floor.
--
--   make -s LUA=5.4 && tools/with-sandbox lua5.4 tools/warm_get.lua [calls]
--
-- With `calls` each call is printed, too, indented as it is nested.
-- SPDX-License-Identifier: MIT
local partnercenter = require "partnercenter"
local rooms = dofile "tools/rooms.lua"

local VERBOSE = arg[1] == "calls"

local partner = assert(partnercenter.new {
  base_url = os.getenv "PARTNERCENTER_BASE_URL", ca_file = os.getenv "PARTNERCENTER_CA_FILE",
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
})
local resource = partner.customers:by_id(os.getenv "PARTNERCENTER_CUSTOMER")
  .analytics.licenses.deployment
local ORDER = {}

-- The file of the library that a function stands in, or nil.
local function file_of(info)
  return info.what ~= "C" and info.source:match("lua/partnercenter/.*%.lua$") or nil
end

local entered, calls, climbs = {}, 0, {}
-- By coroutine: what runs in it, as files; false for C and for what is not ours.
local stacks = setmetatable({}, { __mode = "k" })

local function caller_of(stack)
  for i = #stack, 1, -1 do
    if stack[i] then return stack[i] end
  end
  return nil
end

local function note(file, info, stack)
  calls = calls + 1
  if not entered[file] then
    entered[file] = true
    ORDER[#ORDER + 1] = rooms.module_of(file):gsub("^partnercenter%.", "")
  end
  local caller = caller_of(stack)
  -- A scheduler begins what it was given: that is no climb.
  local begins = caller and caller:find("loop/coroutines%.lua$") and #stack <= 2
  if caller and not begins and rooms.floor(caller) < rooms.floor(file) then
    climbs[#climbs + 1] = ("%s > %s:%d"):format(caller, file, info.linedefined)
  end
  if VERBOSE then
    print(("  "):rep(#stack) .. rooms.module_of(file):gsub("^partnercenter%.", "") .. ":"
      .. info.linedefined)
  end
end

local function hook(event)
  local stack = stacks[coroutine.running()]
  if not stack then
    stack = {}
    stacks[coroutine.running()] = stack
  end
  if event == "return" then
    stack[#stack] = nil
    return
  end
  local info = debug.getinfo(2, "S")
  local file = file_of(info)
  if file then note(file, info, stack) end
  stack[event == "tail call" and #stack > 0 and #stack or #stack + 1] = file or false
end

-- A coroutine is hooked when it begins.
local create = coroutine.create
function coroutine.create(fn) -- luacheck: ignore 122
  local co = create(fn)
  debug.sethook(co, hook, "cr")
  return co
end

assert(resource:get())
entered, calls, climbs, ORDER = {}, 0, {}, {}
debug.sethook(hook, "cr")
local page, err = resource:get()
debug.sethook()
assert(page, err)
partner:close()

print(("a warm get: %d modules entered, %d calls, %d climbs"):format(#ORDER, calls, #climbs))
print("in this order: " .. table.concat(ORDER, " "))
for _, climb in ipairs(climbs) do print("climbs: " .. climb) end
os.exit(#climbs == 0)
