-- Pages that are gone through by a token in a header: of customers, and of users.
local errors = require "sandbox.faults.errors"
local json = require "sandbox.answers.json"
local settings = require "sandbox.server.settings"

local M = {}

local quote = json.quote

-- A token holds where the next page begins; it has the characters that a
-- client must keep as they are.
local function make_token(start, size, filter)
  local text = ("%d|%d|%s"):format(start, size, ngx.md5(filter or ""):sub(1, 8))
  return "AQAA," .. ngx.encode_base64(text) .. "/=="
end

local function read_token(token, filter)
  local inner = token:match("^AQAA,(.*)/==$")
  local text = inner and ngx.decode_base64(inner)
  local start, size, mark = (text or ""):match("^(%d+)|(%d+)|(%x+)$")
  if not start or mark ~= ngx.md5(filter or ""):sub(1, 8) then return nil end
  return tonumber(start), tonumber(size)
end

local SEEK = { next = true, previous = true, first = true, last = true, pageindex = true }

local function whole(text, default)
  if text == nil then return default end
  return text:find("^%d+$") and tonumber(text)
end

-- Where the page begins and how many rows it has; nil and a refusal.
function M.position(params, total)
  local limit = settings.get().page_size
  local size, offset = whole(params.size, 0), whole(params.offset, 0)
  if not size or not offset then return nil, errors.api("bad_input", "size") end
  if size == 0 or size > limit then size = limit end
  local token, seek = ngx.var.http_ms_continuationtoken, params.seekoperation
  if seek and not SEEK[seek:lower()] then return nil, errors.api("bad_enum", seek) end
  seek = seek and seek:lower() or token and "next"
  if seek == "first" then return 0, size end
  if seek == "last" then return math.max(0, math.floor((total - 1) / size) * size), size end
  if seek ~= "next" and seek ~= "previous" then return offset, size end
  if not token then return nil, errors.api("missing_argument", "MS-ContinuationToken") end
  local start, before = read_token(token, params.filter)
  if not start then return nil, errors.api("bad_input", "MS-ContinuationToken") end
  if params.size == nil then size = before end
  if seek == "previous" then start = math.max(0, start - 2 * size) end
  return start, size
end

local LINK = '"%s":{"uri":%s,"method":"GET","headers":[%s]}'
local TOKEN_HEADER = '{"key":"MS-ContinuationToken","value":%s}'

local function uri_of(path, params, size, seek)
  local form = settings.get().customer_links
  local uri = (form == "v1" and "/v1" or "") .. path .. "?size=" .. size
  if params.filter then uri = uri .. "&filter=" .. ngx.escape_uri(params.filter) end
  return uri .. (seek or "")
end

-- The links of a page; `path` is without its version.
function M.links(path, params, start, size, total)
  local token = start + size < total and make_token(start + size, size, params.filter)
  local text = LINK:format("self", quote(uri_of(path, params, params.size or size)), "")
  if token and settings.get().customer_links ~= "body" then
    local uri = uri_of(path, params, size, "&seekOperation=Next")
    text = text .. "," .. LINK:format("next", quote(uri), TOKEN_HEADER:format(quote(token)))
  end
  text = '"links":{' .. text .. "},"
  if token and settings.get().customer_links == "body" then
    text = '"continuationToken":' .. quote(token) .. "," .. text
  end
  return text
end

return M
