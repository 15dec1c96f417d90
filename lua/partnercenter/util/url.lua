--- URLs as the client needs them: parts, origins and percent-encoding.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.url

local wire = require "partnercenter.util.wire"

local M = {}

local DEFAULT_PORT = { http = 80, https = 443 }

-- RFC 3986, section 2.3, and the characters that may stand in a path or query
-- (sections 3.3 and 3.4) beside "%". Written out: %w depends on the locale.
local RESERVED = "[^A-Za-z0-9%-._~]"
local ILLEGAL = "[^A-Za-z0-9%-._~!$&'()*+,;=:@/?%%]"

local function escape(char)
  return ("%%%02X"):format(char:byte())
end

--- Percent-encodes a text as one value of a query or one segment of a path.
-- A space becomes `%20`, a quote `%27`.
-- @tparam string text
-- @treturn string
function M.encode(text)
  return (text:gsub(RESERVED, escape))
end

--- The text without its percent-encoding. A `%` that encodes nothing stays.
-- @tparam string text
-- @treturn string
function M.decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(wire.digits(digits, 16)) end))
end

-- Forms of a slash or dot that some servers decode though RFC 3629 forbids them.
local OVERLONG = "[\192\193]"

--- May a path lead to another place than its segments say, at a server that
-- decodes it once more: dots for a segment, encoded slashes, backslashes?
-- @tparam string path
-- @treturn boolean
function M.is_devious(path)
  while true do
    if path:find("%%2[fF]") or path:find("%%5[cC]") or path:find("\\", 1, true)
      or path:find("%%[uU]00[25][cCeEfF]") or path:find("[%z\1-\31\127]")
      or path:find(OVERLONG) or path:find("\224[\128-\159]") or path:find("\240[\128-\143]") then
      return true
    end
    for segment in path:gmatch("[^/]+") do
      -- Java's servers cut what follows a semicolon, C's what follows a NUL.
      local name = segment:match("^[^;%z]*")
      if name == "." or name == ".." then return true end
    end
    local decoded = M.decode(path)
    if decoded == path then return false end
    path = decoded
  end
end

--- Encodes what may not stand in a path or query and leaves the rest alone:
-- what is encoded already stays as it is, a lone `%` becomes `%25`.
-- @tparam string text
-- @treturn string
function M.repair(text)
  text = text:gsub("%%(%x?%x?)", function(digits)
    if #digits < 2 then return "%25" .. digits end
  end)
  return (text:gsub(ILLEGAL, escape))
end

--- The parts of an absolute URL. Host and scheme are in lower case, and the port
-- is a number even where the URL leaves it out. User and password, backslashes,
-- spaces and control characters are refused.
-- @tparam string text
-- @treturn[1] {scheme=string,host=string,port=number,target=string} `target` is
--   the path with the query, "" if there is none
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function M.parse(text)
  if text:find("[^\33-\126\128-\255]") or text:find("\\", 1, true) then
    return nil, "has a character that is not allowed"
  end
  local scheme, authority, target = text:match("^(%a[%w+.-]*)://([^/?#]*)(.*)$")
  scheme = scheme and wire.lower(scheme)
  if not DEFAULT_PORT[scheme] then return nil, "is not an http or https URL" end
  if authority:find("@", 1, true) then return nil, "has a user name in it" end
  local host, port = authority:match("^(%[[%x:.]+%])(.*)$")
  if not host then host, port = authority:match("^([^:%[%]]+)(.*)$") end
  if not host or not port:find("^:?%d*$") or port:find("^%d") then
    return nil, "has no proper host"
  end
  port = wire.digits(port:match("%d+")) or DEFAULT_PORT[scheme]
  if port < 1 or port > 65535 then return nil, "has no proper port" end
  return { scheme = scheme, host = wire.lower(host), port = port, target = target }
end

--- The origin of an absolute URL, `scheme://host[:port]`, in the one spelling
-- that two URLs of the same origin share.
-- @tparam string text
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function M.origin(text)
  local parts, why = M.parse(text)
  if not parts then return nil, why end
  local origin = parts.scheme .. "://" .. parts.host
  if parts.port == DEFAULT_PORT[parts.scheme] then return origin end
  return ("%s:%d"):format(origin, parts.port)
end

--- Path and query of a target or a whole URL.
-- @tparam string text
-- @treturn string what stands before the first `?`
-- @treturn ?string what follows it
function M.split(text)
  local path, query = text:match("^([^?]*)%?(.*)$")
  return path or text, query
end

--- The value of a query parameter, still encoded.
-- @tparam string text a URL
-- @tparam string name
-- @treturn ?string
function M.param(text, name)
  local _, query = M.split(text)
  name = wire.lower(name)
  for key, value in ((query or "") .. "&"):gmatch("([^&=]*)=?([^&]*)&") do
    if wire.lower(key) == name then return value end
  end
  return nil
end

--- The same URL with a query parameter set; others keep their place and text.
-- @tparam string text a URL
-- @tparam string name needs no encoding
-- @tparam string value encoded already
-- @treturn string
function M.with_param(text, name, value)
  local path, query = M.split(text)
  local parts, found = {}, false
  for part in (query or ""):gmatch("[^&]+") do
    if wire.lower(part:match("^[^=]*")) ~= wire.lower(name) then
      parts[#parts + 1] = part
    elseif not found then
      parts[#parts + 1] = name .. "=" .. value
      found = true
    end
  end
  if not found then parts[#parts + 1] = name .. "=" .. value end
  return path .. "?" .. table.concat(parts, "&")
end

return M
