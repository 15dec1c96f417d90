--- The proxy of a client: from its options or the environment, put into a form that
-- cannot be misread, and its password known as a secret.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.client.proxies

local url = require("partnercenter.util").url
local wire = require("partnercenter.util").wire

local SCHEMES = { http = true, https = true, socks4 = true, socks4a = true, socks5 = true,
  socks5h = true }

-- As libcurl looks for a proxy for https://, in this order.
local VARIABLES = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }

-- What reaches this machine itself: a proxy elsewhere has another one.
local LOOPBACK = "localhost,127.0.0.1,127.0.0.0/8,::1,[::1]"

local M = {}

-- The parts of a proxy's address. It has no path, so that the last @ ends what
-- stands for user and password, whatever is in them.
local function split(address)
  local scheme, rest = address:match("^(%a[%w+.-]*)://(.*)$")
  local user_info, place = (rest or address):match("^(.*)@(.-)/?$")
  place = place or (rest or address):match("^(.-)/?$")
  local user, password = (user_info or ""):match("^([^:]*):(.*)$")
  return {
    scheme = wire.lower(scheme or "http"),
    user = user or user_info,
    password = password,
    user_info = user_info,
    place = place,
  }
end

-- What is wrong with the parts, or nil. None of them may be shown.
local function misfit(parts)
  if not SCHEMES[parts.scheme] then
    return "begins with none of http://, https://, socks4://, socks4a://, socks5://, socks5h://"
  end
  local port = parts.place:match("^%[[%x:.%%]+%](.*)$") or parts.place:match("^[%w%-._]+(.*)$")
  if not port then return "has no proper host name" end
  if port == "" then return nil end
  local number = wire.digits(port:match("^:(%d+)$"))
  if not number or number < 1 or number > 65535 then return "has no proper port" end
  return nil
end

-- Percent-encoded, whether it was before or not.
local function encoded(text)
  return text and url.encode(url.decode(text))
end

local function note(register, parts)
  local user, password = url.decode(parts.user or ""), url.decode(parts.password or "")
  -- Together they are the whole of a Basic authentication, and long enough to be
  -- found where the password alone is too short for that.
  if not parts.password then return end
  for _, secret in ipairs { parts.user_info, parts.password, password, user .. ":" .. password } do
    register.add(secret, true)
  end
end

-- The address as libcurl reads it in one way only.
local function rebuild(parts)
  local user_info = encoded(parts.user)
  if parts.password then user_info = user_info .. ":" .. encoded(parts.password) end
  return parts.scheme .. "://" .. (user_info and user_info .. "@" or "") .. parts.place
end

local function from_environment(getenv, names)
  for _, name in ipairs(names) do
    local value = getenv(name)
    if value and value ~= "" then return value, "the environment's " .. name end
  end
  return nil
end

-- Hosts that are reached directly. Plain http:// is for this machine alone, and what
-- is sent there is readable: never by a proxy, whatever the option says.
local function directly(own, getenv)
  local list = own.no_proxy
  if not list then
    list = from_environment(getenv, { "no_proxy", "NO_PROXY" })
    if list == "*" then return list end
    list = list and list .. "," .. LOOPBACK or LOOPBACK
  end
  for _, address in ipairs { own.base_url, own.cloud.authority } do
    local parts = url.parse(address)
    if parts.scheme == "http" then
      list = ("%s,%s,%s"):format(list, parts.host, parts.host:gsub("[%[%]]", ""))
    end
  end
  return list
end

--- Settles which proxy a client uses. Notes its secrets.
-- @tparam table own the settings, of which `proxy`, `no_proxy` and `proxy_host` are
--   set
-- @tparam table register
-- @tparam[opt=os.getenv] function getenv
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the proxy
function M.settle(own, register, getenv)
  getenv = getenv or os.getenv
  own.no_proxy = directly(own, getenv)
  local address, from = own.proxy, "the option proxy"
  if not address then address, from = from_environment(getenv, VARIABLES) end
  if not address then return true end
  local parts = split(address)
  note(register, parts)
  if own.unix_socket then return true end
  local why = misfit(parts)
  if why then
    return nil, ("%s is not the address of a proxy: it %s; write it as "
      .. "http://user:password@host:port"):format(from, why)
  end
  own.proxy, own.proxy_host = rebuild(parts), parts.place
  return true
end

return M
