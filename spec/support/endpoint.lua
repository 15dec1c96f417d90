-- What an entry of the catalogue needs beside itself, and where that is added:
-- forgotten(resource, box) gives an array of texts, empty when all is there.
local fields = require "partnercenter.fields.documented"

local TYPES = "types/partnercenter.lua"

-- The path without its version, as its steps; an id is {name}.
local function steps_of(path)
  local steps = {}
  for step in path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do steps[#steps + 1] = step end
  return steps
end

-- The name that a path stands for: without the version and the ids.
local function name_of(path)
  local parts = {}
  for _, step in ipairs(steps_of(path)) do
    if not step:find("^{") then parts[#parts + 1] = step end
  end
  if path:find("}$") then parts[#parts + 1] = "by_id" end
  return table.concat(parts, ".")
end

-- The fields of the classes that the types have, as texts by name.
local function read_classes()
  local classes, current = {}, nil
  for line in io.lines(TYPES) do
    local class = line:match("^%-%-%-@class ([%w_.]+)")
    local name, kind = line:match("^%-%-%-@field ([%w_]+)%?? (.+)$")
    if class then
      current = {}
      classes[class] = current
    elseif name and current then
      current[name] = kind
    end
  end
  return classes
end

-- What is missing in the types on the way to a resource, or nil.
local function missing_type(resource)
  local classes, class = read_classes(), "partnercenter.Client"
  for _, step in ipairs(steps_of(resource.path)) do
    local name = step:find("^{") and "by_id" or step
    local kind = classes[class][name]
    if not kind then
      local line = name == "by_id" and "by_id fun(self, id: string): partnercenter.THINGNode"
        or name .. " partnercenter.NAMENode"
      return ("%s: add to the class %s the line '---@field %s', and that class"):format(TYPES,
        class, line)
    end
    class = kind:match("([%w_.]+)$")
    if not classes[class] then return ("%s: add the class %s"):format(TYPES, class) end
  end
  for _, verb in ipairs(resource.single and { "get" } or { "get", "pages", "each", "all" }) do
    if not classes[class][verb] then
      return ("%s: add to the class %s the verb '%s', as its neighbours have it"):format(TYPES,
        class, verb)
    end
  end
  return nil
end

-- The path with ids that the sandbox has, and texts where ids are others. Behind the
-- customer's the first of the collection before it.
local function address_of(resource, box)
  local path, ids = "", {}
  for step in resource.path:gmatch("/([^/]+)") do
    local name = step:match("^{([%w-]+)}$")
    if not name then
      path = path .. "/" .. step
    else
      local id = resource.ids and resource.ids[name] and "1" or box.customer_id
      if name ~= "customer-id" and not (resource.ids or {})[name] then
        local body, status = box:get(path)
        id = status == 200 and body:match('"items":%[{.-"id":"([^"]+)"') or id
      end
      ids[#ids + 1], path = id, path .. "/" .. id
    end
  end
  return path, ids
end

local M = { name_of = name_of, steps_of = steps_of, address_of = address_of }

function M.forgotten(resource, box)
  local list = {}
  if name_of(resource.path) ~= resource.name then
    list[1] = ("lua/partnercenter/resources/catalogue.lua: the name of %s is %s, by its path")
      :format(resource.path, name_of(resource.path))
  end
  list[#list + 1] = missing_type(resource)
  local name = resource.name:gsub("%.by_id$", "")
  if not (fields[resource.name] or fields[name]) then
    list[#list + 1] = ("lua/partnercenter/fields/documented.lua: add [\"%s\"] with the fields "
      .. "that the documentation names"):format(resource.name)
  end
  local _, status = box:get((address_of(resource, box)))
  if status ~= 200 then
    list[#list + 1] = ("examples/sandbox/server/routes.lua: add a route for %s (it answers %s)")
      :format(resource.path, tostring(status))
  end
  return list
end

-- Runs fn with the library as it is with more entries in its catalogue.
function M.with_entries(entries, fn)
  local saved = {}
  for name, module in pairs(package.loaded) do
    if name:find("^partnercenter") and name ~= "partnercenter.core" then saved[name] = module end
  end
  for name in pairs(saved) do package.loaded[name] = nil end
  local catalogue = require "partnercenter.resources.catalogue"
  for _, entry in ipairs(entries) do catalogue[#catalogue + 1] = entry end
  local ok, err = pcall(function() fn(require "partnercenter") end)
  for name in pairs(package.loaded) do
    if name:find("^partnercenter") and name ~= "partnercenter.core" then
      package.loaded[name] = nil
    end
  end
  for name, module in pairs(saved) do package.loaded[name] = module end
  if not ok then error(err, 0) end
end

return M
