--- Options that several commands have, each described once.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.options.groups

local values = require "partnercenter.cli.options.values"

local M = {}

local FORMATS = { "table", "csv", "excel", "json", "ndjson" }
local CLOUDS = { "global", "china", "us_government" }

-- In the order of the help.
local SETTINGS = {
  { "profile", "<name>", "Settings and sign-in of this name." },
  { "tenant", "<name>", "The partner's tenant." },
  { "client_id", "<guid>", "The application that signs in." },
  { "token_file", "<file>", "Where the sign-in is kept." },
  { "cloud", "<name>", "National cloud: global, china, us_government." },
  { "locale", "<tag>", "Language of names, such as de-DE." },
  { "concurrency", "<n>", "Calls in flight at most (16)." },
  { "base_url", "<url>", "Another service than the cloud's." },
  { "authority", "<url>", "Another sign-in than the cloud's." },
  { "ca_file", "<file>", "Trusted authorities (PEM)." },
  { "config", "<file>", "Another configuration file." },
}

-- The settings that have an effect on a sign-in alone.
local OF_SIGN_IN = {
  profile = true, tenant = true, client_id = true, token_file = true, cloud = true, base_url = true,
  authority = true, ca_file = true, config = true,
}
local OF_FILES = { profile = true, token_file = true, config = true }

local function add_settings(command, wanted, verbose)
  local elements = {}
  for _, setting in ipairs(SETTINGS) do
    local name = setting[1]
    if not wanted or wanted[name] then
      local option = command:option("--" .. name:gsub("_", "-")):description(setting[3])
      option:argname(setting[2])
      if name == "cloud" then option:choices(CLOUDS) end
      if name == "concurrency" then option:convert(values.whole(10000)) end
      elements[#elements + 1] = option
    end
  end
  if verbose then
    elements[#elements + 1] = command:flag "-v --verbose"
      :description "Tell every request on the standard error."
  end
  command:group("Where and how", (table.unpack or unpack)(elements))
end

--- Every setting.
-- @tparam table command of lua-argparse
function M.settings(command) add_settings(command, nil, true) end

--- The settings of a sign-in.
-- @tparam table command
function M.sign_in(command) add_settings(command, OF_SIGN_IN, true) end

--- The settings of what asks nobody.
-- @tparam table command
function M.files(command) add_settings(command, OF_FILES, false) end

--- Options for what is said on the standard error.
-- @tparam table command
function M.telling(command)
  command:group("What is told",
    command:option("--errors"):argname "<form>":choices { "text", "json" }
      :description "What went wrong, on the standard error: text or json.",
    command:flag("-q --quiet"):description "Nothing on the standard error but what went wrong.")
end

--- The history file.
-- @tparam table command
-- @tparam ?boolean kind there is an option for what is kept
function M.history(command, kind)
  local elements = { command:option("--history"):argname "<file>"
    :description "Another file than ~/.local/state/partnercenter/history.sqlite." }
  if kind then
    elements[2] = command:option("--kind"):argname "<what>":choices { "deployment", "usage" }
      :default "deployment":description "deployment (default) or usage."
  end
  command:group("History", (table.unpack or unpack)(elements))
end

--- Options that name the customers.
-- @tparam table command
function M.customers(command)
  command:argument("customer"):args "*"
    :description "Id, name, domain or a part of one; - reads them from standard input."
  command:flag("-a --all-customers"):description "Of every customer."
  M.resuming(command)
end

--- Options to go on with an earlier run.
-- @tparam table command
-- @treturn table the options
-- @treturn table
function M.resuming(command)
  local resume = command:flag("--resume")
    :description "Go on with today's run of this command that was interrupted or had failures."
  local fresh = command:flag("--fresh")
    :description "Ask again, also when this command was whole earlier today (UTC)."
  command:mutex(resume, fresh)
  return resume, fresh
end

--- Options that choose rows.
-- @tparam table command
-- @tparam[opt] string example of a condition
-- @param ... further options of the group
function M.choice(command, example, ...)
  command:group("Which rows, and how",
    command:option("--filter"):argname "<condition>"
      :description(([[Only rows like this: "%s".]]):format(example or "channel eq 'reseller'")),
    command:option("--sort"):argname "<field>":convert(values.order)
      :description "Order by a field; FIELD:desc from the top.",
    command:option("--columns"):argname "<fields>":convert(values.list)
      :description "Only these, comma separated.",
    command:option("--limit"):argname "<n>":convert(values.whole(1e9))
      :description "At most so many rows.", ...)
end

--- Options that choose rows, and say where they go.
-- @tparam table command
-- @tparam string format the default
-- @tparam[opt] string example of a condition
function M.rows(command, format, example)
  M.choice(command, example,
    command:option("-f --format"):argname "<form>":choices(FORMATS)
      :description("table, csv, excel, json or ndjson (" .. format .. ")."),
    command:option("-o --output"):argname "<file>"
      :description "Write here; its ending decides on the form. It appears when it is whole.")
  M.telling(command)
end

--- Options for sums.
-- @tparam table command
-- @treturn table the option
function M.grouping(command)
  return (command:option("--group-by"):argname "<fields>":convert(values.list)
    :description "Add up by these fields, comma separated.")
end

--- Options that name the customers, and choose rows of their licences.
-- @tparam table command
-- @tparam string below the description of `--below`
function M.licenses(command, below)
  command:argument("customer"):args "*"
    :description "Id, name, domain or a part of one; - reads them from standard input."
  local resume, fresh = M.resuming(command)
  command:group("Main options",
    command:flag("-a --all-customers"):description "Of every customer.",
    command:option("--below"):argname "<percent>":convert(values.number(0, 100, "a percentage"))
      :description(below),
    M.grouping(command),
    command:option("--html"):argname "<file>":description "Write a report as a web page.",
    command:flag("--save"):description "Keep a snapshot in the history, for diff and trend.",
    command:option("--source"):argname "<which>":choices { "customer", "commercial" }
      :description("customer: the older resource, a call for each; commercial: the one that "
        .. "succeeds it (with -a the default)."), resume, fresh)
  M.rows(command, "table")
  M.history(command)
  M.settings(command)
end

return M
