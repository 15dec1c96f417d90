-- The parts of a client, which nobody can reach but by the debug library:
-- inside(client).dispatcher, .settings, .limiter, …
return function(client)
  local index = getmetatable(client).__index
  for i = 1, math.huge do
    local name, value = debug.getupvalue(index, i)
    if name == "parts" then return value end
    assert(name, "a client without parts")
  end
end
