-- The fault server: one port of 127.0.0.1 for each fault of the tables, each
-- with its script. Lua 5.4 with cqueues.
--
--   lua5.4 spec/support/faults/server.lua DIRECTORY
--
-- Writes DIRECTORY/ca.pem, DIRECTORY/ports ("name port" lines), appends to
-- DIRECTORY/log one line per connection and request, before it answers. Tells
-- "ready" by opening the FIFO DIRECTORY/ready. Ends with its standard input.
local cqueues = require "cqueues"
local cs = require "cqueues.socket"
local errno = require "cqueues.errno"
local answers = require "spec.support.faults.answers"
local conn = require "spec.support.faults.conn"
local tables = require "spec.support.faults"
local tls = require "spec.support.faults.tls"

local DIR = arg[1]
-- Seconds without a connection until one that was forgotten ends itself.
local LIFETIME = 900

local open = assert(package.loadlib(DIR .. "/spec_process.so", "luaopen_spec_process"))
local server = { ports = {}, kept = {}, accepted = 0, linger = open().linger }
local log = assert(io.open(DIR .. "/log", "a"))
local queue = cqueues.new()

function server.note(_, fault, ...)
  log:write(table.concat({ fault.name, ... }, " "), "\n")
  log:flush()
end

local function give_up(_, _, code)
  return code
end

local function prepare(socket)
  socket:setmode("bn", "bn")
  socket:onerror(give_up)
  socket:settimeout(20)
end

-- Passes bytes on to another port, as a bad line would.
function server.relay(socket, line)
  local to = cs.connect("127.0.0.1", server.ports[line.to])
  prepare(to)
  queue:wrap(pcall, function() -- which the other direction may close meanwhile
    local bytes = socket:read(-4096)
    while bytes and to:write(bytes) do bytes = socket:read(-4096) end
    to:shutdown("w")
  end)
  local sent = 0
  local bytes = to:read(-(line.piece or 4096))
  while bytes and socket:write(bytes) do
    sent = sent + #bytes
    if line.cut and sent >= line.cut then break end
    if line.wait then cqueues.sleep(line.wait) end
    bytes = to:read(-(line.piece or 4096))
  end
  to:close()
end

local function serve(socket, fault)
  prepare(socket)
  server:note(fault, "connection")
  if fault.relay then
    server.relay(socket, fault.relay)
  else
    local connection = conn.new(socket, server, fault)
    if fault.tls ~= "none" then
      local context = tls.context(fault.tls or "good", fault.http2 and "h2")
      if not socket:starttls(context) then return end
    end
    fault.serve(connection)
  end
end

local function accept(listener, fault)
  queue:wrap(function()
    while true do
      local socket = listener:accept { nodelay = true }
      server.accepted = server.accepted + 1
      queue:wrap(function()
        local ok, why = pcall(serve, socket, fault)
        if not ok then server:note(fault, "broken", (tostring(why):gsub("%s", "_"))) end
        pcall(socket.close, socket)
      end)
    end
  end)
end

local function listen(fault)
  local listener = cs.listen { host = "127.0.0.1", port = 0, nodelay = true }
  assert(listener:listen())
  local _, _, port = listener:localname()
  if fault.closed then
    -- A port that nobody else gets and at which nobody listens: that of the
    -- other end of a connection.
    local peer = cs.connect { host = "127.0.0.1", port = math.floor(port) }
    assert(peer:connect())
    _, _, port = peer:localname()
    table.insert(server.kept, { listener, peer })
    server.ports[fault.name] = port
    return
  end
  server.ports[fault.name] = port
  accept(listener, fault)
end

-- What answers well, at a socket of this machine besides.
local function listen_unix(name)
  local listener = cs.listen { path = DIR .. "/" .. name .. ".sock" }
  assert(listener:listen())
  accept(listener, { name = name, serve = answers.well })
end

local function tell_ready()
  local ports = assert(io.open(DIR .. "/ports", "w"))
  for name, port in pairs(server.ports) do ports:write(name, " ", math.floor(port), "\n") end
  ports:close()
  local fifo = assert(io.open(DIR .. "/ready", "w"))
  fifo:write("ready\n")
  fifo:close()
end

tls.prepare(DIR)
for _, command in ipairs(tables.commands) do conn.output(nil, command) end
for _, fault in ipairs(tables) do listen(fault) end
listen_unix "well-unix"
queue:wrap(function()
  local input = cs.fdopen(0)
  prepare(input)
  input:settimeout(LIFETIME)
  local before, bytes, why
  repeat -- one that is in use goes on for as long as that takes
    before = server.accepted
    bytes, why = input:read(1)
    input:clearerr()
  until bytes or why ~= errno.ETIMEDOUT or server.accepted == before
  os.exit(0)
end)
tell_ready()
assert(queue:loop())
