--- The command line, as lua-argparse reads it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.options

local argparse = require "argparse"
local version = require "partnercenter.version"

local M = {}

local EPILOG = [[
Settings come from options, then PARTNERCENTER_* variables, then lines of
name = value in ~/.config/partnercenter/config, then what 'login' remembered.
Secrets: PARTNERCENTER_TOKEN, PARTNERCENTER_REFRESH_TOKEN and
PARTNERCENTER_CLIENT_SECRET, or 'login'; never an option.

Exit status: 0 done, 1 some calls failed, 2 wrong use, 3 sign-in needed,
130 interrupted. 'man partnercenter' has the rest.]]

local function number(least, most, what)
  return function(text)
    local value = tonumber(text)
    if value and value >= least and value <= most then return value end
    return nil, ("'%s' is not %s from %d to %d"):format(text, what, least, most)
  end
end

local function whole(text)
  local value = tonumber(text)
  if value and value % 1 == 0 and value >= 1 and value <= 10000 then return value end
  return nil, ("'%s' is not a whole number from 1 to 10000"):format(text)
end

local function list(text)
  local names = {}
  for name in text:gmatch("[^,%s]+") do names[#names + 1] = name end
  if #names == 0 then return nil, "no field is named" end
  return names
end

-- A field, and perhaps ":desc" or ":asc".
local function order(text)
  local field, direction = text:match("^([%a_][%w_.]*):?(%a*)$")
  if not field or not (direction == "" or direction == "asc" or direction == "desc") then
    return nil, ("'%s' is not FIELD or FIELD:desc"):format(text)
  end
  return { field = field, direction = direction ~= "" and direction or "asc" }
end

local function add_settings(command)
  command:group("Where and how",
    command:option("--cloud"):choices { "global", "china", "us_government", "germany" }
      :description "National cloud.",
    command:option("--locale"):argname "<tag>":description "Language of names, such as de-DE.",
    command:option("--concurrency"):argname "<n>":convert(whole)
      :description "Calls in flight at most (16).",
    command:option("--tenant"):argname "<name>":description "The partner's tenant.",
    command:option("--client-id"):argname "<guid>":description "The application that signs in.",
    command:option("--token-file"):argname "<file>":description "Where the sign-in is kept.",
    command:option("--base-url"):argname "<url>":description "Another service than the cloud's.",
    command:option("--authority"):argname "<url>":description "Another sign-in than the cloud's.",
    command:option("--ca-file"):argname "<file>":description "Trusted authorities (PEM).",
    command:option("--config"):argname "<file>":description "Another configuration file.",
    command:flag("-v --verbose"):description "Tell every request on the standard error.")
end

local function add_rows(command, format)
  command:group("Which rows, and how",
    command:option("--filter"):argname "<condition>"
      :description [[Only rows like this: "serviceCode eq 'o365'".]],
    command:option("--sort"):argname "<field>":convert(order)
      :description "Order by a field; FIELD:desc from the top.",
    command:option("-f --format"):choices { "table", "csv", "json", "ndjson" }
      :description("Form of the output (" .. format .. ")."),
    command:option("-o --output"):argname "<file>"
      :description "Write here; the file appears when it is whole.")
end

local function add_grouping(command)
  command:option("--group-by"):argname "<fields>":convert(list)
    :description "Add up by these fields, comma separated."
end

local function add_licenses(parser, name, summary, below)
  local command = parser:command(name):summary(summary):description(summary)
  command:argument("customer"):args "*":description "Ids of customers."
  command:flag("-a --all-customers"):description "Of every customer."
  command:option("--below"):argname "<percent>":convert(number(0, 100, "a percentage"))
    :description(below)
  add_grouping(command)
  command:option("--source"):choices { "customer", "commercial" }
    :description "Which endpoint: of each customer (documented), or the one that succeeds it."
  command:option("--html"):argname "<file>":description "Write a report as a web page."
  add_rows(command, "table")
  add_settings(command)
end

local function add_account(parser)
  local login = parser:command("login")
    :summary "Sign in with a code, and keep the sign-in."
    :description "Sign in: a person opens a page, types a code, and passes the second factor."
  local logout = parser:command("logout"):summary "Forget the sign-in."
    :description "Remove the kept sign-in from this machine."
  local whoami = parser:command("whoami"):summary "Show settings, and try the sign-in."
    :description "Show every setting and where it comes from, then sign in and make one call."
  for _, command in ipairs { login, logout, whoami } do add_settings(command) end
end

local function add_data(parser)
  local customers = parser:command("customers"):summary "List the customers."
    :description "List the customers."
  add_rows(customers, "table")
  add_settings(customers)
  add_licenses(parser, "deployment", "Licences sold and deployed.",
    "Only where less than this is deployed.")
  add_licenses(parser, "usage", "Licences qualified and in use.",
    "Only where less than this is used.")
  local subscriptions = parser:command("subscriptions"):summary "List the subscriptions."
    :description "List the subscriptions of all customers."
  add_grouping(subscriptions)
  add_rows(subscriptions, "table")
  add_settings(subscriptions)
  local get = parser:command("get"):summary "Ask for any other path."
    :description "Ask for any path, such as '/v1/customers?size=5', and print its rows."
  get:argument("path"):description "Begins with a slash."
  get:flag("--all-pages"):description "Follow the pages to the end."
  add_grouping(get)
  add_rows(get, "json")
  add_settings(get)
end

--- The parser of the command line.
-- @treturn table parser of lua-argparse
function M.parser()
  local parser = argparse("partnercenter"):epilog(EPILOG)
    :description "Licence insights from Microsoft Partner Center."
    :command_target "command":require_command(false)
    :help_max_width(80)
  parser:flag("--version"):description "Print the version."
  add_account(parser)
  add_data(parser)
  local sandbox = parser:command("sandbox"):summary "Run a Partner Center on this machine."
    :description("Run the local Partner Center of a checkout until Ctrl-C; or for as long as a "
      .. "command takes, which is run against it.")
    :handle_options(false)
  sandbox:argument("words"):args "*":argname "<word>"
    :description "The sandbox's options, then a command of partnercenter with its own."
  parser:command("completion"):summary "Print a completion script for a shell."
    :description "Print a script that completes this command in a shell."
    :argument("shell"):choices { "bash", "zsh", "fish" }
  return parser, version
end

return M
