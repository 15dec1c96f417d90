-- Finds assignments to the variable of a for loop, which Lua 5.5 refuses and the
-- others allow: `lua5.1 tools/loop_variables.lua FILE...`. Needs luacheck, whose
-- parser it asks, and which Debian has for 5.1.
local decoder = require "luacheck.decoder"
local parser = require "luacheck.parser"

local found = 0

local walk

-- The names of these nodes in a scope of their own: whether each is a loop's.
local function scope(outer, ids, is_loop)
  local inner = setmetatable({}, { __index = outer })
  for _, id in ipairs(ids) do
    if id.tag == "Id" then inner[id[1]] = is_loop end
  end
  return inner
end

local function walk_all(nodes, names, file)
  for _, node in ipairs(nodes) do
    if type(node) == "table" then walk(node, names, file) end
  end
end

local visit = {}

function visit.Fornum(node, names, file)
  for i = 2, #node - 1 do walk(node[i], names, file) end
  walk_all(node[#node], scope(names, { node[1] }, true), file)
end

-- The first variable alone controls the loop; the others may be assigned.
function visit.Forin(node, names, file)
  walk_all(node[2], names, file)
  walk_all(node[3], scope(scope(names, node[1], false), { node[1][1] }, true), file)
end

function visit.Function(node, names, file)
  walk_all(node[2], scope(names, node[1], false), file)
end

function visit.Set(node, names, file)
  for _, target in ipairs(node[1]) do
    if target.tag == "Id" and names[target[1]] then
      print(("%s:%d: assignment to the loop's variable %s"):format(file, target.line, target[1]))
      found = found + 1
    end
  end
  walk_all(node, names, file)
end

-- A local is there from the next statement on.
local function declare(node, names)
  for _, id in ipairs(node[1]) do names[id[1]] = false end
end
function visit.Local(node, names, file)
  walk_all(node[2] or {}, names, file)
  declare(node, names)
end
function visit.Localrec(node, names, file)
  declare(node, names)
  walk_all(node[2], names, file)
end

function walk(node, names, file)
  if visit[node.tag] then return visit[node.tag](node, names, file) end
  -- A block, or what holds blocks and expressions.
  walk_all(node, scope(names, {}), file)
end

for _, name in ipairs(arg) do
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a"):gsub("^#![^\n]*", "")
  file:close()
  walk_all(parser.parse(decoder.decode(text), {}, {}), {}, name)
end
os.exit(found == 0 and 0 or 1)
