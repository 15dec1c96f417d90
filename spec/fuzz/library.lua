-- What the library must keep to, whatever a server sends or a caller gives:
-- returns a function of a string that raises when it does not. The first byte
-- chooses what is looked at, the rest is the input. See library.c beside this.
package.path = "lua/?.lua;lua/?/init.lua;" .. package.path

local collection = require "partnercenter.collection"
local core = require "partnercenter.core"
local datetime = require "partnercenter.datetime"
local errors = require "partnercenter.error"
local filter = require "partnercenter.filter"
local paging = require "partnercenter.paging"
local redact = require "partnercenter.redact"
local resources = require "partnercenter.resources"
local retry = require "partnercenter.retry"
local text = require "partnercenter.text"
local url = require "partnercenter.url"

local KINDS = { sign_in = true, forbidden = true, not_found = true, throttled = true, http = true,
  protocol = true }
local STATUSES = { 200, 302, 400, 401, 403, 404, 409, 429, 500, 503 }
local SECRET = "s3cret+of/the=fuzzer"
local ORIGIN = "https://127.0.0.1:8443"

-- The n-th part of an input, parts being divided by zero bytes.
local function split(input)
  local parts = {}
  for part in (input .. "\0"):gmatch("([^%z]*)%z") do parts[#parts + 1] = part end
  return parts
end

local function one_line(value)
  local line = tostring(value)
  assert(not line:find("[%z\1-\31\127]"), "not one line: " .. ("%q"):format(line))
  assert(not line:find(SECRET, 1, true), "a secret is shown")
  return line
end

local looks = {}

-- The body of an error, its status and headers.
function looks.errors(input)
  local parts = split(input)
  local status = STATUSES[#(parts[2] or "") % #STATUSES + 1]
  local body = (parts[1] or ""):gsub("SECRET", (SECRET:gsub("%%", "%%%%")))
  local err = errors.from_response {
    status = status, body = body, url = ORIGIN .. "/v1/x", attempts = 1,
    header = function(name) return name == "Retry-After" and parts[2] or parts[3] end,
    token_endpoint = parts[4] ~= nil, secrets = { SECRET },
  }
  assert(errors.is(err) and KINDS[err.kind], err.kind)
  assert(#one_line(err) < 4000)
  assert(err.retry_after == nil or err.retry_after >= 0 and err.retry_after <= 1e12)
  assert(err.code == nil or type(err.code) == "number")
  local seconds = retry.delay(1, err, nil, function() return 0.5 end)
  assert(seconds == nil or seconds >= 0 and seconds <= 330)
end

-- An answer of status 200, for one resource after the other.
function looks.envelopes(input)
  local document = core.decode(input)
  if document == nil then return end
  for _, resource in ipairs(resources) do
    local copy = core.decode(input)
    local page, envelope = collection.normalize(copy, resource)
    if page == nil then
      assert(errors.is(envelope))
      one_line(envelope)
    elseif not resource.single then
      assert(type(page.items) == "table")
      assert(type(page.totalCount) == "number", tostring(page.totalCount))
    end
  end
end

local REQUEST = {
  method = "GET", url = ORIGIN .. "/v1/customers?size=5", base_url = ORIGIN, origin = ORIGIN,
  headers = { { "Accept", "application/json" } }, resource = "customers",
}

-- Where the next page is: the input is a link, or a whole document.
function looks.links(input)
  local document = core.decode(input)
  if type(document) ~= "table" then
    local parts = split(input)
    document = { items = { {} }, totalCount = 1,
      links = { next = { uri = parts[1], method = "GET",
        headers = { { key = "MS-ContinuationToken", value = parts[2] } } } } }
  end
  for _, resource in ipairs { resources[1], resources[#resources] } do
    local envelope = collection.envelope(document, resource)
    if envelope then
      local following, err = paging.next_request(REQUEST, envelope, 1, paging.start(REQUEST))
      if following then
        assert(following.url:sub(1, #ORIGIN + 1) == ORIGIN .. "/", following.url)
        assert(url.origin(following.url) == ORIGIN, following.url)
        assert(not following.url:find("[%z\1-\32\127\\]"), following.url)
        for _, header in ipairs(following.headers) do
          assert(not (header[1] .. header[2]):find("[%z\1-\31\127]"))
        end
      elseif err then
        one_line(err)
      end
    end
  end
end

local function whole_number(value)
  return value == value and value > -1e15 and value < 1e15
end

function looks.dates(input)
  local seconds = datetime.parse(input)
  if seconds then
    assert(whole_number(seconds))
    local again = datetime.parse(datetime.format(math.floor(seconds)))
    assert(again == nil or again == math.floor(seconds), input)
  end
  local at = datetime.http_date(input)
  assert(at == nil or whole_number(at))
  assert(#text.line(input, 80) <= 80 + 3)
end

-- The tokens of a filter's text: a quote can neither end nor begin in the wrong
-- place, whatever the values are.
local function literals_of(expression)
  local list, position = {}, 1
  while true do
    local from = expression:find("'", position, true)
    if not from then return list end
    local parts = {}
    repeat
      local stop = assert(expression:find("'", from + 1, true), "a quote is open")
      parts[#parts + 1] = expression:sub(from + 1, stop - 1)
      local doubled = expression:sub(stop + 1, stop + 1) == "'"
      from, position = stop + 1, stop + 1
    until not doubled
    list[#list + 1] = table.concat(parts, "'")
  end
end

local COMPARE = { "eq", "ne", "gt", "ge", "lt", "le", "contains", "starts_with" }

function looks.filters(input)
  local conditions, values = {}, {}
  for i, value in ipairs(split(input)) do
    local op = COMPARE[(#value + i) % #COMPARE + 1]
    local ok, condition = pcall(filter[op], "field" .. i, value)
    if ok then
      conditions[#conditions + 1], values[#values + 1] = condition, value
      assert(type(condition { ["field" .. i] = value }) == "boolean")
    end
    if #conditions == 8 then break end
  end
  if #conditions == 0 then return end
  local ok, expression = pcall(#input % 2 == 0 and filter.all or filter.any, conditions)
  if not ok then return end
  local found = literals_of(tostring(expression))
  assert(#found == #values, tostring(expression))
  for i, value in ipairs(values) do assert(found[i] == value, tostring(expression)) end
end

function looks.secrets(input)
  local parts = split(input)
  local secret, value = parts[1], table.concat(parts, "\1", 2)
  local masked = redact.redact(value, { secret })
  if #secret >= 4 and not ("[redacted]"):find(secret, 1, true) then
    -- What is put in place may complete it with what stands around.
    if not secret:find("[%[%]redact]") then assert(not masked:find(secret, 1, true)) end
  end
  assert(not text.line(input, 200):find("[%z\1-\31\127]"))
  assert(#text.excerpt(input, 100) <= 104)
end

function looks.urls(input)
  local parts = url.parse(input)
  if parts then
    assert(parts.scheme == "http" or parts.scheme == "https")
    assert(parts.port >= 1 and parts.port <= 65535)
    assert(not parts.host:find("[@/?#%s]"))
    assert(url.origin(url.origin(input)) == url.origin(input))
  end
  assert(url.decode(url.encode(input)) == input)
  local repaired = url.repair(input)
  assert(not repaired:find("[%z\1-\32\127-\255\"<>\\^`{|}#]"))
  assert(url.repair(repaired) == repaired)
end

local NAMES = { "errors", "envelopes", "links", "dates", "filters", "secrets", "urls" }

return function(input)
  if #input == 0 then return end
  looks[NAMES[input:byte() % #NAMES + 1]](input:sub(2))
end
