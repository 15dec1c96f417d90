-- How many instructions rows and calls take, counted by valgrind: unlike times, that
-- repeats on a busy machine.
--
--   make bench-instructions [UPDATE=yes]
--
-- Each figure is the difference between a run with some rounds and one with more, so
-- that what comes before the first round is in neither. A run of this module has two
-- threads, the caller's and the network's, which are counted apart. The figures are
-- compared with those in bench/instructions.lst, which `UPDATE=yes` writes anew: one
-- that has grown by more than 5 % is a failure. Peers are printed beside them.
local run = require "bench.peers.run"
local sandbox = require "spec.support.sandbox"

local LIST = "bench/instructions.lst"
local MOST = 1.05       -- times the committed figure
local PAGE_ROWS = 10000
local CALLER, NETWORK = 1, 2
-- Those of the sign-in; the sandbox's ready one is short.
local LONG_TOKEN = 1600

local box = sandbox.start { customers = 130, products = PAGE_ROWS, log = false, gzip = false,
  page_size = PAGE_ROWS, token_bytes = LONG_TOKEN }
local scratch = run.output_of("mktemp -d"):match("%S+")

-- What makes the command of a way to spend instructions, from the number of rounds.
local own, OWN = run.interpreter(), "bench/peers/instructions_own.lua"

local function own_way(what, ...)
  local words = { own, OWN, what, run.quoted(box.base_url), run.quoted(box.ca_file) }
  for _, word in ipairs { ... } do words[#words + 1] = run.quoted(word) end
  return function(rounds) return table.concat(words, " ") .. " " .. rounds end
end

local function curl_way(path)
  return function(rounds)
    return ("curl -s -f --cacert %s -H %s %s"):format(run.quoted(box.ca_file),
      run.quoted("Authorization: Bearer " .. box.token),
      ("-o /dev/null " .. run.quoted(box.base_url .. path) .. " "):rep(rounds))
  end
end

-- The ids of customers: the first has three rows, the others a page full.
local function customers()
  local ids = {}
  for id in box:get("/v1/customers?size=130"):gmatch('"id": ?"([%x-]+)"') do
    if id ~= box.customer_id then ids[#ids + 1] = id end
  end
  return ids
end

local function write(name, text)
  local path = scratch .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

-- Rounds of the two runs of a way.
-- As many small calls as let the collector go round several times: it is part of their cost.
local SMALL = { from = 50, to = 250 }
local LARGE = { from = 1, to = 3 }

local function ways()
  local large = customers()[1]
  local insights = "/v1/customers/%s/analytics/licenses/deployment"
  local page = write("page.json", (box:get(insights:format(large)):gsub("^\239\187\191", "")))
  local small_list = write("small", (box.customer_id .. "\n"):rep(300))
  local function rows(name, way)
    return { name = name, command = way, per = PAGE_ROWS, rounds = LARGE }
  end
  local function calls(name, way)
    return { name = name, command = way, per = 1, rounds = SMALL }
  end
  local list = {
    rows("row decode", own_way("decode", page)),
    rows("row get", own_way("get", box.token, large)),
    rows("row each", own_way("each", box.token, large)),
    rows("row peer lua-cjson", own_way("cjson", page)),
    rows("row peer curl", curl_way(insights:format(large))),
    calls("call sequential", own_way("sequential", box.token, box.customer_id)),
    calls("call map", own_way("map", box.token, box.customer_id)),
    calls("call long-token", own_way("long", box.tenant, box.client_id, box.client_secret,
      box.refresh_token, box.customer_id)),
    calls("call peer curl", curl_way(insights:format(box.customer_id))),
  }
  if run.has("lua5.4", "ssl.https", "cjson") then
    list[#list + 1] = rows("row peer LuaSec", function(rounds)
      return ("lua5.4 bench/peers/page_luasec.lua %s %s %s %s %d"):format(run.quoted(box.base_url),
        run.quoted(box.ca_file), run.quoted(box.token), large, rounds)
    end)
  end
  local http = run.lua_of_http()
  if http then
    list[#list + 1] = calls("call peer lua-http", function(rounds)
      return ("%s bench/peers/fanout_lua_http.lua %s %s %s 1 2 < <(head -n %d %s)"):format(http,
        run.quoted(box.base_url), run.quoted(box.ca_file), run.quoted(box.token), rounds,
        small_list)
    end)
  end
  return list
end

-- Starts a run; gives what waits for its instructions, by thread.
local function start(way, rounds)
  local out = ("%s/%s.%d"):format(scratch, way.name:gsub("%W", "-"), rounds)
  local pipe = assert(io.popen("bash -c " .. run.quoted(("valgrind -q --tool=callgrind "
    .. "--separate-threads=yes --callgrind-out-file=%s %s 2>&1"):format(out,
    way.command(rounds)))))
  return function()
    local said = pipe:read("*a")
    pipe:close()
    local counts = {}
    for thread = 1, 2 do
      local file = io.open(("%s-%02d"):format(out, thread))
      local text = file and file:read("*a") or ""
      if file then file:close() end
      counts[thread] = tonumber(text:match("\nsummary: (%d+)") or text:match("\ntotals: (%d+)"))
    end
    if not counts[1] then error(way.name .. ": " .. said) end
    return counts
  end
end

-- { instructions of the caller's thread, of the network's } for one row or call.
local function measure(way)
  local from, to = way.rounds.from, way.rounds.to
  local few, many = start(way, from), start(way, to)
  few, many = few(), many()
  local each = {}
  for thread, count in pairs(many) do
    each[thread] = (count - (few[thread] or 0)) / ((to - from) * way.per)
  end
  return each
end

local function figures_of(list)
  local figures, names = {}, {}
  local function add(name, count)
    names[#names + 1] = name
    figures[name] = count
  end
  for _, way in ipairs(list) do
    local counts = measure(way)
    local peer = way.name:find(" peer ", 1, true)
    if not peer and counts[NETWORK] then
      add(way.name .. " caller", counts[CALLER])
      add(way.name .. " network", counts[NETWORK])
    else
      add(way.name, counts[CALLER])
    end
  end
  return figures, names
end

local function read_list()
  local list = {}
  for line in io.lines(LIST) do
    local name, count = line:match("^([^#]-)%s+(%d+)$")
    if name then list[name] = tonumber(count) end
  end
  return list
end

local function write_list(figures, names)
  local file = assert(io.open(LIST, "w"))
  file:write("# Instructions a row and a call: `make bench-instructions UPDATE=yes` writes this.\n")
  for _, name in ipairs(names) do
    if not name:find(" peer ", 1, true) then
      file:write(("%-28s %9.0f\n"):format(name, figures[name]))
    end
  end
  file:close()
end

local function report(figures, names, known)
  local fine = true
  print(("%-28s %12s %12s %8s"):format("instructions", "now", "committed", "ratio"))
  for _, name in ipairs(names) do
    local was = known[name]
    local grown = was and figures[name] > was * MOST
    fine = fine and not grown
    print(("%-28s %12.0f %12s %8s%s"):format(name, figures[name], was or "",
      was and ("%.3f"):format(figures[name] / was) or "", grown and "  GROWN" or ""))
  end
  local function ratio(what, a, b) print(("%-28s %12.3f"):format(what, figures[a] / figures[b])) end
  ratio("get / decode", "row get caller", "row decode")
  ratio("each / decode", "row each caller", "row decode")
  ratio("decode / lua-cjson", "row decode", "row peer lua-cjson")
  ratio("network / curl, a row", "row get network", "row peer curl")
  ratio("network / curl, a call", "call sequential network", "call peer curl")
  return fine
end

local ok, result = pcall(function()
  local figures, names = figures_of(ways())
  local fine = report(figures, names, read_list())
  local update = os.getenv "UPDATE" == "yes"
  if update then write_list(figures, names) end
  return fine or update
end)
os.execute("rm -rf " .. scratch)
box:stop()
if not ok then error(result, 0) end
if not result then
  print(("grown by more than %d %%: mend it, or say why and run it with UPDATE=yes")
    :format((MOST - 1) * 100 + 0.5))
  os.exit(1)
end
