-- What stands already where the command keeps and writes its files: put there by somebody
-- else, or by an accident.
local command = require "spec.support.command"
local core = require "partnercenter.core"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

local MANY = "deployment -a --source customer -f csv"
local SECOND = "1c1e3dd0-9531-46f3-a072-05000001316a"

if command.skips() then return end

describe("the command's files", function()
  local box, home, state

  setup(function() box = sandbox.start { customers = 3, products = 1 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:restore()
    home = command.directory()
    state = home .. "/.local/state/partnercenter"
  end)
  after_each(function() command.remove(home) end)

  local function run(words, env)
    return command.run(words, { box = box, home = home, env = env })
  end

  local function sh(line)
    return (shell.run(shell.CLEAN .. ("cd %s && "):format(shell.quoted(home)) .. line)
      :gsub("\n$", ""))
  end

  local function rows_of(text) return select(2, text:gsub("\n", "")) - 1 end

  it("are in directories of their owner's alone, whatever the umask", function()
    sh "mkdir open"
    os.execute(("umask 000; %s -e %s"):format(process.interpreter(), shell.quoted((
      "package.path = %q require('partnercenter.cli.shell').make_directory(%q)"):format(
      package.path, home .. "/open/a/b/c"))))
    assert.equal("700 700 700", sh "stat -c %a open/a open/a/b open/a/b/c | xargs")
  end)

  describe("that are written:", function()
    it("in memory's directory, too, a link is refused and a file is its owner's", function()
      local path = ("/dev/shm/partnercenter-%s.csv"):format(core.guid())
      command.write(home .. "/victim", "mine")
      sh("ln -s $PWD/victim " .. path)
      local code, _, err = run("customers -o " .. path)
      os.remove(path)
      assert.equal(1, code)
      assert.truthy(err:find("it is a symbolic link", 1, true), err)
      assert.equal("mine", command.read(home .. "/victim"))
      assert.equal(0, (run("customers -o " .. path)))
      local mode = sh("stat -c %a " .. path)
      os.remove(path)
      assert.equal("600", mode)
    end)

    -- In memory's directory, where every Linux has files without a name.
    describe("a new one has no name before it is whole:", function()
      local directory, path

      before_each(function()
        directory = "/dev/shm/partnercenter-" .. core.guid()
        path = directory .. "/out.csv"
        sh("mkdir " .. directory)
      end)
      after_each(function() sh("rm -rf " .. directory) end)

      it("nobody puts another in its place", function()
        local output = assert(core.output_open(path))
        assert.is_true(output:write "rows")
        assert.equal("", sh("ls -A " .. directory))
        assert.is_true(output:finish(path))
        assert.equal("rows", command.read(path))
        assert.equal("out.csv 600 1", sh("cd " .. directory .. "; stat -c '%n %a %h' *"))
      end)

      it("it takes the place of what came meanwhile, and its own mode", function()
        command.write(path, "old")
        sh("chmod 640 " .. path)
        local output = assert(core.output_open(path))
        assert.is_true(output:write "rows")
        command.write(path, "other")
        assert.is_true(output:finish(path))
        assert.equal("rows", command.read(path))
        assert.equal("out.csv 640 1", sh("cd " .. directory .. "; stat -c '%n %a %h' *"))
      end)

      it("of a program that is killed nothing stays", function()
        local program = ("local core = require 'partnercenter.core' "
          .. "local output = core.output_open(%q) output:write(('rows'):rep(1e5)) "
          .. "os.execute 'touch %s/begun; kill -KILL $PPID'"):format(path, directory)
        command.write(path, "old")
        os.execute(("%s -e %s 2>/dev/null"):format(process.interpreter(), shell.quoted((
          "package.path, package.cpath = %q, %q %s"):format(package.path, package.cpath, program))))
        assert.equal("begun\nout.csv", sh("ls -A " .. directory))
        assert.equal("old", command.read(path))
      end)
    end)

    it("what is added to a descriptor of the shell's stands behind what is there", function()
      command.write(home .. "/log", "first\n")
      assert.equal(0, (command.run("customers -f csv -o /dev/fd/7", { box = box,
        stdout = "/dev/null 7>>" .. home .. "/log" })))
      local text = command.read(home .. "/log")
      assert.equal("first\nid,", text:sub(1, 9))
      assert.equal(4, rows_of(text))
    end)

    it("a full disk leaves nothing behind that looks whole", function()
      local code, _, err = run "customers -o /dev/full"
      assert.equal(1, code)
      assert.truthy(err:find("cannot write /dev/full: No space left on device", 1, true), err)
    end)
  end)

  describe("of an interrupted run", function()
    local journal

    before_each(function()
      box:control { faults = { { match = SECOND, times = 1, error = "no_relationship" } } }
      assert.equal(1, (run(MANY)))
      box:reset()
      journal = sh "echo $PWD/.local/state/partnercenter/runs/*/*.ndjson"
      -- What others say that the customers have answered.
      local text = command.read(journal):gsub('"licensesSold":%d+', '"licensesSold":666')
      command.write(home .. "/planted", text)
      os.remove(journal)
    end)

    for _, c in ipairs {
      { "a link", "ln -s $PWD/planted %s", "it is a symbolic link" },
      { "a pipe, at which nobody waits", "mkfifo -m 600 %s", "it is not a regular file" },
      { "a directory", "mkdir -m 700 %s", "it is not a regular file" },
      { "a file that others may write", "cp planted %s; chmod 666 %s", "others have access" },
    } do
      it("are not believed: " .. c[1], function()
        sh((c[2]:gsub("%%s", shell.quoted(journal))))
        local code, out, err = run(MANY .. " --resume")
        assert.equal(0, code)
        assert.truthy(err:find(c[3], 1, true), err)
        assert.truthy(err:find("all are asked again", 1, true), err)
        assert.is_nil(out:find("666", 1, true))
        assert.equal(4, box:stats().total)      -- the list, and three customers
        assert.is_truthy(command.read(home .. "/planted"):find("666", 1, true))
      end)
    end

    it("has each answer at once, whatever kills the command", function()
      box:control { faults = { { match = SECOND, times = 9, delay = 60 } } }
      os.execute(([[%s %s >/dev/null 2>&1 &
        for i in $(seq 400); do
          [ "$(wc -l <%s)" = 2 ] && break; sleep 0.05
        done 2>/dev/null
        kill -KILL $!]]):format(shell.CLEAN, command.line(MANY .. " --concurrency 1",
        { box = box, home = home }), shell.quoted(journal)))
      assert.truthy(command.read(journal):find("^# [^\n]*\n{[^\n]*}\n$"))
    end)
  end)

  for _, c in ipairs {
    { "a pipe", "mkfifo %s", "it is a fifo" }, { "a directory", "mkdir %s", "it is a directory" },
    { "a link", "ln -s $PWD/nothing %s", "it is a link" },
  } do
    it("hold no history where there is " .. c[1], function()
      sh(c[2]:format "h.sqlite")
      local code, _, err = run("snapshot --history " .. home .. "/h.sqlite")
      assert.equal(2, code)
      assert.truthy(err:find(c[3], 1, true), err)
      assert.equal("h.sqlite", sh "ls")
    end)
  end

  it("of failures that are none are left alone", function()
    sh "mkfifo out.errors.csv"
    assert.equal(0, (run(MANY .. " -o " .. home .. "/out.csv")))
    assert.equal("fifo", core.file_kind(home .. "/out.errors.csv"))
  end)

  describe("of a sign-in", function()
    local env

    before_each(function()
      env = { PARTNERCENTER_TOKEN = false, PARTNERCENTER_TENANT = box.tenant,
        PARTNERCENTER_CLIENT_ID = box.client_id }
      sh("mkdir -p " .. state)
    end)

    for _, c in ipairs {
      { "a pipe", "mkfifo -m 600 %s/token", 0, "signed out" },
      { "a directory", "mkdir -m 700 %s/token", 1, "it is a directory" },
    } do
      it("are no reason to wait: " .. c[1], function()
        sh(c[2]:format(state))
        local code, _, err = run("customers", env)
        assert.equal(2, code)
        assert.truthy(err:find("it is not a regular file", 1, true), err)
        local out
        code, out, err = run("logout", env)
        assert.equal(c[3], code)
        assert.truthy((out .. err):find(c[4], 1, true), out .. err)
      end)
    end
  end)
end)
