-- Starts the fault server for a spec, from any Lua.
--
--   local faults = faultserver.start()
--   faults.ca_file, faults:url(name), faults:mark(), faults:since(mark), faults:stop()
local M = {}

local methods = {}
local mt = { __name = "faultserver", __index = methods }

local ROOT = "build/faults"
local PATIENCE = 60    -- seconds until one that says nothing is taken for dead
-- No sanitizer, and the system's own Lua rather than one that a sanitizer wraps.
local CLEAN = "unset LD_PRELOAD LUA_CPATH LUA_INIT LUA_INIT_5_4; "
  .. "PATH=/usr/local/bin:/usr/bin:/bin; "

local function run(command)
  local pipe = assert(io.popen(CLEAN .. command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

local function read_lines(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

--- A running server; its ports are open when this returns.
function M.start()
  local dir = run("mkdir -p " .. ROOT .. " && mktemp -d " .. ROOT .. "/XXXXXXXX"):match("%S+")
  local log = run(("mkfifo %s/ready && touch %s/log && cc -O1 -shared -fPIC"
    .. " $(pkg-config --cflags lua5.4) -o %s/spec_process.so spec/support/process.c 2>&1")
    :format(dir, dir, dir))
  assert(log == "", log)
  -- Whoever holds the other end of its standard input keeps it alive. What it
  -- says goes to a file; "gone" is told when it ends before it is ready.
  local pipe = assert(io.popen(CLEAN .. ("{ LUA_PATH='./?.lua;;' lua5.4"
    .. " spec/support/faults/server.lua %s >%s/out 2>&1; [ ! -p %s/ready ]"
    .. " || timeout 1 sh -c 'echo gone >%s/ready'; }"):format(dir, dir, dir, dir), "w"))
  local word = run(("timeout %d cat %s/ready"):format(PATIENCE, dir)):match("%S+")
  os.remove(dir .. "/ready")
  if word ~= "ready" then
    error("the fault server did not start: " .. table.concat(read_lines(dir .. "/out"), "\n"))
  end
  local ports = {}
  for _, line in ipairs(read_lines(dir .. "/ports")) do
    local name, port = line:match("^(%S+) (%d+)$")
    ports[name] = tonumber(port)
  end
  return setmetatable({ dir = dir, pipe = pipe, ports = ports, ca_file = dir .. "/ca.pem" }, mt)
end

--- The base URL that a fault is met at.
function methods:url(name)
  return ("https://127.0.0.1:%d"):format(assert(self.ports[name], name))
end

--- How much has been logged so far.
function methods:mark()
  return #read_lines(self.dir .. "/log")
end

--- What has happened since a mark: for each fault's name the number of
-- connections and requests, of requests with a token, and what broke.
function methods:since(mark)
  local lines, counts = read_lines(self.dir .. "/log"), {}
  for i = mark + 1, #lines do
    local name, what, rest = lines[i]:match("^(%S+) (%S+)%s*(.*)$")
    local count = counts[name] or { connection = 0, request = 0, tokens = 0 }
    counts[name] = count
    if what == "broken" then count.broken = rest else count[what] = count[what] + 1 end
    if rest:find(" token$") then count.tokens = count.tokens + 1 end
  end
  return counts
end

function methods:stop()
  self.pipe:close()
  run("rm -rf " .. self.dir)
end

return M
