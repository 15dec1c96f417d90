-- The same work twice: fetch a customer's insights and add the counts up, with
-- this module and with a client made of cosockets as lua-resty-http is.
local cjson = require "cjson.safe"
local partnercenter = require "partnercenter"

local M = {}

-- About as long as a real one.
local TOKEN = ("eyJ0eXAiOiJKV1Qi"):rep(100)

local function answer(rows, err)
  if not rows then
    ngx.status = 502
    ngx.say(tostring(err))
    return
  end
  local sold = 0
  for i = 1, #rows do sold = sold + rows[i].licensesSold end
  ngx.say(sold)
end

-- --- cosockets ---
-- The steps are those of lua-resty-http's request_uri: the address is matched by
-- a pattern, headers are copied into a table that is looked up in any letter
-- case and written out name by name, the answer's headers are matched line by
-- line into another one, and the body comes from a reader in a coroutine.

local function normal_name(name)
  return (name:find("_", 1, true) and name:gsub("_", "-") or name):lower()
end

local function new_headers()
  local names = {}
  return setmetatable({}, {
    __index = function(self, name)
      local known = names[normal_name(name)]
      return known and rawget(self, known)
    end,
    __newindex = function(self, name, value)
      local normal = normal_name(name)
      names[normal] = names[normal] or name
      rawset(self, names[normal], value)
    end,
  })
end

local function format_request(method, path, headers)
  local lines = { method, " ", path, " HTTP/1.1\r\n" }
  for name, value in pairs(headers) do
    lines[#lines + 1] = tostring(name) .. ": " .. tostring(value) .. "\r\n"
  end
  lines[#lines + 1] = "\r\n"
  return table.concat(lines)
end

local function receive_headers(socket)
  local headers = new_headers()
  while true do
    local line, err = socket:receive("*l")
    if not line then return nil, err end
    local match = ngx.re.match(line, "([^:\\s]+):\\s*(.*)", "jo")
    if not match then return headers end
    if headers[match[1]] then
      headers[match[1]] = headers[match[1]] .. ", " .. match[2]
    else
      headers[match[1]] = match[2]
    end
  end
end

local function body_reader(socket, length)
  local co = coroutine.create(function()
    coroutine.yield(socket:receive(length))
  end)
  return function()
    if coroutine.status(co) ~= "suspended" then return nil end
    return select(2, coroutine.resume(co))
  end
end

local function read_body(socket, length)
  local reader, chunks = body_reader(socket, length), {}
  repeat
    local chunk, err = reader()
    if err then return nil, err end
    chunks[#chunks + 1] = chunk
  until not chunk
  return table.concat(chunks)
end

local function parse_uri(uri)
  local match = ngx.re.match(uri, [[^(?:(http[s]?):)?//([^:/\?]+)(?::(\d+))?([^\?]*)\??(.*)]], "jo")
  return match[1], match[2], tonumber(match[3]), match[4]
end

local function connect(scheme, host, port)
  local socket = ngx.socket.tcp()
  socket:settimeouts(10000, 60000, 60000)
  local ok, err = socket:connect(host, port, {
    pool = scheme .. ":" .. host .. ":" .. port .. ":true", pool_size = 512,
  })
  if not ok then return nil, err end
  if socket:getreusedtimes() == 0 then
    ok, err = socket:sslhandshake(nil, "localhost", true)
    if not ok then return nil, err end
  end
  return socket
end

-- Each call has ids of its own, as the service asks for.
local function new_guid()
  local r = math.random
  return ("%04x%04x-%04x-4%03x-%04x-%04x%04x%04x"):format(r(0, 65535), r(0, 65535),
    r(0, 65535), r(0, 4095), r(32768, 49151), r(0, 65535), r(0, 65535), r(0, 65535))
end

local function fetch(uri)
  local scheme, host, port, path = parse_uri(uri)
  local socket, err = connect(scheme, host, port)
  if not socket then return nil, err end
  local headers = new_headers()
  for name, value in pairs {
    Accept = "application/json", Authorization = "Bearer " .. TOKEN, ["X-Locale"] = "en-US",
    ["MS-RequestId"] = new_guid(), ["MS-CorrelationId"] = new_guid(),
  } do headers[name] = value end
  if not headers["Host"] then headers["Host"] = host .. ":" .. port end
  if not headers["User-Agent"] then headers["User-Agent"] = "peer" end
  local ok
  ok, err = socket:send(format_request("GET", path, headers))
  if not ok then return nil, err end
  local line
  line, err = socket:receive("*l")
  if not line then return nil, err end
  local status, version = tonumber(line:sub(10, 12)), tonumber(line:sub(6, 8))
  local answer_headers
  answer_headers, err = receive_headers(socket)
  if not answer_headers then return nil, err end
  local connection = answer_headers["Connection"]
  local keep = version == 1.1 and not (connection and connection:lower() == "close")
  local body
  body, err = read_body(socket, tonumber(answer_headers["Content-Length"]))
  if not body then return nil, err end
  if keep then socket:setkeepalive(60000, 512) else socket:close() end
  if status ~= 200 then return nil, line end
  return cjson.decode(body)
end

-- A handler of this module's, by a client made without options but where it asks.
local function own(base_url, ca_file, http_version)
  local partner = assert(partnercenter.new {
    base_url = base_url, ca_file = ca_file, http_version = http_version,
    credentials = partnercenter.credentials.token(TOKEN),
  })
  return function()
    local id = ngx.var.uri:match("[^/]*$")
    local page, err = partner.customers:by_id(id).analytics.licenses.deployment:get()
    answer(page and page.items, err)
  end
end

--- The handlers for a service at an address, trusting a CA.
function M.new(base_url, ca_file)
  return {
    ours = own(base_url, ca_file),
    ours_http1 = own(base_url, ca_file, "1.1"),
    peer = function()
      local id = ngx.var.uri:match("[^/]*$")
      local page, err = fetch(base_url .. "/v1/customers/" .. id
        .. "/analytics/licenses/deployment")
      answer(page and page.items, err)
    end,
  }
end

return M
