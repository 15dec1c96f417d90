--- `get`: any other path of the service.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.data.get

local failure = require "partnercenter.cli.failure"
local options = require "partnercenter.cli.options"
local run = require "partnercenter.cli.run"
local url = require("partnercenter.util").url

-- Path and query of what the person wrote.
local function read_path(text)
  local path, query = text:match("^([^?]*)%??(.*)$")
  if path:sub(1, 1) ~= "/" then
    failure.usage("the path must begin with a slash, such as /v1/customers; the service's address "
      .. "is the setting base_url")
  end
  local names = {}
  for pair in query:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name = url.decode(name)
    names[name] = names[name] or {}
    table.insert(names[name], url.decode((value:gsub("%+", " "))))
  end
  return path, names
end

return {
  name = "get",
  summary = "Ask for any other path.",
  description = "Ask for any path, such as '/v1/customers?size=5', and print its rows.",
  arguments = "<path>",
  examples = {
    "get '/v1/customers?size=5'",
    "get /partner/v1/analytics/indirectresellers --all-pages --format csv",
  },
  options = function(command)
    command:argument("path"):description "Begins with a slash."
    command:group("Main options",
      command:flag("--all-pages"):description "Follow the pages to the end.",
      options.groups.grouping(command))
    options.groups.rows(command, "json")
    options.groups.settings(command)
  end,
  run = function(given)
    local path, query = read_path(given.path)
    return (run.listing.path(given, path, query))
  end,
}
