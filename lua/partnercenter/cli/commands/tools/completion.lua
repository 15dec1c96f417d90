--- `completion`: a script that completes the command in a shell, with the fields that
-- rows have, and commands behind `sandbox`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.tools.completion

local failure = require "partnercenter.cli.failure"
local output = require "partnercenter.cli.output"

-- Options whose value begins with a field.
local NAMING = { ["--sort"] = true, ["--group-by"] = true, ["--columns"] = true,
  ["--filter"] = true }

-- What a sandbox is told most.
local SANDBOX = "--customers= --products= --processed= --latency= --quota="

-- The values that lua-argparse offers are its choices. Nothing is parsed afterwards.
local function offer_fields(commands)
  for _, command in pairs(commands) do
    for _, option in ipairs(command.fields and command.parser._options or {}) do
      if NAMING[option._name] then option:choices(command.fields) end
    end
  end
end

-- Behind `sandbox` comes a command, which decides on what follows.
local AFTER_SANDBOX = {
  bash = function(script, names)
    script = script:gsub('(cmd="sandbox"\n%s*)opts="[^"]*"\n%s*break\n', function(head)
      return ('%sopts="%s"\n'):format(head, SANDBOX)
    end)
    script = script:gsub("(case \"%$cmd\" in\n%s*)''%)\n%s*COMPREPLY=%b()", function(head)
      return ([[%s''|sandbox)
            COMPREPLY=($(compgen -W "%s" -- "$cur"))]]):format(head, names)
    end, 1)
    return script
  end,
  zsh = function(script, names)
    return (script:gsub('(\n    sandbox%).-)"%*: :_files"', function(head)
      return ('%s"*: :(%s %s)"'):format(head, SANDBOX, names)
    end))
  end,
  fish = function(script, names)
    return ("%s\ncomplete -c partnercenter -n '__fish_partnercenter_seen_command sandbox' "
      .. "-xa '%s %s'\n"):format(script, SANDBOX, names)
  end,
}

return {
  name = "completion",
  summary = "Print a completion script for a shell.",
  arguments = "bash|zsh|fish",
  description = "Print a script that completes this command in a shell.",
  examples = { "completion bash" },
  options = function(command)
    command:argument("shell"):choices { "bash", "zsh", "fish" }
  end,
  run = function(given, where, parser)
    offer_fields(where.commands)
    local names = {}
    for name in pairs(where.commands) do
      if not name:find(" ", 1, true) then names[#names + 1] = name end
    end
    table.sort(names)
    local script = parser["get_" .. given.shell .. "_complete"](parser)
    output.print(AFTER_SANDBOX[given.shell](script, table.concat(names, " ")))
    return failure.codes.done
  end,
}
