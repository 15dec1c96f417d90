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

local M = {}

--- The commands by section.
-- @treturn table array of { title, commands }
function M.sections()
  local sections = {}
  for i, section in ipairs(SECTIONS) do
    local commands = {}
    for j, name in ipairs(section[2]) do
      commands[j] = require("partnercenter.cli.commands." .. name)
    end
    sections[i] = { title = section[1], commands = commands }
  end
  return sections
end

return M
