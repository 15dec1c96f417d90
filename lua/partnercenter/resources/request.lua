--- Requests: a resource, ids and parameters become a method, a URL and headers.
-- Nothing is sent here, and nothing is kept; what all requests of a resource
-- share can be prepared once.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources.request

local check = require("partnercenter.util").check
local fields = require "partnercenter.fields"
local filter = require "partnercenter.filters"
local params = require "partnercenter.resources.params"
local url = require("partnercenter.util").url
local wire = require("partnercenter.util").wire

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
  for _, name in ipairs(filter.fields(value)) do
    local why = fields.misspelt(name, resource.name)
    if why then error("parameter 'filter': " .. why, level + 1) end
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

-- All parameters of a resource, so that the message about a wrong one names the nearest.
local function names_of(resource)
  local names = { filter = not resource.single or nil, source = resource.sources and true or nil }
  for name in pairs(resource.params or {}) do names[name] = true end
  return names
end

-- Sorted name=value pairs, encoded, and the local part of the filter.
local function query_of(resource, given, level)
  if given == nil and resource.query == nil then return "", nil end
  given = given or {}
  local known = resource.params or {}
  local pairs_of, here = {}, nil
  local function add(name, values)
    local own = {}
    for i, value in ipairs(values) do own[i] = url.encode(name) .. "=" .. url.encode(value) end
    -- Those of one name keep their order.
    pairs_of[#pairs_of + 1] = table.concat(own, "&")
  end
  for name, values in pairs(resource.query or {}) do add(name, values) end
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
    if text then add(name, type(text) == "table" and text or { text }) end
  end
  table.sort(pairs_of)
  return table.concat(pairs_of, "&"), here
end

-- What stands before the first id in the URL, between ids, and behind the last;
-- and the names of the ids.
local function split_url(resource, settings)
  local path, pieces, names = resource.path, {}, {}
  local prefix = resource.prefix and settings[resource.prefix]
  if prefix then path = prefix .. path:match("/analytics/.*$") end
  for piece, name in (path .. "{}"):gmatch("([^{]*){([%w-]*)}") do
    pieces[#pieces + 1], names[#names + 1] = piece, name
  end
  pieces[1] = settings.base_url .. pieces[1]
  return pieces, names
end

--- Can a value be the id of a thing?
-- @tparam string kind "guid", or "text" for any text that a path can hold
-- @param id any value
-- @treturn boolean
-- @treturn string what is due
function M.check_id(kind, id)
  if kind == "guid" then return check.guid(id), "a GUID" end
  return check.text(id) and id ~= "." and id ~= "..", "a text without control characters"
end

-- The URL without a query.
local function target_of(prepared, ids, level)
  local resource, target = prepared.resource, prepared.pieces[1]
  for i = 2, #prepared.pieces do
    local name, id = prepared.id_names[i - 1], ids[i - 1]
    local kind = resource.ids and resource.ids[name] or "guid"
    local ok, due = M.check_id(kind, id)
    if not ok then
      error(("'%s' of %s must be %s"):format(name, resource.name, due), level + 1)
    end
    target = target .. (kind == "guid" and id or url.encode(id)) .. prepared.pieces[i]
  end
  return target
end

local function headers_of(resource, settings, level)
  local headers = { { "Accept", "application/json" } }
  if settings.locale then headers[#headers + 1] = { "X-Locale", settings.locale } end
  if settings.application then
    headers[#headers + 1] = { "MS-PartnerCenter-Application", settings.application }
  end
  for _, header in ipairs(resource.headers or {}) do
    for i = #headers, 1, -1 do
      if wire.lower(headers[i][1]) == wire.lower(header[1]) then table.remove(headers, i) end
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

-- What the decoder mends in rows: `counts`, the fields that become numbers (under their
-- misspelt names, too), and `renames`, what documented misspellings become. A resource
-- that is one thing has no rows.
local function mends_of(resource)
  if resource.single or not (resource.counts or resource.renames) then return {} end
  local counts = {}
  for _, name in ipairs(resource.counts or {}) do counts[name] = true end
  for wrong, right in pairs(resource.renames or {}) do counts[wrong] = counts[right] end
  return { counts = resource.counts and counts, renames = resource.renames }
end

--- What all requests of a resource share, whatever the ids and parameters.
-- @tparam table resource an entry of `partnercenter.resources.catalogue`, or of
--   `partnercenter.resources.custom`
-- @tparam table settings `base_url`, `locale`, `application` and
--   `commercial_prefix` of the client
-- @tparam[opt=2] number level whom to blame for a mistake, as in Lua's `error`
-- @treturn table for `build`
-- @raise a header with control characters, a base URL that is none
function M.prepare(resource, settings, level)
  level = level or 2
  local origin, why = url.origin(settings.base_url)
  if not origin then error("base_url " .. why, level) end
  local pieces, id_names = split_url(resource, settings)
  local mends = mends_of(resource)
  return {
    method = resource.method,
    counts = mends.counts,
    renames = mends.renames,
    resource = resource,
    pieces = pieces,
    id_names = id_names,
    headers = headers_of(resource, settings, level),
    origin = origin,
    base_url = settings.base_url,
  }
end

--- The request for one page of a resource.
--
-- `filter` may be an expression for every collection: what the endpoint
-- documents goes into the URL, the rest comes back as the second value and is
-- for the caller to apply to the rows.
-- @tparam table prepared what `prepare` gave for the resource; its headers
--   become those of the request, and nobody may change them
-- @tparam ?{string,...} ids the ids in the path, from left to right
-- @tparam ?table given the query parameters
-- @tparam[opt=2] number level whom to blame for a mistake, as in Lua's `error`
-- @treturn table `method`, `url`, `headers` (an array of name and value),
--   `resource` (the name), `user_required`, `origin`, `base_url`, `paging`; `counts` and
--   `renames` for the decoder; `prepared`
-- @treturn ?filter what is left to apply locally
-- @raise an unknown or wrong parameter, an id that is not a GUID; the message
--   names it
function M.build(prepared, ids, given, level)
  level = level or 2
  local resource = prepared.resource
  if given ~= nil and type(given) ~= "table" then
    error(("%s takes a table of parameters, not a %s"):format(resource.name, type(given)), level)
  end
  local target = target_of(prepared, ids or {}, level)
  local query, here = query_of(resource, given, level)
  if query ~= "" then target = target .. "?" .. query end
  return {
    method = resource.method,
    url = target,
    headers = prepared.headers,
    resource = resource.name,
    user_required = resource.user_required or false,
    origin = prepared.origin,
    base_url = prepared.base_url,
    paging = resource.paging,
    roles = resource.roles,
    body = resource.body,
    counts = prepared.counts,
    renames = prepared.renames,
    prepared = prepared,
  }, here
end

return M
