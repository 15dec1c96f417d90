-- Runs the scenes of torture with the n-th call of each domain failing, once
-- and for good, for every n; then checks that the same scene succeeds and that
-- nothing was left behind.
--
--   torture spec/torture/run.lua POINTS [SCENE...]
--
-- POINTS bounds the n tried in one sweep (0: all of them): the first half one
-- by one, the rest spread evenly.
local errors = require "partnercenter.errors"
local faultserver = require "spec.support.faultserver"
local scenes = require "spec.torture.scenes"

local torture = rawget(_G, "torture")
local arguments = { ... }
local POINTS = tonumber(table.remove(arguments, 1) or 0)
-- Runs without the n-th call until it is believed that there is none: whether
-- libcurl has to wait for a socket is a matter of timing.
local LOOKS = 5

local totals = { sweeps = 0, points = 0, failed = 0, raised = 0, returned = 0, unharmed = 0 }
local problems = 0

local function problem(...)
  problems = problems + 1
  print("PROBLEM: " .. string.format(...))
end

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

local function run_well(scene, state)
  local ok, value, err = pcall(scene.run, state)
  return ok and value == true, tostring(ok and err or value)
end

-- Is this what may come of a call that failed?
local function is_expected(ok, value, err)
  if ok then
    if value == true then return "unharmed" end
    return value == nil and err ~= nil and "returned"
  end
  if type(value) == "string" then
    return value:find("not enough memory", 1, true)
      and "raised" or value:find("random source failed", 1, true) and "raised"
  end
  return errors.is(value) and "raised"
end

-- One point; false when the n-th call does not come any more.
local function try(name, domain, n, for_good, state)
  local scene = scenes[name]
  local where = ("%s, %s, %d%s"):format(name, domain, n, for_good and " for good" or "")
  torture.arm(domain, n, for_good)
  local ok, value, err = pcall(scene.run, state)
  local _, failed = torture.disarm()
  if failed == 0 then
    if not ok or value ~= true then problem("%s: %s", where, tostring(err or value)) end
    return false
  end
  local kind = is_expected(ok, value, err)
  if not kind then problem("%s gave %s, %s", where, tostring(value), tostring(err)) end
  totals[kind or "raised"] = totals[kind or "raised"] + 1
  totals.points, totals.failed = totals.points + 1, totals.failed + failed
  value, err = nil, nil -- luacheck: ignore
  collect()
  local fine, why = run_well(scene, state)
  if not fine then problem("%s spoilt it: %s", where, why) end
  return true
end

local function comes(...)
  for _ = 1, LOOKS do
    if try(...) then return true end
  end
  return false
end

local function next_point(n, count)
  if POINTS == 0 or n <= POINTS / 2 then return n + 1 end
  return n + math.max(1, math.floor((count - POINTS / 2) / (POINTS / 2)))
end

local function count_calls(scene, domain, state)
  torture.arm(domain, 0, false)
  pcall(scene.run, state)
  return (torture.disarm())
end

local function sweep(name, domain, for_good, state)
  local count = count_calls(scenes[name], domain, state)
  collect()
  local core, curl = torture.live "core", torture.live "curl"
  local n, tried = 1, 0
  while comes(name, domain, n, for_good, state) do
    tried, n = tried + 1, next_point(n, count)
    collect()
    local core_now, curl_now = torture.live "core", torture.live "curl"
    if not scenes[name].finish and (core_now ~= core or curl_now ~= curl) then
      problem("%s, %s, %d left %d blocks of the core, %d of libcurl", name, domain, n,
        core_now - core, curl_now - curl)
      core, curl = core_now, curl_now
    end
  end
  totals.sweeps = totals.sweeps + 1
  return count, tried
end

local function run_scene(name, server)
  local scene = scenes[name]
  local state = scene.setup and scene.setup(server)
  for _ = 1, 3 do
    local fine, why = run_well(scene, state)
    if not fine then error(name .. " fails by itself: " .. why) end
  end
  for _, domain in ipairs(scene.domains) do
    local count, once = sweep(name, domain, false, state)
    local _, always = sweep(name, domain, true, state)
    print(("%-9s %-7s %5d calls, %d points"):format(name, domain, count, once + always))
  end
  if scene.finish then
    scene.finish(state)
    state = nil -- luacheck: ignore
    collect()
    if torture.live "core" ~= 0 then problem("%s left %d blocks", name, torture.live "core") end
  end
end

local names = arguments
if #names == 0 then
  for name in pairs(scenes) do names[#names + 1] = name end
  table.sort(names)
end
local server = faultserver.start()
for _, name in ipairs(names) do run_scene(name, server) end
server:stop()
print(("torture on %s: %d points in %d sweeps, %d calls failed; %d raised, %d returned,"
  .. " %d unharmed; %d frees of libcurl's were its second; %d problems"):format(_VERSION,
  totals.points, totals.sweeps, totals.failed, totals.raised, totals.returned, totals.unharmed,
  torture.twice(), problems))
if problems > 0 then error(problems .. " problems", 0) end
