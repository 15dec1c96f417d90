-- What happens once: options are read and checked, the sandbox's secrets are
-- made (or found, when the directory is used again), and the values that the
-- launcher prints are written.
local auth = require "sandbox.sign_in.auth"
local ffi = require "ffi"
local jwt = require "sandbox.sign_in.jwt"
local settings = require "sandbox.server.settings"

local M = {}

ffi.cdef [[
int kill(int pid, int sig);
int getppid(void);
int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
]]

local SIGKILL, SIGTERM, PR_SET_PDEATHSIG = 9, 15, 1
local WATCH_INTERVAL = 0.5

-- The secret ends in what form encoding must keep.
local HARD_CHARACTERS = "+/=~&%"

local function read_pairs(path)
  local file, found = io.open(path, "r"), {}
  if not file then return found end
  for line in file:lines() do
    local name, value = line:match("^([%w_]+)=(.*)$")
    if name then found[name] = value end
  end
  file:close()
  return found
end

local function write_pairs(path, names, values)
  local file = assert(io.open(path .. ".new", "w"))
  for _, name in ipairs(names) do
    if values[name] then file:write(name, "=", tostring(values[name]), "\n") end
  end
  file:close()
  assert(os.rename(path .. ".new", path))
end

local function random_hex(bytes)
  local file = assert(io.open("/dev/urandom", "rb"))
  local text = file:read(bytes)
  file:close()
  return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local SECRETS = { "token", "app_token", "tenant", "client_id", "client_secret", "refresh_token",
  "realm" }

local function find_secrets(dir)
  local found = read_pairs(dir .. "secrets")
  if found.realm then return found end
  local made = {
    realm = random_hex(8), tenant = "contoso.onmicrosoft.com",
    client_id = "1f3c2b9e-7c5d-4b86-9a51-6d0f2e8c4a73",
    client_secret = random_hex(16) .. HARD_CHARACTERS,
    refresh_token = "0.AQ." .. random_hex(32),
  }
  made.token = jwt.access { user = true, mfa = true, client = made.client_id, id = random_hex(16) }
  made.app_token = jwt.access { mfa = false, client = made.client_id, id = random_hex(16) }
  write_pairs(dir .. "secrets", SECRETS, made)
  return made
end

-- The tokens that are good from the start, and no others.
function M.restore_tokens()
  local function secret(name) return ngx.shared.settings:get("secret:" .. name) end
  local tokens, tenant = ngx.shared.tokens, secret "tenant"
  tokens:flush_all()
  auth.accept(secret "token", "user mfa @" .. tenant)
  auth.accept(secret "app_token", "app @" .. tenant)
  tokens:set("refresh:" .. secret "refresh_token", secret "client_id")
end

local PRINTED = { "base_url", "plain_url", "authority", "ca_file", "token", "app_token", "tenant",
  "client_id", "client_secret", "refresh_token", "customer_id", "dir" }

function M.init(dir)
  local given, place = read_pairs(dir .. "options"), read_pairs(dir .. "place")
  settings.start(given)
  local secrets = find_secrets(dir)
  for name, value in pairs(secrets) do ngx.shared.settings:set("secret:" .. name, value) end
  M.restore_tokens()

  secrets.base_url = "https://127.0.0.1:" .. place.port
  ngx.shared.settings:set("base_url", secrets.base_url)
  ngx.shared.settings:set("files_url", "https://127.0.0.1:" .. place.files_port)
  secrets.plain_url = place.plain_port and "http://127.0.0.1:" .. place.plain_port
  secrets.authority = secrets.base_url
  secrets.ca_file = dir .. "tls/ca.pem"
  secrets.customer_id = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
  secrets.dir = dir:gsub("/$", "")
  write_pairs(dir .. "values", PRINTED, secrets)
  -- Loaded now, so that a mistake in them is seen by the launcher.
  require "sandbox.server.handler"
  require "sandbox.server.control"
  require "sandbox.reports.serve"
  require "sandbox.reports.download"
end

-- End the sandbox when its time is over or the process it serves is gone.
local function watch(now)
  local ends = now.lifetime > 0 and ngx.now() + now.lifetime
  local function look(premature)
    if premature then return end
    local over = ends and ngx.now() >= ends
    local alone = now.parent > 0 and ffi.C.kill(now.parent, 0) ~= 0
    if over or alone then
      ffi.C.kill(now.workers > 1 and ffi.C.getppid() or ngx.worker.pid(), SIGTERM)
      return
    end
    ngx.timer.at(WATCH_INTERVAL, look)
  end
  ngx.timer.at(WATCH_INTERVAL, look)
end

function M.init_worker()
  local now = settings.get()
  -- A master that is killed takes its workers along.
  if now.workers > 1 then ffi.C.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) end
  math.randomseed(ngx.worker.pid() + ngx.now() * 1000)
  if ngx.worker.id() == 0 and (now.lifetime > 0 or now.parent > 0) then watch(now) end
end

return M
