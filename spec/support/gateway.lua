-- The example gateway for specs, in front of a sandbox.
--
--   local gateway = gateways.start(box)           -- asked nothing yet
--   gateway.url, gateway.dir
--   local body, status, headers = gateway:get("/summary", "-H 'X: y'")
--   gateway:stop()
--
-- The gateway limits the requests of each client, and specs ask faster than people:
-- so it trusts its proxy, and each `get` comes from an address of its own.
local shell = require "spec.support.shell"

local M = {}

local methods = {}
local mt = { __name = "gateway", __index = methods }

local run = shell.run

-- nginx's Lua takes the build for 5.1.
function M.available()
  local file = io.open("build/5.1/partnercenter.so")
  if file then file:close() end
  return file ~= nil
end

local TRUSTED = "--trust-proxy=127.0.0.1"

-- With `options` in place of the trusted proxy; `settings` are further variables.
function M.start(to, options, settings)
  local home = run("mkdir -p build/nginx && mktemp -d $PWD/build/nginx/XXXXXX"):match("%S+")
  -- One that is forgotten ends by itself.
  local output = run(([[PARTNERCENTER_BASE_URL='%s' PARTNERCENTER_AUTHORITY='%s' \
    PARTNERCENTER_CA_FILE='%s' PARTNERCENTER_TENANT='%s' PARTNERCENTER_CLIENT_ID='%s' \
    PARTNERCENTER_CLIENT_SECRET='%s' PARTNERCENTER_REFRESH_TOKEN='%s' %s \
    timeout 900 examples/openresty/gateway run %s --workers=4 %s >%s.out 2>&1 &
    for i in $(seq 2000); do grep -q ^url= %s.out && break; sleep 0.01; done
    cat %s.out]]):format(to.base_url, to.authority, to.ca_file, to.tenant, to.client_id,
    to.client_secret, to.refresh_token, settings or "", home, options or TRUSTED, home, home, home))
  local url = assert(output:match("url=(%S+)/"), output)
  return setmetatable({ dir = home, url = url, asked = 0 }, mt)
end

-- The header that makes a request that of another client.
function methods:address()
  self.asked = self.asked + 1
  return ("198.51.%d.%d"):format(math.floor(self.asked / 250), self.asked % 250 + 1)
end

function methods:get(path, args)
  local output = run(("curl -s -D - --max-time 60 -H 'X-Forwarded-For: %s' %s '%s%s'"):format(
    self:address(), args or "", self.url, path))
  local head, body = output:match("^(.-\r\n)\r\n(.*)$")
  assert(head, "no answer to " .. path)
  local headers = {}
  for name, value in head:gmatch("\n([^:\r\n]+): *([^\r\n]*)") do
    headers[name:lower()] = value
  end
  return body, tonumber(head:match("^HTTP/%S+ (%d+)")), headers
end

function methods:stop()
  run(("examples/openresty/gateway stop %s; rm -rf %s %s.out"):format(self.dir, self.dir, self.dir))
end

return M
