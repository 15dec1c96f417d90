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
