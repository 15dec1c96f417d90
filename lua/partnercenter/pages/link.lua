--- Where a link to the next page leads: absolute, below the root, or relative, with the
-- version of the path or without, as services write them; and never to another origin.
-- No link has a fragment that means anything, but values of filters and tokens are written
-- raw: so `#` is escaped like a blank, and what stands behind it is not lost.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.link

local url = require("partnercenter.util").url

-- The path of the base URL, "" as a rule.
local function base_path(request)
  return (url.parse(request.base_url).target:gsub("/+$", ""))
end

-- The version with what stands before it: "/v1", "/partner/v1".
local function version_of(path)
  path = path .. "/"
  return path:match("^(/[vV]%d[%d.]*)/") or path:match("^(/%w+/[vV]%d[%d.]*)/")
end

-- A path without a leading slash. If the request's own path ends in it, it is that path;
-- else it takes the place of the last segment.
local function merge(request_path, path)
  if path == "" then return request_path end
  local own, tail = request_path:gsub("/$", ""), "/" .. path:gsub("/$", "")
  if own:sub(-#tail) == tail then return own end
  return (request_path:gsub("[^/]*$", "")) .. path
end

-- A root-relative path below the base URL's, with its version.
local function rooted(request, path, own_path)
  local base = base_path(request)
  if base ~= "" and path:sub(1, #base + 1) == base .. "/" then return path end
  if not version_of(path) then
    path = (version_of(own_path:sub(#base + 1)) or "") .. path
  end
  return base .. path
end

-- Does a link with a host of its own lead to the request's? Services behind a
-- gateway write `http:` there: then it is asked over TLS all the same.
local function is_own(parts, request)
  local own = url.parse(request.origin)
  if parts.host ~= own.host then return false end
  return parts.scheme == own.scheme and parts.port == own.port
    or parts.scheme == "http" and (parts.port == 80 or parts.port == own.port)
end

--- The address of a link.
-- @tparam string link
-- @tparam table request the one whose answer has it
-- @treturn[1] string an absolute URL, always spelt with the request's own origin
-- @treturn[2] nil
-- @treturn[2] string why it must not be followed
return function(link, request)
  if link:find("[%z\1-\31\127\\]") then
    return nil, "has control characters or backslashes in it"
  end
  if link:sub(1, 2) == "//" then return nil, "leads to another host" end
  local head, rest = link:match("^(%a[%w+.-]*:/?/?[^/?#]*)(.*)$")
  if head then
    local parts, why = url.parse(head)
    if not parts then return nil, why end
    if not is_own(parts, request) then
      return nil, ("leads to another origin (%s)"):format(url.origin(head))
    end
    link = rest
  end
  local own_path = url.split(url.parse(request.url).target)
  local path, query = url.split(url.repair(link))
  if url.is_devious(path) then return nil, "has dots or encoded slashes in its path" end
  if path:sub(1, 1) ~= "/" then
    path = merge(own_path, path)
  elseif not head then
    path = rooted(request, path, own_path)
  end
  return request.origin .. path .. (query and "?" .. query or "")
end
