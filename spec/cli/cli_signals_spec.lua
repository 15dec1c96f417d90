-- Signals that ask the command to end, in each of its phases, in a pipe and in a
-- pseudo-terminal: how it ends, and what it leaves.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

if command.skips() then return end

local CODES = { INT = 130, TERM = 143, HUP = 129 }
local NAMES = { "INT", "TERM", "HUP" }
local CTRL_C = "\3"
local REPORT = "reports run OfficeUsage --columns CustomerName,Month --timespan LAST_MONTH"

-- A phase: what is run, what the sandbox does, and what is told when it has begun.
local PHASES = {
  { "while somebody is to sign in", "login", { device_pending = 1000 }, "enter the code" },
  { "while customers are listed", "deployment contoso",
    { faults = { { match = "/v1/customers", delay = 60 } } }, "request GET" },
  { "while a customer answers", "skus -a --concurrency 1",
    { faults = { { match = "/subscribedskus", delay = 60 } } }, "/subscribedskus" },
  { "while rows arrive", "deployment -a",
    { gzip = false, faults = { { match = "/license", rate = 500 } } }, "/deployment/license" },
  { "while subscriptions arrive", "subscriptions --sort id",
    { gzip = false, faults = { { match = "/subscriptions", rate = 500 } } }, "/subscriptions" },
  { "while it checks", "check --unused-over 1",
    { gzip = false, faults = { { match = "/license", rate = 500 } } }, "/deployment/license" },
  { "while the service asks to wait", "customers",
    { faults = { { times = 99, status = 429, retry_after = 60 } } }, "retry" },
  { "while a report is made", REPORT, { report_clock = 0.001 }, "report" },
}

describe("a signal to the command", function()
  local box, home

  setup(function() box = sandbox.start { customers = 6, products = 3, report_rate = 1000 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:restore()
    home = command.directory()
    os.execute("mkdir " .. home .. "/out")
    command.write(home .. "/out/x.csv", "old")
  end)
  after_each(function() command.remove(home) end)

  local function options_of(words)
    local login = words == "login"
    return { box = box, home = home, pid = home .. "/pid", env = login and {
      PARTNERCENTER_TOKEN = false, PARTNERCENTER_TENANT = box.tenant,
      PARTNERCENTER_CLIENT_ID = box.client_id } or nil }
  end

  local function line_of(words)
    if words == "login" then return words .. " -v" end
    return ("%s -v -o %s/out/x.csv"):format(words, home)
  end

  -- The file of before is as it was; beside it is at most what has come.
  local function check_left()
    assert.equal("old", command.read(home .. "/out/x.csv"))
    for name in shell.run("ls -A " .. home .. "/out"):gmatch "[^\n]+" do
      assert.truthy(name == "x.csv" or name == "x.csv.partial", name)
    end
    assert.equal("", shell.run(("find %s -name '*signing-in*' -o -name '*.new'"):format(home)))
  end

  -- Runs a line in the background; the script behind it has its id in $p.
  local function behind(line, script)
    return shell.run(shell.CLEAN .. ("%s 2>%s/err & p=$!; "
      .. "seen() { for i in $(seq 600); do grep -q -- \"$1\" %s/err && return; sleep 0.02; "
      .. "done; }; %s")
      :format(line, home, home, script))
  end

  for i, phase in ipairs(PHASES) do
    local piped, name = NAMES[i % 3 + 1], NAMES[(i + 1) % 3 + 1]
    it(("ends it in order %s: %s in a pipe"):format(phase[1], piped), function()
      box:control(phase[3])
      local ended = behind(command.line(line_of(phase[2]), options_of(phase[2])),
        ("seen '%s'; kill -%s $p; wait $p; echo $?"):format(phase[4], piped))
      local err = command.read(home .. "/err")
      assert.equal(CODES[piped], tonumber(ended), err)
      assert.truthy(err:find("interrupted", 1, true), err)
      check_left()
    end)

    it(("ends it in order %s: %s on a terminal"):format(phase[1], name), function()
      box:control(phase[3])
      local options, sent = options_of(phase[2]), false
      options.talk = function(seen, send)
        if sent or not seen:find(phase[4], 1, true) then return end
        sent = true
        if name == "INT" then return send(CTRL_C) end
        os.execute(("kill -%s $(cat %s/pid)"):format(name, home))
      end
      local code, shown = command.terminal(line_of(phase[2]), options)
      assert.equal(CODES[name], code, shown)
      assert.truthy(shown:find("interrupted", 1, true), shown)
      check_left()
    end)
  end

  for name, code in pairs(CODES) do
    it("ends it at a prompt, without an answer: " .. name, function()
      local sent = false
      local shown_code, shown = command.terminal("login", {
        box = box, home = home, pid = home .. "/pid", env = { PARTNERCENTER_TOKEN = false },
        talk = function(seen, send)
          if sent or not seen:find("onmicrosoft.com: ", 1, true) then return end
          sent = true
          if name == "INT" then return send(CTRL_C) end
          os.execute(("kill -%s $(cat %s/pid)"):format(name, home))
        end })
      assert.equal(code, shown_code, shown)
      assert.is_nil(shown:find("client) id", 1, true), shown)
      assert.equal("", shell.run("ls -A " .. home .. "/.local 2>/dev/null"))
    end)

  end

  it("ends it while a pipe that it writes to has no reader", function()
    os.execute("mkfifo " .. home .. "/pipe")
    local ended = behind(command.line("profiles -f csv -o " .. home .. "/pipe", options_of ""),
      ("for i in $(seq 600); do [ -s %s/pid ] && break; sleep 0.02; done; "
        .. "sleep 1; kill -TERM $p; wait $p; echo $?")
        :format(home))
    assert.equal(143, tonumber(ended), command.read(home .. "/err"))
  end)

  it("leaves rows that the next run goes on with, and no lock", function()
    box:control { gzip = false, faults = { { match = "/license", rate = 2500 } } }
    local ended = behind(command.line("deployment -a -v -f csv >/dev/null", options_of ""),
      ("for i in $(seq 600); do [ -s %s/.local/state/partnercenter/runs/*/*.ndjson ] && break; "
        .. "sleep 0.02; done 2>/dev/null; sleep 1; kill -TERM $p; wait $p; echo $?"):format(home))
    assert.equal(143, tonumber(ended), command.read(home .. "/err"))
    box:reset()
    local again, out, err = command.run("deployment -a -f csv --resume", { box = box, home = home })
    assert.equal(0, again)
    assert.truthy(err:find("goes on behind", 1, true), err)
    assert.equal(select(2, command.run("deployment -a -f csv", { box = box })), out)
  end)

  it("is none for one that runs under nohup", function()
    box:control { latency = 1500 }
    local ended = behind("(trap '' HUP; exec " .. command.line("customers -v -f csv",
      options_of "") .. " >/dev/null)", "seen request; kill -HUP $(cat " .. home
      .. "/pid); wait $p; echo $?")
    assert.equal(0, tonumber(ended), command.read(home .. "/err"))
  end)

  it("comes from a terminal that goes away", function()
    box:control { gzip = false, faults = { { match = "/license", rate = 500 } } }
    local words = ("deployment -a -v -f csv --html %s/out/x.csv"):format(home)
    local inner = ("exec %s 2>%s/err"):format(command.line(words, options_of ""), home)
    shell.run(shell.CLEAN .. ([[mkfifo %s/keys
      script -q -c %s /dev/null <>%s/keys >/dev/null 2>&1 & s=$!
      for i in $(seq 600); do
        grep -q deployment/license %s/err 2>/dev/null && break; sleep 0.02
      done
      kill -KILL $s
      for i in $(seq 200); do
        kill -0 $(cat %s/pid) 2>/dev/null || break; sleep 0.05
      done]]):format(
      home, shell.quoted(inner), home, home, home))
    local err = command.read(home .. "/err")
    assert.truthy(err:find("partnercenter: interrupted", 1, true), err)
    check_left()
  end)
end)

describe("the command whose output nobody takes", function()
  local box, home
  setup(function() box = sandbox.start { customers = 300, products = 3 } end)
  teardown(function() box:stop() end)
  before_each(function()
    home = command.directory()
    os.execute("mkfifo " .. home .. "/full")
  end)
  after_each(function() command.remove(home) end)

  local function line(words)
    return command.line(words, { box = box, home = home, pid = home .. "/pid" })
  end

  -- Runs a line that writes to a pipe which is full before long, and a script once it waits
  -- there: it has an answer, and has taken no CPU time for a second.
  local function stuck(words, script)
    return shell.run(shell.CLEAN .. ([[sleep 60 <%s/full & s=$!; %s 2>%s/err & p=$!
      for i in $(seq 600); do grep -q deployment/license %s/err && break; sleep 0.05; done
      used=; for i in $(seq 30); do
        now=$(cut -d ' ' -f 14,15 /proc/$(cat %s/pid)/stat)
        [ "$now" != "$used" ] || break
        used=$now; sleep 1
      done
      %s; kill $s]]):format(home, line(words), home, home, home, script))
  end

  it("is ended by a signal while it waits at a file", function()
    local ended = stuck("deployment -a -v -f json -o " .. home .. "/full",
      "kill -TERM $p; wait $p; echo $?; kill -0 $s && echo 'still no reader'")
    assert.equal("143\nstill no reader\n", ended)
  end)

  it("is ended by another signal at the latest, where the standard output is full", function()
    local ended = stuck(("deployment -a -v -f json >%s/full"):format(home),
      "kill -TERM $p; kill -TERM $p; sleep 2.2; kill -TERM $p 2>/dev/null; wait $p; echo $?; "
      .. "kill -0 $s && echo 'still no reader'")
    assert.equal("143\nstill no reader\n", ended)
  end)

  it("leaves nothing of a file that is written beside when the reader goes away", function()
    shell.run(shell.CLEAN .. ("{ %s; echo $? >%s/code; } 2>/dev/null | head -c 10"):format(
      line(("deployment -a -f ndjson --html %s/x.html"):format(home)), home))
    assert.equal("141\n", command.read(home .. "/code"))
    assert.equal("", shell.run(("ls %s | grep 'html.[^p]'"):format(home)))
  end)
end)
