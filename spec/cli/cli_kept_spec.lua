-- What a run of the command has read: what goes into the next one, when, and when not.
local cjson = require "spec.support.json"
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

if command.skips() then return end

local WALK = "deployment -a -f csv"
local SECOND = "1c1e3dd0-9531-46f3-a072-05000001316a"
local YESTERDAY = os.date("!%Y-%m-%d", os.time() - 86400)

describe("a run of the command", function()
  local box, home, fresh

  local function run(words, options)
    local all = { box = box, home = home }
    for name, value in pairs(options or {}) do all[name] = value end
    return command.run(words, all)
  end

  -- Every call but the sign-in's.
  local function calls() return box:stats().total end

  local function runs() return home .. "/.local/state/partnercenter/runs" end

  local function file()
    return (shell.run("ls " .. runs() .. "/*/*.ndjson"):gsub("\n$", ""))
  end

  -- A walk that ends in the middle.
  local function cut(words)
    box:control { gzip = false, faults = { { match = "/license", close = 4000 } } }
    local code, out, err = run(words or WALK)
    assert.equal(1, code)
    assert.truthy(err:find("with --resume goes on from here", 1, true), err)
    box:reset()
    return out
  end

  setup(function()
    box = sandbox.start { customers = 12, products = 3 }
    fresh = select(2, command.run(WALK, { box = box }))
  end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    home = command.directory()
  end)
  after_each(function() command.remove(home) end)

  describe("that was cut off", function()
    it("goes on with --resume behind its rows", function()
      local part = cut()
      assert.truthy(#part > 500 and #part < #fresh, #part)
      local code, out, err = run(WALK .. " --resume")
      assert.same({ 0, fresh }, { code, out })
      assert.matches("goes on behind %d+ rows of %d%d:%d%d UTC today; %-%-fresh asks again", err)
      local requests = box:stats().requests
      assert.equal(1, #requests)
      local _, rows = part:gsub("\n", "")
      -- Headings, and the last row once more.
      assert.matches("skip=" .. rows - 2, requests[1].uri, 1, true)
    end)

    it("goes on after one that went on", function()
      cut()
      box:control { gzip = false, faults = { { match = "/license", close = 4000 } } }
      assert.equal(1, (run(WALK .. " --resume")))
      local code, out = run(WALK .. " --resume")
      assert.same({ 0, fresh }, { code, out })
      code, out = run(WALK)
      assert.same({ 0, fresh }, { code, out })
    end)

    for _, c in ipairs {
      { "whose rows are processed anew", { processed = "2017-04-03" } },
      { "whose place the service does not take", { faults = { { match = "skip=", times = 9,
        error = "bad_input" } } } },
      { "whose place is behind the end", { faults = { { match = "skip=", times = 9,
        body = '{"Value":[],"@nextLink":null,"TotalCount":0}' } } } },
    } do
      it("begins anew, aloud: one " .. c[1], function()
        cut()
        box:control(c[2])
        local whole = select(2, command.run(WALK, { box = box }))
        local code, out, err = run(WALK .. " --resume")
        assert.same({ 0, whole }, { code, out })
        assert.truthy(err:find("other rows than the run before: all is read anew", 1, true), err)
      end)
    end

    it("does not begin anew when the service is not there", function()
      cut()
      box:control { faults = { { match = "skip=", times = 99, error = "access_denied" } } }
      local code, _, err = run(WALK .. " --resume")
      assert.equal(1, code)
      assert.is_nil(err:find("anew", 1, true))
      box:reset()
      assert.equal(fresh, (select(2, run(WALK .. " --resume"))))
    end)

    for _, c in ipairs { { "in its middle", -20 }, { "before its end", -2 } } do
      it("goes on when its last line is cut off " .. c[1] .. ", and no line gets lost", function()
        cut()
        local path = file()
        local text = command.read(path)
        command.write(path, text:sub(1, c[2]))
        for _ = 1, 2 do
          local code, out = run(WALK .. " --resume")
          assert.same({ 0, fresh }, { code, out })
        end
      end)
    end

    it("does not go on over a line that is none: a row would be missing", function()
      cut()
      local path = file()
      command.write(path, (command.read(path):gsub("\n{\"", "\n{", 1)))
      local code, _, err = run(WALK .. " --resume")
      assert.equal(1, code)
      assert.matches("is damaged; %-%-fresh asks again", err)
      assert.equal(0, (run(WALK .. " --fresh")))
    end)

    -- A walk that is under way when the command behind it runs, with its output in `out`.
    local function behind(words, script)
      return shell.run(shell.CLEAN .. ("%s >%s/out 2>%s/err & "
        .. "for i in $(seq 600); do [ -s %s/*/*.ndjson ] && break; sleep 0.05; done 2>/dev/null; "
        .. "%s"):format(command.line(words, { box = box, home = home }), home, home, runs(),
        script))
    end

    for _, c in ipairs { { "INT", 130 }, { "KILL", 137 } } do
      it("goes on after a signal: " .. c[1], function()
        box:control { gzip = false, faults = { { match = "/license", rate = 2500 } } }
        local ended = behind(WALK, ("kill -%s $!; wait $!; echo $?"):format(c[1]))
        assert.equal(c[2], tonumber(ended))
        local part = command.read(home .. "/out")
        if c[1] == "INT" then assert.equal(part, fresh:sub(1, #part)) end
        box:reset()
        local code, out = run(WALK .. " --resume")
        assert.same({ 0, fresh }, { code, out })
      end)
    end

    it("goes on alone: a second one beside it keeps nothing, and has all rows", function()
      box:control { gzip = false, faults = { { match = "/license", rate = 2500 } } }
      local ended = behind(WALK, ("%s >%s/second 2>&1; wait $!; echo $?"):format(
        command.line(WALK .. " --resume", { box = box, home = home }), home))
      local seen = command.read(home .. "/second")
      assert.equal(0, tonumber(ended))
      assert.equal("--resume: that run is still under way; all is asked here, too\n" .. fresh, seen)
      assert.equal(fresh, command.read(home .. "/out"))
      local before = calls()
      assert.equal(fresh, (select(2, run(WALK))))
      assert.equal(before, calls())
    end)

    it("is not used without --resume", function()
      cut()
      local code, out = run(WALK)
      assert.same({ 0, fresh }, { code, out })
      assert.is_nil(box:stats().requests[1].uri:find("skip=", 1, true))
    end)

    it("asks first what failed", function()
      box:control { faults = { { match = SECOND .. "/analytics", error = "no_relationship" } } }
      local words = "usage -a --source customer --concurrency 1 -f json"
      local code, _, err = run(words)
      assert.equal(1, code)
      assert.truthy(err:find("with --resume goes on from here", 1, true), err)
      box:reset()
      local out
      code, out = run(words .. " --resume -q")
      assert.equal(0, code)
      assert.equal(2, calls())      -- the list, and the one that failed
      local rows = cjson.decode(out)
      assert.matches("^%d+%-%d+%-%d+T[%d:]+Z$", table.remove(rows).reusedFrom)
      assert.same(rows, cjson.decode((select(2, run(words .. " --fresh")))))
    end)
  end)

  describe("that was whole", function()
    for _, words in ipairs { "deployment -a", "usage -a", "usage -a --source customer",
      "skus contoso fabrikam", "licences -a", "renewals -a --within 400 --today 2017-03-14",
      "holders contoso" } do
      it("is not asked again on its day: " .. words, function()
        local whole = select(2, run(words .. " -f ndjson"))
        assert.truthy(#whole > 300, whole)
        box:reset()
        local code, out, err = run(words .. " -f ndjson")
        assert.equal(0, code)
        assert.matches(" of %d%d:%d%d UTC today; %-%-fresh asks again\n", err)
        -- Names become ids by the list of customers; holders are of users, who are listed.
        assert.is_true(calls() <= (words:find("holders", 1, true) and 4 or 1), calls())
        assert.equal(whole, out)
        local told
        code, out, err = run(words .. " -f ndjson --resume --errors json")
        told = out:match "\n([^\n]+)\n$"
        assert.same({ 0, "" }, { code, err })
        assert.is_string(cjson.decode(told).reusedFrom)
      end)
    end

    it("serves other forms, and what is decided here", function()
      run(WALK)
      local before = calls()
      for _, more in ipairs { "-f json", "--filter 'licensesSold gt 20'", "--below 30",
        "--group-by productName --sort share", "--limit 2", "--columns customer,share" } do
        local words = "deployment -a -f csv " .. more
        local whole = select(2, command.run(words, { box = box }))
        before = before + 1
        local _, out = run(words)
        assert.equal(whole, out, words)
      end
      assert.equal(before, calls())
      local html = home .. "/report.html"
      assert.equal(0, (run("deployment -a --html " .. html)))
      assert.matches("with rows that were read at %d%d:%d%d UTC", command.read(html))
    end)

    for _, more in ipairs { "--fresh", "--quiet", "--errors json", "--save --history HOME/h",
      "--locale de-DE", "--filter \"serviceCode eq 'o365'\"", "--source customer" } do
      it("is asked again: " .. more, function()
        run(WALK)
        local before = calls()
        local code, _, err = run(WALK .. " " .. more:gsub("HOME", home))
        assert.equal(0, code, err)
        assert.is_true(calls() > before)
        assert.is_nil(err:find("UTC today", 1, true))
      end)
    end

    for _, words in ipairs { "snapshot", "check --unused-over 1" } do
      it("is asked again by " .. words, function()
        run(WALK)
        local before = calls()
        assert.is_true((run(words)) <= 1)
        assert.is_true(calls() > before)
      end)
    end

    it("is nothing for somebody else", function()
      run(WALK)
      local before = calls()
      run(WALK, { env = { PARTNERCENTER_TOKEN = false, PARTNERCENTER_TENANT = box.tenant,
        PARTNERCENTER_CLIENT_ID = box.client_id,
        PARTNERCENTER_REFRESH_TOKEN = box.refresh_token } })
      assert.is_true(calls() > before)
    end)

    it("is forgotten with the sign-in", function()
      box:control { device_pending = 0, device_interval = 0.1 }
      local none = { env = { PARTNERCENTER_TOKEN = false } }
      local login = ("login --tenant %s --client-id %s"):format(box.tenant, box.client_id)
      for _, words in ipairs { login, "logout" } do
        assert.equal(0, (run(login, none)))
        assert.equal(0, (run(WALK, none)))
        assert.truthy(command.read(file()))
        assert.equal(0, (run(words, none)))
        assert.equal("", shell.run("ls -A " .. runs()))
      end
    end)

    it("is nothing on another day, and goes", function()
      run(WALK)
      shell.run(("cd %s && mv * %s"):format(runs(), YESTERDAY))
      local before = calls()
      local code, out, err = run(WALK .. " --resume")
      assert.same({ 0, fresh, before + 1 }, { code, out, calls() })
      assert.truthy(err:find("no run of this day (UTC) to go on with", 1, true), err)
      assert.equal(os.date "!%Y-%m-%d" .. "\n", shell.run("ls " .. runs()))
    end)

    for _, c in ipairs {
      { "others can read", "chmod 644 FILE" },
      { "is a link", "mv FILE HOME/x && ln -s HOME/x FILE" },
      { "has no beginning", "sed -i 1d FILE" },
    } do
      it("is not used when its file " .. c[1], function()
        run(WALK)
        shell.run((c[2]:gsub("FILE", file()):gsub("HOME", home)))
        local before = calls()
        local code, out = run(WALK)
        assert.same({ 0, fresh, before + 1 }, { code, out, calls() })
      end)
    end

    it("is refused when a line is missing", function()
      run(WALK)
      shell.run("sed -i 5d " .. file())
      local code, _, err = run(WALK)
      assert.equal(1, code)
      assert.matches("is damaged; %-%-fresh asks again", err)
      assert.equal(0, (run(WALK .. " --fresh")))
    end)

    it("has a file that its owner alone reads, without the token", function()
      run(WALK)
      assert.equal("600\n700\n", shell.run(("stat -c %%a %s %s"):format(file(), runs() .. "/*")))
      assert.is_nil(command.read(file()):find(box.token, 1, true))
    end)
  end)
end)
