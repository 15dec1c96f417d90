-- Answers that were made are kept per worker, up to a bound in bytes: two
-- halves, of which the older is dropped when the younger is full.
local data = require "sandbox.data.data"
local settings = require "sandbox.server.settings"

local M = {}

local young, old, held, seen = {}, {}, 0, nil

local function prepare(now, generation)
  if generation ~= seen then
    young, old, held, seen = {}, {}, 0, generation
    data.follow()
  end
  return now.page_cache * 524288
end

-- The status and page for a request; `make` is called when it is not kept.
function M.get(req, make)
  local half = prepare(settings.get())
  local key = req.uri
  if req.route.seeks then key = key .. "\n" .. (ngx.var.http_ms_continuationtoken or "") end
  local page = young[key] or old[key]
  if page then return page.status, page end
  local status, made = make()
  if status ~= 200 then return status, made end
  if type(made) == "string" then made = { text = made } end
  made.status = status
  if held >= half then old, young, held = young, {}, 0 end
  young[key] = made
  held = held + #made.text
  return status, made
end

return M
