-- Locales that the machine may lack, made for the specs by localedef:
--
--   local old = locale.set "de_DE.UTF-8"   -- this process is in it from now on
--   os.setlocale(old)
--
-- They lie in build/locale; LOCPATH names it to the C library, for this process too.
local process = require "spec.support.process"

local DIRECTORY = "build/locale"
local MADE = {
  ["de_DE.UTF-8"] = "-i de_DE -f UTF-8",          -- a comma for the point
  ["tr_TR.ISO-8859-9"] = "-i tr_TR -f ISO-8859-9", -- I is no capital of i
}

local M = {}

-- A name of its own until it is whole: other specs may want it at the same time.
local function make(name)
  local path = DIRECTORY .. "/" .. name
  local file = io.open(path .. "/LC_CTYPE")
  if file then return file:close() end
  local status = os.execute(("mkdir -p %s && d=$(mktemp -d %s/XXXXXX) && localedef %s $d/%s "
    .. ">$d.log 2>&1; r=$?; mv -T $d/%s %s 2>/dev/null; cat $d.log; rm -rf $d $d.log; exit $r")
    :format(DIRECTORY, DIRECTORY, MADE[name], name, name, path))
  assert(status == true or status == 0, "localedef cannot make the locale " .. name
    .. ": the package locales has its sources")
end

function M.set(name)
  make(name)
  process.setenv("LOCPATH", DIRECTORY)
  local old = os.setlocale()
  assert(os.setlocale(name), "no locale " .. name)
  return old
end

return M
