-- Asks an unrelated location on one connection, every few milliseconds for a
-- time, and prints the p99 of the answers' times in milliseconds.
-- luajit bench/openresty/probe.lua PORT SECONDS
local socket = require "socket"
local port, seconds = arg[1], tonumber(arg[2])
local PAUSE = 0.002

local connection = assert(socket.connect("127.0.0.1", tonumber(port)))
connection:setoption("tcp-nodelay", true)
local times, stop = {}, socket.gettime() + seconds
while socket.gettime() < stop do
  local start = socket.gettime()
  assert(connection:send("GET /unrelated HTTP/1.1\r\nHost: x\r\n\r\n"))
  repeat until assert(connection:receive("*l")) == ""
  assert(connection:receive(3))
  times[#times + 1] = socket.gettime() - start
  socket.sleep(PAUSE)
end
table.sort(times)
print(("%.3f"):format(1000 * times[math.ceil(0.99 * #times)]))
