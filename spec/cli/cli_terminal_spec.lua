-- The command in a pseudo-terminal. PC_UPDATE=1 writes the golden files.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

local DOCUMENTED = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local SECOND = "1c1e3dd0-9531-46f3-a072-05000001316a"
local CTRL_C = "\3"

if command.skips() then return end

describe("the command on a terminal", function()
  local box, directory

  local function run(words, options)
    local all = { box = box }
    for name, value in pairs(options or {}) do all[name] = value end
    return command.terminal(words, all)
  end

  -- Types Ctrl-C once, as soon as this is shown.
  local function interrupt_at(text)
    local typed = false
    return function(seen, send)
      if typed or not seen:find(text, 1, true) then return end
      typed = true
      send(CTRL_C)
    end
  end

  setup(function()
    box = sandbox.start { customers = 3, products = 3 }
    directory = command.directory()
  end)
  teardown(function()
    box:stop()
    command.remove(directory)
  end)
  before_each(function() box:restore() end)

  for _, c in ipairs {
    { "in colour, with bars", "deployment.tty", {} },
    { "without colour where NO_COLOR says so", "deployment-no-color.tty", { NO_COLOR = "1" } },
    { "without colour on a dumb terminal", "deployment-no-color.tty", { TERM = "dumb" } },
    { "in ASCII where the locale has no more", "deployment-ascii.tty", { LC_ALL = "C" } },
  } do
    it("shows a table " .. c[1], function()
      local code, shown = run("deployment -a", { env = c[3], columns = 120 })
      assert.equal(0, code)
      assert.equal(command.golden(c[2], (shown:gsub("127%.0%.0%.1:%d+", "127.0.0.1:1"))))
    end)
  end

  it("leaves out the bar, then the date, then what is the same, and cuts names in the middle",
    function()
      for _, columns in ipairs { 100, 80, 60 } do
        local _, shown = run("deployment -a", { columns = columns })
        assert.equal(command.golden(("deployment-%d.tty"):format(columns),
          (shown:gsub("127%.0%.0%.1:%d+", "127.0.0.1:1"))))
      end
    end)

  it("leaves no chosen column out", function()
    local _, shown = run("deployment -a --columns customer,product,channel,processed",
      { columns = 70 })
    assert.truthy(shown:find("CHANNEL", 1, true) and shown:find("PROCESSED", 1, true), shown)
  end)

  it("counts in the singular", function()
    local _, shown = run("deployment -a --filter 'licensesSold eq 124'")
    assert.truthy(shown:find("1 row of 1 customer:", 1, true), shown)
  end)

  it("fits the table into the terminal, or into COLUMNS", function()
    for _, options in ipairs { { columns = 80 }, { env = { COLUMNS = "80" } } } do
      local _, shown = run("customers", options)
      assert.equal(command.golden("customers-narrow.tty", shown))
    end
  end)

  it("writes CSV and JSON as in a pipe", function()
    for _, format in ipairs { "csv", "json" } do
      local _, shown = run("customers -f " .. format)
      local _, piped = command.run("customers -f " .. format, { box = box })
      assert.equal((piped:gsub("\r\n", "\n")), shown)
    end
  end)

  it("shows how far it is, and takes that away at the end", function()
    box:control { latency = 350 }
    local code, shown = run("deployment -a --source customer --concurrency 1")
    assert.equal(0, code)
    assert.truthy(shown:find("%d/3 customers  [%d.]+/s  %d+ s left"), shown)
    local rest = shown:match("^.*\r\27%[K(.*)$")
    assert.truthy(rest:find("^\27%[1mCUSTOMER"), rest)
    assert.is_nil(rest:find("/3 customers", 1, true))
  end)

  it("says when the service slows it down", function()
    box:control { faults = { { match = "/deployment", times = 1, status = 429, retry_after = 1,
      skip = 1 } } }
    local code, shown = run("deployment -a --source customer --concurrency 1")
    assert.equal(0, code)
    assert.truthy(shown:find("throttled", 1, true), shown)
  end)

  it("shows what is there after Ctrl-C", function()
    box:control { faults = { { match = SECOND, delay = 30 } } }
    local code, shown = run("deployment -a --source customer --concurrency 1 --verbose",
      { talk = interrupt_at(SECOND) })
    assert.equal(130, code)
    local _, rows = shown:gsub("DT DEMO CSP CUSTOMER 005", "")
    assert.equal(3, rows)
    assert.truthy(shown:find("interrupted after 1 of 3 customers", 1, true))
  end)

  it("notices Ctrl-C while nothing is shown but the progress", function()
    box:control { faults = { { match = SECOND, delay = 30 } } }
    local code, shown = run("deployment -a --source customer --concurrency 1 -f csv",
      { talk = interrupt_at("1/3 customers") })
    assert.equal(130, code)
    assert.truthy(shown:find(DOCUMENTED .. ",", 1, true))
  end)

  it("leaves files alone after Ctrl-C, but keeps what is there beside them", function()
    local csv, html = directory .. "/out.csv", directory .. "/report.html"
    command.write(csv, "old")
    box:control { faults = { { match = SECOND, delay = 30 } } }
    local words = "deployment -a --source customer --concurrency 1 -v -f csv -o %s --html %s"
    local code = run(words:format(csv, html),
      { talk = interrupt_at(SECOND) })
    assert.equal(130, code)
    assert.equal("old", command.read(csv))
    assert.is_nil(command.read(html))
    local _, rows = command.read(csv .. ".partial"):gsub("DT DEMO", "")
    assert.equal(3, rows)
    assert.truthy(command.read(html .. ".partial"):find("Interrupted: 1 of 3 customers", 1, true))
  end)

  it("interrupts the one walk over all customers, too", function()
    local html = directory .. "/commercial.html"
    box:control { faults = { { match = "/deployment/license", rate = 60 } }, gzip = false }
    local code = run("deployment -a -v --source commercial --html " .. html,
      { talk = interrupt_at "/deployment/license" })
    assert.equal(130, code)
    local partial = command.read(html .. ".partial")
    assert.truthy(not partial or partial:find("Interrupted: not all rows", 1, true))
    assert.is_nil(command.read(html))
  end)

  it("ends without a word but that after Ctrl-C when nothing is there", function()
    for _, words in ipairs { "customers -v", "deployment -a -v", "whoami -v" } do
      -- For each anew: it is for one request.
      box:control { faults = { { match = "/v1/customers", delay = 30 } } }
      local code, shown = run(words, { talk = interrupt_at "request GET" })
      assert.equal(130, code)
      assert.truthy(shown:find("partnercenter: interrupted\27%[0m\n$")
        or shown:find("partnercenter: interrupted\n$"), shown)
    end
  end)

  it("runs a sandbox until Ctrl-C", function()
    -- In a checkout of its own: each has one place for it.
    local script = command.copy(directory)
    os.execute(("ln -s \"$PWD/lua\" \"$PWD/examples\" %s"):format(directory))
    local build = os.getenv "PC_BUILD" or "build/" .. _VERSION:match("%d%.%d")
    local code, shown = command.terminal("sandbox --customers=2", {
      script = script, talk = interrupt_at "pid=",
      env = { PC_BUILD = build:match("^/") and build or os.getenv "PWD" .. "/" .. build },
    })
    assert.equal(0, code, shown)
    assert.truthy(shown:find("base_url=https://127.0.0.1:", 1, true), shown)
  end)

  it("ends a login with Ctrl-C, and keeps nothing", function()
    box:control { device_pending = 1000 }
    local code, shown = run("login", {
      home = directory, talk = interrupt_at "enter the code",
      env = { PARTNERCENTER_TOKEN = false, PARTNERCENTER_TENANT = box.tenant,
        PARTNERCENTER_CLIENT_ID = box.client_id },
    })
    assert.equal(130, code)
    assert.truthy(shown:find("interrupted", 1, true))
    assert.is_nil(command.read(directory .. "/.local/state/partnercenter/token"))
  end)

  -- The same failures as in a pipe, as a person meets them.
  describe("tells a person", function()
    local none = { PARTNERCENTER_TOKEN = false }

    -- Answers to the questions of a login, in their order, each once.
    local function answers(...)
      local list, at = { ... }, 0
      return function(seen, send)
        local asked = select(2, seen:gsub("contoso%.onmicrosoft%.com: ", ""))
          + select(2, seen:gsub("%(client%) id: ", ""))
        if asked <= at or not list[asked] then return end
        at = asked
        send(list[asked])
      end
    end

    it("what a login needs by asking, where it comes from, and keeps it", function()
      box:control { device_pending = 0, device_interval = 0.1 }
      local home = command.directory()
      local code, shown = run("login", { env = none, columns = 200, home = home,
        talk = answers(" " .. box.tenant .. "\n", box.client_id .. "\n") })
      assert.equal(0, code, shown)
      assert.truthy(shown:find("doc/sign-in.md", 1, true), shown)
      assert.truthy(shown:find("signed in to " .. box.tenant, 1, true), shown)
      -- The next one goes to the same tenant, and asks for nothing.
      code, shown = run("login", { env = none, columns = 200, home = home })
      assert.equal(0, code, shown)
      assert.is_nil(shown:find("a sign-in needs", 1, true), shown)
      -- Another one is asked for what is missing, and replaces nothing in silence.
      code, shown = run("login --tenant fabrikam.example", { env = none, columns = 300,
        home = home, talk = answers(box.client_id .. "\n") })
      assert.equal(2, code)
      assert.truthy(shown:find("holds the sign-in of tenant " .. box.tenant:lower(), 1, true),
        shown)
      command.remove(home)
    end)

    for _, c in ipairs {
      { "all that a login needs when nobody answers", { "\4" }, "--tenant (or" },
      { "what is still missing when one answer is empty", { "contoso.com\n", "\n" },
        "a sign-in needs --client-id (or" },
      { "that an answer is none", { "contoso.com\n", "nonsense\n" }, "--client-id" },
    } do
      it(c[1] .. ", and makes nothing", function()
        local home = command.directory()
        local code, shown = run("login", { env = none, columns = 200, home = home,
          talk = answers((table.unpack or unpack)(c[2])) })
        assert.equal(2, code, shown)
        assert.truthy(shown:find("partnercenter: [^\n]*" .. c[3]:gsub("%p", "%%%0")), shown)
        assert.equal("", shell.run("ls -A " .. home))
        command.remove(home)
      end)
    end

    it("why a sign-in has ended, and what to do", function()
      local code, shown = run("customers", { columns = 300, env = { PARTNERCENTER_TOKEN = false,
        PARTNERCENTER_TENANT = box.tenant, PARTNERCENTER_CLIENT_ID = box.client_id,
        PARTNERCENTER_REFRESH_TOKEN = "ended" } })
      assert.equal(3, code)
      assert.truthy(shown:find("AADSTS%d+") and shown:find("partnercenter login", 1, true), shown)
    end)

    it("once what every call would meet", function()
      box:reset()
      local code, shown = run("deployment -a --source customer --concurrency 1", { columns = 300,
        env = { PARTNERCENTER_TOKEN = false, PARTNERCENTER_TENANT = box.tenant,
          PARTNERCENTER_CLIENT_ID = box.client_id,
          PARTNERCENTER_CLIENT_SECRET = box.client_secret } })
      assert.equal(3, code)
      assert.equal(1, select(2, shown:gsub("partnercenter: ", "")), shown)
      assert.truthy(shown:find("App+User", 1, true), shown)
    end)

    it("rows in the order and the form that were asked for", function()
      for ending, begins in pairs { csv = "customerId,", json = "[\n", ndjson = "{\"",
        html = "<!DOCTYPE html>", txt = "CUSTOMER " } do
        local path = ("%s/of-a-terminal.%s"):format(directory, ending)
        local code, shown = run("deployment -a --sort deployedShare:DESC -o " .. path)
        assert.equal(0, code, shown)
        assert.equal(begins, command.read(path):sub(1, #begins))
      end
      local _, shown = run("deployment -a --sort SHARE:DESC -f csv")
      assert.is_true(shown:find(",1.0", 1, true) < shown:find(",0.0", 1, true), shown)
    end)

    it("the settings when nobody is signed in", function()
      local code, shown = run("whoami --tenant contoso.com", { env = none })
      assert.equal(3, code)
      assert.truthy(shown:find("tenant        contoso.com (option)", 1, true), shown)
      assert.truthy(shown:find("signed in     no", 1, true), shown)
      assert.truthy(shown:find("partnercenter login", 1, true), shown)
    end)

    it("one cause of many failures in one line", function()
      box:control { faults = { { match = "/analytics", times = 99, error = "no_relationship" } } }
      local code, shown = run("deployment -a --source customer", { columns = 250 })
      assert.equal(1, code)
      local _, lines = shown:gsub("forbidden:", "")
      assert.equal(1, lines)
      assert.truthy(shown:find("3 customers: forbidden:", 1, true), shown)
    end)

    it("the flag that a message is about", function()
      local code, shown = run("customers --base-url http://example.com")
      assert.equal(2, code)
      assert.truthy(shown:find("--base-url must begin with https://", 1, true), shown)
    end)

    it("the whole name of an option that was cut off", function()
      local code, shown = run("deployment --all-cust")
      assert.equal(2, code)
      assert.truthy(shown:find("Did you mean '--all-customers'?", 1, true), shown)
    end)

    it("how a command is used: the main options first, with examples", function()
      local code, shown = run("help deployment")
      assert.equal(0, code)
      local main, rest = shown:find("Main options:", 1, true), shown:find("--base-url", 1, true)
      assert.truthy(main < rest)
      assert.truthy(shown:find("Examples:", 1, true))
      local _, piped = command.run("deployment --help", { box = box })
      assert.equal(piped, shown)
    end)

    it("where rows are that the older resource has not", function()
      box:control { faults = { { match = "/v1/customers/.*/deployment", times = 99,
        body = '{"totalCount":0,"items":[]}' } } }
      local _, shown = run("deployment contoso --source customer", { columns = 200 })
      assert.truthy(shown:find("'--source commercial' may have it", 1, true), shown)
    end)
  end)
end)
