-- Every example of the help, the manual, README and doc/cli.md, as a shell runs it: each
-- has to end well, and those that print rows have to print some.
local command = require "spec.support.command"
local commands = require "partnercenter.cli.commands"
local sandbox = require "spec.support.sandbox"

if command.skips() then return end

-- A sanitizer's library would have to go through the shells with it.
if (os.getenv "PC_UNDER" or "") ~= "" then
  describe("the command's examples", function()
    it("are left to the runs without a sanitizer", function() end)
  end)
  return
end

local ROOT = os.getenv "PWD"
local ABI = _VERSION:match("%d%.%d")
local LUA = os.getenv "PC_LUA" or rawget(_G, "jit") and "luajit" or "lua" .. ABI
local BUILD = os.getenv "PC_BUILD" or "build/" .. ABI
if not BUILD:find("^/") then BUILD = ROOT .. "/" .. BUILD end

local found_luasql = pcall(require, "luasql.sqlite3")

-- Lines of a shell, continued ones joined.
local function lines_of(text)
  local lines = {}
  for line in text:gsub("\\\n%s*", ""):gmatch("[^\n]+") do lines[#lines + 1] = line end
  return lines
end

local function of_entries(entries, add)
  for _, entry in ipairs(entries) do
    assert.truthy(entry.examples and entry.examples[1], entry.name .. " has no example")
    for _, example in ipairs(entry.examples) do add("help", "partnercenter " .. example) end
    of_entries(entry.commands or {}, add)
  end
end

local function of_help(add)
  for _, section in ipairs(commands.sections()) do of_entries(section.commands, add) end
end

local function of_manual(add)
  local text = command.read("doc/partnercenter.1"):match("\n%.SH EXAMPLES\n(.*)$")
  for escaped in text:gmatch("%.nf\n(.-)%.fi") do
    local block = escaped:gsub("\\\\", "\\"):gsub("\\%-", "-"):gsub("\\%(dq", '"')
    for _, line in ipairs(lines_of(block)) do add("manual", line:gsub("^%s+", "")) end
  end
end

-- Blocks of a shell, and lines of cron.
local function of_page(path, add)
  for block in command.read(path):gmatch("\n```sh\n(.-)\n```") do
    for _, line in ipairs(lines_of(block)) do
      if line:find("partnercenter ", 1, true) and not line:find("^sudo") then add(path, line) end
    end
  end
  for line in command.read(path):gmatch("\n%d+ %d+ %* %* %d +([^\n]+)") do add(path, line) end
end

describe("the command's examples", function()
  local box, home, bin

  local function run(line)
    command.write(home .. "/line", "cd " .. home .. "\n" .. line .. "\n")
    local words = { "env -i PATH=" .. bin .. ":$PATH HOME=" .. home .. " LC_ALL=C.UTF-8 USER=u",
      "PARTNERCENTER_BASE_URL=" .. box.base_url, "PARTNERCENTER_AUTHORITY=" .. box.authority,
      "PARTNERCENTER_CA_FILE=" .. (box.ca_file:find("^/") and "" or ROOT .. "/") .. box.ca_file }
    os.execute(("%s timeout -k 5 60 sh %s/line >%s/out 2>%s/err; echo $? >%s/code"):format(
      table.concat(words, " "), home, home, home, home))
    return tonumber(command.read(home .. "/code")), command.read(home .. "/out"),
      command.read(home .. "/err")
  end

  setup(function()
    box = sandbox.start { customers = 20, products = 4, device_pending = 0, device_interval = 0.1,
      report_rate = 1000 }
    home = command.directory()
    bin = home .. "/bin"
    os.execute(("mkdir -p %s %s/reports && ln -s %s/bin/partnercenter %s/real"):format(bin, home,
      ROOT, home))
    local program = '#!/bin/sh\nPC_BUILD=%s exec %s %s/bin/partnercenter "$@"\n'
    command.write(bin .. "/partnercenter", program:format(BUILD, LUA, ROOT))
    os.execute("chmod +x " .. bin .. "/partnercenter")
    assert.equal(0, (run("partnercenter login --tenant " .. box.tenant .. " --client-id "
      .. box.client_id)))
    if found_luasql then
      for _, day in ipairs { "2017-03-14", "2017-03-21" } do
        box:control { processed = day }
        assert.equal(0, (run "partnercenter snapshot"))
      end
    end
  end)
  teardown(function()
    box:stop()
    command.remove(home)
  end)

  -- Reports are ready at once but where one is scheduled, four hours ahead. A run is kept
  -- for 90 days, which are 78 seconds then.
  local function set_clock(line)
    local schedule = line:find("reports schedule", 1, true)
    box:control { report_clock = schedule and 1 or 1e5 }
  end

  local needs_history = { snapshot = true, diff = true, trend = true }
  local silent = { login = true, logout = true, completion = true, help = true,
    ["reports schedule"] = true, ["reports pause"] = true, ["reports resume"] = true,
    ["reports delete"] = true }
  -- They take away what others need, the last one the sign-in.
  local last = { ["reports delete"] = 1, logout = 2 }
  -- These make it, and read the runs before the oldest one is gone.
  local first = { ["reports schedule"] = 0, ["reports fetch"] = 0.5 }

  -- "reports run" of one below another.
  local function name_of(line)
    return line:match("partnercenter (reports %l+)") or line:match("partnercenter (%l+)")
  end

  local function check(line)
    local name = name_of(line)
    set_clock(line)
    local code, out, err = run(line)
    local finds = name == "check" and 1 or 0
    assert.equal(finds, code, line .. "\n" .. out .. err)
    local file = line:match("%-%-output (%S+)") or line:match("%-%-html (%S+)")
    if file then
      local text = command.read((file:gsub("^~", home):gsub("^([^/])", home .. "/%1")))
      assert.truthy(text and #text > 100, line .. " wrote nothing")
    elseif not silent[name] and not line:find(">/dev/null", 1, true) then
      local _, rows = out:gsub("\n", "")
      local one = name == "snapshot" or line:find("--no-wait", 1, true)
      assert.is_true(rows >= (one and 1 or 2), line .. "\n" .. out .. err)
    end
  end

  local seen, lines = {}, {}
  local function add(where, line)
    local name = name_of(line)
    if seen[line] or not name or needs_history[name] and not found_luasql then return end
    seen[line] = true
    line = line:gsub("^bin/partnercenter ", "partnercenter ")
    local rank = line:find("login --profile", 1, true) and 0 or first[name]
      or 1 + (last[name] or 0)
    lines[#lines + 1] = { where = where, line = line, order = rank * 1e6 + #lines }
  end

  of_help(add)
  of_manual(add)
  of_page("README.md", add)
  of_page("doc/cli.md", add)
  of_page("doc/reports.md", add)
  table.sort(lines, function(a, b) return a.order < b.order end)
  for _, each in ipairs(lines) do
    it(("of %s: %s"):format(each.where, each.line), function() check(each.line) end)
  end
end)

describe("the transcript of doc/cli.md", function()
  it("is what the command prints", found_luasql and function()
    local pipe = io.popen(("PC_LUA=%s PC_BUILD='%s' tools/mondays 2>&1"):format(LUA, BUILD))
    local shown = pipe:read("*a")
    pipe:close()
    local page = command.read("doc/cli.md")
    local written = page:match("<!%-%- transcript %-%->\n```\n(.-)```\n<!%-%- end %-%->")
    assert.equal(written, (shown:gsub("\n+$", "\n")))
  end or function() end)
end)
