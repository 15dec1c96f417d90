-- What an entry of the catalogue needs beside itself, and where that is added:
-- forgotten(resource, box) gives an array of texts, empty when all is there.
local fields = require "partnercenter.fields.documented"

local TYPES = "types/library/partnercenter.lua"

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

-- The classes that the types have, each with its fields' types by name, and `parent`.
local function read_classes()
  local classes, current = {}, nil
  for line in io.lines(TYPES) do
    local class, parent = line:match("^%-%-%-@class ([%w_.]+)%s*:?%s*([%w_.]*)$")
    local name, kind = line:match("^%-%-%-@field ([%w_]+)%?? (.+)$")
    if class then
      current = { fields = {}, parent = parent ~= "" and parent or nil }
      classes[class] = current
    elseif name and current then
      current.fields[name] = kind
    end
  end
  return classes
end

-- The class of a resource's node, or nil and what is missing in the types on the way.
local function node_class(resource, classes)
  local class = "partnercenter.Client"
  for _, step in ipairs(steps_of(resource.path)) do
    local name = step:find("^{") and "by_id" or step
    local kind = classes[class].fields[name]
    if not kind then
      local line = name == "by_id" and "by_id fun(self, id: string): partnercenter.THINGNode"
        or name .. " partnercenter.NAMENode"
      return nil, ("%s: add to the class %s the line '---@field %s', and that class"):format(TYPES,
        class, line)
    end
    class = kind:match("([%w_.]+)$")
    if not classes[class] then return nil, ("%s: add the class %s"):format(TYPES, class) end
  end
  return class
end

-- The class of a resource's rows, or nil and what is missing in the types.
local function row_class(resource)
  local classes = read_classes()
  local class, missing = node_class(resource, classes)
  if not class then return nil, missing end
  for _, verb in ipairs(resource.single and { "get" } or { "get", "pages", "each", "all" }) do
    local signature = classes[class].fields[verb]
    if not signature then
      return nil, ("%s: add to the class %s the verb '%s', as its neighbours have it"):format(TYPES,
        class, verb)
    end
    for name in signature:gmatch("partnercenter%.%u%w*") do
      if not classes[name] and name ~= "partnercenter.Outcome" then
        return nil, ("%s: add the class %s, which the verb '%s' of %s names"):format(TYPES, name,
          verb, class)
      end
    end
  end
  local row = classes[class].fields.get:match("%): ([%w_.]+)%?")
  if not resource.single then row = (classes[row].fields.items or ""):match("^([%w_.]+)%[%]") end
  if not row or not classes[row] then
    return nil, ("%s: the class of the pages of %s needs the field 'items', an array of the class "
      .. "of its rows"):format(TYPES, class)
  end
  return row, nil, classes
end

-- The fields of rows that stand in the types and not in the data, or the other way round.
local function differing_fields(row, classes, known)
  local names, list = {}, {}
  local class = classes[row]
  while class do
    for name in pairs(class.fields) do names[name] = true end
    class = classes[class.parent]
  end
  local documented = {}
  for _, name in ipairs(known) do documented[name] = true end
  for name in pairs(names) do
    if not documented[name] then list[#list + 1] = name end
  end
  table.sort(list)
  return list
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

-- Has the changelog a line with one of the path's own steps?
local function is_told(resource)
  local file = assert(io.open "CHANGELOG.md")
  local text = file:read("*a")
  file:close()
  local steps = steps_of(resource.path)
  for _, step in ipairs(steps) do
    local common = step == "analytics" or step == "customers" and #steps > 2
    if not common and text:find("%f[%w]" .. step .. "%f[%W]") then return true end
  end
  return false
end

local M = { name_of = name_of, steps_of = steps_of, address_of = address_of,
  row_class = row_class }

function M.forgotten(resource, box)
  local list = {}
  if name_of(resource.path) ~= resource.name then
    list[1] = ("lua/partnercenter/resources/catalogue.lua: the name of %s is %s, by its path")
      :format(resource.path, name_of(resource.path))
  end
  local row, missing, classes = row_class(resource)
  list[#list + 1] = missing
  local known = fields[resource.name] or fields[resource.name:gsub("%.by_id$", "")]
  local lacking = row and known and differing_fields(row, classes, known) or {}
  if not known then
    list[#list + 1] = ("lua/partnercenter/fields/documented.lua: add [\"%s\"] with the fields "
      .. "that the documentation names"):format(resource.name)
  elseif lacking[1] then
    list[#list + 1] = ("lua/partnercenter/fields/documented.lua: [\"%s\"] lacks %s, which the "
      .. "class %s has"):format(resource.name, table.concat(lacking, ", "), row)
  end
  local body, status = box:get((address_of(resource, box)))
  if status ~= 200 then
    list[#list + 1] = ("examples/sandbox/server/routes.lua: add a route for %s (it answers %s)")
      :format(resource.path, tostring(status))
  elseif not resource.single and not body:find("[", 1, true) then
    list[#list + 1] = ("examples/sandbox: %s answers no rows"):format(resource.path)
  end
  if not is_told(resource) then
    list[#list + 1] = "CHANGELOG.md: add a line about " .. resource.name
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
