-- The server's side: nginx answers as the address asks it to.
--
--   /v1/plain/rows?… or /v1/gzip/rows?…
--   who      whose rows these are            sizes  rows of each page: "3,0,5000"
--   page     which one, from 1               length bytes of a row's text, about
--   form     of the envelope: items, value, array
--   piece    rows that are sent at once
--   uneven   most of the pieces have a row or two only
--   wait     ms between two pieces
--   first    ms before the head              stall  ms in the middle of the body
--   status   instead of rows                 cut    rows after which it breaks off
--   times    how often the failure comes; always unless said
--   request  made up by the reader, sent back
local rows = require "spec.chaos.rows"

local M = {}

local function number(arguments, name, default)
  return tonumber(arguments[name]) or default
end

local function parse_sizes(text)
  local sizes, total = {}, 0
  for size in text:gmatch("%d+") do
    sizes[#sizes + 1] = tonumber(size)
    total = total + tonumber(size)
  end
  return sizes, total
end

-- Whether this request is one of those that fail.
local function is_due(arguments, page)
  if not arguments.times then return true end
  local count = ngx.shared.chaos:incr(arguments.who .. " " .. page, 1, 0, 600)
  return count <= tonumber(arguments.times)
end

local function next_address(arguments, page)
  local copy = {}
  for name, value in pairs(arguments) do copy[name] = value end
  copy.page = page + 1
  return ngx.var.uri .. "?" .. ngx.encode_args(copy)
end

-- What stands before the rows and behind them.
local FORMS = {
  items = function(total, link, request)
    local rest = ',"request":"' .. request .. '"'
    if link then
      rest = rest .. ',"links":{"next":{"uri":"' .. link .. '","method":"GET","headers":[]}}'
    end
    return '{"totalCount":' .. total .. ',"items":[', "]" .. rest .. "}"
  end,
  value = function(_, link, request, all)
    local rest = link and ',"@nextLink":"' .. link .. '"' or ""
    return '{"request":"' .. request .. '","Value":[', "]" .. rest .. ',"TotalCount":' .. all .. "}"
  end,
  array = function() return "[", "]" end,
}

-- Sends what is in the buffer; false when the reader has left.
local function send(buffer, wait)
  ngx.print(buffer)
  if not ngx.flush(true) then return false end
  if wait > 0 then ngx.sleep(wait / 1000) end
  return true
end

-- The rows of a page, as they are asked for. False when it was not finished.
local function send_rows(arguments, first, size, head)
  local who, length = arguments.who, number(arguments, "length", 0)
  local piece, wait = number(arguments, "piece", 300), number(arguments, "wait", 0)
  local cut, stall = number(arguments, "cut", -1), number(arguments, "stall", 0)
  local buffer, n, due = { head }, 1, piece
  for i = 1, size do
    n = n + 1
    buffer[n] = (i > 1 and "," or "") .. rows.encode(who, first + i, length)
    local ends, stalls = i == cut, stall > 0 and i == math.ceil(size / 2)
    if i >= due or ends or stalls then
      due = i + (arguments.uneven and i * 7919 % 5 > 0 and 1 + i % 2 or piece)
      if not send(buffer, stalls and stall or wait) then return false end
      if ends then return false end
      buffer, n = {}, 0
    end
  end
  return send(buffer, 0)
end

--- The handler.
function M.content()
  local arguments = ngx.req.get_uri_args()
  local page = number(arguments, "page", 1)
  local sizes, all = parse_sizes(arguments.sizes)
  local failing = is_due(arguments, page)
  if arguments.first then ngx.sleep(arguments.first / 1000) end
  ngx.header["Content-Type"] = "application/json"
  ngx.header["MS-RequestId"] = ngx.var.http_ms_requestid
  if arguments.status and failing then
    ngx.status = tonumber(arguments.status)
    return ngx.print('{"code":2000,"description":"as asked for","source":"chaos"}')
  end
  if not failing then arguments.cut = nil end
  if page > #sizes then return ngx.exit(404) end
  local first = 0
  for i = 1, page - 1 do first = first + sizes[i] end
  local link = page < #sizes and next_address(arguments, page) or nil
  local head, tail = FORMS[arguments.form or "items"](sizes[page], link,
    ngx.var.http_ms_requestid or "", all)
  if arguments.cut == "0" then return ngx.exit(444) end
  if not send_rows(arguments, first, sizes[page], head) then return ngx.exit(444) end
  ngx.print(tail)
end

return M
