-- lua-cjson where this Lua has it. Elsewhere what the specs need of it, made of
-- the project's own parts; `compares` is false then, and what compares with
-- lua-cjson is skipped.
local found, cjson = pcall(require, "cjson")
if found then return setmetatable({ compares = true }, { __index = cjson }) end

local core = require "partnercenter.core"
local json = require "partnercenter.cli.formats.json"

return {
  compares = false,
  null = core.null,
  encode = json.encode,
  decode = function(text)
    local value, why = core.decode(text, { nulls = true })
    if value == nil then error(why, 2) end
    return value
  end,
}
