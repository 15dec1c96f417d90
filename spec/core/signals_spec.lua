-- Signals and outputs that are not finished, in a program of its own.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

if command.skips() then return end

describe("partnercenter.core", function()
  local directory
  before_each(function() directory = command.directory() end)
  after_each(function() command.remove(directory) end)

  -- Ends a program by what the shell does with $p; gives the code, and what is left of files.
  local function ended(program, script)
    command.write(directory .. "/program.lua", ([[
      local core = require "partnercenter.core"
      local output = assert(core.output_open(%q))
      output:write "half"
      core.signals_catch()
      assert(core.signals_caught() == nil)
      local function loop()
        while true do pcall(function() while true do output:is_terminal() end end) end
      end
      io.open(%q, "w"):close()
      ]]):format(directory .. "/x.csv", directory .. "/began") .. program)
    os.remove(directory .. "/began")
    local code = shell.run(shell.CLEAN .. ("%s %s/program.lua 2>/dev/null & p=$!; "
      .. "for i in $(seq 600); do [ -e %s/began ] && break; sleep 0.02; done; sleep 0.1; "
      .. "%s; wait $p; echo $?"):format(
      command.lua, directory, directory, script))
    return tonumber(code), shell.run("ls " .. directory .. " | grep x.csv")
  end

  local STUBBORN = "pcall(loop) loop()"

  it("signals_catch ends who does not end, at the next signal, without what is half written",
    function()
      assert.same({ 143, "" }, { ended(STUBBORN, "kill -TERM $p; sleep 2.1; kill -TERM $p") })
      assert.same({ 129, "" }, { ended(STUBBORN, "kill -INT $p; sleep 2.1; kill -HUP $p") })
    end)

  it("signals_caught gives the first signal", function()
    assert.same({ 15, "" }, { ended("pcall(function() while true do output:is_terminal() end end)"
      .. " core.output_drop_all() os.exit(core.signals_caught())",
      "kill -TERM $p; sleep 0.1; kill -HUP $p") })
  end)

  it("output_drop_all drops them all, once", function()
    assert.same({ 7, "" }, { ended("local o = core.output_open(arg[0] .. '.x.csv') o:drop() "
      .. "core.output_drop_all() core.output_drop_all() output:drop() os.exit(7)", ":") })
  end)
end)
