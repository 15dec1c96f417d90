--- The key of what was asked of the service.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources.key

local key = require("partnercenter.util").key

--- A key: from the built request and from who asks.
-- @tparam table request of `partnercenter.resources.build`
-- @tparam {string,...} who whose answer it is: kind of credentials, tenant, client
-- @param ... what else makes one answer differ from another: strings
-- @treturn string without spaces and control characters
return function(request, who, ...)
  return key(request.method, request.url, request.headers, who, ...)
end
