-- Checks that a machine with the packages of `make deps` can run the specs: that each
-- module and each program that they and the library use, and that Debian does not
-- always have, is in a package which tools/install-deps names there, and does not come
-- by chance.
--
--   lua5.4 tools/spec_needs.lua
local tree = dofile "tools/files.lua"

local problems = {}

-- The package of a module, by its name or by what is before the first dot.
local MODULES = {
  argparse = "lua-argparse", busted = "lua-busted", cjson = "lua-cjson", cqueues = "lua-cqueues",
  ltn12 = "lua-socket", luasql = "lua-sql-sqlite3", luassert = "lua-busted", luv = "lua-luv",
  ngx = "libnginx-mod-http-lua", openssl = "lua-luaossl",
  resty = "libnginx-mod-http-lua",
  say = "lua-busted", socket = "lua-socket", ssl = "lua-sec", system = "lua-busted",
  term = "lua-term", zlib = "lua-zlib",
}
-- Part of a Lua, or of this repository.
local OURS = "^partnercenter ^spec%. ^tools%. ^bench%. ^sandbox%. ^gateway "
  .. "^ffi$ ^bit$ ^jit ^table%. ^string%."

-- Programs that are no part of every Debian, with their package.
local PROGRAMS = {
  chromedriver = "chromium-driver", chromium = "chromium", curl = "curl", expect = "expect",
  gcc = "gcc", gdb = "gdb", git = "git", jq = "jq", localedef = "locales", luacheck = "lua-check",
  luajit = "luajit2|luajit", luarocks = "luarocks", nginx = "nginx", npm = "npm", nm = "binutils",
  openssl = "openssl", pdftotext = "poppler-utils", pgrep = "procps", ps = "procps",
  python3 = "python3", ["redis-cli"] = "redis-server", ["redis-server"] = "redis-server",
  socat = "socat", sqlite3 = "sqlite3", ss = "iproute2", strace = "strace",
  valgrind = "valgrind", wget = "wget", wrk = "wrk",
}
-- Those that a spec of pages in a browser looks for, and is skipped without.
local LOOKED_FOR = { chromium = true, ["chromium-driver"] = true, ["poppler-utils"] = true }

-- What `make deps` and those who made the machine have put there.
local named = { git = true, make = true }
local makefile = tree.read "Makefile"
local groups = makefile:match("\ndeps: [^\n]*\n\t%$%(call install_deps,([^\n]*)%)\n")
groups = groups:gsub("%$%(ALL_LUAS%)", makefile:match("\nALL_LUAS := ([^\n]*)"))
local listed = tree.read("tools/install-deps")
for group in groups:gmatch("%S+") do
  local packages = listed:match("\n    " .. group:gsub("%p", "%%%0") .. "%) echo \"(.-)\"")
  assert(packages, "install-deps has no group " .. group)
  for package in packages:gmatch("%S+") do named[package:gsub("%?$", "")] = true end
end

local function need(file, number, what, package)
  if not (named[package] or LOOKED_FOR[package]) then
    problems[#problems + 1] = ("%s:%d: %s is of %s, which `make deps` does not install: "
      .. "put it into its group in tools/install-deps"):format(file, number, what, package)
  end
end

local function check_module(file, number, name)
  for pattern in OURS:gmatch("%S+") do
    if name:find(pattern) then return end
  end
  local package = MODULES[name] or MODULES[name:match("^[^.]*")]
  if not package then
    problems[#problems + 1] = ("%s:%d: which package has the module %s? Tell tools/spec_needs.lua")
      :format(file, number, name)
    return
  end
  need(file, number, name, package)
end

-- A program begins a command: in a text, or after what a shell takes for an end.
local function check_programs(file, number, line)
  for word in line:gmatch("[\"'`|;&(%[] ?([%w-]+) ") do
    local package = PROGRAMS[word]
    if package then need(file, number, word, package) end
  end
end

local FILES = "find spec examples lua bin -name '*.lua' -o -path 'bin/*' | sort"
for _, file in ipairs(tree.list(FILES)) do
  local number = 0
  for line in io.lines(file) do
    number = number + 1
    if not line:find("^%s*%-%-") then
      for name in line:gmatch("require,? ?%(?[\"']([%w_.-]+)[\"']") do
        check_module(file, number, name)
      end
      check_programs(file, number, line)
    end
  end
end

for _, text in ipairs(problems) do print(text) end
os.exit(#problems == 0)
