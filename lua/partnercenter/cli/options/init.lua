--- The command line, as lua-argparse reads it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.options

local argparse = require "argparse"

local M = {}

M.groups = require "partnercenter.cli.options.groups"
M.values = require "partnercenter.cli.options.values"

local EPILOG = [[
'partnercenter help COMMAND' has the options and examples of a command.

Settings come from options, then PARTNERCENTER_* variables, then lines of
name = value in ~/.config/partnercenter/config, then what 'login' remembered.
Secrets: PARTNERCENTER_TOKEN, PARTNERCENTER_REFRESH_TOKEN and
PARTNERCENTER_CLIENT_SECRET, or 'login'; never an option.

Exit status: 0 done, 1 some calls failed, 2 wrong use, 3 sign-in needed,
130 interrupted (143, 129 by SIGTERM, SIGHUP), 141 nobody reads on.
'man partnercenter' has the rest.]]

local WIDTH = 80      -- columns of the help

-- A command line, continued on a second line where it is too long. Quoted words
-- stay whole.
local function wrap(line)
  local lines, at = {}, "  "
  for token in line:gsub("%b''", function(text) return (text:gsub(" ", "\0")) end)
    :gsub('%b""', function(text) return (text:gsub(" ", "\0")) end):gmatch("%S+") do
    local word = token:gsub("%z", " ")
    if #at + #word + 3 > WIDTH then
      lines[#lines + 1] = at .. " \\"
      at = "     "
    end
    at = at .. " " .. word
  end
  lines[#lines + 1] = at
  return table.concat(lines, "\n")
end

local function examples_of(entry)
  local lines = { "Examples:" }
  for _, example in ipairs(entry.examples) do
    lines[#lines + 1] = wrap("partnercenter " .. example)
  end
  return table.concat(lines, "\n")
end

local function usage_of(entry, name)
  return ("Usage: partnercenter %s%s%s"):format(name, entry.commands and "" or " [<option> ...]",
    entry.arguments and " " .. entry.arguments or "")
end

-- Puts a command, and those below it, into `by_name`.
local function add(parser, entry, name, by_name)
  local command = parser:command(entry.name):summary(entry.summary)
    :description(entry.description or entry.summary):usage(usage_of(entry, name))
  if entry.examples then command:epilog(examples_of(entry)) end
  if entry.options then entry.options(command) end
  by_name[name] = { name = name, run = entry.run, parser = command, fields = entry.fields }
  if entry.commands then command:command_target "action":require_command(false) end
  for _, inner in ipairs(entry.commands or {}) do
    add(command, inner, name .. " " .. inner.name, by_name)
  end
  return command
end

--- The command that was asked for.
-- @tparam table by_name
-- @tparam ?string command
-- @tparam ?string action below it
-- @treturn ?table
function M.entry(by_name, command, action)
  return action and by_name[command .. " " .. action] or by_name[command]
end

-- The options of a command that begin with what was written.
local function beginning_with(text, command)
  local found = {}
  for option in command:get_help():gmatch("%-%-[%l-]+") do
    if option:sub(1, #text) == text and not found[option] then
      found[option], found[#found + 1] = true, option
    end
  end
  return found
end

--- What is wrong with a command line, and what is right.
-- @tparam string message of lua-argparse
-- @tparam table words the command line
-- @tparam table by_name the commands
-- @treturn string
function M.explain(message, words, by_name)
  local entry = M.entry(by_name, words[1], words[2])
  local unknown = message:match("^unknown option '(%-%-[%w-]+)'$")
  local near = unknown and entry and beginning_with(unknown, entry.parser) or {}
  if #near > 0 then
    message = ("%s\nDid you mean '%s'?"):format(message, table.concat(near, "' or '"))
  end
  return ("%s\n%s; 'partnercenter help%s' has more"):format(message,
    entry and entry.parser:get_usage() or "Usage: partnercenter <command> [<option> ...]",
    entry and " " .. entry.name or "")
end

--- The parser of the command line.
-- @tparam table sections array of { title, commands }; a command is what a file of
--   `partnercenter.cli.commands` gives
-- @treturn table parser of lua-argparse
-- @treturn table by name of a command ("reports run" for one below another): `name`,
--   `run` (nil where one below it is due), `fields`, `parser` (lua-argparse's of it)
function M.parser(sections)
  local parser = argparse("partnercenter"):epilog(EPILOG)
    :description "Licence insights from Microsoft Partner Center."
    :usage "Usage: partnercenter <command> [<option> ...]"
    :command_target "command":require_command(false)
    :help_max_width(WIDTH)
  parser:flag("--version"):description "Print the version."
  local by_name = {}
  for _, section in ipairs(sections) do
    local elements = {}
    for i, entry in ipairs(section.commands) do
      elements[i] = add(parser, entry, entry.name, by_name)
    end
    parser:group(section.title, (table.unpack or unpack)(elements))
  end
  return parser, by_name
end

return M
