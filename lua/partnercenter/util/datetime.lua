--- Points in time as seconds since 1970-01-01T00:00:00Z, from every form that
-- the service writes. The machine's time zone plays no part.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.util.datetime

local wire = require "partnercenter.util.wire"

-- Integers of 32 bits would wrap in 2038; such a Lua's floats are coarse instead.
local DAY = rawget(math, "maxinteger") == 2147483647 and 86400.0 or 86400

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local MONTHS = {
  jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6,
  jul = 7, aug = 8, sep = 9, oct = 10, nov = 11, dec = 12,
}

local WEEKDAYS = {
  sun = "sunday", mon = "monday", tue = "tuesday", wed = "wednesday", thu = "thursday",
  fri = "friday", sat = "saturday",
}

local M = {}

local function is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

-- Days from 1970-01-01 in the proleptic Gregorian calendar. The year is counted
-- from March, so that the leap day comes last.
local function days_from_civil(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = math.floor(year / 400)
  local year_of_era = year - era * 400
  local day_of_year = math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  local day_of_era = year_of_era * 365 + math.floor(year_of_era / 4)
    - math.floor(year_of_era / 100) + day_of_year
  return era * 146097 + day_of_era - 719468
end

-- The inverse of days_from_civil.
local function civil_from_days(days)
  days = days + 719468
  local era = math.floor(days / 146097)
  local doe = days - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524)
    - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  return yoe + era * 400 + (month <= 2 and 1 or 0), month, day
end

-- What is wrong with the date, or nil.
local function bad_date(year, month, day)
  if month < 1 or month > 12 then return "no such month" end
  local last = MONTH_DAYS[month]
  if month == 2 and is_leap(year) then last = 29 end
  if day < 1 or day > last then return "no such day" end
  return nil
end

-- What is wrong with the time, or nil. A leap second closes a minute 59 in any
-- zone the service uses; it counts as the first second of the next minute.
local function bad_time(hour, minute, second)
  if hour > 23 then return "no such hour" end
  if minute > 59 then return "no such minute" end
  if second > (minute == 59 and 60 or 59) then return "no such second" end
  return nil
end

-- Seconds east of UTC of "", "Z", "+hh:mm" or "+hhmm"; nil for anything else.
local function zone_offset(zone)
  if zone == "" or zone == "Z" or zone == "z" then return 0 end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  if not sign then return nil end
  hours, minutes = wire.digits(hours), wire.digits(minutes)
  if hours > 23 or minutes > 59 then return nil end
  local offset = hours * 3600 + minutes * 60
  return sign == "-" and -offset or offset
end

-- Seconds of the day in UTC from what follows the date; nil and why if wrong.
local function parse_clock(rest)
  if rest == "" then return 0 end
  local h, m, s, tail = rest:match("^[Tt ](%d%d):(%d%d):(%d%d)(.*)$")
  if not h then return nil, "not a time" end
  local fraction, zone = tail:match("^%.(%d+)(.*)$")
  local offset = zone_offset(zone or tail)
  if not offset then return nil, "not a time zone" end
  h, m, s = wire.digits(h), wire.digits(m), wire.digits(s)
  local why = bad_time(h, m, s)
  if why then return nil, why end
  local seconds = h * 3600 + m * 60 + s - offset
  -- A fraction of zeros leaves an integer an integer.
  if fraction and fraction:find("[1-9]") then seconds = seconds + wire.number("0." .. fraction) end
  return seconds
end

--- Seconds since the epoch of a date or a date with time: `2018-05-30`,
-- `2018-10-14T00:00:00` (UTC, as everything without a zone),
-- `2017-03-14T03:25:16.36+00:00`, `2020-01-01T00:00:00.0000000Z`. The fraction
-- is kept, to about a quarter of a microsecond. Day one of year one, in any form,
-- is the service's way to say "never".
-- @param value the text; null and absent fields are allowed
-- @treturn[1] number seconds; an integer, where Lua has them, if there is no
--   fraction; negative before 1970
-- @treturn[2] nil never
-- @treturn[3] nil
-- @treturn[3] string what is wrong with the text
function M.parse(value)
  if type(value) ~= "string" then return nil, "not a string" end
  local y, mo, d, rest = value:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
  if not y then return nil, "not a date" end
  y, mo, d = wire.digits(y), wire.digits(mo), wire.digits(d)
  local why = bad_date(y, mo, d)
  if why then return nil, why end
  local seconds
  seconds, why = parse_clock(rest)
  if not seconds then return nil, why end
  if y == 1 and mo == 1 and d == 1 then return nil end
  return days_from_civil(y, mo, d) * DAY + seconds
end

--- The point in time as `YYYY-MM-DDThh:mm:ssZ`; a fraction is cut off.
-- @tparam number seconds since the epoch
-- @treturn string
-- @raise not a number, or outside the years 0 to 9999
function M.format(seconds)
  if type(seconds) ~= "number" then error("seconds must be a number", 2) end
  -- Also false for NaN.
  if not (seconds >= -62167219200 and seconds < 253402300800) then
    error("seconds are outside the years 0 to 9999", 2)
  end
  local days = math.floor(seconds / DAY)
  local rest = math.floor(seconds - days * DAY)
  local year, month, day = civil_from_days(days)
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(year, month, day,
    math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60)
end

local function is_weekday(name)
  name = wire.lower(name)
  local long = WEEKDAYS[name:sub(1, 3)]
  return long ~= nil and (#name == 3 or name == long)
end

-- The full year of two digits: the one nearest to now, at most 50 years ahead.
local function full_year(digits, now)
  local this = civil_from_days(math.floor(now / DAY))
  local year = this - this % 100 + digits
  if year > this + 50 then return year - 100 end
  if year <= this - 50 then return year + 100 end
  return year
end

-- The parts of each of the three forms: weekday, day, month, year, time.
local function match_http_date(text)
  local w, d, mo, y, h, m, s =
    text:match("^(%a%a%a), (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$")
  if w then return w, d, mo, y, h, m, s end
  w, d, mo, y, h, m, s =
    text:match("^(%a+), (%d%d)%-(%a%a%a)%-(%d%d) (%d%d):(%d%d):(%d%d) GMT$")
  if w then return w, d, mo, y, h, m, s end
  w, mo, d, h, m, s, y =
    text:match("^(%a%a%a) (%a%a%a) ([ %d]%d) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$")
  return w, d, mo, y, h, m, s
end

--- Seconds since the epoch of an HTTP date, in all three forms of RFC 9110:
-- `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
-- `Sun Nov  6 08:49:37 1994`. The weekday has to be one, not the right one.
-- @tparam string text
-- @tparam[opt] number now seconds since the epoch, to find the century of a year
--   of two digits; default is os.time()
-- @treturn[1] number seconds
-- @treturn[2] nil it is none of them
function M.http_date(text, now)
  if type(text) ~= "string" then return nil end
  local weekday, d, month, y, h, m, s = match_http_date(text)
  if not weekday or not is_weekday(weekday) then return nil end
  local mo = MONTHS[wire.lower(month)]
  h, m, s = wire.digits(h), wire.digits(m), wire.digits(s)
  d = wire.digits((d:gsub(" ", "")))
  local year = #y == 2 and full_year(wire.digits(y), now or os.time()) or wire.digits(y)
  if not mo or bad_date(year, mo, d) or bad_time(h, m, s) then return nil end
  return days_from_civil(year, mo, d) * DAY + h * 3600 + m * 60 + s
end

return M
