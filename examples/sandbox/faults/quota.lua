-- So many calls in a window of time, then 429 until it is over.
local settings = require "sandbox.server.settings"

local M = {}

local function announce(seconds, form)
  if form == "none" then return nil end
  if form == "date" then return ngx.http_time(ngx.time() + seconds) end
  return tostring(seconds)
end
M.announce = announce

-- nil when the call may go on, else the seconds left and the header's value.
function M.refuse()
  local now, generation = settings.get()
  if now.quota == 0 then return nil end
  local key = "quota " .. generation
  local used = ngx.shared.settings:incr(key, 1, 0, now.quota_window)
  if used <= now.quota then return nil end
  local left = math.max(1, math.ceil(ngx.shared.settings:ttl(key) or 1))
  return left, announce(left, now.retry_after)
end

return M
