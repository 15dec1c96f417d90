-- Starts the server that the chaos reads from, from any Lua:
--
--   local server = require("spec.chaos.server").start(seconds)
--   server.plain, server.tls    base URLs; HTTP/2 by the latter
--   server.ca_file, server.stop()
local nginx = require "spec.support.nginx"

local M = {}

local LISTEN = [[
    listen 127.0.0.1:%d ssl http2 backlog=4096;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    keepalive_requests %d;
    keepalive_timeout 300s;
    http2_max_concurrent_streams 100;
    lua_check_client_abort on;
    location /v1/plain/ { content_by_lua_block { answers.content() } }
    location /insights/ { content_by_lua_block { files.execution(%d) } }
    location /v1/files/plain/ { content_by_lua_block { files.content() } }
    location /v1/files/gzip/ {
      gzip on; gzip_types text/csv; gzip_min_length 20; gzip_comp_level 1;
      content_by_lua_block { files.content() }
    }
    location /v1/gzip/ {
      gzip on; gzip_types application/json; gzip_min_length 20; gzip_comp_level 1;
      content_by_lua_block { answers.content() }
    }
]]
-- After so many a connection ends, and with HTTP/2 says so while others are open.
local REQUESTS = 400

-- A certificate that is its own authority, beside the configuration.
local CERTIFICATE = [[openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
  -days 30 -subj /CN=chaos -addext subjectAltName=IP:127.0.0.1 \
  -keyout %s/server.key -out %s/server.pem 2>&1]]

function M.start(seconds)
  local port = nginx.choose_port()
  local server = nginx.start {
    lifetime = seconds,
    http = "lua_shared_dict chaos 8m;",
    init = 'answers = require "spec.chaos.answers" files = require "spec.chaos.files"',
    raw = LISTEN:format(port, REQUESTS, port),
    prepare = function(dir) return nginx.run(CERTIFICATE:format(dir, dir)) end,
  }
  return {
    plain = server.url, tls = "https://127.0.0.1:" .. port, ca_file = server.dir .. "/server.pem",
    stop = function() server:stop() end, log = function() return server:errors() end,
  }
end

return M
