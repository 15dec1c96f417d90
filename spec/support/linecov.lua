-- Counts the lines of lua/ and bin/ that run, in this process: loaded by
-- LUA_INIT_5_4=@spec/support/linecov.lua into busted and into every Lua that a
-- spec starts. Each process writes its lines to LINECOV_DIR when it ends;
-- tools/coverage.lua adds them up.
local DIR = os.getenv "LINECOV_DIR"
if not DIR then return end

local hits, files = {}, {}

-- The table of a file's lines, false for files that do not count.
local function lines_of(source)
  local name = source:match "^@(.*)$" or ""
  name = name:match "(lua/partnercenter[%w_/]*%.lua)$" or name:match "(bin/[%w_]+)$"
  local lines = name and (hits[name] or {}) or false
  if name then hits[name] = lines end
  files[source] = lines
  return lines
end

local function hook(_, line)
  local source = debug.getinfo(2, "S").source
  local lines = files[source]
  if lines == nil then lines = lines_of(source) end
  if lines then lines[line] = true end
end

local function flush()
  debug.sethook()
  local name = ("%s/%s-%d-%d"):format(DIR, tostring(hits):match "0x(%x+)", os.time(),
    math.random(0, 2 ^ 31 - 1))
  local file = io.open(name, "w")
  if not file then return end
  for path, lines in pairs(hits) do
    for line in pairs(lines) do file:write(path, ":", line, "\n") end
  end
  file:close()
end

local create = coroutine.create

-- luacheck: globals coroutine.create coroutine.wrap os.exit
function coroutine.create(f)
  local co = create(f)
  debug.sethook(co, hook, "l")
  return co
end

local function unpack_results(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

function coroutine.wrap(f)
  local co = coroutine.create(f)
  return function(...) return unpack_results(coroutine.resume(co, ...)) end
end

-- The coroutines of cqueues are made in C.
local plain_require = require
-- luacheck: globals require
function require(name)
  local first = name == "cqueues" and not package.loaded.cqueues
  local module = plain_require(name)
  if first then
    local wrap
    wrap = module.interpose("wrap", function(self, f, ...)
      return wrap(self, function(...)
        debug.sethook(hook, "l")
        return f(...)
      end, ...)
    end)
  end
  return module
end

local exit = os.exit
function os.exit(...)
  flush()
  exit(...)
end

-- The end of a program that does not call os.exit.
local sentinel = setmetatable({}, { __gc = flush })
debug.getregistry().linecov = sentinel
debug.sethook(hook, "l")
