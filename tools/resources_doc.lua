-- Writes the page "Resources and fields" of the reference, in Markdown: every
-- resource with its parameters and the fields of its rows, as the types have them.
--
--   lua5.4 tools/resources_doc.lua >build/doc-src/resources.md
-- SPDX-License-Identifier: MIT
package.path = "lua/?.lua;lua/?/init.lua;" .. package.path

local resources = require "partnercenter.resources.catalogue"

local TYPES = "types/library/partnercenter.lua"

-- By class: its parent, and its fields in order, each { name, type, text, optional }.
local function read_classes()
  local classes, current = {}, nil
  for line in io.lines(TYPES) do
    local class, parent = line:match("^%-%-%-@class ([%w_.]+)%s*:?%s*([%w_.]*)$")
    local name, optional, rest = line:match("^%-%-%-@field ([%w_]+)(%??) (.+)$")
    if class then
      current = { parent = parent ~= "" and parent or nil }
      classes[class] = current
    elseif name and current then
      local kind, text = rest, ""
      if not rest:find("^fun") then kind, text = rest:match("^(%S+)%s*(.*)$") end
      local field = { name = name, type = kind, text = text, optional = optional == "?" }
      current[#current + 1], current[name] = field, field
    end
  end
  return classes
end

local classes = read_classes()

-- The Lua path of a resource, and the class of its node.
local function place_of(resource)
  local path, class = "partner", "partnercenter.Client"
  for step in resource.path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do
    local id = step:find("^{")
    local name = id and "by_id" or step
    path = path .. (id and ":by_id(id)" or "." .. step)
    local field = classes[class][name] or error(("no %s in %s: see 'Add an endpoint' in "
      .. "CONTRIBUTING.md"):format(name, class))
    class = field.type:match("([%w_.]+)$")
  end
  return path, class
end

-- The classes of parameters and of rows, by the signature of `get`.
local function classes_of(class, resource)
  local signature = classes[class].get.type
  local params = signature:match("params%?: ([%w_.]+)")
  local result = signature:match("%): ([%w_.]+)%?")
  if resource.single then return params, result end
  return params, (classes[result].items.type:gsub("%[%]$", ""))
end

local function escaped(text)
  return (text:gsub("|", "&#124;"):gsub("[<>]", { ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function short(kind)
  return (kind:gsub("partnercenter%.", ""))
end

-- What every answer has and nobody reads fields of.
local PLAIN = { ["partnercenter.Links"] = true }

-- The fields of a class and, below them, those of the tables in it.
local function print_fields(class, of, optional)
  if classes[class].parent then print_fields(classes[class].parent, of, optional) end
  for _, field in ipairs(classes[class]) do
    local inner = field.type:match("^(partnercenter%.[%w_]+)")
    print(("| `%s` | %s%s | %s |"):format(of .. field.name, escaped(short(field.type)),
      field.optional and optional or "", escaped(field.text)))
    if inner and classes[inner] and not PLAIN[inner] then
      print_fields(inner, of .. field.name .. ".", optional)
    end
  end
end

local function print_table(title, class, optional)
  if not class or not classes[class][1] and not classes[class].parent then return end
  print(("%s\n\n| name | type | |\n|---|---|---|"):format(title))
  print_fields(class, "", optional)
  print()
end

print [[
# Resources and fields

Every resource, the parameters it takes and the fields of its rows. Any other GET of the service is
asked by `partner:request { path = "/v1/…" }`. Fields that the service adds stay as they come.
]]

for _, resource in ipairs(resources) do
  local path, class = place_of(resource)
  local params, row = classes_of(class, resource)
  local roles = resource.roles and ", with one of these roles in the customer's tenant: "
    .. table.concat(resource.roles, ", ") or ""
  print(("## %s\n\n`%s %s`%s%s\n"):format(path, resource.method, resource.path,
    resource.user_required and ", needs a signed-in user" or "", roles))
  print_table("Parameters:", params, "")
  print_table(resource.single and "Fields:" or "Fields of a row:", row, ", may be absent")
end
