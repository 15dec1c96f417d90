--- What the command writes to: a terminal, how wide, with which characters.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.terminal.screen

local M = {}

local COLOURS = { bold = "1", dim = "2", red = "31", green = "32", yellow = "33", cyan = "36" }

local DESCRIPTORS = { [io.stdin] = 0, [io.stdout] = 1, [io.stderr] = 2 }

local function is_terminal(file, descriptor)
  local ok, term = pcall(require, "term")
  if ok then return term.isatty(file) end
  local done = os.execute("test -t " .. descriptor)
  return done == true or done == 0
end

local function columns(getenv)
  local given = tonumber(getenv "COLUMNS")
  if given and given >= 20 then return given end
  local pipe = io.popen("stty size 2>/dev/null </dev/tty")
  local wide = pipe and tonumber((pipe:read("*a") or ""):match("^%d+ (%d+)"))
  if pipe then pipe:close() end
  return wide and wide >= 20 and wide or 80
end

-- The first of the three that is set decides.
local function has_unicode(getenv)
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = getenv(name)
    if value and value ~= "" then
      return value:lower():gsub("-", ""):find("utf8", 1, true) ~= nil
    end
  end
  return false
end

--- What one of the standard files is connected to.
-- @tparam file file `io.stdin`, `io.stdout` or `io.stderr`
-- @tparam[opt=os.getenv] function getenv
-- @treturn table `terminal` (boolean); on a terminal `width` (a function that
--   looks it up), `colour` and `unicode` (booleans); `paint(text, colour)`
function M.look(file, getenv)
  getenv = getenv or os.getenv
  local terminal = is_terminal(file, DESCRIPTORS[file])
  local no_color = getenv "NO_COLOR"
  local colour = terminal and (no_color == nil or no_color == "") and getenv "TERM" ~= "dumb"
  return {
    terminal = terminal,
    colour = colour,
    unicode = terminal and has_unicode(getenv),
    width = function() return columns(getenv) end,
    paint = function(text, name)
      if not colour or not name then return text end
      return ("\27[%sm%s\27[0m"):format(COLOURS[name], text)
    end,
  }
end

--- Asks a person.
-- @tparam string question
-- @treturn ?string the answer, without spaces around it; nil when there is none, or
--   nobody at a terminal to be asked
function M.ask(question)
  if not (M.look(io.stdin).terminal and M.look(io.stderr).terminal) then return nil end
  io.stderr:write(question, ": ")
  io.stderr:flush()
  local line = io.read()
  if not line then io.stderr:write("\n") end
  local answer = (line or ""):match("^%s*(.-)%s*$")
  return answer ~= "" and answer or nil
end

return M
