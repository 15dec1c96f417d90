-- Runs the drivers one after the other against a server, and adds up:
--
--   lua spec/chaos/run.lua INTERPRETER SEED SECONDS-EACH LIMIT UNDER BUILD-51 DRIVER...
--
-- INTERPRETER plays the drivers, BUILD-51 has what nginx loads. The last line is
-- "chaos: …, N problems"; fails when there are any. tools/chaos runs it.
local nginx = require "spec.support.nginx"
local servers = require "spec.chaos.server"

local interpreter, seed, seconds, limit, under, build = arg[1], tonumber(arg[2]), tonumber(arg[3]),
  tonumber(arg[4]), arg[5], arg[6]
io.stdout:setvbuf("line")
local drivers = {}
for i = 7, #arg do drivers[#drivers + 1] = arg[i] end

-- Seconds that what is open may take to end, and a server to be slow.
local GRACE = 60
-- Those who visit nginx, and how long they stay at most, in ms.
local VISITORS, LONGEST_VISIT = 4, 400

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Says all that a command says, and gives it.
local function tell(command)
  local pipe, lines = assert(io.popen(command .. ' 2>&1; echo "exit $?"')), {}
  for line in pipe:lines() do
    local code = line:match("^exit (%d+)$")
    if code then
      lines.code = tonumber(code)
    else
      lines[#lines + 1] = line
      if not line:find("^COUNTS") then print(line) end
    end
  end
  pipe:close()
  return lines
end

local function parse(lines, counts)
  local found = false
  for _, line in ipairs(lines) do
    if line:find("^COUNTS") then
      found = true
      for name, value in line:gmatch("([%w_]+)=(%d+)") do
        counts[name] = (counts[name] or 0) + tonumber(value)
      end
    end
  end
  return found
end

local function play(driver, server)
  return tell(("timeout -k 10 %d %s spec/chaos/main.lua %s %s %s %s %s %s %s %s"):format(
    seconds + limit + GRACE, quoted(interpreter), driver, seed, seconds, server.plain, server.tls,
    quoted(server.ca_file), limit, quoted(under)))
end

local HELPERS = {
  chaos_watch = "spec/chaos/watch.c", spec_process = "spec/support/process.c",
}

-- An nginx whose worker reads. Its helpers are built here: it may not find cc.
local function start_nginx(server, result)
  for library, source in pairs(HELPERS) do
    nginx.run(("cc -O1 -shared -fPIC -pthread -Wl,-z,nodelete $(pkg-config --cflags lua5.1) "
      .. "-o %s/%s.so %s"):format(build, library, source))
  end
  return nginx.start {
    lifetime = seconds + limit + GRACE, environment = os.getenv "PC_NGINX_ENV",
    main = "worker_rlimit_nofile 4096;",
    init = ([[package.cpath = "ROOT/%s/?.so;" .. package.cpath
      package.loaded["spec.support.library"] = function(_, opener)
        return package.loadlib("ROOT/%s/" .. opener:gsub("^luaopen_", "") .. ".so", opener)()
      end
      driver = require "spec.chaos.drivers.nginx"]]):format(build, build),
    http = ([[lua_max_pending_timers 4096;
      init_worker_by_lua_block { driver.start { seed = %d, seconds = %d, plain = "%s", tls = "%s",
        ca_file = "%s", limit = %d, catch = %s, result = "%s" } }]]):format(seed, seconds,
      server.plain, server.tls, server.ca_file, limit, tostring(under == ""), result),
    raw = [[lua_check_client_abort on;
      location = /visit { content_by_lua_block { driver.visit() } }]],
  }
end

local function read(path)
  local lines = {}
  local file = io.open(path)
  if not file then return lines end
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  return lines
end

-- The visitors: some go away in the middle.
local VISITS = [[end=$(($(date +%%s) + %d)); for i in $(seq %d); do
  ( while [ $(date +%%s) -lt $end ]; do
      curl -s -o /dev/null --max-time 0.$((RANDOM %% %d + 100)) %s/visit || sleep 0.05
    done ) & done; wait]]

local function play_nginx(server)
  local result = os.tmpname()
  local client = start_nginx(server, result)
  nginx.run("bash -c " .. quoted(VISITS:format(seconds, VISITORS, LONGEST_VISIT, client.url)))
  nginx.await("[ -s " .. result .. " ]", limit + GRACE / 2)
  local lines = read(result)
  os.remove(result)
  client:signal("TERM") -- what is lost a sanitizer tells at the end
  nginx.await_end(client.pid, limit)
  for _, line in ipairs(read(client.dir .. "/logs/error.log")) do
    if line:find("PROBLEM", 1, true) or line:find("^  ") or line:find("^last") or line:find("^what")
      or line:find("lua entry thread aborted", 1, true) or line:find("Sanitizer", 1, true)
      or line:find("exited on signal", 1, true) or line:find("exited with code %d+") then
      if not line:find("exited with code 0", 1, true) then
        print(line)
        if line:find("aborted", 1, true) or line:find("exited", 1, true)
          or line:find("Sanitizer", 1, true) then
          lines[#lines + 1] = "COUNTS problems=1"
        end
      end
    end
  end
  lines.code = 0
  client:stop()
  return lines
end

local ORDER = { "rows", "bodies", "breaks", "pauses", "forks", "failures", "problems" }

local function summary(counts, names)
  local parts = {}
  for _, name in ipairs(names) do parts[#parts + 1] = ("%d %s"):format(counts[name] or 0, name) end
  return table.concat(parts, ", ")
end

local function others(counts)
  local known, names = {}, {}
  for _, name in ipairs(ORDER) do known[name] = true end
  for name in pairs(counts) do
    if not known[name] then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local totals = {}
local server = servers.start((seconds + limit + GRACE) * #drivers + GRACE)
for _, driver in ipairs(drivers) do
  local counts = {}
  local lines = driver == "nginx" and play_nginx(server) or play(driver, server)
  local told = parse(lines, counts)
  if not told or lines.code ~= 0 and (counts.problems or 0) == 0 then
    print(("PROBLEM: %s ended with %d"):format(driver, lines.code))
    counts.problems = (counts.problems or 0) + 1
  end
  print(("%-8s %s; %s"):format(driver, summary(counts, ORDER), summary(counts, others(counts))))
  for name, value in pairs(counts) do totals[name] = (totals[name] or 0) + value end
end
server.stop()
print(("chaos: SEED=%s, %s"):format(seed, summary(totals, ORDER)))
os.exit((totals.problems or 0) == 0 and 0 or 1)
