-- The table of faults: every way an answer can go wrong that is made to happen,
-- and what the caller gets. spec/calls/faults_spec.lua runs it, doc/faults.md shows it.
--
-- A fault has `name`, `group`, `what` (in words), and what the server does:
-- `serve` (a function of a connection, see faults/conn.lua), maybe `tls` (see
-- faults/tls.lua; "none": the client waits for it in vain), `plain` (HTTP without
-- TLS), `http2`, `relay` (to another fault's port, through a bad line), `closed`
-- (nobody listens). Those of the group "Proxy" are the proxy on the way to the
-- fault "well", whose requests count; connections are the proxy's.
--
-- The caller makes `call` ("get", or "all", "each", "sign_in"), with `options`
-- over those of the spec (one retry, 1 MiB of body, 5 s for an attempt and for
-- connecting, 0.5 s where it is to `hurry`), and must get `gets`: the kind of the
-- error or the number of rows; after `requests` that reached the server (and so
-- many `connections`, where that is said); `within` seconds (2 unless said).
-- `like` is found in the error's text; `check` looks at what came.
local M = {}

for _, part in ipairs { "socket", "proxy", "http", "http2", "content", "paging",
  "service" } do
  local group = require("spec.support.faults." .. part)
  M.commands = M.commands or group.commands
  for _, fault in ipairs(group) do
    fault.group = fault.group or group.title
    fault.call = fault.call or "get"
    if fault.plain then fault.tls = "none" end
    fault.within = fault.within or 2
    if fault.hurry == nil then fault.hurry = fault.gets == "timeout" end
    M[#M + 1] = fault
  end
end

return M
