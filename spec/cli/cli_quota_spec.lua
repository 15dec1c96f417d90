-- Runs of the command, one after the other, know together what the service takes.
local command = require "spec.support.command"
local patience = require "spec.support.patience"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

if command.skips() then return end

describe("runs of the command", function()
  local box, home

  setup(function()
    -- So long that the second run begins in the window that the first one has used up.
    box = sandbox.start { customers = 12, quota = 5, quota_window = math.ceil(4 + 2 * patience(1)) }
    home = command.directory()
  end)
  teardown(function()
    box:stop()
    command.remove(home)
  end)

  -- A command line for the shell, in a home of its own below the directory.
  local function line(name, words)
    return ("%s -v >/dev/null 2>%s/%s.err"):format(
      command.line(words, { box = box, home = home .. "/" .. name }), home, name)
  end

  local function refusals(name)
    return select(2, command.read(home .. "/" .. name .. ".err"):gsub(" 429", ""))
  end

  it("share the quota, and do not start blind", function()
    -- The first one ends by force, as soon as it has noted that it was refused.
    shell.run(shell.CLEAN .. line("told", "deployment -a --source customer") .. " & "
      .. "for i in $(seq 600); do grep -q '^retry' " .. home .. "/told.err && break; sleep 0.05; "
      .. "done; kill -KILL $!")
    assert.is_true(refusals "told" > 0)
    -- Two more, side by side: in the home of the first one, and in one that knows nothing.
    local codes = shell.run(shell.CLEAN .. ("{ %s; echo told $?; } & { %s; echo blind $?; } & wait")
      :format(line("told", "customers"), line("blind", "customers")))
    assert.truthy(codes:find("told 0", 1, true) and codes:find("blind 0", 1, true), codes)
    assert.equal(0, refusals "told")
    assert.is_true(refusals "blind" > 0)
  end)
end)
