-- The documented answers of spec/data/examples, decoded by lua-cjson as the core
-- decodes them: a leading BOM skipped, null members absent.
local cjson = require "spec.support.json"

local M = {}

local FOLDER = "spec/data/examples/"

local function without_nulls(value)
  if type(value) ~= "table" then return value end
  for key, member in pairs(value) do
    if member ~= cjson.null then
      without_nulls(member)
    elseif type(key) == "string" then
      value[key] = nil
    end
  end
  return value
end

--- The bytes of an example.
function M.text(name)
  local file = assert(io.open(FOLDER .. name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

--- A JSON text as a Lua value.
function M.decode(text)
  return without_nulls(cjson.decode((text:gsub("^\239\187\191", ""))))
end

--- The value of an example.
function M.read(name)
  return M.decode(M.text(name))
end

--- The entry of a resource by its name.
function M.resource(name)
  for _, resource in ipairs(require "partnercenter.resources.catalogue") do
    if resource.name == name then return resource end
  end
  error("no resource " .. name)
end

--- The page that a text is of, read as calls do it: what is to be mended in rows is
-- asked of the decoder.
function M.page(text, name)
  local resource = M.resource(name or "customers")
  local mends = require("partnercenter.resources").prepare(resource,
    { base_url = "https://127.0.0.1", commercial_prefix = "/partner/v1" })
  local decoder = require("partnercenter.core").decoder {
    counts = mends.counts, renames = mends.renames,
  }
  assert(decoder:feed(text))
  local document = decoder:finish()
  return require("partnercenter.pages.envelope").normalize(document, resource, nil,
    (decoder:marks()))
end

return M
