-- The command in a pipe against the sandbox. PC_UPDATE=1 writes the golden files.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

local DOCUMENTED = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local SECOND = "1c1e3dd0-9531-46f3-a072-05000001316a"

if command.skips() then return end

describe("the command in a pipe", function()
  local box, directory

  local function run(words, env)
    return command.run(words, { box = box, env = env })
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
    { "customers.txt", "customers" },
    { "customers.csv", "customers --format csv" },
    { "customers.json", "customers --format json" },
    { "customers.ndjson", "customers --format ndjson --sort id" },
    { "deployment.txt", "deployment --all-customers" },
    { "deployment.csv", "deployment --all-customers --format=csv" },
    { "deployment.json", "deployment -a -f json" },
    { "deployment.ndjson", "deployment -a -f ndjson --below 50" },
    { "deployment-commercial.csv", "deployment -a -f csv --source commercial" },
    { "deployment-groups.txt",
      "deployment -a --group-by serviceName,channel --sort deployedShare:desc" },
    { "deployment-groups.csv", "deployment -a --group-by customerName --below 90 -f csv" },
    { "usage.txt", "usage " .. DOCUMENTED .. " " .. SECOND },
    { "usage.csv", "usage -a -f csv --sort usedShare" },
    { "usage.json", "usage -f json " .. DOCUMENTED },
    { "subscriptions.txt", "subscriptions" },
    { "subscriptions.csv", "subscriptions -f csv" },
    { "subscriptions-groups.txt", "subscriptions --group-by status,subscriptionType" },
    { "get.json", "get '/v1/customers?size=1'" },
    { "get.csv", "get /v1/customers --filter \"relationshipToPartner eq reseller\" -f csv" },
  } do
    it("prints " .. c[1], function()
      local code, out, err = run(c[2])
      assert.same({ 0, "" }, { code, err })
      assert.equal(command.golden(c[1], out))
    end)
  end

  it("answers the same from both sources", function()
    local fields = "customerName,productName"
    local _, old = run("deployment -a -f csv --sort productName --group-by " .. fields)
    local _, new = run("deployment -a -f csv --sort productName --source commercial --group-by "
      .. fields)
    assert.equal(old, new)
    _, old = run("usage -f csv " .. SECOND)
    _, new = run("usage -f csv --source commercial " .. SECOND)
    assert.equal(old, new)
  end)

  it("filters on both sides", function()
    box:reset()
    local _, out = run [[customers --filter "startswith(CompanyName,'cont')" -f csv]]
    assert.equal("Contoso 001", out:match("\n[^,]*,([^,]*),[^\n]*\r\n$"))
    assert.truthy(box:stats().requests[1].uri:find("filter=", 1, true))
    _, out = run [[deployment -a -f csv --filter "licensesSold gt 4 and channel eq reseller"]]
    local _, lines = out:gsub("\n", "")
    assert.equal(1 + 4, lines)
  end)

  it("sends a parameter as often as it is written", function()
    box:reset()
    run "get '/v1/customers?size=2&size=1'"
    assert.truthy(box:stats().requests[1].uri:find("size=2&size=1", 1, true))
  end)

  it("shows nested rows with dots", function()
    local _, out = run "get /v1/customers -f table"
    assert.truthy(out:find("companyProfile.companyName", 1, true))
    assert.is_nil(out:find("{", 1, true))
  end)

  it("asks each customer once, side by side", function()
    box:reset()
    assert.equal(0, (run { "usage", "-f", "csv", SECOND, SECOND:upper(), DOCUMENTED }))
    assert.equal(2, box:stats().total)
  end)

  it("writes a file all at once", function()
    local path = directory .. "/out.csv"
    command.write(path, "old")
    local code, out = run("customers -f csv -o " .. path)
    assert.same({ 0, "" }, { code, out })
    assert.equal((command.golden("customers.csv", command.read(path))), command.read(path))
    assert.is_nil(command.read(path .. ".partial"))
  end)

  it("leaves the file that is there when not all rows came", function()
    local path = directory .. "/kept.csv"
    command.write(path, "old")
    box:control { page_size = 1, faults = { { match = "/v1/customers", skip = 1, times = 9,
      error = "bad_input" } } }
    local code, out, err = run("customers -f csv -o " .. path)
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("those that did are in " .. path .. ".partial", 1, true))
    assert.equal("old", command.read(path))
    assert.truthy(command.read(path .. ".partial"):find(DOCUMENTED, 1, true))
  end)

  it("prints nothing when nothing came", function()
    box:control { faults = { { times = 9, error = "bad_input" } } }
    for _, format in ipairs { "table", "csv", "json", "ndjson" } do
      local code, out, err = run("customers -f " .. format)
      assert.same({ 1, "" }, { code, out })
      assert.truthy(err:find("^partnercenter: http: .*correlation id [%x-]+"))
    end
  end)

  it("goes on when a customer fails, and says so", function()
    box:control { faults = { { match = SECOND, times = 9, error = "no_relationship" } } }
    local code, out, err = run("deployment -a --source customer -f csv --concurrency 1")
    assert.equal(1, code)
    local _, lines = out:gsub("\n", "")
    assert.equal(1 + 6, lines)
    assert.truthy(err:find("customer Contoso 001 (" .. SECOND .. "): forbidden:", 1, true))
    assert.truthy(err:find("1 of 3 customers failed", 1, true))
  end)

  it("fails when its output cannot be written", function()
    local code, _, err = run("customers -f csv -o /dev/full")
    assert.equal(1, code)
    assert.truthy(err:find("cannot write /dev/full", 1, true))
    code, _, err = run("customers -o " .. directory .. "/no/such/place")
    assert.equal(1, code)
    assert.truthy(err:find("cannot write", 1, true))
  end)

  it("tells every request when asked, and no secret", function()
    local code, _, err = run("customers --verbose -f csv")
    assert.equal(0, code)
    assert.truthy(err:find("request GET " .. box.base_url .. "/v1/customers", 1, true))
    assert.truthy(err:find("response .* 200 "))
    assert.is_nil(err:find(box.token, 1, true))
    assert.is_nil(err:find("\27", 1, true))
  end)

  for _, c in ipairs {
    { "no command", "", "Usage:" },
    { "an unknown command", "customer", "Did you mean 'customers'" },
    { "an unknown option", "customers --sorted x", "unknown option" },
    { "an unknown format", "customers -f xml", "must be one of" },
    { "no customer", "deployment", "--all-customers" },
    { "a customer twice over", "usage -a " .. DOCUMENTED, "not both" },
    { "a name that nobody has", "usage fabricam", "no customer is called 'fabricam'" },
    { "a wrong filter", "customers --filter 'a b c'", "'b' is no operator" },
    { "a wrong share", "usage -a --below 101", "'101' is not a percentage from 0 to 100" },
    { "a wrong order", "customers --sort id:up", "'id:up' is not FIELD or FIELD:desc" },
    { "no concurrency", "customers --concurrency 0", "whole number" },
    { "a plain address", "customers --base-url http://example.com", "--base-url must" },
    { "a path without a slash", "get v1/customers", "begin with a slash" },
    { "a path that climbs", "get /v1/../x", "path" },
    { "an unknown cloud", "customers --cloud moon", "must be one of" },
    { "groups in a report", "deployment -a --html x --group-by channel", "--group-by" },
  } do
    it("refuses " .. c[1], function()
      local code, out, err = run(c[2])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(c[3], 1, true), err)
    end)
  end

  it("knows its version, its help and its completions", function()
    local code, out = run "--version"
    assert.same({ 0, "partnercenter " .. require "partnercenter.version" .. "\n" }, { code, out })
    code, out = run "deployment --help"
    assert.equal(0, code)
    assert.truthy(out:find("--all-customers", 1, true))
    code, out = run "sandbox --help"
    assert.equal(0, code)
    assert.truthy(out:find("Usage: partnercenter sandbox", 1, true))
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      code, out = run("completion " .. shell)
      assert.equal(0, code)
      assert.truthy(out:find("all-customers", 1, true))
    end
    code, out = run "completion bash"
    assert.equal(0, code)
    command.write(directory .. "/complete", out)
    assert.truthy(os.execute("bash -n " .. directory .. "/complete"))
    local function complete(...)
      command.write(directory .. "/try", ("source %s/complete\nCOMP_WORDS=(%s)\n"):format(directory,
        table.concat({ ... }, " ")) .. "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_partnercenter\n"
        .. 'echo " ${COMPREPLY[*]} "\n')
      local pipe = io.popen("bash " .. directory .. "/try")
      local text = pipe:read("*a")
      pipe:close()
      return text
    end
    for _, c in ipairs {
      { { "partnercenter", "deployment", "--sort", "lic" }, " licensesDeployed " },
      { { "partnercenter", "deployment", "--group-by", "deployedS" }, " deployedShare " },
      { { "partnercenter", "customers", "--columns", "relation" }, " relationshipToPartner " },
      { { "partnercenter", "reports", "sch" }, " schedule " },
      { { "partnercenter", "reports", "run", "--filter-h" }, " --filter-here " },
      { { "partnercenter", "sandbox", "dep" }, " deployment " },
      { { "partnercenter", "sandbox", "--cus" }, " --customers= " },
      { { "partnercenter", "sandbox", "deployment", "--all" }, " --all-customers " },
    } do
      local text = complete((table.unpack or unpack)(c[1]))
      assert.truthy(text:find(c[2], 1, true), text)
    end
  end)

  it("has every option in its manual", function()
    local manual = command.read("doc/partnercenter.1"):gsub("\\%-", "-")
    for _, name in ipairs { "customers", "deployment", "subscriptions", "get", "login", "whoami",
      "profiles", "skus", "licences", "renewals", "holders", "snapshot", "diff", "trend",
      "check", "reports run", "reports fetch", "reports list", "reports schedule",
      "reports queries", "reports delete" } do
      local _, out = run(name .. " --help")
      for option in out:gmatch("%-%-[%l-]+") do
        assert.truthy(manual:find(option, 1, true), option .. " is not in the manual")
      end
    end
  end)

  it("says what is missing", function()
    local code, _, err = run("customers", { PC_BUILD = "/nonexistent", LUA_CPATH = "/none/?.so" })
    assert.equal(2, code)
    assert.truthy(err:find("is not built", 1, true))
  end)

  it("has no sandbox where it is installed", function()
    local code, out, err = command.run("sandbox", { script = command.copy(directory) })
    assert.same({ 2, "" }, { code, out })
    assert.truthy(err:find("comes with the source", 1, true), err)
  end)

  -- A sanitizer's library would have to go with it through the sandbox's scripts.
  local plain = (os.getenv "PC_UNDER" or "") == ""
  it("runs a command against a sandbox of its own", plain and function()
    local code, out, err = command.run("sandbox --customers=2 customers -f csv")
    assert.same({ 0, "" }, { code, err })
    local _, lines = out:gsub("\n", "")
    assert.equal(1 + 2, lines)
    code = command.run("sandbox --customers=2 usage x")
    assert.equal(2, code)
  end or function() end)
end)

describe("the command over 500 customers", function()
  local box
  setup(function() box = sandbox.start {} end)
  teardown(function() box:stop() end)

  it("has every row, and few connections", function()
    local code, out, err = command.run("deployment --all-customers --source customer -f csv",
      { box = box })
    assert.same({ 0, "" }, { code, err })
    local _, lines = out:gsub("\n", "")
    assert.equal(1 + 3 + 499 * 20, lines)
    assert.equal(501, box:stats().total)
  end)
end)
