-- The clients that a spec makes, closed behind each test:
--
--   local clients = require "spec.support.clients"(function() return box:client_options() end)
--   after_each(clients.close)
--   local client = clients.new { retries = 0 }
--
-- `defaults` gives the options that all of them have, anew for each.
local partnercenter = require "partnercenter"

return function(defaults)
  local made, M = {}, {}

  function M.new(options)
    local all = defaults()
    for name, value in pairs(options or {}) do all[name] = value end
    local client = assert(partnercenter.new(all))
    made[#made + 1] = client
    return client
  end

  function M.close()
    for _, client in ipairs(made) do client:close() end
    made = {}
  end

  return M
end
