-- What must hold for dates and for announced waits: two functions that raise when
-- it does not. See library.lua beside this.
local datetime = require "partnercenter.util.datetime"
local errors = require "partnercenter.errors"
local retry = require "partnercenter.calls.retry"

local function whole_number(value)
  return value == value and value > -1e15 and value < 1e15
end

-- The years of four digits: strftime pads no others.
local FIRST, LAST = -30610224000, 253402300799

local RETRY = { retries = 4, max_retry_after = 300, random = function() return 0.5 end }
local HTTP_DATES = { "!%a, %d %b %Y %H:%M:%S GMT", "!%a %b %e %H:%M:%S %Y" }

-- A point in time in every form, against the C library.
local function check_time(seconds)
  local written = datetime.format(seconds)
  assert(written == os.date("!%Y-%m-%dT%H:%M:%SZ", seconds), written)
  assert(datetime.parse(written) == seconds, written)
  for _, form in ipairs(HTTP_DATES) do
    assert(datetime.http_date(os.date(form, seconds)) == seconds, written)
  end
end

local M = {}

-- A text that may be a date; eight bytes are also a point in time.
function M.dates(input)
  local seconds = datetime.parse(input)
  if seconds then
    assert(whole_number(seconds))
    seconds = math.floor(seconds)
    if seconds >= FIRST and seconds <= LAST then check_time(seconds) end
  end
  local at = datetime.http_date(input)
  assert(at == nil or whole_number(at))
  if #input == 8 then check_time(FIRST + ("<I8"):unpack(input) % (LAST - FIRST)) end
end

-- How long a refusal asks to wait: a Retry-After, a Date, a body.
function M.waits(parts)
  local headers = { ["Retry-After"] = parts[1], Date = parts[2] }
  local err = errors.from_response {
    status = 429, body = parts[3], header = function(name) return headers[name] end,
  }
  local announced, wait = parts[1], err.retry_after
  local at, now = datetime.http_date(announced), datetime.http_date(parts[2])
  local digits = announced:match("^%s*(%d+)%s*$")
  if digits then
    assert(wait == math.min(tonumber(digits), 1e9), announced)
  elseif at and now then
    assert(wait == math.max(0, at - now), announced)
  elseif not at and not announced:find("%d") and not parts[3] then
    assert(wait == nil, announced)
  end
  assert(wait == nil or wait >= 0 and wait <= 1e12)
  local delay = retry.delay(1, err, 0, RETRY)
  if (wait or 0) > 300 then assert(delay == nil) else assert(delay == (wait or 0) + 0.25) end
end

return M
