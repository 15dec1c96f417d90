-- Dates: instants of the forms that the API shows, and calendar days.
local M = {}

local floor = math.floor

-- Days from a fixed day, by the civil calendar.
function M.day_number(date)
  local y, m, d = date:match("^(%d%d%d%d)-(%d%d)-(%d%d)")
  if not y then return nil end
  y, m, d = tonumber(y), tonumber(m), tonumber(d)
  if m < 1 or m > 12 or d < 1 or d > 31 then return nil end
  if m < 3 then y, m = y - 1, m + 12 end
  return 365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400) + floor((153 * m - 457) / 5) + d
end

local kept = {}

function M.date_of(day)
  local made = kept[day]
  if made then return made end
  local y = floor((day - 1) / 365.2425) - 1
  while M.day_number(("%04d-03-01"):format(y + 1)) <= day do y = y + 1 end
  local rest = day - M.day_number(("%04d-03-01"):format(y))
  local m = floor((5 * rest + 2) / 153)
  local d = rest - floor((153 * m + 2) / 5) + 1
  m = m + 3
  if m > 12 then y, m = y + 1, m - 12 end
  made = ("%04d-%02d-%02d"):format(y, m, d)
  kept[day] = made
  return made
end

-- `date` moved by so many days, its time of day kept.
function M.moved(date, days)
  if days == 0 then return date end
  return M.date_of(M.day_number(date) + days) .. date:sub(11)
end

local function zone_seconds(zone)
  if zone == "" or zone == "Z" then return 0 end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  if not sign then return nil end
  return (sign == "-" and -60 or 60) * (hours * 60 + minutes)
end

-- Seconds from a fixed instant, without a zone in UTC; nil when it is no date
-- or the year 1, which stands for "never".
function M.parse(text)
  local day = text and M.day_number(text)
  if not day or text:sub(1, 10) == "0001-01-01" then return nil end
  if #text == 10 then return day * 86400 end
  local h, m, s, fraction, zone = text:sub(11):match("^T(%d%d):(%d%d):(%d%d)(%.?%d*)(.*)$")
  local offset = h and zone_seconds(zone)
  if not offset then return nil end
  return day * 86400 + h * 3600 + m * 60 + s + (tonumber("0" .. fraction) or 0) - offset
end

-- The first day of the day, week (Monday) or month that a date lies in.
function M.floor(text, level)
  if not text or text:sub(1, 4) == "0001" then return text end
  local day = M.day_number(text)
  local monday = M.day_number("2018-01-01")
  if level == "week" then day = day - (day - monday) % 7 end
  if level == "month" then day = day - tonumber(text:sub(9, 10)) + 1 end
  if level == "day" or level == "week" or level == "month" then
    return M.date_of(day) .. "T00:00:00"
  end
  return text
end

return M
