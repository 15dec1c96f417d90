-- Runs a command and tells what it took: { seconds, cpu, output }.
-- `cpu` is of the command and all that it started.
local M = {}

function M.quoted(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

-- The interpreter that runs this.
function M.interpreter()
  local at = 0
  while arg[at - 1] do at = at - 1 end
  return arg[at]
end

function M.output_of(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

-- Does the interpreter find these modules?
function M.has(interpreter, ...)
  for _, name in ipairs { ... } do
    local test = (" -e 'require \"%s\"' 2>/dev/null && echo yes"):format(name)
    if not M.output_of(interpreter .. test):find("yes") then return false end
  end
  return true
end

-- The first Lua that has lua-http: Debian's works on these.
function M.lua_of_http()
  for _, interpreter in ipairs { "luajit", "lua5.1", "lua5.3", "lua5.4" } do
    if M.has(interpreter, "http.client", "cjson") then return interpreter end
  end
  return nil
end

function M.timed(command)
  local script = ("TIMEFORMAT='took %%R %%U %%S'; time %s"):format(command)
  local output = M.output_of("bash -c " .. M.quoted(script) .. " 2>&1")
  local real, user, system = output:match("took ([%d.]+) ([%d.]+) ([%d.]+)")
  if not real then error("failed: " .. command .. "\n" .. output) end
  return {
    seconds = tonumber(real), cpu = tonumber(user) + tonumber(system),
    output = output:gsub("took [^\n]*\n", ""),
  }
end

-- The median of a member of all results.
function M.median(results, name)
  local values = {}
  for i, result in ipairs(results) do values[i] = result[name] or 0 end
  table.sort(values)
  return values[math.ceil(#values / 2)]
end

-- Every entrant once per round, in turn, so that a busy moment of the machine
-- hits all alike. Returns results by entrant.
function M.rounds(count, entrants)
  local results = {}
  for round = 0, count do       -- round 0 warms everything up
    for i, entrant in ipairs(entrants) do
      local result = entrant.run()
      if round > 0 then
        results[i] = results[i] or {}
        table.insert(results[i], result)
      end
    end
  end
  return results
end

return M
