-- Starts an nginx with Lua code for specs.
--
--   local server = nginx.start {
--     workers = 2, main = "…", http = "…", init = "lua code", lifetime = 300 (seconds),
--     locations = { ["= /one"] = "lua code of a content handler" }, raw = "location …",
--     prepare = function(dir) … end (called before it starts), environment = "NAME=value …",
--   }
--   server:get("/one") --> body, status, headers
--   server:reload(), server:workers(), server:signal("QUIT"), server:log(), server:stop()
local shell = require "spec.support.shell"

local M = {}

local methods = {}
local mt = { __name = "nginx", __index = methods }

local ROOT = "build/nginx"
local LIFETIME = 300     -- seconds

local quoted, run = shell.quoted, shell.run
M.run = run

local function read(path)
  local file = io.open(path)
  if not file then return "" end
  local text = file:read("*a")
  file:close()
  return text
end

local function load_modules()
  return run([[for place in /usr/lib/nginx/modules /usr/lib64/nginx/modules; do
    [ -e $place/ngx_http_lua_module.so ] || continue
    echo "load_module $place/ndk_http_module.so;"
    echo "load_module $place/ngx_http_lua_module.so;"
  done]])
end

-- One that nobody has now; start tries again if somebody has by then.
function M.choose_port()
  return tonumber((run([[while :; do
    port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
    grep -q "$(printf ':%04X ' $port)" /proc/net/tcp /proc/net/tcp6 || { echo $port; break; }
  done]])))
end

local CONFIGURATION = [[
%s
%s
worker_processes %d;
pid nginx.pid;
error_log logs/error.log info;
worker_shutdown_timeout 20s;
%s
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path temp;
  proxy_temp_path temp;
  fastcgi_temp_path temp;
  uwsgi_temp_path temp;
  scgi_temp_path temp;
  lua_package_path "ROOT/lua/?.lua;ROOT/lua/?/init.lua;ROOT/examples/openresty/?.lua;ROOT/?.lua;;";
  lua_package_cpath "ROOT/build/5.1/?.so;;";
  %s
  init_by_lua_block { %s }
  server {
    listen 127.0.0.1:%d backlog=4096;
    location = /unrelated { return 200 "ok\n"; }
%s
  }
}
]]

local function configuration(root, port, options)
  local locations = {}
  for match, code in pairs(options.locations or {}) do
    locations[#locations + 1] = ("    location %s { content_by_lua_block { %s } }")
      :format(match, code)
  end
  table.sort(locations)
  locations[#locations + 1] = options.raw or ""
  local text = CONFIGURATION:format(load_modules(),
    run("id -u"):match("^0") and "user root;" or "", options.workers or 1, options.main or "",
    options.http or "", options.init or "", port, table.concat(locations, "\n"))
  return (text:gsub("ROOT", root))
end

-- A running nginx; see above.
function M.start(options)
  local root = run("pwd -P"):match("%S+")
  local dir = run(("mkdir -p %s && mktemp -d %s/%s/XXXXXXXX"):format(ROOT, root, ROOT)):match("%S+")
  run("mkdir -p " .. dir .. "/logs " .. dir .. "/temp; chmod 755 " .. dir)
  local self = setmetatable({ dir = dir, options = options, root = root }, mt)
  if options.prepare then options.prepare(dir) end
  for _ = 1, 5 do
    self.port = M.choose_port()
    self.url = "http://127.0.0.1:" .. self.port
    self:write()
    local output = run(self:command())
    self.pid = tonumber(output:match("pid=(%d+)"))
    if self.pid then
      repeat until #self:workers() == (options.workers or 1)
      return self
    end
    if not output:find("bind%(%)") then error(output, 2) end
  end
  error("no free port", 2)
end

-- Starts it and tells its pid, or what went wrong. One that is forgotten ends by
-- itself.
function methods:command()
  return ([[cd %s && rm -f nginx.pid start.out
    ( env -u LUA_PATH -u LUA_CPATH PATH="$PATH:/usr/sbin" %s timeout %d nginx -p "$PWD/" \
      -c "$PWD/nginx.conf" -e "$PWD/logs/error.log" -g "daemon off;" >start.out 2>&1
      echo ended >>start.out ) >/dev/null 2>&1 &
    for i in $(seq 500); do
      [ -s nginx.pid ] && { echo pid=$(cat nginx.pid); break; }
      grep -q ended start.out 2>/dev/null && { cat start.out; break; }
      sleep 0.01
    done]]):format(quoted(self.dir), self.options.environment or "",
    self.options.lifetime or LIFETIME)
end

-- Write the configuration, with other options than at the start if given.
function methods:write(options)
  for name, value in pairs(options or {}) do self.options[name] = value end
  local file = assert(io.open(self.dir .. "/nginx.conf", "w"))
  file:write(configuration(self.root, self.port, self.options))
  file:close()
end

-- What curl gives; `args` are more words for its command line.
function methods:get(path, args)
  local output = run(("curl -s -S -D - --max-time 30 %s %s 2>&1")
    :format(args or "", quoted(self.url .. path)))
  local head, body = output:match("^(.-\r\n)\r\n(.*)$")
  if not head then return output, nil, {} end
  local headers = {}
  for name, value in head:gmatch("\n([^:\r\n]+): *([^\r\n]*)") do headers[name:lower()] = value end
  return body, tonumber(head:match("^HTTP/%S+ (%d+)")), headers
end

-- The statuses of many requests side by side, one a line. Each has a connection of its
-- own, made by one curl: as many processes would take longer than what they ask for.
function methods:flood(path, count, args)
  return run(("curl -s --parallel --parallel-immediate --parallel-max %d --max-time 30 "
    .. "-o /dev/null -w '%%{http_code}\\n' %s %s"):format(count, args or "",
    quoted(("%s%s#[1-%d]"):format(self.url, path, count))))
end

function methods:workers()
  local pids = {}
  for pid in run("cat /proc/" .. self.pid .. "/task/*/children 2>/dev/null"):gmatch("%d+") do
    pids[#pids + 1] = tonumber(pid)
  end
  return pids
end

function methods:signal(name, pid)
  run(("kill -%s %d 2>/dev/null"):format(name, pid or self.pid))
end

-- Seconds until a process has ended, or nil when it has not after `most`.
function M.await_end(pid, most)
  local took = run(([[start=$(date +%%s%%N)
    for i in $(seq %d); do
      case "$(cat /proc/%d/stat 2>/dev/null)" in
        '' | *') Z '*) echo $((($(date +%%s%%N) - start) / 1000000)); break ;;
      esac
      sleep 0.01
    done]]):format(most * 100, pid))
  return tonumber(took) and tonumber(took) / 1000
end

-- Run until a condition of the shell holds.
function M.await(condition, most)
  return run(("for i in $(seq %d); do if %s; then echo yes; break; fi; sleep 0.01; done")
    :format((most or 10) * 100, condition)):match("yes") == "yes"
end

-- Reload, and wait until the workers of before are gone.
function methods:reload()
  local before = self:workers()
  self:signal("HUP")
  for _, pid in ipairs(before) do assert(M.await_end(pid, 20), "a worker does not end") end
end

function methods.descriptors(_, pid)
  return tonumber(run("ls /proc/" .. pid .. "/fd 2>/dev/null | wc -l"))
end

function methods.threads(_, pid)
  return tonumber(run("ls /proc/" .. pid .. "/task 2>/dev/null | wc -l"))
end

function methods:log()
  return read(self.dir .. "/logs/error.log")
end

-- Lines of the log that tell of something wrong.
function methods:errors()
  local lines = {}
  for line in self:log():gmatch("[^\n]+") do
    if line:find("%[error%]") or line:find("%[alert%]") or line:find("%[crit%]")
      or line:find("%[emerg%]") or line:find("%[warn%]") then
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "\n")
end

function methods:stop()
  self:signal("TERM")
  M.await_end(self.pid, 10)
  run("rm -rf " .. quoted(self.dir))
end

return M
