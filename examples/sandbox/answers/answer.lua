-- Writing an answer: the headers that every answer has, the byte order mark,
-- compression, and the ways in which a fault spoils it.
local gzip = require "sandbox.answers.gzip"
local ids = require "sandbox.server.ids"
local settings = require "sandbox.server.settings"

local M = {}

local BOM = "\239\187\191"
local JSON = "application/json; charset=utf-8"
local THROTTLED = "application/json"
local SMALLEST_COMPRESSED = 256

local function with_mark(req, page, status)
  local mode = settings.get().bom
  local marked = status < 300 and req.api and (mode == "all" or mode == "v1" and req.marked)
  if not marked or page.marked or page.raw then return end
  page.text, page.marked = BOM .. page.text, true
end

local function set_headers(req, status, page)
  local out = ngx.header
  ngx.status = status
  out["Content-Type"] = page.type or status == 429 and THROTTLED or JSON
  if req.api then
    out["MS-RequestId"] = req.request_id or ids.guid()
    out["MS-CorrelationId"] = req.correlation_id or ids.guid()
    out["MS-CV"] = ngx.encode_base64(ids.hex():sub(1, 12)) .. ".0"
    out["MS-ServerId"] = "102030524"
  else
    out["Cache-Control"] = "no-store"
  end
  if page.headers then
    for name, value in pairs(page.headers) do out[name] = value end
  end
end

-- Break off after so many bytes of the body, or before the headers.
local function cut(body, bytes)
  if bytes < 0 then return ngx.exit(444) end
  ngx.header["Content-Length"] = #body
  ngx.send_headers()
  if bytes > 0 then ngx.print(body:sub(1, bytes)) end
  ngx.flush(true)
  return ngx.exit(444)
end

-- page: text, or { text =, type =, headers = }, which may be kept and sent
-- again: what is made of it once stays in it. req.fault may change the answer.
function M.send(req, status, page)
  if type(page) == "string" then page = { text = page } end
  with_mark(req, page, status)
  set_headers(req, status, page)
  local fault = req.fault
  if fault and fault.headers then
    for name, value in pairs(fault.headers) do ngx.header[name] = value end
  end
  local body = page.text
  if #body >= SMALLEST_COMPRESSED and settings.get().gzip and not page.plain then
    ngx.header["Vary"] = "Accept-Encoding"
    if req.accept_encoding and req.accept_encoding:find("gzip", 1, true) then
      page.gzip = page.gzip or gzip.compress(body)
      body = page.gzip
      ngx.header["Content-Encoding"] = "gzip"
    end
  end
  local rate = fault and fault.rate or settings.get().rate
  if rate > 0 then ngx.var.limit_rate = rate end
  if fault and fault.close then return cut(body, fault.close) end
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

return M
