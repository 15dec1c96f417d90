-- One connection of the fault server, as the scripts of the fault tables see
-- it. Runs in Lua 5.4 with cqueues only.
local cqueues = require "cqueues"
local frames = require "spec.support.faults.frames"

local M = {}

local methods = {}
local mt = { __index = methods }

-- Longer than any client waits; what ends it as a rule is the client.
local STALL = 20

function M.new(socket, server, fault)
  return setmetatable({ socket = socket, server = server, fault = fault }, mt)
end

--- Reads the head of a request and its body; nil when there is none.
function methods:head()
  local line = self.socket:read("*L")
  if not line then return nil end
  local request = { method = line:match("^%S+"), path = line:match("^%S+ (%S+)"), headers = {} }
  line = self.socket:read("*L")
  while line and line ~= "\r\n" do
    local name, value = line:match("^([^:]+): *(.-)\r\n$")
    request.headers[name:lower()] = value
    line = self.socket:read("*L")
  end
  if not line then return nil end
  local length = tonumber(request.headers["content-length"] or 0)
  if length > 0 then request.body = self.socket:read(length) end
  self.server:note(self.fault, "request", request.method, request.path,
    request.headers.authorization and "token" or "no-token")
  self.fault.seen = (self.fault.seen or 0) + 1
  return request
end

--- How many requests of this fault were read so far, this one included.
function methods:count()
  return self.fault.seen or 0
end

--- Sends bytes; false when the client has gone.
function methods:send(...)
  local bytes = table.concat { ... }
  return self.socket:write(bytes) and self.socket:flush("n") and true or false
end

--- Sends bytes one at a time.
function methods:dribble(bytes, seconds)
  for i = 1, #bytes do
    if not self:send(bytes:sub(i, i)) then return false end
    cqueues.sleep(seconds or 0)
  end
  return true
end

--- Replaces {port:NAME} by the port of another fault, {ca} and the like.
function methods:fill(text)
  return (text:gsub("{port:([%w-]+)}", function(name) return self.server.ports[name] end))
end

--- A whole answer: status, headers (lines), body.
function methods:answer(status, headers, body)
  body = self:fill(body or "")
  local lines = { "HTTP/1.1 " .. status .. " Text\r\nContent-Length: " .. #body .. "\r\n" }
  for _, line in ipairs(headers or {}) do lines[#lines + 1] = self:fill(line) .. "\r\n" end
  lines[#lines + 1] = "\r\n"
  return self:send(table.concat(lines), body)
end

function methods:json(body, status)
  return self:answer(status or 200, { "Content-Type: application/json; charset=utf-8" }, body)
end

--- Does nothing until the client goes away.
function methods:stall()
  local deadline = cqueues.monotime() + STALL
  while cqueues.monotime() < deadline do
    self.socket:settimeout(STALL)
    if not self.socket:read(-1024) then return end
  end
end

--- Leads the client on to the port of another fault.
function methods:relay(name)
  self.server.relay(self.socket, { to = name })
end

function methods.pause(_, seconds)
  cqueues.sleep(seconds)
end

--- Ends the connection with a reset instead of an end.
function methods:reset()
  self.server.linger(self.socket:pollfd())
  self.socket:close()
end

-- What a shell command prints; asked once.
local printed = {}
function M.output(_, command)
  if not printed[command] then
    local pipe = assert(io.popen(command))
    printed[command] = pipe:read("a")
    pipe:close()
  end
  return printed[command]
end
methods.output = M.output

--- The connection in HTTP/2: reads the preface, sends settings.
function methods:http2()
  return frames.new(self)
end

return M
