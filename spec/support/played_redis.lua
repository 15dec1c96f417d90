-- A Redis that is played: it answers as a spec says, whatever it is asked.
--
--   local server = played.start [[function(words, number, connection) ... end]]
--   server.url, server.port, server:asked() --> lines "CONNECTION COMMAND KEY…"; server:stop()
--
-- The function gets the command's words, its number on this connection and the number of
-- the connection; it gives a list of what is done: texts are sent, numbers are seconds to
-- wait, false ends the connection.
local nginx = require "spec.support.nginx"

local M = {}

local methods = {}
local mt = { __name = "played redis", __index = methods }

local SERVER = [[
local socket = require "socket"
local answer = %s
local dir = arg[1]
local server = assert(socket.bind("127.0.0.1", 0))
local _, port = server:getsockname()
local log = io.open(dir .. "/log", "a")
local file = io.open(dir .. "/port.new", "w")
file:write(port, "\n")
file:close()
os.rename(dir .. "/port.new", dir .. "/port")
server:settimeout(0)

local tasks, count = {}, 0

local function sleep(seconds)
  local ends = socket.gettime() + seconds
  while socket.gettime() < ends do coroutine.yield() end
end

local function receive(raw, what)
  local have = ""
  while true do
    local got, why, part = raw:receive(type(what) == "number" and what - #have or what)
    if got then return have .. got end
    have = have .. (part or "")
    if why ~= "timeout" then return nil end
    coroutine.yield()
  end
end

local function serve(raw, connection)
  local number = 0
  while true do
    local head = receive(raw, "*l")
    if not head then break end
    local words = {}
    for i = 1, tonumber(head:match "%%d+") do
      local size = receive(raw, "*l")
      words[i] = size and receive(raw, tonumber(size:match "%%d+"))
      if not words[i] then return end
      receive(raw, 2)
    end
    number = number + 1
    log:write(connection, " ", table.concat(words, " "):gsub("[^\32-\126]", "?"), "\n")
    log:flush()
    for _, act in ipairs(answer(words, number, connection)) do
      if act == false then return raw:close() end
      if type(act) == "number" then sleep(act) else
        local at = 1
        while at <= #act do
          local sent, why, last = raw:send(act, at)
          at = (sent or last or 0) + 1
          if not sent and why ~= "timeout" then return end
          if not sent then coroutine.yield() end
        end
      end
    end
  end
end

while true do
  local sockets = { server }
  for raw in pairs(tasks) do sockets[#sockets + 1] = raw end
  socket.select(sockets, nil, 0.01)
  local raw = server:accept()
  if raw then
    raw:settimeout(0)
    count = count + 1
    local connection = count
    tasks[raw] = coroutine.create(function() serve(raw, connection) end)
  end
  for each, task in pairs(tasks) do
    assert(coroutine.resume(task))
    if coroutine.status(task) == "dead" then
      each:close()
      tasks[each] = nil
    end
  end
end
]]

function M.start(code)
  local dir = nginx.run("mkdir -p build && mktemp -d $PWD/build/played.XXXXXX"):match "%S+"
  local file = assert(io.open(dir .. "/server.lua", "w"))
  file:write(SERVER:format(code))
  file:close()
  local output = nginx.run(([[cd %s && { timeout 300 lua5.4 server.lua . >out 2>&1 & echo $!; }
    for i in $(seq 2000); do [ -s port ] && { cat port; break; }; sleep 0.01; done]]):format(dir))
  local pid, port = output:match "(%d+)\n(%d+)"
  assert(port, nginx.run("cat " .. dir .. "/out"))
  return setmetatable({ dir = dir, pid = pid, port = tonumber(port),
    url = "redis://127.0.0.1:" .. port }, mt)
end

function methods:asked()
  return nginx.run("cat " .. self.dir .. "/log")
end

-- What went wrong in it.
function methods:errors() return nginx.run("cat " .. self.dir .. "/out") end

function methods:stop()
  nginx.run("kill " .. self.pid .. " 2>/dev/null; rm -rf " .. self.dir)
end

return M
