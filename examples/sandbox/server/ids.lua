-- Texts that nothing else has: ids of answers, tokens, codes.
local M = {}

local counter, stem = 0, nil

-- 32 hexadecimal digits.
function M.hex()
  counter = counter + 1
  stem = stem or table.concat({ ngx.worker.pid(), ngx.now(), math.random(2 ^ 31) }, " ")
  return ngx.md5(stem .. " " .. counter)
end

function M.guid()
  local h = M.hex()
  return h:sub(1, 8) .. "-" .. h:sub(9, 12) .. "-4" .. h:sub(14, 16) .. "-a" .. h:sub(18, 20)
    .. "-" .. h:sub(21)
end

return M
