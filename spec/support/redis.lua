-- Starts a redis-server for specs, on a port and a socket of its own.
--
--   local server = redis.start { password = "…", tls = true, maxmemory = "2mb",
--     save = true (it keeps what was written, over a restart), lifetime = 300 (seconds),
--     replica_of = another one, bind = "addresses", extra = "--more options",
--     expired = true and names = "DNS:…" (of its certificate) }
--   server.url, server.socket, server.port, server.ca_file
--   server:signal("STOP"), server:stop(), server:revive(), server:cli("INFO")
local nginx = require "spec.support.nginx"

local M = {}

local methods = {}
local mt = { __name = "redis", __index = methods }

local LIFETIME = 300     -- seconds until one that was forgotten ends itself, unless told

-- Of an authority of its own, which signs nothing else; `expired` since yesterday.
local function make_certificate(dir, options)
  nginx.run(([[cd %s && touch index && mkdir new && openssl req -new -newkey rsa:2048 -nodes \
    -subj /CN=redis -addext subjectAltName=%s -keyout key.pem -out request.pem 2>/dev/null
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=new\npolicy=p\n\
default_md=sha256\ncopy_extensions=copy\nrand_serial=yes\n[p]\ncommonName=supplied\n' >ca.conf
    at() { date -u -d "$1" +%%Y%%m%%d%%H%%M%%SZ; }
    openssl ca -config ca.conf -batch -selfsign -keyfile key.pem -in request.pem -out cert.pem \
      -notext -startdate $(at '%s') -enddate $(at '%s') 2>&1]]):format(dir,
    options.names or "DNS:127.0.0.1,IP:127.0.0.1", "3 days ago",
    options.expired and "1 day ago" or "2 days"))
end

local function arguments(self)
  local o, list = self.options, {}
  local function add(...) list[#list + 1] = table.concat({ ... }, " ") end
  add("--dir", self.dir, "--pidfile", self.dir .. "/pid", "--unixsocket", self.socket)
  add("--bind", o.bind or "127.0.0.1 127.0.0.2", "--daemonize no --logfile", self.dir .. "/log")
  add(o.save and "--appendonly yes --appendfsync always" or "--save '' --appendonly no")
  if o.tls then
    add("--port 0 --tls-port", self.port, "--tls-auth-clients no --tls-cert-file",
      self.dir .. "/cert.pem", "--tls-key-file", self.dir .. "/key.pem --tls-ca-cert-file",
      self.dir .. "/cert.pem")
  else
    add("--port", self.port)
  end
  if o.replica_of then add("--replicaof 127.0.0.1", o.replica_of.port) end
  if o.password then add("--requirepass", o.password) end
  if o.maxmemory then add("--maxmemory", o.maxmemory, "--maxmemory-policy noeviction") end
  if o.extra then add(o.extra) end
  return table.concat(list, " ")
end

-- What starts it again by a shell in its directory.
function methods:start_command()
  return ("rm -f pid; timeout %d redis-server %s >out 2>&1"):format(
    self.options.lifetime or LIFETIME, arguments(self))
end

local function launch(self)
  local output = nginx.run(([[cd %s && { %s & }
    for i in $(seq 1000); do
      [ -s %s/pid ] && [ -S %s ] && { cat %s/pid; break; }
      sleep 0.01
    done]]):format(self.dir, self:start_command(), self.dir, self.socket, self.dir))
  self.pid = tonumber((output:match("%d+")))
  return self.pid and nginx.await("[ -n \"$(" .. self:command "PING" .. " 2>/dev/null)\" ]", 10)
end

function methods:command(words)
  local pass = self.options.password and " -a " .. self.options.password or ""
  return ("timeout 10 redis-cli --no-auth-warning -s %s%s %s"):format(self.socket, pass, words)
end

-- What the server answers to a command.
function methods:cli(words)
  return (nginx.run(self:command(words) .. " 2>&1"):gsub("\n$", ""))
end

function methods:signal(name)
  nginx.run(("kill -%s %d 2>/dev/null"):format(name, self.pid))
end

-- Killed; its directory stays, for `revive`.
function methods:kill()
  self:signal "KILL"
  nginx.await_end(self.pid, 10)
end

function methods:revive()
  assert(launch(self), "redis-server did not start again")
end

function methods:stop()
  self:signal "CONT"
  self:kill()
  nginx.run("rm -rf " .. self.dir)
end

function M.start(options)
  local dir = nginx.run("mkdir -p build && mktemp -d $PWD/build/redis.XXXXXX"):match("%S+")
  local self = setmetatable({ dir = dir, options = options or {}, socket = dir .. "/s" }, mt)
  if self.options.tls then make_certificate(dir, self.options) end
  for _ = 1, 5 do
    self.port = nginx.choose_port()
    if launch(self) then
      local user = self.options.password and ":" .. self.options.password .. "@" or ""
      self.url = ("%s://%s127.0.0.1:%d"):format(self.options.tls and "rediss" or "redis", user,
        self.port)
      self.ca_file = dir .. "/cert.pem"
      return self
    end
  end
  error("redis-server did not start: " .. nginx.run("cat " .. dir .. "/log " .. dir .. "/out"), 2)
end

return M
