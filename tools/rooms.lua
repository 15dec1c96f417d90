-- The rooms of lua/partnercenter/: who requires whom.
--
--   lua5.4 tools/rooms.lua          prints floors, arrows and sizes
--
-- tools/layers.lua asks for `check`: an arrow that points up or sideways, a circle,
-- a door passed by, a room without one or with too many files are problems.
-- SPDX-License-Identifier: MIT
local ROOT = "lua/partnercenter/"

-- From the top down. An arrow leads to a lower floor, or from file to file within
-- a room; rooms of one floor do not know each other.
local FLOORS = {
  { "cli", "ngx" },
  { "partnercenter" },
  { "client" },
  { "reports", "history" },
  { "pages" },
  { "calls" },
  { "sign_in", "insights" },
  { "resources" },
  { "filters" },
  { "csv", "fields", "flow", "store" },
  { "errors", "loop" },
  { "util" },
  { "core", "version" },
}

-- A room has at most so many files.
local MOST = 12

-- Requires whose names are made when they are needed, and the rooms they lead to.
-- What lies in folders below such a room needs no door: it is named one by one.
local DYNAMIC = {
  ["lua/partnercenter/cli/commands/init.lua"] = "partnercenter.cli.commands",
  ["lua/partnercenter/loop/init.lua"] = "partnercenter.loop",
  ["lua/partnercenter/ngx/init.lua"] = "partnercenter.ngx",
  ["lua/partnercenter/sign_in/certificate.lua"] = false, -- libraries of others
  ["lua/partnercenter/store/redis.lua"] = false, -- two of its own room
}

local M = {}

local floor_of = {}
for number, names in ipairs(FLOORS) do
  for _, name in ipairs(names) do floor_of[name] = #FLOORS - number end
end

local function list_files()
  local files = {}
  local pipe = assert(io.popen("find " .. ROOT .. " -name '*.lua' | sort"))
  for name in pipe:lines() do files[#files + 1] = name end
  pipe:close()
  return files
end

--- "lua/partnercenter/cli/run/init.lua" to "partnercenter.cli.run".
-- @tparam string file
-- @treturn string
function M.module_of(file)
  return (file:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

-- The room of a file, by its folder: "cli.run"; what lies in none is a room itself.
local function room_of(file)
  local folder = file:match("^" .. ROOT .. "(.+)/[^/]+$")
  if folder then return (folder:gsub("/", ".")) end
  return (file:match("([^/]+)%.lua$"):gsub("^init$", "partnercenter"))
end

-- What a file requires of the library: an array of { line, module }.
local function requires_of(file, problem)
  local found, number = {}, 0
  for line in io.lines(file) do
    number = number + 1
    local code = line:gsub("%-%-.*$", "")
    for rest in code:gmatch("%f[%w_]require%f[^%w_](.*)") do
      local name, after = rest:match('^%s*[(,]?%s*"([^"]+)"%s*(.?.?)')
      -- In a text, such as an error's.
      if not name and rest:find("^%s*'") then break end
      local made = not name or after == ".."
      if made and DYNAMIC[file] == nil then
        problem(file, number, "a require whose name is made: say in tools/rooms.lua where it leads")
      elseif made and DYNAMIC[file] then
        found[#found + 1] = { number, DYNAMIC[file], made = true }
      elseif name and name:find("^partnercenter%f[.%z]") then
        found[#found + 1] = { number, name }
      end
    end
  end
  return found
end

--- All arrows: arrays of { file, line, from, to, target, made }; rooms and modules.
local function read(problem)
  local files, of_module, arrows = list_files(), {}, {}
  for _, file in ipairs(files) do of_module[M.module_of(file)] = file end
  for _, file in ipairs(files) do
    for _, found in ipairs(requires_of(file, problem)) do
      local line, target = found[1], found[2]
      local inner = of_module[target]
      arrows[#arrows + 1] = {
        file = file, line = line, target = target, made = found.made, inner = inner,
        from = room_of(file), to = inner and room_of(inner) or target:match("%.(.+)$"),
      }
    end
  end
  return files, arrows
end

local function top_of(room) return room:match("^[^.]+") end

-- The door by which a room is entered from another: that of the outermost room of
-- which the other one is no part.
local function door_of(from, to)
  local path
  for step in to:gmatch("[^.]+") do
    path = path and path .. "." .. step or step
    local within = from == path or from:sub(1, #path + 1) == path .. "."
    if not within then return path == "partnercenter" and path or "partnercenter." .. path end
  end
  return nil
end

local function check_arrow(arrow, problem)
  local from, to = top_of(arrow.from), top_of(arrow.to)
  local function complain(text) problem(arrow.file, arrow.line, text) end
  if not floor_of[from] or not floor_of[to] then return end -- told of the room
  if from ~= to and floor_of[to] >= floor_of[from] then
    complain(("%s requires %s, which does not lie below it"):format(arrow.from, arrow.to))
  end
  local door = door_of(arrow.from, arrow.to)
  if door and arrow.target ~= door and not arrow.made then
    complain(("%s is entered by its door: require \"%s\""):format(arrow.to, door))
  end
end

-- A circle among names, as a text, or nil. `next_of` maps a name to a set.
local function find_circle(next_of)
  local state, path = {}, {}
  local function visit(name)
    if state[name] == "done" then return nil end
    path[#path + 1] = name
    if state[name] then return table.concat(path, " -> ") end
    state[name] = "open"
    local targets = {}
    for target in pairs(next_of[name] or {}) do targets[#targets + 1] = target end
    table.sort(targets)
    for _, target in ipairs(targets) do
      local circle = visit(target)
      if circle then return circle end
    end
    state[name], path[#path] = "done", nil
    return nil
  end
  local names = {}
  for name in pairs(next_of) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local circle = visit(name)
    if circle then return circle end
  end
  return nil
end

local function add(map, from, to)
  map[from] = map[from] or {}
  map[from][to] = true
end

-- A room within a room may use what is around it; circles of files are told anyway.
local function are_nested(one, other)
  one, other = one .. ".", other .. "."
  return one:find(other, 1, true) == 1 or other:find(one, 1, true) == 1
end

local function graphs(arrows)
  local rooms, files = {}, {}
  for _, arrow in ipairs(arrows) do
    if not are_nested(arrow.from, arrow.to) then add(rooms, arrow.from, arrow.to) end
    if arrow.inner and not arrow.made then add(files, arrow.file, arrow.inner) end
  end
  return rooms, files
end

local function sizes_of(files)
  local sizes, doors, largest = {}, {}, {}
  for _, file in ipairs(files) do
    local room, lines = room_of(file), 0
    for _ in io.lines(file) do lines = lines + 1 end
    sizes[room] = (sizes[room] or 0) + 1
    if file:find("/init%.lua$") then doors[room] = true end
    if not largest[room] or lines > largest[room].lines then
      largest[room] = { lines = lines, name = file:match("([^/]+)$") }
    end
  end
  return sizes, doors, largest
end

local function named_one_by_one(room)
  for _, target in pairs(DYNAMIC) do
    if target and ("partnercenter." .. room):find(target .. ".", 1, true) == 1 then return true end
  end
  return false
end

--- Checks all rooms.
-- @tparam function problem takes file, line and what is wrong
function M.check(problem)
  local files, arrows = read(problem)
  for _, arrow in ipairs(arrows) do check_arrow(arrow, problem) end
  local rooms, by_file = graphs(arrows)
  for what, graph in pairs { rooms = rooms, files = by_file } do
    local circle = find_circle(graph)
    if circle then problem(ROOT, 1, ("a circle of %s: %s"):format(what, circle)) end
  end
  local sizes, doors = sizes_of(files)
  for room, count in pairs(sizes) do
    local folder = ROOT .. room:gsub("%.", "/")
    if not floor_of[top_of(room)] then
      problem(folder, 1, "no floor for the room " .. room .. ": give it one in tools/rooms.lua")
    end
    if count > MOST then
      problem(folder, 1, ("%d files in a room, at most %d: it wants to be two"):format(count, MOST))
    end
    if not doors[room] and room ~= "version" and not named_one_by_one(room) then
      problem(folder, 1, "a room without init.lua")
    end
  end
end

--- The floor of a file, from 0 at the bottom.
-- @tparam string file
-- @treturn number
function M.floor(file)
  return floor_of[top_of(room_of(file))]
end

-- The longest chain of requires, as an array of files.
local function deepest(graph)
  local chain_of = {}
  local function visit(file)
    if chain_of[file] then return chain_of[file] end
    local longest = {}
    for target in pairs(graph[file] or {}) do
      local chain = visit(target)
      if #chain > #longest then longest = chain end
    end
    local chain = { file }
    for _, name in ipairs(longest) do chain[#chain + 1] = name end
    chain_of[file] = chain
    return chain
  end
  return visit(ROOT .. "init.lua")
end

local function sorted_keys(map, wanted)
  local keys = {}
  for key in pairs(map or {}) do
    if not wanted or wanted(key) then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

local function print_rooms()
  local files, arrows = read(error)
  local rooms, by_file = graphs(arrows)
  local sizes, _, largest = sizes_of(files)
  for number, names in ipairs(FLOORS) do
    for _, name in ipairs(names) do
      for _, room in ipairs(sorted_keys(sizes, function(key) return top_of(key) == name end)) do
        print(("%2d %-20s %2d files, largest %s (%d) -> %s"):format(#FLOORS - number, room,
          sizes[room], largest[room].name, largest[room].lines,
          table.concat(sorted_keys(rooms[room]), " ")))
      end
    end
  end
  local rooms_in_all, most = 0, 0
  for _, count in pairs(sizes) do rooms_in_all, most = rooms_in_all + 1, math.max(most, count) end
  print(("in all: %d rooms, %d files, at most %d in a room"):format(rooms_in_all, #files, most))
  local chain = deepest(by_file)
  for i, name in ipairs(chain) do chain[i] = M.module_of(name):gsub("^partnercenter%.", "") end
  print(("deepest chain of requires, %d: %s"):format(#chain, table.concat(chain, " > ")))
end

if arg and arg[0] and arg[0]:find("rooms%.lua$") then print_rooms() end

return M
