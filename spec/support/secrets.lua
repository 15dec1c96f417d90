-- The secrets that a client comes to know from now on, as an array that grows.
local inside = require "spec.support.inside"

return function(client)
  local register, list = inside(client).register, {}
  local add = register.add
  function register.add(secret, keep)
    list[#list + 1] = secret
    return add(secret, keep)
  end
  return list
end
