--- The one maker of keys under which something of the service is kept.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources.key

local url = require("partnercenter.util").url

--- The key of what was asked: from the built request and from who asks.
-- @tparam table request of `partnercenter.resources.build`
-- @tparam {string,...} who whose answer it is: kind of credentials, tenant, client
-- @tparam[opt=""] string more what else makes one answer differ from another
-- @treturn string without spaces and control characters
return function(request, who, more)
  local parts = { request.method, request.url }
  for _, header in ipairs(request.headers) do
    parts[#parts + 1] = url.encode(header[1]) .. ":" .. url.encode(header[2])
  end
  for _, text in ipairs(who) do parts[#parts + 1] = url.encode(text) end
  parts[#parts + 1] = url.encode(more or "")
  return table.concat(parts, "|")
end
