--- The commands, in the order of the help. Each is a file that gives a table:
--
-- - `name`, `summary` (one line), `description` (default: the summary)
-- - `arguments`: how the usage shows them, such as "[<customer> ...]"
-- - `examples`: command lines without the program's name; the specs run them
-- - `fields`: what `--sort` and its like can name, for the completion
-- - `options(command)`: adds its options to a command of lua-argparse
-- - `commands`: those below it, such as "reports list", in place of `run`
-- - `run(given, where, parser)`: does it; gives the exit code, or raises a failure
--
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands

local SECTIONS = {
  { "Licences", { "data.customers", "data.deployment", "data.usage", "data.subscriptions",
    "data.skus", "data.get" } },
  { "Licences as a whole", { "data.licences", "data.renewals", "data.holders" } },
  { "Every week", { "history.snapshot", "history.diff", "history.trend", "data.check" } },
  { "Reports", { "reports" } },
  { "Sign-in", { "account.login", "account.logout", "account.whoami", "account.profiles" } },
  { "Tools", { "tools.sandbox", "tools.completion", "tools.help" } },
}

-- They speak of all the others.
local OF_ALL = { help = true, completion = true }

local M = {}

local function load(path) return (require("partnercenter.cli.commands." .. path)) end

-- The file of a command, and its section.
local function find(name)
  for _, section in ipairs(SECTIONS) do
    for _, path in ipairs(section[2]) do
      if path:match("[^.]+$") == name then return path, section end
    end
  end
end

--- The commands by section. Where one is asked for it stands alone: loading and
-- describing the others would take longer than many a run.
-- @tparam[opt] string wanted the name of a command; default, and for what is none: all
-- @treturn table array of { title, commands }
function M.sections(wanted)
  local path, of = find(wanted)
  if path and not OF_ALL[wanted] then
    return { { title = of[1], commands = { load(path) } } }
  end
  local sections = {}
  for i, section in ipairs(SECTIONS) do
    local commands = {}
    for j, each in ipairs(section[2]) do commands[j] = load(each) end
    sections[i] = { title = section[1], commands = commands }
  end
  return sections
end

return M
