-- JSON text for values that are written often: strings are kept once made.
local M = {}

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local LIMIT = 200000     -- texts kept before all are forgotten

local kept, held = {}, 0

function M.quote(text)
  local made = kept[text]
  if made then return made end
  made = '"' .. text:gsub('[%c"\\]', function(c)
    return escapes[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
  if held >= LIMIT then kept, held = {}, 0 end
  kept[text], held = made, held + 1
  return made
end

-- A share: always with a point, and exactly the double it came from.
function M.double(x)
  if x == math.floor(x) then return ("%.1f"):format(x) end
  for digits = 15, 17 do
    local made = ("%." .. digits .. "g"):format(x)
    if tonumber(made) == x then return made end
  end
end

return M
