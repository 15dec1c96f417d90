-- The sandbox that the command runs: what is left of it when something ends the command.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

if command.skips() then return end

-- Through the sandbox's scripts goes no library of a sanitizer.
local plain = (os.getenv "PC_UNDER" or "") == ""

describe("partnercenter sandbox", function()
  local directory, options

  before_each(function()
    directory = command.directory()
    -- In a checkout of its own: each has one place for it.
    local build = os.getenv "PC_BUILD" or "build/" .. _VERSION:match("%d%.%d")
    options = { script = command.copy(directory), home = directory,
      env = { PC_BUILD = build:match("^/") and build or os.getenv "PWD" .. "/" .. build } }
    os.execute(('ln -s "$PWD/lua" "$PWD/examples" "$PWD/tools" %s'):format(directory))
  end)
  after_each(function() command.remove(directory) end)

  -- Whatever is started inherits the lock, and has it until its end.
  local SCRIPT = shell.CLEAN .. [[
    cd %s
    (flock 9; exec %s) 9>lock >shown 2>&1 &
    p=$!
    for i in $(seq 400); do grep -q "%s" shown && break; sleep 0.05; done
    kill -%s $p
    flock -w 20 lock echo gone
    cat shown
  ]]

  for _, c in ipairs {
    { "--customers=2", "pid=", "TERM" }, { "--customers=2", "pid=", "HUP" },
    { "--customers=2", "pid=", "KILL" },
    { "--customers=2 --latency=60000 customers -v", "request GET", "TERM" },
    { "--customers=2 --latency=60000 customers -v", "request GET", "KILL" },
  } do
    it(("leaves no process behind after %s: %s"):format(c[3], c[1]), plain and function()
      local seen = shell.run(SCRIPT:format(shell.quoted(directory),
        command.line("sandbox " .. c[1], options), c[2], c[3]))
      assert.equal("gone", seen:match("^[^\n]*"), seen)
      assert.truthy(seen:find(c[2], 1, true), seen)
    end or function() end)
  end
end)
