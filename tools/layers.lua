-- Checks the rules that keep the layers apart (those of Lua are in tools/rooms.lua, and
-- what is done in one place alone in tools/doors.lua), the licence line of every source
-- file, and the length of files.
--
--   lua5.4 tools/layers.lua
local doors = dofile "tools/doors.lua"
local tree = dofile "tools/files.lua"

local list = tree.list

local problems, notes = {}, {}

local function problem(file, line, text)
  problems[#problems + 1] = ("%s:%d: %s"):format(file, line, text)
end

-- Network below, Lua above: which folder of src/ may see what.
local NETWORK = "^src/net/"
local NO_LUA = { "^src/net/", "^src/json/", "^src/csv/", "^src/base/" }
local HEADERS = {
  { header = "<curl/", allowed = { NETWORK }, why = "only src/net may see libcurl" },
  { header = "<pthread%.h>", allowed = { NETWORK }, why = "only src/net may see threads" },
  { header = "<lua%.h>", refused = NO_LUA, why = "this file is below Lua" },
  { header = "<lauxlib%.h>", refused = NO_LUA, why = "this file is below Lua" },
  { header = "<lualib%.h>", refused = NO_LUA, why = "this file is below Lua" },
  { header = '"lua/compat%.h"', refused = NO_LUA, why = "compat.h brings Lua along" },
}

local function matches(name, patterns)
  for _, pattern in ipairs(patterns or {}) do
    if name:find(pattern) then return true end
  end
  return false
end

local function check_include(file, number, line)
  local header = line:match('^%s*#%s*include%s+([<"].*[>"])')
  if not header then return end
  for _, rule in ipairs(HEADERS) do
    local allowed = not rule.allowed or matches(file, rule.allowed)
    if header:find(rule.header) and (not allowed or matches(file, rule.refused)) then
      problem(file, number, rule.why)
    end
  end
end

-- A header below Lua is no way round: what a file includes, its includers see.
local function check_reach(files)
  local includes, lua = {}, {}
  for _, file in ipairs(files) do
    local own = {}
    for line in io.lines(file) do
      local header = line:match('^%s*#%s*include%s+"(.*)"')
      if header then own[#own + 1] = "src/" .. header end
      if line:find("^%s*#%s*include%s+<l[%w]+%.h>") then lua[file] = true end
    end
    includes[file] = own
  end
  local function reaches(name, seen)
    if lua[name] then return true end
    if seen[name] then return false end
    seen[name] = true
    for _, header in ipairs(includes[name] or {}) do
      if reaches(header, seen) then return true end
    end
    return false
  end
  for name in pairs(includes) do
    if matches(name, NO_LUA) and reaches(name, {}) then
      problem(name, 1, "this file is below Lua, but a header of it is not")
    end
  end
end

-- The floors of src/net, from the ground up: a file includes headers of floors
-- below its own, and its own header. So there is no circle either.
local FLOORS = {
  { "process", "bell" }, { "net" },    -- net.h: what all above speak of
  { "mail", "version" }, { "seal" }, { "io", "poll" }, { "easy" }, { "queue" }, { "thread" },
  { "life" }, { "net.c", "transfer" },
}
local floor_of = {}
for number, names in ipairs(FLOORS) do
  for _, name in ipairs(names) do floor_of[name] = number end
end

local function check_floor(file, number, line)
  local name, kind = file:match("^src/net/(%a+)%.([ch])$")
  local header = line:match('^%s*#%s*include%s+"net/(%a+)%.h"')
  if not name or not header or header == name then return end
  local own = floor_of[name .. "." .. kind] or floor_of[name]
  if not own then
    problem(file, number, "this file has no floor in tools/layers.lua")
  elseif (floor_of[header] or math.huge) >= own then
    problem(file, number, ("net/%s.h does not lie below this file"):format(header))
  end
end

local LENGTH = { c = 600, h = 300, lua = 250 }
local GRACE = 1.2     -- up to that a note, beyond it a problem
-- Data and its documentation take the lines they take.
local LONG = { ["lua/partnercenter/resources/catalogue.lua"] = 400 }

local function check_file(file)
  local kind, licensed, number = file:match("%.(%a+)$"), false, 0
  for line in io.lines(file) do
    number = number + 1
    if number <= 30 and line:find("SPDX-License-Identifier: MIT", 1, true) then licensed = true end
    doors.check(file, number, line, problem)
    if kind ~= "lua" then
      check_include(file, number, line)
      check_floor(file, number, line)
      if line:find("LUA_VERSION_NUM", 1, true) and file ~= "src/lua/compat.h" then
        problem(file, number, "only compat.h may tell the Luas apart")
      end
    end
  end
  if not licensed then problem(file, 1, "no SPDX-License-Identifier in the first lines") end
  local most = LONG[file] or LENGTH[kind]
  if most and number > most * GRACE then
    problem(file, number, ("much longer than %d lines: two jobs share this file"):format(most))
  elseif most and number > most then
    notes[#notes + 1] = ("note: %s is longer than %d lines"):format(file, most)
  end
end

local c = list "find src -name '*.[ch]' | sort"
for _, file in ipairs(c) do check_file(file) end
check_reach(c)
for _, file in ipairs(list "find lua bin -type f 2>/dev/null | sort") do check_file(file) end

dofile("tools/rooms.lua").check(problem)

for _, text in ipairs(notes) do print(text) end
for _, text in ipairs(problems) do print(text) end
os.exit(#problems == 0)
