-- A Lua that makes no texts of numbers and no numbers of texts by itself, as a program
-- may embed it: tools/lua-without-coercions builds one.
local shell = require "spec.support.shell"

local LUA = "build/lua-without-coercions/lua"

if _VERSION ~= "Lua 5.4" then
  describe("a Lua without coercions", function() pending("is built from Lua 5.4") end)
  return
end

local function output_of(command) return shell.run(shell.CLEAN .. command .. " 2>&1") end

describe("a Lua without coercions", function()
  it("runs the whole of the library", function()
    local log = output_of("tools/lua-without-coercions")
    assert(io.open(LUA), "tools/lua-without-coercions has built none: " .. log):close()
    local build = os.getenv "PC_BUILD" or "build/5.4"
    assert.equal("done\n", output_of(("LUA_PATH='lua/?.lua;lua/?/init.lua' LUA_CPATH='%s/?.so;;' "
      .. "tools/with-sandbox --customers=20 --products=3 timeout 120 %s spec/support/coercions.lua")
      :format(build, LUA)))
  end)
end)
