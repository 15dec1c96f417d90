-- One nginx worker fetching insights with this module, by a client made without
-- options (HTTP/2) and by one with HTTP/1.1, and with cosockets and lua-cjson (socket
-- buffers of 4 and 64 KiB), in turns in one run: small bodies from a service 0 and
-- 50 ms away, and pages of 10,000 rows.
--
-- Prints for each: requests per second; p50 and p99; CPU milliseconds per 1,000
-- requests of the worker's own thread and of all its threads; the p99 of an
-- unrelated location on the same worker. Then the ratios to the better peer. In four
-- minutes.
--
--   make bench-openresty [BENCH_ROUNDS=5] [BENCH_SECONDS=3]
local ROOT = assert(os.getenv("PWD"))
local DIR = ROOT .. "/build/bench-openresty"
local ROUNDS = tonumber(os.getenv("BENCH_ROUNDS") or 5)
local SECONDS = tonumber(os.getenv("BENCH_SECONDS") or 3)

local SIDES = { "ours", "ours1", "peer4k", "peer64k" }
local NAMES = { ours = "HTTP/2", ours1 = "HTTP/1.1", peer4k = "peer 4k", peer64k = "peer 64k" }
-- The id says what the service does: see upstream.conf.
local WORKS = {
  { name = "small, 0 ms", id = "00000000-0000-4000-8000-000000000003", connections = 50,
    bars = { rate = 1.0, thread = 0.5, other = 0.8 } },
  { name = "small, 50 ms", id = "00000000-0050-4000-8000-000000000003", connections = 200,
    bars = { rate = 1.0, thread = 0.5, other = 0.8 } },
  { name = "10,000 rows", id = "00000000-0000-4000-8000-00000000000a", connections = 8,
    bars = { rate = 2.5, other = 0.1 } },
}

local function run(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

-- --- the bodies ---

local ROW = [[{"customerName":"Company %d","productName":"PRODUCT %d","licensesDeployed":%d,]]
  .. [["deploymentPercent":%.1f,"licensesSold":%d,"processedDateTime":]]
  .. [["2017-03-14T03:25:16.36+00:00","serviceName":"o365","channel":"reseller",]]
  .. [["attributes":{"objectType":"CustomerLicensesDeploymentInsights"}}]]

local function page(count)
  local rows = {}
  for i = 1, count do
    local sold = 7 + i * 13 % 400
    local deployed = i * 7 % (sold + 1)
    rows[i] = ROW:format(i % 500, i % 20, deployed, 100 * deployed / sold, sold)
  end
  return ('{"totalCount":%d,"items":[%s],"attributes":{"objectType":"Collection"}}')
    :format(count, table.concat(rows, ","))
end

-- --- the servers ---

local function make_certificates()
  if os.execute("test -s " .. DIR .. "/tls/server.pem") == true then return end
  run("cd " .. DIR .. "/tls && " .. [[
    key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650"
    openssl req -x509 $key -subj /CN=bench-ca -keyout ca.key -out ca.pem 2>log &&
    openssl req -new $key -subj /CN=localhost -keyout server.key -out server.csr 2>>log &&
    echo 'subjectAltName=DNS:localhost,IP:127.0.0.1' >ext &&
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \
      -extfile ext -out server.pem 2>>log]])
end

local function load_modules()
  return run([[for place in /usr/lib/nginx/modules /usr/lib64/nginx/modules; do
    [ -e $place/ngx_http_lua_module.so ] || continue
    echo "load_module $place/ndk_http_module.so;"
    echo "load_module $place/ngx_http_lua_module.so;"
  done]])
end

local function choose_port()
  local socket = require "socket"
  local server = assert(socket.bind("127.0.0.1", 0))
  local _, port = server:getsockname()
  server:close()
  return port
end

local function start(name, values)
  local text = read(ROOT .. "/bench/openresty/" .. name .. ".conf"):gsub("[A-Z]+_PORT", values)
  write(DIR .. "/" .. name .. ".conf", (text:gsub("ROOT", ROOT)))
  local output = run(("PATH=$PATH:/usr/sbin nginx -p %s/ -c %s/%s.conf -e %s/logs/%s.log 2>&1")
    :format(DIR, DIR, name, DIR, name))
  if output:find("emerg") then error(output) end
  return assert(tonumber(run(("sleep 0.3; cat %s/%s.pid"):format(DIR, name))))
end

local function worker_of(pid)
  return tonumber(run("cat /proc/" .. pid .. "/task/" .. pid .. "/children"):match("%d+"))
end

-- --- measuring ---

-- CPU seconds: of the worker's own thread, and of all its threads.
local function cpu_of(pid)
  local own, all = 0, 0
  for task in run("ls /proc/" .. pid .. "/task"):gmatch("%d+") do
    local seconds = tonumber(read(("/proc/%d/task/%s/schedstat"):format(pid, task)):match("%d+"))
    all = all + seconds / 1e9
    if tonumber(task) == pid then own = seconds / 1e9 end
  end
  return own, all
end

local UNITS = { us = 1e-3, ms = 1, s = 1000 }

local function milliseconds(text, percentile)
  local number, unit = text:match(percentile .. "%%%s+([%d.]+)(%a+)")
  return tonumber(number) * UNITS[unit]
end

local function measure(port, pid, side, work, seconds)
  local probe = io.popen(("luajit %s/bench/openresty/probe.lua %d %g"):format(ROOT, port, seconds))
  local own, all = cpu_of(pid)
  local output = run(("wrk -t1 -c%d -d%gs --timeout 20s --latency http://127.0.0.1:%d/%s/%s")
    :format(work.connections, seconds, port, side, work.id))
  local own_after, all_after = cpu_of(pid)
  local p99 = probe:read("*n")
  probe:close()
  if output:find("Non%-2xx") or output:find("Socket errors") then error(side .. ":\n" .. output) end
  local requests = tonumber(output:match("(%d+) requests in"))
  return {
    rate = tonumber(output:match("Requests/sec:%s+([%d.]+)")),
    p50 = milliseconds(output, "50"), p99 = milliseconds(output, "99"),
    thread = 1e6 * (own_after - own) / requests, total = 1e6 * (all_after - all) / requests,
    other = p99,
  }
end

local FIELDS = { "rate", "p50", "p99", "thread", "total", "other" }

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local function measure_all(port, pid, work)
  local all = {}
  for _, side in ipairs(SIDES) do
    all[side] = { rate = {}, p50 = {}, p99 = {}, thread = {}, total = {}, other = {} }
    measure(port, pid, side, work, 1)
  end
  for _ = 1, ROUNDS do
    for _, side in ipairs(SIDES) do
      local result = measure(port, pid, side, work, SECONDS)
      for _, field in ipairs(FIELDS) do table.insert(all[side][field], result[field]) end
    end
  end
  for _, side in ipairs(SIDES) do
    for _, field in ipairs(FIELDS) do all[side][field] = median(all[side][field]) end
  end
  return all
end

-- --- telling ---

local failed = {}

-- The bars are those of the client made without options.
local function judge(work, what, ratio, bar, better)
  local ok = better == "more" and ratio >= bar or better == "less" and ratio <= bar
  if not ok then failed[#failed + 1] = ("%s: %s"):format(work.name, what) end
  return ("  (bar %s %.2f)  %s"):format(better == "more" and ">=" or "<=", bar,
    ok and "ok" or "MISSED")
end

local RATIOS = {
  { field = "rate", name = "throughput", better = "more" },
  { field = "thread", name = "worker thread's CPU", better = "less" },
  { field = "total", name = "CPU of all threads", better = "less" },
  { field = "other", name = "unrelated p99", better = "less" },
}

local function report(work, all)
  print(("\n%s, %d connections"):format(work.name, work.connections))
  print("  side       req/s    p50 ms    p99 ms  thread ms   total ms  other p99 ms")
  for _, side in ipairs(SIDES) do
    local r = all[side]
    print(("  %-8s %7.0f  %8.2f  %8.2f   %8.1f   %8.1f      %8.2f")
      :format(NAMES[side], r.rate, r.p50, r.p99, r.thread, r.total, r.other))
  end
  print("  ratios to the better peer  HTTP/2  HTTP/1.1")
  for _, ratio in ipairs(RATIOS) do
    local pick = ratio.better == "more" and math.max or math.min
    local peer = pick(all.peer4k[ratio.field], all.peer64k[ratio.field])
    local ours, ours1 = all.ours[ratio.field] / peer, all.ours1[ratio.field] / peer
    local bar = work.bars[ratio.field]
    print(("    %-22s %7.2f  %8.2f%s"):format(ratio.name, ours, ours1,
      bar and judge(work, ratio.name, ours, bar, ratio.better) or ""))
  end
end

local function main()
  run("mkdir -p " .. DIR .. "/logs " .. DIR .. "/tls " .. DIR .. "/temp")
  make_certificates()
  write(DIR .. "/modules.conf", load_modules())
  write(DIR .. "/user.conf", run("id -u"):match("^0") and "user root;\n" or "")
  write(DIR .. "/small.json", page(3))
  write(DIR .. "/large.json", page(10000))
  local values = { UPSTREAM_PORT = choose_port(), GATEWAY_PORT = choose_port() }
  local pids = {}
  local ok, err = xpcall(function()
    pids[1] = start("upstream", values)
    pids[2] = start("gateway", values)
    local worker = worker_of(pids[2])
    print(("CPU in ms per 1,000 requests; %d rounds of %g s each, medians; %d-byte pages")
      :format(ROUNDS, SECONDS, #page(10000)))
    for _, work in ipairs(WORKS) do
      report(work, measure_all(values.GATEWAY_PORT, worker, work))
    end
  end, debug.traceback)
  for _, pid in ipairs(pids) do os.execute("kill -TERM " .. pid) end
  if not ok then error(err, 0) end
  print(failed[1] and "\nmissed: " .. table.concat(failed, "; ") or "\nevery bar is met")
  os.exit(failed[1] and 1 or 0)
end

main()
