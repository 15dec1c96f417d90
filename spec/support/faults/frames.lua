-- HTTP/2 by hand, frame by frame, for the fault server: just enough to break it.
local M = {}

local methods = {}
local mt = { __index = methods }

local DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
local END_STREAM, END_HEADERS, ACK = 1, 4, 1

local function big_endian(value, bytes)
  local out = {}
  for i = bytes, 1, -1 do
    out[i] = string.char(value % 256)
    value = math.floor(value / 256)
  end
  return table.concat(out)
end

--- A frame with any type, flags, stream and payload; `length` lies about it.
function M.frame(kind, flags, stream, payload, length)
  return big_endian(length or #payload, 3) .. string.char(kind, flags) .. big_endian(stream, 4)
    .. payload
end

-- HPACK: literals without indexing, never compressed.
local function literal(name, value)
  return "\0" .. string.char(#name) .. name .. string.char(#value) .. value
end

--- A header block for a status.
function M.block(status, headers)
  local parts = { "\8" .. string.char(#status) .. status }
  for _, header in ipairs(headers or {}) do parts[#parts + 1] = literal(header[1], header[2]) end
  return table.concat(parts)
end

local JSON = { { "content-type", "application/json" } }

function M.new(connection)
  local self = setmetatable({ connection = connection, socket = connection.socket }, mt)
  if self.socket:read(24) ~= "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" then return nil end
  connection:send(M.frame(SETTINGS, 0, 0, ""))
  return self
end

--- Reads frames up to the next request: its stream, or nil.
function methods:request()
  while true do
    local head = self.socket:read(9)
    if not head then return nil end
    local a, b, c, kind, flags, s1, s2, s3, s4 = head:byte(1, 9)
    local length = a * 65536 + b * 256 + c
    if length > 0 and not self.socket:read(length) then return nil end
    if kind == SETTINGS and flags ~= ACK then
      self.connection:send(M.frame(SETTINGS, ACK, 0, ""))
    elseif kind == HEADERS then
      local connection = self.connection
      connection.server:note(connection.fault, "request", "GET", "-", "-")
      connection.fault.seen = (connection.fault.seen or 0) + 1
      return ((s1 % 128 * 256 + s2) * 256 + s3) * 256 + s4
    end
  end
end

function methods:frame(...)
  return self.connection:send(M.frame(...))
end

function methods:headers(stream, status, ended)
  return self:frame(HEADERS, END_HEADERS + (ended and END_STREAM or 0), stream,
    M.block(status, JSON))
end

function methods:data(stream, bytes, ended)
  return self:frame(DATA, ended and END_STREAM or 0, stream, bytes)
end

--- A whole good answer.
function methods:answer(stream, status, body)
  return self:headers(stream, status) and self:data(stream, body, true)
end

function methods:reset(stream, code)
  return self:frame(RST_STREAM, 0, stream, big_endian(code, 4))
end

--- The server takes no streams above `last`.
function methods:goaway(last, code)
  return self:frame(GOAWAY, 0, 0, big_endian(last, 4) .. big_endian(code, 4))
end

return M
