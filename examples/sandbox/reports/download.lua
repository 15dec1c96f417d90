-- The files of reports, on a port of their own: whoever has the link may fetch,
-- and nobody who shows a token.
local evaluate = require "sandbox.reports.evaluate"
local faults = require "sandbox.faults.faults"
local query = require "sandbox.reports.query"
local reports = require "sandbox.reports.report"
local settings = require "sandbox.server.settings"
local stats = require "sandbox.server.stats"
local store = require "sandbox.reports.store"

local M = {}

local BOM = "\239\187\191"
local XML =
  '<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s</Message></Error>'

local function refuse(status, code, message)
  local body = XML:format(code, message)
  ngx.status = status
  ngx.header["Content-Type"] = "application/xml"
  ngx.header["x-ms-error-code"] = code
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

local function field(value, separator, always)
  local text = tostring(value)
  if not always and not text:find('["\r\n' .. separator .. "]") then return text end
  return '"' .. text:gsub('"', '""') .. '"'
end

-- The file in pieces: next() gives text, or nil at the end.
local function pieces(report)
  local now = settings.get()
  local separator = report.format == "tsv" and "\t" or ","
  local line_end = now.report_lines == "crlf" and "\r\n" or "\n"
  local q = assert(query.parse(report.query))
  local function line(values)
    local fields = {}
    for i, value in ipairs(values) do fields[i] = field(value, separator,
      now.report_quotes == "all") end
    return table.concat(fields, separator) .. line_end
  end
  local names = {}
  for i, column in ipairs(q.columns) do names[i] = column.name end
  local head, next_batch = (now.report_bom and BOM or "") .. line(names), nil
  return function()
    if head then
      local text = head
      head, next_batch = nil, evaluate.rows(q, report.from, report.to)
      return text
    end
    local batch = next_batch()
    if not batch then return nil end
    for i, values in ipairs(batch) do batch[i] = line(values) end
    return table.concat(batch)
  end
end

local function length_of(report, run)
  local dict, key = ngx.shared.reports, "length:" .. run.id
  local length = dict:get(key)
  if not length then
    length = 0
    for text in pieces(report) do length = length + #text end
    dict:set(key, length)
  end
  return length
end

-- Where to begin, from the header Range; nil: it cannot be.
local function start_of(report, run)
  local from = (ngx.var.http_range or ""):match("^bytes=(%d+)%-$")
  if not from or not settings.get().report_ranges then return 0 end
  from = tonumber(from)
  local length = length_of(report, run)
  if from >= length then return nil end
  ngx.status = 206
  ngx.header["Content-Range"] = ("bytes %d-%d/%d"):format(from, length - 1, length)
  ngx.header["Content-Length"] = length - from
  return from
end

-- Send the file from a byte on; a fault cuts it after so many bytes.
local function send(report, from, cut)
  local left = cut or math.huge
  for piece in pieces(report) do
    if from >= #piece then
      from = from - #piece
    else
      local text = piece:sub(from + 1)
      from = 0
      if #text > left then text = text:sub(1, left) end
      left = left - #text
      if not ngx.print(text) or not ngx.flush(true) then return end
      if left <= 0 then return ngx.exit(444) end
    end
  end
end

local function serve(fault)
  if ngx.var.http_authorization then
    return refuse(400, "InvalidAuthenticationInfo",
      "Authentication information is not given in the "
      .. "correct format. Check the value of Authorization header.")
  end
  local id = ngx.var.uri:match("^/reports/([%x-]+)%.%a+$")
  local args = ngx.req.get_uri_args()
  local expires = tonumber(args.se)
  if not id or not expires or args.sig ~= reports.signature(id, expires)
    or expires <= ngx.now() then
    return refuse(403, "AuthenticationFailed", "Server failed to authenticate the request.")
  end
  local report, run = store.find_run(id)
  if not report then return refuse(404, "BlobNotFound", "The specified blob does not exist.") end
  local now = settings.get()
  ngx.header["Content-Type"] = "application/octet-stream"
  ngx.header["ETag"] = ('"%s"'):format(id)
  ngx.header["x-ms-blob-type"] = "BlockBlob"
  if now.report_ranges then ngx.header["Accept-Ranges"] = "bytes" end
  local from = start_of(report, run)
  if not from then return refuse(416, "InvalidRange", "The range specified is invalid.") end
  if not now.gzip or from > 0 then ngx.header["Content-Encoding"] = "identity" end
  local rate = fault and fault.rate or now.rate
  if rate > 0 then ngx.var.limit_rate = rate end
  return send(report, from, fault and fault.close)
end

function M.content()
  local req = { class = "report_file", uri = ngx.var.request_uri, method = ngx.req.get_method() }
  ngx.ctx.req = req
  stats.begin(req)
  req.fault = faults.take(req.uri)
  local fault = req.fault
  if fault then
    stats.count("fault:" .. fault.id)
    if fault.delay then ngx.sleep(fault.delay) end
    for name, value in pairs(fault.headers or {}) do ngx.header[name] = value end
    if fault.close and fault.close < 0 then return ngx.exit(444) end
    if fault.status or fault.body then
      ngx.status = fault.status or 200
      return ngx.print(fault.body or "")
    end
  end
  return serve(fault)
end

return M
