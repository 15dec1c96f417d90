--- Resources of the caller's own: what `partner:request` takes.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources.custom

local check = require("partnercenter.util").check
local url = require("partnercenter.util").url
local wire = require("partnercenter.util").wire

-- Headers that the client sets on its own, or that libcurl makes.
local OWN_HEADERS = {
  ["authorization"] = true,
  ["accept-encoding"] = true,
  ["connection"] = true,
  ["content-length"] = true,
  ["cookie"] = true,
  ["host"] = true,
  ["ms-correlationid"] = true,
  ["ms-requestid"] = true,
  ["proxy-authorization"] = true,
  ["te"] = true,
  ["transfer-encoding"] = true,
  ["upgrade"] = true,
  ["user-agent"] = true,
}

-- What methods there are, and whether they take a body.
local METHODS = { GET = false, POST = true, PUT = true, PATCH = true, DELETE = true }

local M = {}

-- True, or false and what is wrong with the path of a custom request.
local function proper_path(path)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
    return false, "must be a text that starts with a slash"
  end
  if path:sub(1, 2) == "//" or path:find("[%z\1-\31\127\\]") then
    return false, "must not start with two slashes, or have backslashes or control characters in it"
  end
  if path:find("[?#]") then return false, "must not have a ? or # in it: use query" end
  if url.is_devious(path) then
    return false, "must not have . or .. or an encoded slash in it"
  end
  return true
end

-- The text of a query value of a custom request, or nil.
local function query_text(value)
  if type(value) == "boolean" then return tostring(value) end
  if type(value) == "number" then return wire.numeral(value) end
  if type(value) == "string" and not value:find("[%z\1-\31\127]") then return value end
  return nil
end

-- The texts of a value, or of each one of an array.
local function query_texts(value)
  local texts = {}
  for i, each in ipairs(type(value) == "table" and value or { value }) do
    texts[i] = query_text(each)
    if not texts[i] then return nil end
  end
  return texts[1] and texts or nil
end

local function custom_query(query, level)
  local texts = {}
  for name, value in pairs(query) do
    texts[name] = check.text(name) and query_texts(value) or nil
    if not texts[name] then
      error(("query parameter '%s' must be a text, a number or a boolean, without control "
        .. "characters, or an array of them"):format(tostring(name):gsub("[^\32-\126]", "?")),
        level + 1)
    end
  end
  return texts
end

local function custom_headers(headers, level)
  local list = {}
  for name, value in pairs(headers) do
    if type(name) ~= "string" or not name:find("^[A-Za-z0-9!#$&'*+.^_`|~-]+$") then
      error("a header has a name that is no header name", level + 1)
    end
    if OWN_HEADERS[wire.lower(name)] then
      error(("header '%s' is set by the client"):format(name), level + 1)
    end
    if not check.header(value) then
      error(("header '%s' must be a text without control characters"):format(name), level + 1)
    end
    list[#list + 1] = { name, value }
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

local function known_method(value)
  return METHODS[value] ~= nil, "must be GET, POST, PUT, PATCH or DELETE"
end

-- The body as it is sent. What takes one and is given none sends an empty one, whose
-- length is told.
local function body_text(method, body, headers, level)
  if not METHODS[method] then
    if body ~= nil then error("a request with the method GET takes no body", level + 1) end
    return nil
  end
  if body == nil then return method ~= "DELETE" and "" or nil end
  if type(body) == "string" then return body end
  local found, cjson = pcall(require, "cjson")
  if not found then
    error("lua-cjson is not installed, so a body is a text, not a table", level + 1)
  end
  local ok, text = pcall(cjson.encode, body)
  if not ok then
    error("body cannot be written as JSON: " .. tostring(text):gsub("^.-:%d+: ", ""), level + 1)
  end
  local typed = false
  for _, header in ipairs(headers) do typed = typed or wire.lower(header[1]) == "content-type" end
  if not typed then headers[#headers + 1] = { "Content-Type",
    "application/json; charset=utf-8" } end
  return text
end

--- A resource of the caller's own: any other call of the API.
-- @tparam table spec
-- @tparam string spec.path starts with a slash; percent-encoded where it needs to be
-- @tparam ?table spec.query names and values (texts, numbers, booleans,
--   or arrays of them for a name that comes more than once), not encoded
-- @tparam ?table spec.headers names and values
-- @tparam[opt="GET"] string spec.method GET, POST, PUT, PATCH or DELETE; all but GET are
--   sent once, and again only when nothing was sent or the service says so (429, 503 with
--   Retry-After); they have the verb `get` alone, which gives what the service answers, an
--   empty table when that is nothing
-- @tparam ?table|string spec.body a table, which lua-cjson writes, or a text as it is (say
--   what it is in the header Content-Type)
-- @tparam[opt="skip"] string spec.paging "skip" also goes on by `skip` while an
--   analytics envelope counts more rows; "links" follows links and tokens alone
-- @tparam[opt=1] number level whom to blame for a mistake: 1 is the function that
--   calls this one, 2 the one that called it
-- @treturn table like an entry of `partnercenter.resources.catalogue`
-- @raise a wrong path, query, header or an unknown option; the message names it
function M.new(spec, level)
  level = (level or 1) + 1
  if type(spec) ~= "table" then error("request takes a table with a path", level) end
  local known = {
    path = proper_path,
    query = "table",
    headers = "table",
    method = known_method,
    body = "table|string",
    paging = function(value)
      return value == "skip" or value == "links", "must be skip or links"
    end,
  }
  local options = check.options("request", spec, known, level)
  if not options.path then error("request needs a path", level) end
  local method = options.method or "GET"
  local headers = custom_headers(options.headers or {}, level)
  return {
    name = options.path,
    any_rows = true,
    method = method,
    single = method ~= "GET" or nil,
    body = body_text(method, options.body, headers, level),
    path = url.repair(options.path),
    query = custom_query(options.query or {}, level),
    headers = headers,
    paging = (options.paging or "skip") == "skip" and "skip" or nil,
  }
end

return M
