-- What the library must keep to, whatever a server sends or a caller gives:
-- returns a function of a string that raises when it does not. The first byte
-- chooses what is looked at, the rest is the input. See library.c beside this.
package.path = "lua/?.lua;lua/?/init.lua;" .. package.path

local check_filters = require "spec.fuzz.filters"
local check_link = require "spec.fuzz.links"
local collection = require "partnercenter.pages.envelope"
local core = require "partnercenter.core"
local device = require "partnercenter.sign_in.device_code"
local endpoint = require "partnercenter.sign_in.token_endpoint"
local errors = require "partnercenter.errors"
local masking = require "partnercenter.errors.masking"
local resources = require "partnercenter.resources.catalogue"
local retry = require "partnercenter.calls.retry"
local text = require "partnercenter.util.text"
local times = require "spec.fuzz.times"
local url = require "partnercenter.util.url"

local RETRY = { retries = 4, max_retry_after = 300, random = function() return 0.5 end }
local KINDS = { sign_in = true, forbidden = true, not_found = true, throttled = true, http = true,
  protocol = true }
local GRANT_KINDS = { protocol = true, sign_in = true, throttled = true, http = true }
local STATUSES = { 200, 302, 400, 401, 403, 404, 409, 429, 500, 503 }
local SECRET = "s3cret+of/the=fuzzer"
local REGISTER = masking.register()
REGISTER.add(SECRET)
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
    token_endpoint = parts[4] ~= nil, mask = REGISTER.mask,
  }
  assert(errors.is(err) and KINDS[err.kind], err.kind)
  assert(#one_line(err) < 4000)
  assert(err.retry_after == nil or err.retry_after >= 0 and err.retry_after <= 1e12)
  assert(err.code == nil or type(err.code) == "number")
  local seconds = retry.delay(1, err, 0, RETRY)
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

-- Where the next page is: the input is a link, or a whole document.
function looks.links(input)
  local parts = split(input)
  check_link((core.decode(input)), parts[1], parts[2])
end

function looks.dates(input)
  times.dates(input)
end

function looks.waits(input)
  times.waits(split(input))
end

function looks.filters(input)
  check_filters(split(input))
end

-- What the token endpoint grants, and what it says about a device code.
function looks.grants(input)
  local answer = core.decode(input)
  if answer == nil then return end
  local options = { tenant = "contoso.example", client_id = "client" }
  local context = {
    cloud = { authority = ORIGIN, scope = "scope", resource = "resource" }, state = {},
    post = function() return answer end, time = function() return 1e9 end,
    now = function() return 5 end, sleep = function() return false end,
    mask = function(value) return value end,
    secret = function(secret) assert(type(secret) == "string" and secret ~= "") end,
  }
  local granted, err = endpoint.grant(context, options, {})
  if granted then
    assert(not granted.access_token:find("[%z\1-\32\127]"))
    assert(granted.expires_at >= 1e9 and granted.expires_at <= 1e9 + 86400)
  else
    -- A refusal may come with a status of success, and is told as one.
    assert(GRANT_KINDS[err.kind], err.kind)
    one_line(err)
  end
  function options.on_prompt(message, details)
    one_line(message)
    one_line(details.user_code .. details.verification_uri)
    assert(details.interval > 0 and details.expires_in > 0)
  end
  granted, err = device.sign_in(context, options)
  assert(granted == nil and errors.is(err))
end

function looks.secrets(input)
  local parts = split(input)
  local secret, value = parts[1], table.concat(parts, "\1", 2)
  local register = masking.register()
  register.add(secret)
  local masked = register.mask(value)
  if #secret >= 4 and not ("[redacted]"):find(secret, 1, true) then
    -- What is put in place may complete it with what stands around.
    if not secret:find("[%[%]redact]") then assert(not masked:find(secret, 1, true)) end
  end
  local line = text.line(input, 200)
  assert(#line <= 200 and not line:find("[%z\1-\31\127]"))
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

local NAMES = { "errors", "envelopes", "links", "dates", "filters", "secrets", "urls", "waits",
  "grants" }

return function(input)
  if #input == 0 then return end
  looks[NAMES[input:byte() % #NAMES + 1]](input:sub(2))
end
