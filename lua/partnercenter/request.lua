--- Requests: a resource, ids and parameters become a method, a URL and headers.
-- Nothing is sent here, and nothing is kept.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.request

local check = require "partnercenter.check"
local filter = require "partnercenter.filter"
local params = require "partnercenter.params"
local url = require "partnercenter.url"

local M = {}

-- The filter's text for the server, and the part that is decided locally.
-- Raises with the level seen from the function that calls this one.
local function split_filter(resource, value, grouped, level)
  local known = resource.filter
  if type(value) == "string" then
    if not known then
      error(("%s takes no filter text: give it an expression of partnercenter.filter, "
        .. "which is applied to the rows that arrive"):format(resource.name), level + 1)
    end
    if not check.text(value) then
      error(("parameter 'filter' of %s must not be empty or have control characters in it")
        :format(resource.name), level + 1)
    end
    return value, nil
  end
  if not filter.is(value) then
    error(("parameter 'filter' of %s must be an expression of partnercenter.filter, or a text")
      :format(resource.name), level + 1)
  end
  local remote, here = filter.split(value, known or {}, level + 2)
  if here and grouped then
    error(("%s does not document the filter %s, and rows that are grouped cannot be filtered by "
      .. "it afterwards"):format(resource.name, tostring(here)), level + 1)
  end
  if not remote then return nil, here end
  if known.json then return filter.to_json(remote), here end
  return filter.to_odata(remote, known), here
end

-- Every name that may be given, for the message about one that may not.
local function names_of(resource)
  local names = { filter = not resource.single or nil, source = resource.sources and true or nil }
  for name in pairs(resource.params or {}) do names[name] = true end
  return names
end

-- Sorted name=value pairs, encoded, and the local part of the filter.
local function query_of(resource, given, level)
  local known = resource.params or {}
  local pairs_of, here = {}, nil
  for name, value in pairs(resource.query or {}) do
    pairs_of[#pairs_of + 1] = url.encode(name) .. "=" .. url.encode(value)
  end
  for name, value in pairs(given) do
    local text, why
    if name == "filter" and not resource.single then
      text, here = split_filter(resource, value, given.groupby ~= nil, level + 1)
    elseif known[name] == nil then
      check.unknown(resource.name, name, names_of(resource), level + 1, "parameter")
    else
      text, why = params.text(known[name], value, resource)
    end
    if why then error(("parameter '%s' of %s %s"):format(name, resource.name, why), level + 1) end
    if text then pairs_of[#pairs_of + 1] = name .. "=" .. url.encode(text) end
  end
  table.sort(pairs_of)
  return table.concat(pairs_of, "&"), here
end

-- The path with the ids in their places.
local function path_of(resource, ids, settings, level)
  local at, path = 0, resource.path
  local prefix = resource.prefix and settings[resource.prefix]
  if prefix then path = prefix .. path:match("/analytics/.*$") end
  return (path:gsub("{([%w-]+)}", function(name)
    at = at + 1
    if not check.guid(ids[at]) then
      error(("'%s' of %s must be a GUID"):format(name, resource.name), level + 3)
    end
    return ids[at]
  end))
end

local function headers_of(resource, settings, level)
  local headers = { { "Accept", "application/json" } }
  if settings.locale then headers[#headers + 1] = { "X-Locale", settings.locale } end
  if settings.application then
    headers[#headers + 1] = { "MS-PartnerCenter-Application", settings.application }
  end
  for _, header in ipairs(resource.headers or {}) do
    for i = #headers, 1, -1 do
      if headers[i][1]:lower() == header[1]:lower() then table.remove(headers, i) end
    end
    headers[#headers + 1] = { header[1], header[2] }
  end
  for _, header in ipairs(headers) do
    if not check.header(header[2]) then
      error(("header %s cannot be sent: its value must be text without control characters")
        :format(header[1]), level + 1)
    end
  end
  return headers
end

--- The request for one page of a resource.
--
-- `filter` may be an expression for every collection: what the endpoint
-- documents goes into the URL, the rest comes back as the second value and is
-- for the caller to apply to the rows.
-- @tparam table resource an entry of `partnercenter.resources`, or of
--   `partnercenter.custom`
-- @tparam ?{string,...} ids the ids in the path, from left to right
-- @tparam ?table given the query parameters
-- @tparam table settings `base_url`, `locale`, `application` and
--   `commercial_prefix` of the client
-- @tparam[opt=2] number level whom to blame for a mistake, as in Lua's `error`
-- @treturn table `method`, `url`, `headers` (an array of name and value),
--   `resource` (the name), `user_required`, `origin`, `base_url`, `paging`
-- @treturn ?filter what is left to apply locally
-- @raise an unknown or wrong parameter, an id that is not a GUID, a header with
--   control characters; the message names it
function M.build(resource, ids, given, settings, level)
  level = level or 2
  if given ~= nil and type(given) ~= "table" then
    error(("%s takes a table of parameters, not a %s"):format(resource.name, type(given)), level)
  end
  local path = path_of(resource, ids or {}, settings, level)
  local query, here = query_of(resource, given or {}, level)
  local target = settings.base_url .. path
  if query ~= "" then target = target .. "?" .. query end
  local origin, why = url.origin(settings.base_url)
  if not origin then error("base_url " .. why, level) end
  return {
    method = resource.method,
    url = target,
    headers = headers_of(resource, settings, level),
    resource = resource.name,
    user_required = resource.user_required or false,
    origin = origin,
    base_url = settings.base_url,
    paging = resource.paging,
  }, here
end

return M
