-- The rooms of the library, and that what goes round their doors is found.
local shell = require "spec.support.shell"

local function output_of(command) return shell.run(shell.CLEAN .. command .. " 2>&1") end

describe("the rooms", function()
  local dir

  before_each(function()
    dir = output_of("mkdir -p build && mktemp -d build/rooms.XXXXXX"):match("%S+")
    output_of("mkdir " .. dir .. "/lua && cp -r lua/partnercenter " .. dir .. "/lua/")
  end)
  after_each(function() output_of("rm -rf " .. dir) end)

  local function check()
    return output_of("cd " .. dir .. " && lua5.4 -e \"dofile('$OLDPWD/tools/rooms.lua')"
      .. ".check(function(...) print(...) end)\"")
  end

  local function plant(file, text)
    local handle = assert(io.open(dir .. "/lua/partnercenter/" .. file, "a"))
    handle:write("\n", text, "\n")
    handle:close()
  end

  it("are as they should be", function()
    assert.equal("", check())
  end)

  it("have specs of their own", function()
    local elsewhere = { ngx = "openresty" }
    for room in output_of("cd lua/partnercenter && ls -d */"):gmatch("([%w_]+)/") do
      local folder = "spec/" .. (elsewhere[room] or room)
      assert.matches("_spec.lua", output_of("ls " .. folder), 1, true)
    end
  end)

  for _, c in ipairs {
    { "an arrow that points up", "util/text.lua", 'local x = require "partnercenter.errors"',
      "util requires errors, which does not lie below it" },
    { "an arrow to the side", "loop/block.lua", 'local x = require "partnercenter.errors"',
      "loop requires errors" },
    { "a door passed by", "calls/call.lua", 'local x = require("partnercenter.util.check")',
      'util is entered by its door: require "partnercenter.util"' },
    { "the same within pcall", "calls/call.lua", 'pcall(require, "partnercenter.util.check")',
      "util is entered by its door" },
    { "a circle of files", "util/check.lua", 'local x = require "partnercenter.util.wire"\n'
      .. 'local y = require "partnercenter.util.check"', "a circle of files" },
    { "a name that is made", "calls/call.lua", 'local x = require("partnercenter." .. name)',
      "say in tools/rooms.lua where it leads" },
    { "a room that nobody knows", "attic/init.lua", "return {}", "no floor for the room attic" },
    { "a room without a door", "attic/old.lua", "return {}", "a room without init.lua" },
  } do
    it("refuse " .. c[1], function()
      output_of("mkdir -p " .. dir .. "/lua/partnercenter/attic")
      plant(c[2], c[3])
      assert.matches(c[4], check(), 1, true)
    end)
  end

  it("refuse a room with too many files", function()
    for i = 1, 13 do plant(("flow/more%d.lua"):format(i), "return {}") end
    assert.matches("files in a room, at most 12", check(), 1, true)
  end)
end)
