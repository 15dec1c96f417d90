-- Checks what package servers would refuse, or could only find out when somebody
-- installs: rockspecs (the one of the repository, and those that are named), and
-- dist.ini, which OpenResty's opm reads.
--
--   lua5.4 tools/packages.lua [ROCKSPEC...]
local read = dofile("tools/files.lua").read

local ROCKSPEC = "partnercenter-scm-1.rockspec"
local problems = {}

local function check(ok, file, ...)
  if not ok then problems[#problems + 1] = file .. ": " .. string.format(...) end
  return ok
end

local function exists(name)
  return io.popen(("test -e '%s' && echo yes"):format(name)):read("*a") ~= ""
end

local function set(text)
  local names = {}
  for name in text:gmatch("%S+") do names[name] = true end
  return names
end

local VERSION = read("lua/partnercenter/version.lua"):match('return "(.-)"')
local MAKEFILE = "\n" .. read("Makefile")
local LICENCE = read("LICENSE"):match("^(%S+) License")

-- --- rockspecs ---

local SECTIONS = set [[rockspec_format package version source description dependencies
  build_dependencies test_dependencies external_dependencies supported_platforms build test hooks
  deploy]]
local DESCRIBED = set "summary detailed homepage issues_url license labels maintainer"
-- Folders of the rock itself.
local TAKEN = set "lua lib rock_manifest"

local function is_dependency(text)
  local name, versions = text:match("^([%w][%w._-]*)%s*(.*)$")
  if not name then return false end
  for version in (versions .. ","):gmatch("%s*(.-)%s*,") do
    if version ~= "" and not version:match("^[<>=~]=?%s*%d[%w.-]*$") then return false end
  end
  return true
end

local function check_source(file, source, version)
  if not check(type(source) == "table", file, "no source") then return end
  if version:match("^scm") then
    check((source.url or ""):match("^git%+https://%S+%.git$"), file, "source.url is no repository")
    check(source.branch, file, "source.branch is missing")
    return
  end
  local name = "partnercenter-" .. VERSION
  check(version == VERSION .. "-1", file, "the version is %s, not %s-1", version, VERSION)
  check((source.url or ""):match("^https://.*/" .. name:gsub("%p", "%%%0") .. "%.tar%.gz$"), file,
    "source.url is not where %s.tar.gz would be", name)
  check(source.dir == name, file, "source.dir is not %s", name)
  check(#(source.md5 or "") == 32 and not source.md5:find("%X"), file, "source.md5 is no sum")
  check(not source.branch, file, "a release has no branch")
end

local function check_description(file, description)
  for key in pairs(description) do check(DESCRIBED[key], file, "description.%s is unknown", key) end
  for _, key in ipairs { "summary", "detailed", "homepage", "license" } do
    check((description[key] or "") ~= "", file, "description.%s is missing", key)
  end
  check(not description.summary:find("\n") and #description.summary <= 80, file,
    "the summary is not one short line")
  check(description.license == LICENCE, file, "the licence is not that of LICENSE")
  check(description.homepage:match("^https://"), file, "homepage is no address")
  for _, label in ipairs(description.labels or {}) do
    check(label:match("^[%w-]+$"), file, "label %s has other characters", label)
  end
end

local function check_rockspec(file)
  local spec = {}
  local load_in = assert(loadfile(file, "t", spec))
  load_in()
  for key in pairs(spec) do
    check(SECTIONS[key], file, "%s is no section of a rockspec", key)
  end
  check(spec.rockspec_format == "3.0", file, "rockspec_format is not 3.0")
  local version = spec.version or ""
  check(version:match("^%w[%w.]*%-%d+$"), file, "the version has no revision")
  check(file:match("[^/]*$") == ("%s-%s.rockspec"):format(spec.package, version), file,
    "the name of the file is not %s-%s.rockspec", spec.package, version)
  check_source(file, spec.source, version)
  check_description(file, spec.description)
  for _, list in ipairs { spec.dependencies, spec.test_dependencies or {} } do
    for _, text in ipairs(list) do check(is_dependency(text), file, "dependency: %s", text) end
  end
  for _, step in ipairs { "build_variables", "install_variables" } do
    for name in pairs(spec.build[step]) do
      check(MAKEFILE:find("\n" .. name .. " *%??="), file, "%s: the Makefile has no %s", step, name)
    end
  end
  for _, name in ipairs(spec.build.copy_directories) do
    check(exists(name .. "/.") and not TAKEN[name], file, "copy_directories: %s", name)
  end
  return spec
end

-- --- dist.ini ---

local NEEDED = set "name abstract version author license is_original repo_link"
local ALLOWED = set "lib_dir doc_dir main_module requires exclude_files"
-- What opm itself can tell to be there; the others are "account/name".
local BUILT_IN = set "luajit nginx openresty ngx_http_lua"

local function check_ini(file, home)
  local values = {}
  for line in io.lines(file) do
    local key, value = line:match("^(%w+[%w_]*)%s*=%s*(.-)%s*$")
    if key then
      check(NEEDED[key] or ALLOWED[key], file, "%s is unknown", key)
      check(not values[key], file, "%s is there twice", key)
      values[key] = value
    else
      check(line:match("^%s*$") or line:match("^%s*[#;]"), file, "no key and value: %s", line)
    end
  end
  for key in pairs(NEEDED) do check((values[key] or "") ~= "", file, "%s is missing", key) end
  check((values.name or ""):match("^[%w-]+$"), file, "the name has other characters")
  check(values.version == VERSION, file, "the version is not %s", VERSION)
  check(values.license == LICENCE:lower(), file, "the licence is not that of LICENSE")
  check(values.is_original == "yes", file, "is_original")
  check(values.repo_link == home .. "/partnercenter", file, "repo_link is not below %s", home)
  for _, key in ipairs { "lib_dir", "doc_dir", "main_module" } do
    check(values[key] and exists(values[key]), file, "%s is not there", key)
  end
  for item in (values.requires .. ","):gmatch("%s*(.-)%s*,") do
    local name, version = item:match("^(%S+)%s*(.*)$")
    check(BUILT_IN[name] or name:match("^[%w-]+/[%w-]+$"), file, "requires: %s", item)
    check(version == "" or version:match("^[>=]=?%s*%d[%w.-]*$"), file, "requires: %s", item)
  end
end

local spec = check_rockspec(ROCKSPEC)
for _, file in ipairs(arg) do check_rockspec(file) end
check_ini("dist.ini", spec.description.homepage)

for _, text in ipairs(problems) do print(text) end
os.exit(#problems == 0)
