-- Where the command writes to, and what it says beside it.
local cjson = require "spec.support.json"
local command = require "spec.support.command"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local SECOND = "1c1e3dd0-9531-46f3-a072-05000001316a"

if command.skips() then return end

describe("the command's output", function()
  local box, directory

  local function run(words, options)
    local all = { box = box }
    for name, value in pairs(options or {}) do all[name] = value end
    return command.run(words, all)
  end

  local function shell(line)
    local pipe = io.popen(line)
    local text = pipe:read("*a")
    pipe:close()
    return (text:gsub("\n$", ""))
  end

  setup(function() box = sandbox.start { customers = 3, products = 3 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:restore()
    directory = command.directory()
  end)
  after_each(function() command.remove(directory) end)

  describe("in a file", function()
    for _, mode in ipairs { "600", "640", "664" } do
      it("keeps the mode " .. mode .. " of the one that was there", function()
        local path = directory .. "/out.csv"
        command.write(path, "old")
        os.execute(("chmod %s %s"):format(mode, path))
        assert.equal(0, (run("customers -o " .. path)))
        assert.equal(mode, shell("stat -c %a " .. path))
        assert.truthy(command.read(path):find(SECOND, 1, true))
      end)
    end

    it("is for nobody else when it is new, whatever the umask", function()
      os.execute(("umask 000; mkdir %s/x"):format(directory))
      assert.equal(0, (run("customers -o " .. directory .. "/x/new.csv")))
      assert.equal("600", shell("stat -c %a " .. directory .. "/x/new.csv"))
      assert.equal("new.csv", shell("ls -A " .. directory .. "/x"))
    end)

    it("follows no link, and replaces none", function()
      command.write(directory .. "/victim", "mine")
      os.execute(("ln -s %s/victim %s/out.csv; ln -s %s/victim %s/x.csv.partial"):format(directory,
        directory, directory, directory))
      local code, _, err = run("customers -o " .. directory .. "/out.csv")
      assert.equal(1, code)
      assert.truthy(err:find("it is a symbolic link", 1, true), err)
      assert.equal(0, (run("customers -o " .. directory .. "/x.csv")))
      assert.equal("mine", command.read(directory .. "/victim"))
      assert.truthy(shell("readlink " .. directory .. "/x.csv.partial"):find("victim", 1, true))
    end)

    it("writes to a pipe that has a name", function()
      local path = directory .. "/pipe.csv"
      os.execute(("mkfifo %s; cat %s >%s/copy &"):format(path, path, directory))
      assert.equal(0, (run("customers -o " .. path)))
      assert.truthy(shell("sleep 0.2; test -p " .. path .. " && cat " .. directory .. "/copy")
        :find(SECOND, 1, true))
    end)

    it("leaves a file of the name .partial alone", function()
      local path = directory .. "/out.csv"
      command.write(path .. ".partial", "mine")
      assert.equal(0, (run("customers -o " .. path)))
      box:control { page_size = 1, faults = { { match = "/v1/customers", skip = 1, times = 9,
        error = "bad_input" } } }
      local code, _, err = run("customers -o " .. path)
      assert.equal(1, code)
      assert.truthy(err:find(path .. ".partial.2", 1, true), err)
      assert.equal("mine", command.read(path .. ".partial"))
    end)

    for _, c in ipairs {
      { "csv", "^id,companyName" }, { "json", "^%[\n{" }, { "ndjson", "^{" }, { "txt", "^COMPANY" },
    } do
      it("has the form of its ending: " .. c[1], function()
        local path = directory .. "/out." .. c[1]
        assert.equal(0, (run("customers -o " .. path)))
        assert.truthy(command.read(path):find(c[2]))
      end)
    end

    it("is a report when it ends like a page", function()
      local path = directory .. "/out.html"
      local code, out = run("deployment -a -o " .. path)
      assert.same({ 0, "" }, { code, out })
      assert.truthy(command.read(path):find("^<!DOCTYPE html>"))
      local _, _, err = run("customers -o " .. path)
      assert.truthy(err:find("customers writes no web page", 1, true), err)
      code, _, err = run("deployment -a -o " .. directory .. "/x.xlsx")
      assert.equal(2, code)
      assert.truthy(err:find("--format excel", 1, true))
    end)
  end)

  describe("of failures", function()
    before_each(function()
      box:control { faults = { { match = SECOND, times = 9, error = "no_relationship" } } }
    end)

    it("is the last element of JSON", function()
      local code, out = run("deployment -a --source customer -f json")
      assert.equal(1, code)
      local rows = assert(partnercenter.decode(out))
      local errors = rows[#rows].errors
      assert.same({ SECOND, "Contoso 001", "forbidden", 403 }, { errors[1].customerId,
        errors[1].customerName, errors[1].kind, errors[1].status })
    end)

    it("is the last line of ndjson", function()
      local _, out = run("deployment -a --source customer -f ndjson")
      local last = partnercenter.decode(out:match("([^\n]+)\n$"))
      assert.equal(SECOND, last.error.customerId)
    end)

    it("is a file beside CSV, and goes when all is well", function()
      local path = directory .. "/out.csv"
      assert.equal(1, (run("deployment -a --source customer -o " .. path)))
      local text = command.read(directory .. "/out.errors.csv")
      assert.truthy(text:find("^customerId,customerName,kind,status,code,message"))
      assert.truthy(text:find("\n" .. SECOND .. ",Contoso 001,forbidden,403", 1, true), text)
      box:reset()
      assert.equal(0, (run("deployment -a --source customer -o " .. path)))
      assert.is_nil(command.read(directory .. "/out.errors.csv"))
    end)

    it("is JSON on the standard error when asked", function()
      local code, _, err = run("deployment -a --source customer -f csv --errors json")
      assert.equal(1, code)
      for line in err:gmatch("[^\n]+") do
        local entry = cjson.decode(line)
        assert.is_string(entry.kind)
        assert.is_string(entry.message)
      end
      code, _, err = run("customers --errors json --filter 'nope eq 1'")
      assert.equal(2, code)
      assert.equal("usage", cjson.decode(err).kind)
    end)
  end)

  it("counts equal causes in one line, with names beside ids", function()
    box:control { faults = { { match = "/analytics", times = 99, error = "no_relationship" } } }
    local code, out, err = run("deployment -a --source customer -f csv")
    assert.same({ 1, "" }, { code, out })
    local _, lines = err:gsub("\n", "")
    assert.equal(2, lines)
    assert.truthy(err:find("3 customers: forbidden:", 1, true), err)
    assert.truthy(err:find("Contoso 001 (" .. SECOND .. ")", 1, true), err)
    assert.truthy(err:find("3 of 3 customers failed", 1, true))
  end)

  it("stops at once where every call would fail alike", function()
    local code, _, err = run("deployment -a --source customer -f csv", { env = {
      PARTNERCENTER_TOKEN = false, PARTNERCENTER_TENANT = box.tenant,
      PARTNERCENTER_CLIENT_ID = box.client_id, PARTNERCENTER_CLIENT_SECRET = box.client_secret,
    } })
    assert.equal(3, code)
    local _, lines = err:gsub("\n", "")
    assert.equal(1, lines, err)
  end)

  it("asks the succeeding resource where the older one has nothing", function()
    box:control { faults = { { match = "/v1/customers/.*/deployment", times = 99,
      body = '{"totalCount":0,"items":[]}' } } }
    local code, out, err = run("deployment contoso -f csv")
    assert.equal(0, code)
    local _, lines = out:gsub("\n", "")
    assert.equal(4, lines)
    assert.truthy(err:find("theirs are from the commercial one", 1, true), err)
    _, _, err = run("deployment contoso -f csv --source customer")
    assert.truthy(err:find("'--source commercial' may have it", 1, true), err)
  end)

  it("names customers by id, name, domain, part, and from a pipe", function()
    for _, word in ipairs { SECOND, "'contoso 001'", "contoso001.onmicrosoft.com", "ONTOS" } do
      local code, out = run("deployment -f csv " .. word)
      assert.equal(0, code)
      local _, lines = out:gsub("\n", "")
      assert.equal(1 + 3, lines)
    end
    command.write(directory .. "/names", "contoso 001\n\n fabrikam \n")
    local code, out = run("deployment -f csv -", { stdin = directory .. "/names" })
    assert.equal(0, code)
    local _, lines = out:gsub("\n", "")
    assert.equal(1 + 6, lines)
  end)

  for _, c in ipairs {
    { "an empty one beside a name", "contoso -", "", "the standard input names no customer" },
    { "one of empty lines", "-", "\n \r\n", "the standard input names no customer" },
    { "two dashes", "- -", "contoso\n", "one dash is enough" },
  } do
    it("refuses a standard input that would say less than was meant: " .. c[1], function()
      command.write(directory .. "/names", c[3])
      local code, out, err = run("deployment -f csv " .. c[2], { stdin = directory .. "/names" })
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(c[4], 1, true), err)
    end)
  end

  it("reads names as Windows writes them", function()
    command.write(directory .. "/names", "\239\187\191" .. SECOND .. "\r\n")
    local code, out = run("skus -f ndjson -", { stdin = directory .. "/names" })
    assert.equal(0, code)
    assert.truthy(out:find(SECOND, 1, true), out)
  end)

  it("tells who of the named customers has nothing", function()
    box:control { faults = {
      { match = SECOND .. "/analytics", times = 99, body = '{"totalCount":0,"items":[]}' },
      { match = SECOND .. "/subscribedskus", times = 99, body = '{"totalCount":0,"items":[]}' } } }
    for _, words in ipairs { "deployment fabrikam contoso --source customer",
      "usage contoso fabrikam --source customer", "skus contoso fabrikam" } do
      local code, _, err = run(words .. " -f csv")
      assert.equal(0, code)
      assert.truthy(err:lower():find("no rows of contoso 001 (" .. SECOND .. ")\n", 1, true), err)
      assert.equal(1, select(2, err:gsub("no rows", "")), err)
      assert.is_nil(select(3, run(words .. " -q -f csv")):find "no rows")
    end
    local _, _, err = run("deployment contoso --source customer -f csv")
    assert.is_nil(err:find("no rows of", 1, true), err)
  end)

  it("goes on with what an earlier run of the day left out", function()
    box:control { faults = { { match = SECOND, times = 1, error = "no_relationship" } } }
    assert.equal(1, (run("deployment -a --source customer -f csv", { home = directory })))
    box:reset()
    local code, out = run("deployment -a --source customer -f csv --resume", { home = directory })
    assert.equal(0, code)
    local _, lines = out:gsub("\n", "")
    assert.equal(1 + 9, lines)
    assert.equal(2, box:stats().total)      -- the list, and the one that failed
    local whole = select(2, run("deployment -a --source customer -f csv --fresh"))
    assert.equal(whole, out)
    local kept = directory .. "/.local/state/partnercenter/runs/*/*.ndjson"
    assert.equal("600", shell("stat -c %a " .. kept))
  end)

  it("stops asking when it has enough", function()
    box:reset()
    local code, out = run("deployment -a --source customer -f csv --limit 2 --concurrency 1")
    assert.equal(0, code)
    local _, lines = out:gsub("\n", "")
    assert.equal(1 + 2, lines)
    assert.is_true(box:stats().total <= 3)
  end)

  it("says nothing but what went wrong when asked for quiet", function()
    local _, shown = command.terminal("deployment -a --quiet -f csv --limit 1", { box = box })
    assert.is_nil(shown:find("rows? of"))
  end)

  describe("that nobody gets", function()
    -- Short ones, that wait in a buffer till the end, and long ones.
    for _, words in ipairs { "--version", "help", "whoami", "profiles", "completion bash",
      "customers", "deployment -a -f json", "check --unused-over 1 -f csv" } do
      it("is a failure of " .. words, function()
        local failed = words:find("^check") and 4 or 1
        for where, why in pairs { ["/dev/full"] = "No space left on device",
          ["&-"] = "Bad file descriptor" } do
          local code, _, err = run(words, { stdout = where })
          assert.equal(failed, code, err)
          assert.equal("partnercenter: cannot write the standard output: " .. why .. "\n", err)
        end
      end)

      it("ends without a word when the reader of " .. words .. " has enough", function()
        local pipe = directory .. "/pipe"
        os.execute("mkfifo " .. pipe)
        -- A pipe whose only reader is gone before the command begins.
        local code, _, err = run(words, { stdout = ("/dev/null 9<>%s 8>%s 9>&- >&8 8>&-"):format(
          pipe, pipe) })
        assert.same({ 141, "" }, { code, err })
      end)
    end
  end)

  it("tells a command line that cannot be read as JSON, too", function()
    for _, c in ipairs {
      { "deployment --bogus --errors json", "unknown option '--bogus'" },
      { "nonsense --errors=json", "unknown command 'nonsense'" },
      { "deployment -a --limit 0 --errors json", "'0' is not a whole number" },
    } do
      local code, out, err = run(c[1])
      assert.same({ 2, "" }, { code, out })
      local told = cjson.decode(err)
      assert.equal("usage", told.kind)
      assert.truthy(told.message:find(c[2], 1, true), err)
    end
  end)

  it("steers no terminal", function()
    local body = '{"items":[{"a\\u001b[31m":"x\\u009b2J\\u202e\\u0007"}]}'
    box:control { faults = { { match = "/v1/customers", times = 99, body = body } } }
    for _, form in ipairs { "table", "csv", "excel", "json", "ndjson", "csv -o /dev/tty",
      "excel -o /dev/stdout" } do
      local _, shown = command.terminal("get /v1/customers -f " .. form, { box = box })
      assert.truthy(shown:find("2J", 1, true), form)
      assert.is_nil(shown:find("\27[31m", 1, true), form)
      assert.is_nil(shown:find("\194\155", 1, true), form)
      assert.is_nil(shown:find("\226\128\174", 1, true), form)
      assert.is_nil(shown:find("\7", 1, true), form)
    end
    local _, out = run "get /v1/customers -f json"
    assert.equal("x\194\1552J\226\128\174\7", partnercenter.decode(out)[1]["a\27[31m"])
  end)
end)
