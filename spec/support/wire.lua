-- Texts as they are on the wire.
local cjson = require "spec.support.json"

local M = {}

--- A path with its query, as curl takes it.
function M.encode(text)
  return (text:gsub("[^%w._~/=&?:-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- The value of an answer, which may begin with a byte order mark.
function M.decode(body)
  return cjson.decode((body:gsub("^\239\187\191", "")))
end

return M
