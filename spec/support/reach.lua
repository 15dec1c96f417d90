-- Everything that can be reached from a value without the debug library: keys and
-- values of tables, metatables, what tostring says. Calls fn with each text and the
-- path to it.
local function walk(value, path, fn, seen)
  if type(value) == "string" then return fn(value, path) end
  if seen[value] or value == nil or value ~= value then return end
  if value == _G or value == package.loaded then return end
  seen[value] = true
  if type(value) == "table" then
    for key, member in next, value do
      local name = type(key) == "table" and "{}" or tostring(key)
      walk(key, path .. " key " .. name, fn, seen)
      walk(member, path .. "." .. name, fn, seen)
    end
  end
  -- That of strings leads to their library alone.
  local metatable = getmetatable(value)
  if metatable then walk(metatable, path .. " metatable", fn, seen) end
  if type(value) == "table" or type(value) == "userdata" then fn(tostring(value), path) end
end

return function(value, path, fn)
  walk(value, path, fn, {})
end
