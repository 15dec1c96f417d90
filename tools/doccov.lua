-- Checks that everything public is documented: every function that C code
-- registers with Lua, every function of a Lua module's table and of its method
-- tables; and that no documented name in C code is without a function.
--
--   lua5.4 tools/doccov.lua
local tree = dofile "tools/files.lua"

local list, lines_of = tree.list, tree.lines_of
local problems = {}

local function problem(file, line, ...)
  problems[#problems + 1] = ("%s:%d: "):format(file, line) .. string.format(...)
end

-- C: a comment "/*** ... @function NAME ... */" for every {"name", function}.
-- NAME may be "Class:name" or "Class.name". The same name in two tables of a
-- file needs two comments.
local function check_c(file)
  local documented, registered, in_doc, in_list = {}, {}, false, false
  for number, line in ipairs(lines_of(file)) do
    if line:find("/***", 1, true) then in_doc = true end
    local name = in_doc and line:match("@function%s+([%w_.:]+)")
    if name then
      name = name:match("[%w_]+$")
      documented[name] = documented[name] or {}
      table.insert(documented[name], number)
    end
    if line:find("*/", 1, true) then in_doc = false end
    if line:find("luaL_Reg%s+[%w_]+%[%]") then in_list = true end
    for entry in (in_list and line or ""):gmatch('{%s*"([%w_]+)",%s*[%w_]+%s*}') do
      if not entry:find("^__") then
        registered[entry] = registered[entry] or {}
        table.insert(registered[entry], number)
      end
    end
    if line:find("};", 1, true) then in_list = false end
  end
  for name, places in pairs(registered) do
    local docs = #(documented[name] or {})
    for i = docs + 1, #places do problem(file, places[i], "'%s' has no documentation", name) end
  end
  for name, places in pairs(documented) do
    local functions = #(registered[name] or {})
    for i = functions + 1, #places do problem(file, places[i], "'%s' is no function", name) end
  end
end

-- Lua: a comment right above "function M.name" or "function methods:name"
-- (M.name = function, too). For a module's functions it begins with three
-- dashes; a method that is for the library's own use may have a plain one.
-- Names that begin with an underscore are private.
local TABLES = { M = "^%-%-%-", methods = "^%-%-" }

local function check_lua(file)
  local lines = lines_of(file)
  for number, line in ipairs(lines) do
    local owner, name = line:match("^function ([%w_]+)[.:]([%w_]+)%s*%(")
    if not owner then owner, name = line:match("^([%w_]+)%.([%w_]+)%s*=%s*function") end
    if owner and TABLES[owner] and not name:find("^_") then
      local above = number - 1
      while above > 1 and lines[above]:find("^%-%-") and lines[above - 1]:find("^%-%-") do
        above = above - 1
      end
      if above == 0 or not lines[above]:find(TABLES[owner]) then
        problem(file, number, "'%s' has no documentation", name)
      end
    end
  end
  if not (lines[1] or ""):find("^%-%-") then
    problem(file, 1, "does not begin with a sentence about the file")
  end
end

for _, file in ipairs(list "find src -name '*.c' | sort") do check_c(file) end
for _, file in ipairs(list "find lua -name '*.lua' | sort") do check_lua(file) end
table.sort(problems)
for _, text in ipairs(problems) do print(text) end
os.exit(#problems == 0)
